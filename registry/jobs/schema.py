"""The schema `jobs`: procrastinate's tables and functions, created and upgraded by its SQL files.

Alembic does not manage it: 600 lines would have to be kept equal by hand. The version is in the
schema's comment; a newer procrastinate includes the files that upgrade from there.
"""

import math
import re
from importlib import metadata
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from registry.core.database import OWNER_ROLE
from registry.core.locks import Lock, hold_lock
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

SCHEMA: Final = "jobs"
_LIBRARY: Final = "procrastinate"
"""Advisory lock: two programs may start at once on an empty database."""
_COMMENT: Final = text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')")
# 03.04.00_50_post_add_retry.sql: of version 3.4.0, the fiftieth. Sorted by name they are in order.
_FILE: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)_(\d+)_\w+\.sql")


def wanted_version() -> str:
    """Return the comment of a current schema."""
    return f"{_LIBRARY} {metadata.version(_LIBRARY)}"


def current_version(connection: Connection) -> str | None:
    """Return the schema's comment; None without a schema."""
    comment: str | None = connection.execute(_COMMENT, {"schema": SCHEMA}).scalar_one()
    return comment


def prepare_jobs(engine: Engine) -> str | None:
    """Create or upgrade the schema, as its owner; return its new version.

    None if nothing was to do. Each script of the library is a transaction, since one may add a
    state that the next one uses, which PostgreSQL allows only after the commit. If
    interrupted, the next start continues after the last completed script.
    """
    done = False
    while True:
        with engine.begin() as connection:
            if not _next_step(connection):
                return wanted_version() if done else None
        done = True


def _next_step(connection: Connection) -> bool:
    """Run the whole schema, or the next upgrade script; return False if none is due."""
    wanted = wanted_version()
    if current_version(connection) == wanted:
        return False
    hold_lock(connection, Lock.JOBS_SCHEMA)
    current = current_version(connection)
    if current == wanted:
        return False
    if current is None:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {OWNER_ROLE}"))
        _run(connection, _whole_schema())
        reached = wanted
    elif script := _script_behind(current):
        _run(connection, script.read_text(encoding="utf-8"))
        reached = f"{_LIBRARY} {'.'.join(map(str, _stands_at(script)))}"
    else:
        reached = wanted
    connection.exec_driver_sql(SQL.driver("open_schema"))
    connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{reached}'"))
    return True


def _run(connection: Connection, script: str) -> None:
    connection.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
    connection.exec_driver_sql(script.replace("%", "%%"))
    connection.execute(text("SET LOCAL search_path = public"))


# Only these two locate the library's files, and only if there is something to do.
def _whole_schema() -> str:
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()


def _script_behind(current: str) -> Path | None:
    """Return the first script after the version in the comment."""
    from procrastinate.schema import SchemaManager

    version = _numbers(current.removeprefix(_LIBRARY).strip().split("."))
    # Three numbers mean that all scripts of that version are done, a fourth is the last one done.
    reached = version if len(version) > 3 else (*version, math.inf)
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return next((file for file in files if _stands_at(file) > reached), None)


def _stands_at(script: Path) -> tuple[int, ...]:
    """Return version and position of a script; of another file, before everything."""
    named = _FILE.fullmatch(script.name)
    return _numbers(named.groups()) if named else ()


def _numbers(parts: tuple[str, ...] | list[str]) -> tuple[int, ...]:
    return tuple(int(part) for part in parts)
