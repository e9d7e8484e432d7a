"""The pack: a commune in one signed file, for use without network (docs/pack.md).

`rows` queries the register, `before` derives the labels of before July 2025, `content` makes
columns of both, `keys` has the signing keys, `file` writes the file, and `run` is the entry point:
a whole pack, or the changes since an earlier one.

The form is the smallest that a browser opens in a second: 30,000 made-up doors take, gzipped, 263
kB as JSON columns, 531 as JSON objects, 652 as SQLite (and 1 MB of program), 1,300 as FlatGeobuf,
365 as Arrow IPC, 339 with differences (and 200 kB). Rejected, too: CBOR; bits of our own (a third
smaller at best, as codes, 30 random bits each, take half of the file in any form); Workbox;
encryption, since whoever may read a pack may show it. Private keys are outside the database, so a
copied backup cannot sign.
"""
