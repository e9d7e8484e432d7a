"""Which migration a database stands at, which this checkout needs, and with which else it works.

While web nodes are upgraded one after the other those of the release before serve the new schema.
A migration only adds, so that they can; one that takes away what a release before asks for says in
the comment of `alembic_version` which programs it still works with.

Without Alembic, which a server process would load for this alone and keep: 9 MB.
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
    """The newest migration of this checkout; raises NotPreparedError where there is none.

    The one that no other is built on: a file names its own revision, then the one before it.
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
    """The migration that the database stands at, or None for an empty one."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def suits(connection: Connection) -> bool:
    """Whether this program works on the schema: its own, or a later one that allows it."""
    current, head = current_revision(connection), head_revision()
    if current is None or current <= head:
        return current == head
    said = connection.scalar(text("SELECT obj_description(to_regclass('alembic_version'))"))
    oldest = _OLDEST.search(said or "")
    return oldest is not None and oldest[1] <= head
