"""What happens to records and places after the first load: one table of operations, one way to run.

`table` lists them, `run` performs one in a transaction with its event. Legal changes of status are
also guarded by the database (0002_guard_register.py).
"""
