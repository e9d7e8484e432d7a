"""Units in tests: the gazetteer of the seeds, and the application over a database."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import Engine

from api.app import create_app
from api.core.access import Authenticate, nobody
from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.register import Register
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.gazetteer_loading import load_gazetteer


def read_gazetteer(engine: Engine) -> Gazetteer:
    """All units as the database has them."""
    with session_scope(engine) as session:
        return load_gazetteer(session)


def unit_named(gazetteer: Gazetteer, full_name: str, code: str) -> Unit:
    """The unit with `code` that ever had this name."""
    (found,) = [
        unit
        for unit in gazetteer.with_code(code)
        if full_name in {version.full_name for version in unit.versions}
    ]
    return found


@contextmanager
def open_app(
    database_url: str,
    authenticate: Authenticate | None = nobody,
    settings: Settings = Settings(limits=False),  # noqa: B008 - frozen
) -> Iterator[Flask]:
    """The application over a database, as a server runs it: errors are answers.

    Rate limits are off unless set: tests send more requests in a minute than people do.
    """
    register = Register.open(settings, database_url)
    try:
        yield create_app(register, authenticate)
    finally:
        register.close()
