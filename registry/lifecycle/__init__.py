"""Operations on records and places after the first load: one table, and one way to run them.

`table` lists them, `run` performs one in a transaction with its event. The database also guards
the legal changes of status.
"""
