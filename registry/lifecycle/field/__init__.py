"""Field rounds: a street or hamlet is walked with a phone, and the desk takes over the findings.

`rounds` opens one and issues its code (`codes`), `area` lists what a phone gets, `filing` stores
what it sends, `review` previews each record, and `taking_over` applies them as one import.
"""
