"""Field rounds: a street or hamlet is walked with a phone, and the desk takes over the findings.

`rounds` opens one and issues its code (`codes`), `area` lists what a phone gets, `filing` stores
what it sends, `review` previews each record, and `taking_over` applies them as one import of source
`field:ROUND`: each finding performs an operation under one event, so the round is rolled back as a
whole, even weeks later. New houses are active only if two people saw them. The code is twelve
digits, one a check; as they are few its hash is scrypt and attempts are counted. A leaked code
shows one hamlet and can fill a queue that somebody reviews.

Rejected: a file through the intake, which knows neither verification nor a single move.
"""
