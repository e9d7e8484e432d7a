"""`diachiso keys`: who may do what over HTTP, and where."""

import datetime
from typing import Annotated, Any, Final

import click

from registry.access import keys as registry_keys
from registry.access.keys import KeyDetails, KeyMade, NewKey
from registry.core.messages import N_, Message, _
from registry.core.roles import Role
from registry.units.gazetteer import VIET_NAM, today
from scripts.command import command, lines
from scripts.opened import opened_session
from scripts.options import DayType, DryRun, Form
from scripts.progress import say, show_json

_STATES: Final = {"active": N_("in use"), "expired": N_("expired"), "revoked": N_("revoked")}
_EXPIRES: Final = DayType("never")


def _line(key: KeyDetails) -> str:
    state = _(_STATES[key.state(datetime.datetime.now(datetime.UTC))])
    parts = [
        f"{key.name}  {key.role}  {state}",
        _("units {units}", units=key.units) if key.units else "",
        _("{rate} a minute", rate=key.rate_per_minute) if key.rate_per_minute else "",
        _("alone") if key.approves_own else "",
        _("account") if key.is_account else f"…{key.ending}",
        _("to be narrowed: {units}", units=key.widened) if key.widened else "",
        _ends(key.expires_at),
        _("last used {time}", time=_time(key.last_used_at))
        if key.last_used_at
        else _("not used yet"),
    ]
    return "  ".join(part for part in parts if part)


def _as_json(key: KeyDetails) -> dict[str, Any]:
    return {
        "name": key.name,
        "role": key.role,
        "units": list(key.units),
        "rate_per_minute": key.rate_per_minute,
        "approves_own": key.approves_own,
        "state": key.state(datetime.datetime.now(datetime.UTC)),
        "ending": key.ending,
        "account": key.is_account,
        "widened": list(key.widened),
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
        "last_used_at": _time(key.last_used_at),
        "rotated_at": _time(key.rotated_at),
        "previous_until": _time(key.previous_until),
    }


@click.group()
def keys() -> None:
    """Named keys: who may do what over HTTP."""


@command(keys)
def create(
    name: str,
    *,
    role: Annotated[Role, "Role of the key."],
    units: Annotated[
        tuple[str, ...],
        "--unit CODES",
        "Units where it may write; required for editor and approver.",
    ] = (),
    rate: Annotated[int | None, click.IntRange(1), "Requests a minute."] = None,
    expires: Annotated[
        datetime.date | str | None,
        "--expires DAY|never",
        _EXPIRES,
        "Last day; a year from now by default.",
    ] = None,
    alone: Annotated[bool, "It may approve its own deliveries."] = False,
    dry_run: DryRun = False,
    form: Form = "text",
) -> None:
    """Make a key for an organisation or a program."""
    codes = _codes(units)
    new = NewKey(name, role, codes, rate, _last_day(expires), alone)
    with opened_session(dry_run=dry_run) as session:
        made = registry_keys.create_key(session, new)
    _show_made(made, form=form, dry_run=dry_run)


@command(keys, "list", text=lines(_line), as_json=lambda found: [_as_json(key) for key in found])
def list_() -> list[KeyDetails]:
    """List keys, without their secrets."""
    with opened_session() as session:
        return registry_keys.list_keys(session)


@command(keys)
def rotate(
    name: str,
    *,
    overlap: Annotated[
        float,
        "--overlap HOURS",
        click.FloatRange(0, registry_keys.MAX_OVERLAP_H),
        "Hours that the old key is accepted.",
    ] = registry_keys.DEFAULT_OVERLAP_H,
    expires: Annotated[
        datetime.date | str | None,
        "--expires DAY|never",
        _EXPIRES,
        "Last day; as before by default.",
    ] = None,
    dry_run: DryRun = False,
    form: Form = "text",
) -> None:
    """Replace a key; the old one ends after the overlap."""
    with opened_session(dry_run=dry_run) as session:
        made = (
            registry_keys.rotate_key(session, name, overlap_h=overlap)
            if expires is None
            else registry_keys.rotate_key(
                session, name, overlap_h=overlap, keep_end=False, expires_on=_last_day(expires)
            )
        )
    _show_made(made, form=form, dry_run=dry_run)


@command(keys)
def bind(
    name: str,
    *,
    units: Annotated[tuple[str, ...], "--unit CODES", "Units where it may write."],
    dry_run: DryRun = False,
) -> None:
    """Bind a key to other units."""
    codes = _codes(units)
    with opened_session(dry_run=dry_run) as session:
        before = registry_keys.bind_key(session, name, codes)
    if dry_run:
        say(Message("dry_run"))
    click.echo(f"{name}: {', '.join(before) or '–'} → {', '.join(codes)}")


@command(keys)
def revoke(
    name: str,
    *,
    dry_run: DryRun = False,
) -> None:
    """Revoke a key, and the one that it replaced."""
    with opened_session(dry_run=dry_run) as session:
        done = registry_keys.revoke_key(session, name)
    if dry_run:
        say(Message("dry_run"))
    click.echo(
        Message("key_now_revoked", name=name) if done else Message("key_already_revoked", name=name)
    )


@command(keys)
def alone(
    name: str,
    *,
    off: Annotated[bool, "End that."] = False,
    dry_run: DryRun = False,
) -> None:
    """Let a key approve its own deliveries."""
    with opened_session(dry_run=dry_run) as session:
        registry_keys.let_approve_own(session, name, allowed=not off)
    if dry_run:
        say(Message("dry_run"))
    click.echo(
        Message("key_needs_other_approver", name=name)
        if off
        else Message("key_approves_own_files", name=name)
    )


def _codes(units: tuple[str, ...]) -> list[str]:
    """Split texts at commas; return each part once."""
    codes = (code.strip() for given in units for code in given.split(","))
    return list(dict.fromkeys(code for code in codes if code))


def _last_day(given: datetime.date | str | None) -> datetime.date | None:
    """Return the last day; None for the word for never."""
    if given is None:
        return today() + datetime.timedelta(days=registry_keys.DEFAULT_DAYS)
    return given if isinstance(given, datetime.date) else None


def _show_made(made: KeyMade, *, form: str, dry_run: bool) -> None:
    # A rolled-back key does not exist: it is not shown.
    secret = None if dry_run else made.secret
    if form == "json":
        body = {
            "name": made.name,
            "key": secret,
            "expires_at": _time(made.expires_at),
            "previous_until": _time(made.previous_until),
            "dry_run": dry_run,
        }
        show_json(body)
        return
    say(f"{made.name}: {_ends(made.expires_at)}")
    if made.previous_until is not None:
        say(Message("former_key_valid_until", previous_until=_time(made.previous_until)))
    if secret is None:
        say(Message("dry_run"))
        return
    say(Message("secret_shown_once"))
    click.echo(secret)


def _ends(at: datetime.datetime | None) -> str:
    return _("valid until {time}", time=_time(at)) if at else _("does not expire")


def _time(at: datetime.datetime | None) -> str | None:
    return at.astimezone(VIET_NAM).isoformat(timespec="seconds") if at else None
