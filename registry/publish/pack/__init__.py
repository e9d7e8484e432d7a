"""A commune in one signed file, for whoever has no network: the pack (docs/pack.md).

`rows` asks the register, `before` knows the labels of before July 2025, `content` makes columns of
both, `keys` are what a pack is signed with, `file` how it becomes one file, and `run` tells the
story: a whole pack, or what changed since an earlier one.
"""
