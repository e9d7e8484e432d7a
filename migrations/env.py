"""Run migrations of the register's database as its owner, one migrator at a time."""

import time

from alembic import context
from sqlalchemy import Connection, text

from registry.core.database import OWNER_ROLE, make_engine
from registry.core.errors import ConflictError
from registry.core.locks import Lock
from registry.core.settings import from_environment
from registry.core.tables import all_tables

LOCK_WAIT_S = 60


def _wait_for_lock(connection: Connection) -> None:
    """Take the migrators' lock by polling.

    `pg_advisory_lock` would wait inside a transaction, and CREATE INDEX CONCURRENTLY of the other
    migrator waits for that transaction: a deadlock. Polling commits between attempts.
    """
    deadline = time.monotonic() + LOCK_WAIT_S
    while not connection.scalar(
        text("SELECT pg_try_advisory_lock(:k)"), {"k": int(Lock.MIGRATIONS)}
    ):
        connection.commit()
        if time.monotonic() > deadline:
            raise ConflictError("another migration has been running for a minute; try again later")
        time.sleep(0.2)
    connection.commit()


def _is_described(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Whether autogenerate compares it: not tables of others, such as the queue."""
    return kind != "table" or name in all_tables().tables


def _configure(connection: Connection | None = None) -> None:
    context.configure(
        connection=connection,
        dialect_name=None if connection else "postgresql",
        literal_binds=connection is None,
        # Other styles double every % in the printed SQL.
        dialect_opts={"paramstyle": "named"},
        transaction_per_migration=True,
        target_metadata=all_tables(),
        include_object=_is_described,
        # Everything else is defined in migrations only.
        autogenerate_plugins=[
            f"alembic.autogenerate.{name}" for name in ("schemas", "tables", "types")
        ],
    )


def _migrate(connection: Connection) -> None:
    _wait_for_lock(connection)
    try:
        _configure(connection)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:k)"), {"k": int(Lock.MIGRATIONS)})
        connection.commit()


def run() -> None:
    """Migrate over the given connection or a new one, or print the SQL."""
    if context.is_offline_mode():
        _configure()
        with context.begin_transaction():
            context.run_migrations()
        return
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    url = from_environment().database_url
    if url is None:
        raise ConflictError("set DATABASE_URL; for the private cluster: bin/diachiso database url")
    engine = make_engine(url, role=OWNER_ROLE, pool_size=1)
    with engine.connect() as connection:
        _migrate(connection)


run()
