"""Rounds in the field: a street or hamlet is walked with a phone, and the desk takes it over.

`rounds` opens one and hands out its `codes`, `area` is what a phone gets to walk, `filing` takes
what it sends, `review` says what each record would do, and `taking_over` does it, as one import.
"""
