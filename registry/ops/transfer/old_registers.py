"""Makes registers of earlier schemas readable, distinguished by their migration.

Only `transfer out` reads them. A release that changes what `outward/` reads adds its predecessor.
"""

from typing import Final

import psycopg

from registry.core.errors import NotPreparedError
from registry.core.messages import Message
from registry.core.revision import head_revision
from registry.core.sql import for_each_column
from registry.ops.transfer.parts import PARTS, PLAIN, script

_BRIDGES: Final = {
    "0028": ("from_72ac347", "from_twin_places"),
    "0001": ("from_0001", "from_twin_places"),
}
"""Migration → scripts to run first."""
_COLUMNS: Final = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = 'public.household'::regclass AND attnum > 0 AND NOT attisdropped
"""


def make_readable(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let the transaction read the register as one of this version.

    Raises NotPreparedError without a register, or for an unknown schema.
    """
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        raise NotPreparedError(Message("no_register"))
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(row[0]) if row else ""
    if revision == head_revision():
        return
    if revision not in _BRIDGES:
        raise NotPreparedError(Message("old_schema_unreadable", revision=revision))
    known = {row[0] for row in connection.execute(_COLUMNS)}
    (records,) = (part for part in PARTS if part.name == "records")
    types = {member.name: member.sql_type for member in records.members}
    later = [{"name": c.name, "type": types[c.name]} for c in PLAIN if c.name not in known]
    for bridge in _BRIDGES[revision]:
        connection.execute(for_each_column(script(bridge), "later", later))
