"""Tables that the program reads and writes, as SQLAlchemy's Core needs to know them.

Columns, types and keys stand here; constraints, indexes, triggers and grants once, in
`migrations/`.
"""

from typing import Final

from sqlalchemy import MetaData

METADATA: Final = MetaData()
