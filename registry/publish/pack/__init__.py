"""The pack: a commune in one signed file, for use without network (docs/pack.md).

`rows` queries the register, `before` derives the labels of before July 2025, `content` makes
columns of both, `keys` has the signing keys, `file` writes the file, and `run` is the entry point:
a whole pack, or the changes since an earlier one.
"""
