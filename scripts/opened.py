"""The register's database, opened for a command and closed after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import APP_ROLE, make_engine, session_scope
from registry.core.errors import ClusterError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.ops import cluster
from scripts.runlock import RunLock
from scripts.settings import read_settings


@contextmanager
def opened_engine(role: str = APP_ROLE) -> Iterator[Engine]:
    """Connections to the database of the operator's settings."""
    engine = make_engine(cluster.database_url(read_settings()), role=role)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened_session(*, dry_run: bool = False) -> Iterator[Session]:
    """Open one transaction; a dry run's is rolled back."""
    with opened_engine() as engine, session_scope(engine) as session:
        yield session
        if dry_run:
            session.rollback()


@contextmanager
def opened_database(settings: Settings, *, make: bool) -> Iterator[str]:
    """Yield the URL of the database; start a stopped private cluster for this block."""
    private = None if settings.database_url else cluster.locate(settings)
    if private is None or private.is_running():
        yield cluster.database_url(settings)
        return
    if not make and not private.is_initialised():
        raise ClusterError(Message("no_register_in_folder", folder=private.data_dir))
    with RunLock(settings.var / "run.lock"):
        private.initialise()
        server = private.start()
        try:
            private.create_database()
            yield private.url()
        finally:
            private.stop()
            server.wait()
