"""Prepares a PostgreSQL database as a register: roles, extensions, tables, seeds.

Every step does only what is missing, so a second start takes milliseconds.
"""

from collections.abc import Callable
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import ProgrammingError

from registry.core.database import (
    APP_ROLE,
    CONNECT_TIMEOUT_S,
    OWNER_ROLE,
    SESSION,
    make_engine,
    translated_errors,
)
from registry.core.errors import ConflictError, NotPreparedError, UnitsInUseError
from registry.core.messages import Message
from registry.core.revision import current_revision, head_revision, suits
from registry.core.settings import SHARE
from registry.core.sql import Statements
from registry.core.tables.records import HOUSEHOLD
from registry.jobs.schema import prepare_jobs
from registry.ops.rekey import rekey
from registry.units.boundaries.cells import draw_cells
from registry.units.seeds import load_seeds

SQL: Final = Statements(__file__)

EXTENSIONS: Final = ("postgis", "pg_trgm", "btree_gist")
OLDEST_SERVER: Final = 150_000
OLDEST_POSTGIS: Final = (3, 3)

Report = Callable[[Message | str], None]


def prepare_database(admin_url: str, report: Report) -> None:
    """Make the database of `admin_url` a register of this version; idempotent.

    The role of the URL must be able to create what is missing (docs/install.md lists it). Raises
    NotPreparedError, with the statement that an administrator has to run, if it is not;
    UnitsInUseError, with everything else done, if the seeds would end units that are in use.
    """
    with translated_errors():
        make_roles_and_extensions(admin_url)
        engine = make_engine(admin_url, role=OWNER_ROLE, pool_size=1)
        try:
            if not _migrate(engine, report):
                return  # a later release has prepared it; this one may still run for a while
            _check_described(engine)
            if version := prepare_jobs(engine):
                report(f"jobs: {version}")
            refused = _load_units(engine, report)
            rekey(engine, report)
        finally:
            engine.dispose()
    if refused is not None:
        raise refused


def _load_units(engine: Engine, report: Report) -> UnitsInUseError | None:
    """Load the seeds; return the error if units are in use, which a reform then has to resolve."""
    try:
        with engine.begin() as connection:
            load_seeds(connection, report)
            draw_cells(connection)
    except UnitsInUseError as error:
        return error
    return None


def alembic_config() -> Config:
    """Return Alembic's configuration, independent of the working folder."""
    return Config(str(SHARE / "alembic.ini"))


def make_roles_and_extensions(admin_url: str) -> None:
    """Create what an empty database needs before its first table; raises NotPreparedError."""
    url = make_url(admin_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _check_server(connection)
            for role in (OWNER_ROLE, APP_ROLE):
                _ensure_role(connection, role)
            for extension in EXTENSIONS:
                _ensure_extension(connection, extension)
            _ensure_owner_may_create(connection)
    finally:
        engine.dispose()


def make_web_login(admin_url: str, name: str, *, statement_timeout_ms: int) -> None:
    """Create a login whose sessions get the application's settings by default, for a pooler, which
    drops startup options.

    Raises NotPreparedError, with the statement that an administrator has to run, if the role of the
    URL may not; ConflictError for a login with more rights than the application.
    """
    url = make_url(admin_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    quote = engine.dialect.identifier_preparer.quote_identifier
    try:
        with (
            translated_errors(),
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            given = {"name": name, "owner": OWNER_ROLE}
            has_more_rights = connection.scalar(SQL.text("has_more_rights"), given)
            if has_more_rights:
                raise ConflictError(Message("account_too_powerful", name=name))
            if has_more_rights is None:
                _run(connection, f"CREATE ROLE {quote(name)} LOGIN")
            _run(connection, f"GRANT {APP_ROLE} TO {quote(name)}")
            database = quote(str(connection.scalar(text("SELECT current_database()"))))
            timeout = str(statement_timeout_ms)
            defaults = {**SESSION, "statement_timeout": timeout, "role": APP_ROLE}
            for setting, value in defaults.items():
                _run(
                    connection,
                    f"ALTER ROLE {quote(name)} IN DATABASE {database} SET {setting} = '{value}'",
                )
    finally:
        engine.dispose()


def _check_server(connection: Connection) -> None:
    version = int(connection.scalar(text("SHOW server_version_num")) or 0)
    if version < OLDEST_SERVER:
        raise NotPreparedError(Message("postgresql_too_old", version=version // 10000))


def _ensure_role(connection: Connection, role: str) -> None:
    found = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    if not found:
        _run(connection, f"CREATE ROLE {role} NOLOGIN")
    if not connection.scalar(
        text("SELECT pg_has_role(current_user, :role, 'MEMBER')"), {"role": role}
    ):
        _run(connection, f"GRANT {role} TO CURRENT_USER")


def _ensure_extension(connection: Connection, extension: str) -> None:
    installed = connection.scalar(
        text("SELECT extversion FROM pg_extension WHERE extname = :name"), {"name": extension}
    )
    if installed is None:
        _run(connection, f"CREATE EXTENSION {extension}")
        return
    if extension == "postgis":
        version = tuple(int(part) for part in str(installed).split(".")[:2])
        if version < OLDEST_POSTGIS:
            raise NotPreparedError(Message("postgis_too_old", installed=installed))


def _ensure_owner_may_create(connection: Connection) -> None:
    allowed = connection.scalar(
        SQL.text("owner_may_create"),
        {"owner": OWNER_ROLE},
    )
    if not allowed:
        name = connection.dialect.identifier_preparer.quote(connection.engine.url.database or "")
        _run(connection, f"GRANT CREATE ON SCHEMA public TO {OWNER_ROLE}")
        _run(connection, f"GRANT CREATE ON DATABASE {name} TO {OWNER_ROLE}")


def _run(connection: Connection, statement: str) -> None:
    try:
        connection.execute(text(statement))
    except ProgrammingError as error:
        raise NotPreparedError(
            Message("administrator_must_run", statement=statement, reason=error.orig)
        ) from error


def _migrate(engine: Engine, report: Report) -> bool:
    """Migrate the schema; return False if it is of a later release that suits this one."""
    with engine.connect() as connection:
        head, current = head_revision(), current_revision(connection)
        if suits(connection):
            return current == head
        if current is not None and not knows_revision(current):
            raise NotPreparedError(Message("database_schema_unknown", current=current, head=head))
        connection.rollback()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    report(f"schema: {current or 'empty'} → {head}")
    return True


def _check_described(engine: Engine) -> None:
    """Raise NotPreparedError for columns that only the schema or only HOUSEHOLD has."""
    there = {column["name"] for column in inspect(engine).get_columns(HOUSEHOLD.name)}
    if differing := there ^ set(HOUSEHOLD.c.keys()):
        raise NotPreparedError(
            Message("household_columns_differ", columns=", ".join(sorted(differing)))
        )


def knows_revision(revision: str) -> bool:
    """Whether this checkout has that migration."""
    return any((SHARE / "migrations" / "versions").glob(f"{revision}_*.py"))
