"""`diachiso keys`: who may do what over HTTP, and where."""

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast, get_args

import click
from sqlalchemy.orm import Session

from registry import cluster
from registry.access import keys as registry_keys
from registry.access.keys import KeyDetails, KeyMade, NewKey
from registry.access.roles import Role
from registry.database import make_engine, session_scope
from registry.gazetteer import VIET_NAM, today
from scripts.progress import say
from scripts.settings import read_settings

_STATES: Final = {"active": "đang dùng", "expired": "hết hạn", "revoked": "đã thu hồi"}

_format = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_dry_run = click.option("--dry-run", is_flag=True, help="Check all of it and write nothing.")


@click.group()
def keys() -> None:
    """Named keys: make, list, replace and revoke them."""


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice(list(get_args(Role))), required=True, help="What it may.")
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="CODES",
    help="Communes or provinces in which it may write, with commas or again; an editor and an"
    " approver need some.",
)
@click.option("--rate", type=click.IntRange(1), help="Requests a minute, in place of the setting.")
@click.option(
    "--expires",
    metavar="DAY|never",
    help="The last day on which it is taken; a year from now by default.",
)
@_dry_run
@_format
def create(
    name: str,
    *,
    role: str,
    units: tuple[str, ...],
    rate: int | None,
    expires: str | None,
    dry_run: bool,
    form: str,
) -> None:
    """Make a key for NAME, an organisation or a program, and print it once."""
    codes = [code.strip() for given in units for code in given.split(",") if code.strip()]
    new = NewKey(name, cast(Role, role), codes, rate, _last_day(expires))
    with _session(dry_run=dry_run) as session:
        made = registry_keys.create_key(session, new)
    _show_made(made, form=form, dry_run=dry_run)


@keys.command("list")
@_format
def list_(*, form: str) -> None:
    """All keys: role, units, state, last use; never the keys themselves."""
    with _session() as session:
        found = registry_keys.list_keys(session)
    if form == "json":
        click.echo(json.dumps([_as_json(key) for key in found], ensure_ascii=False, indent=2))
        return
    for key in found:
        click.echo(_line(key))


@keys.command()
@click.argument("name")
@click.option(
    "--overlap",
    type=click.FloatRange(0, registry_keys.MAX_OVERLAP_H),
    default=registry_keys.DEFAULT_OVERLAP_H,
    show_default=True,
    metavar="HOURS",
    help="So long the present key is taken as well; 0 ends it at once.",
)
@click.option("--expires", metavar="DAY|never", help="Another last day; as before by default.")
@_dry_run
@_format
def rotate(name: str, *, overlap: float, expires: str | None, dry_run: bool, form: str) -> None:
    """Give NAME another key and print it once; the present one ends after the overlap."""
    with _session(dry_run=dry_run) as session:
        made = (
            registry_keys.rotate_key(session, name, overlap_h=overlap)
            if expires is None
            else registry_keys.rotate_key(
                session, name, overlap_h=overlap, keep_end=False, expires_on=_last_day(expires)
            )
        )
    _show_made(made, form=form, dry_run=dry_run)


@keys.command()
@click.argument("name")
@_dry_run
def revoke(name: str, *, dry_run: bool) -> None:
    """Refuse the key of NAME from now on, and the one that it replaced."""
    with _session(dry_run=dry_run) as session:
        done = registry_keys.revoke_key(session, name)
    if dry_run:
        say("chạy thử, chưa ghi gì (nothing was written)")
    click.echo(f"{name}: đã thu hồi (revoked)" if done else f"{name}: thu hồi từ trước (already)")


@contextmanager
def _session(*, dry_run: bool = False) -> Iterator[Session]:
    engine = make_engine(cluster.database_url(read_settings()), pool_size=1)
    try:
        with session_scope(engine) as session:
            yield session
            if dry_run:
                session.rollback()
    finally:
        engine.dispose()


def _last_day(given: str | None) -> datetime.date | None:
    if given is None:
        return today() + datetime.timedelta(days=registry_keys.DEFAULT_DAYS)
    if given == "never":
        return None
    try:
        return datetime.date.fromisoformat(given)
    except ValueError:
        raise click.UsageError(
            f"--expires: {given!r} is no day (YYYY-MM-DD) and not never"
        ) from None


def _show_made(made: KeyMade, *, form: str, dry_run: bool) -> None:
    # What was rolled back is no key: it is not shown.
    secret = None if dry_run else made.secret
    if form == "json":
        body = {
            "name": made.name,
            "key": secret,
            "expires_at": _time(made.expires_at),
            "previous_until": _time(made.previous_until),
            "dry_run": dry_run,
        }
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    say(f"{made.name}: {_ends(made.expires_at)}")
    if made.previous_until is not None:
        say(f"khoá cũ còn dùng đến {_time(made.previous_until)} (the former key ends then)")
    if secret is None:
        say("chạy thử, chưa ghi gì (nothing was written)")
        return
    say("chỉ hiện một lần, hãy cất giữ (shown once; keep it)")
    click.echo(secret)


def _line(key: KeyDetails) -> str:
    state = _STATES[key.state(datetime.datetime.now(datetime.UTC))]
    parts = [
        f"{key.name}  {key.role}  {state}",
        f"đơn vị {', '.join(key.units)}" if key.units else "",
        f"{key.rate_per_minute}/phút" if key.rate_per_minute else "",
        f"…{key.ending}" if key.ending else "",
        _ends(key.expires_at),
        f"dùng lần cuối {_time(key.last_used_at)}" if key.last_used_at else "chưa dùng",
    ]
    return "  ".join(part for part in parts if part)


def _as_json(key: KeyDetails) -> dict[str, Any]:
    return {
        "name": key.name,
        "role": key.role,
        "units": list(key.units),
        "rate_per_minute": key.rate_per_minute,
        "state": key.state(datetime.datetime.now(datetime.UTC)),
        "ending": key.ending,
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
        "last_used_at": _time(key.last_used_at),
        "rotated_at": _time(key.rotated_at),
        "previous_until": _time(key.previous_until),
    }


def _ends(at: datetime.datetime | None) -> str:
    return f"dùng được đến {_time(at)}" if at else "không hết hạn"


def _time(at: datetime.datetime | None) -> str | None:
    return at.astimezone(VIET_NAM).isoformat(timespec="seconds") if at else None
