"""The schema `jobs`: procrastinate's tables and functions, made and kept up to date by its files.

Alembic knows nothing of it. The version stands in the schema's comment; a newer procrastinate
brings the files that lead from there to its own (docs/decisions/0013-jobs-in-the-database.md).
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
    """What the comment of an up to date schema says."""
    return f"{_LIBRARY} {metadata.version(_LIBRARY)}"


def current_version(connection: Connection) -> str | None:
    """What the schema's comment says; None where there is no schema."""
    said: str | None = connection.execute(_COMMENT, {"schema": SCHEMA}).scalar_one()
    return said


def prepare_jobs(engine: Engine) -> str | None:
    """Make the schema, or bring it up to date, as its owner; returns the version it now has.

    None where nothing was to do. Each script of the library is a transaction, since one may add a
    state that the next one uses, which PostgreSQL allows only after the commit. Ended in between,
    the next start goes on behind the last script that was done.
    """
    done = False
    while True:
        with engine.begin() as connection:
            if not _next_step(connection):
                return wanted_version() if done else None
        done = True


def _next_step(connection: Connection) -> bool:
    """Run the whole schema, or one script that leads on to the wanted one; False if none is due."""
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


# Where the library lies only these two ask, and only where there is something to do.
def _whole_schema() -> str:
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()


def _script_behind(current: str) -> Path | None:
    """The first script behind what the comment says."""
    from procrastinate.schema import SchemaManager

    version = _numbers(current.removeprefix(_LIBRARY).strip().split("."))
    # Three numbers say that all scripts of that version are done, a fourth which was the last.
    reached = version if len(version) > 3 else (*version, math.inf)
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return next((file for file in files if _stands_at(file) > reached), None)


def _stands_at(script: Path) -> tuple[int, ...]:
    """Version and place of a script; of what is no script, before everything."""
    named = _FILE.fullmatch(script.name)
    return _numbers(named.groups()) if named else ()


def _numbers(parts: tuple[str, ...] | list[str]) -> tuple[int, ...]:
    return tuple(int(part) for part in parts)
