"""Which migration a database stands at, and which this checkout needs.

Without Alembic, which a server process would load for this alone and keep: 9 MB.
"""

import re
from functools import cache
from typing import Final

from sqlalchemy import Connection, text

from registry.errors import NotPreparedError
from registry.settings import ROOT

_REVISION: Final = re.compile(r'^(?:down_)?revision(?:: \S+)? = "(\w+)"', re.MULTILINE)


@cache
def head_revision() -> str:
    """The newest migration of this checkout; raises NotPreparedError where there is none.

    The one that no other is built on: a file names its own revision, then the one before it.
    """
    chain = [
        _REVISION.findall(path.read_text(encoding="utf-8"))
        for path in (ROOT / "migrations" / "versions").glob("*.py")
    ]
    heads: set[str] = {names[0] for names in chain if names} - {
        n for names in chain for n in names[1:]
    }
    if len(heads) != 1:
        raise NotPreparedError("this checkout has no migrations, or torn ones; clone it again")
    return heads.pop()


def current_revision(connection: Connection) -> str | None:
    """The migration that the database stands at, or None for an empty one."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
