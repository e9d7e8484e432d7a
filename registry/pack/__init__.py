"""A commune in one signed file, for whoever has no network: the pack (docs/pack.md).

`keys` are what it is signed with, `content` what it holds, `file` how both become one file, `run`
tells the story: a whole pack, or what changed since an earlier one.
"""
