"""Transfers a register by a neutral file into an empty register of this or a later version.

Codes stay permanent across databases: `writing` exports a register in the terms of the API and the
feed, `reading` imports it into an empty register, with the key of the codes and continuing after
every drawn code. `members.csv` describes the file: a ZIP archive of a manifest and one part of JSON
lines per kind of object, in an order independent of the database, so that equal registers have
equal parts.

Rejected: importing an export, which issues new codes; a backup, which is the tables of one schema.
Loading parks foreign keys (docs/decisions/0003-bulk-writes.md).
"""
