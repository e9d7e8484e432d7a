"""The register's database, opened for a command and closed behind it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry import cluster
from registry.database import APP_ROLE, make_engine, session_scope
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
    """One transaction on it; that of a dry run is rolled back."""
    with opened_engine() as engine, session_scope(engine) as session:
        yield session
        if dry_run:
            session.rollback()
