"""`diachiso database`: the register's database, wherever it is."""

from typing import Annotated, Literal

import click

from registry.core.database import APP_ROLE, OWNER_ROLE, with_role
from registry.ops import cluster
from registry.ops.prepare import make_web_login, prepare_database
from scripts.command import command
from scripts.progress import say
from scripts.settings import read_settings

_ROLES = {"app": APP_ROLE, "owner": OWNER_ROLE}


@click.group()
def database() -> None:
    """The database of DATABASE_URL, or the running private cluster's."""


@command(database)
def prepare() -> None:
    """Roles, extensions, tables and seeds."""
    prepare_database(cluster.database_url(read_settings()), say)


@command(database)
def web_login(name: str) -> None:
    """Make a login NAME for a pooler: its sessions begin as the application's.

    Set its password yourself.
    """
    settings = read_settings()
    make_web_login(
        cluster.database_url(settings), name, statement_timeout_ms=settings.statement_timeout_ms
    )


@command(database)
def url(
    *,
    role: Annotated[Literal["app", "owner", "admin"], "Connect as this role."] = "app",
) -> None:
    """The URL, for psql and other programs."""
    given = cluster.database_url(read_settings())
    if role in _ROLES:
        parsed = with_role(given, _ROLES[role]).set(drivername="postgresql")
        # libpq, unlike a web form, does not decode a plus sign.
        given = parsed.render_as_string(hide_password=False).replace("+", "%20")
    click.echo(given)
