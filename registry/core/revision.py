"""Compares the migration of a database with those that this checkout supports.

While web nodes are upgraded one by one, nodes of the previous release serve the new schema.
Migrations usually only add; one that removes something records in the comment of `alembic_version`
which programs still work with it.

Without Alembic, which would cost each server process 9 MB.
"""

import re
from functools import cache
from typing import Final

from sqlalchemy import Connection, text

from registry.core.errors import NotPreparedError
from registry.core.messages import Message
from registry.core.settings import SHARE

_OLDEST: Final = re.compile(r"from migration (\w+) on")
_REVISION: Final = re.compile(r'^(?:down_)?revision(?:: \S+)? = "(\w+)"', re.MULTILINE)


@cache
def head_revision() -> str:
    """Return the newest migration of this checkout; raises NotPreparedError without one.

    It is the one that no other builds on: a file names its own revision, then the previous one.
    """
    chain = [
        _REVISION.findall(path.read_text(encoding="utf-8"))
        for path in (SHARE / "migrations" / "versions").glob("*.py")
    ]
    heads: set[str] = {names[0] for names in chain if names} - {
        n for names in chain for n in names[1:]
    }
    if len(heads) != 1:
        raise NotPreparedError(Message("migrations_incomplete"))
    return heads.pop()


def current_revision(connection: Connection) -> str | None:
    """Return the migration of the database, or None for an empty one."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def suits(connection: Connection) -> bool:
    """Whether this program works with the schema: its own, or a later one that allows it."""
    current, head = current_revision(connection), head_revision()
    if current is None or current <= head:
        return current == head
    comment = connection.scalar(text("SELECT obj_description(to_regclass('alembic_version'))"))
    oldest = _OLDEST.search(comment or "")
    return oldest is not None and oldest[1] <= head
