"""The schema `jobs`: procrastinate's tables and functions, made and kept up to date by its files.

Alembic knows nothing of it. The version stands in the schema's comment; a newer procrastinate
brings the files that lead from there to its own (docs/decisions/0013-jobs-in-the-database.md).
"""

import re
from importlib import metadata
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from registry.database import APP_ROLE, OWNER_ROLE

SCHEMA: Final = "jobs"
_LIBRARY: Final = "procrastinate"
_LOCK: Final = 7238010023
"""Advisory lock: two programs may start at once on an empty database."""
_COMMENT: Final = text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')")
# 03.04.00_50_post_add_retry.sql: of version 3.4.0, the fiftieth. Sorted by name they are in order.
_FILE: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)_\d+_\w+\.sql")

# Without a search path of their own its functions work for nobody but the worker.
_OPEN: Final = f"""
    DO $do$
    DECLARE
        f regprocedure;
    BEGIN
        FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = '{SCHEMA}'::regnamespace LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = {SCHEMA}, pg_temp', f);
        END LOOP;
    END
    $do$;
    GRANT USAGE ON SCHEMA {SCHEMA} TO {APP_ROLE};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {APP_ROLE};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {APP_ROLE};
"""  # noqa: S608 - constants


def wanted_version() -> str:
    """What the comment of an up to date schema says."""
    return f"{_LIBRARY} {metadata.version(_LIBRARY)}"


def current_version(connection: Connection) -> str | None:
    """What the schema's comment says; None where there is no schema."""
    said: str | None = connection.execute(_COMMENT, {"schema": SCHEMA}).scalar_one()
    return said


def prepare_jobs(connection: Connection) -> str | None:
    """Make the schema, or bring it up to date, as its owner; returns the version it now has.

    None where nothing was to do.
    """
    wanted = wanted_version()
    if current_version(connection) == wanted:
        return None
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    current = current_version(connection)
    if current == wanted:
        return None
    if current is None:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {OWNER_ROLE}"))
    connection.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
    for script in _scripts(current):
        connection.exec_driver_sql(script.replace("%", "%%"))
    connection.execute(text("SET LOCAL search_path = public"))
    connection.exec_driver_sql(_OPEN.replace("%", "%%"))
    connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{wanted}'"))
    return wanted


def _scripts(current: str | None) -> list[str]:
    # Here, because only this asks where the library lies.
    from procrastinate.schema import SchemaManager

    if current is None:
        return [SchemaManager.get_schema()]
    stands_at = _numbers(current.removeprefix(_LIBRARY).strip().split("."))
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [
        file.read_text(encoding="utf-8")
        for file in files
        if (named := _FILE.fullmatch(file.name)) and _numbers(named.groups()) > stands_at
    ]


def _numbers(parts: tuple[str, ...] | list[str]) -> tuple[int, ...]:
    return tuple(int(part) for part in parts)
