"""Manages webhooks for their owners: create, list, change, resume, replay from any position."""

import base64
import datetime
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo import code as codes
from geo.code import CodeError
from registry.core.actors import Actor, outside_own
from registry.core.errors import ConflictError, InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.jobs.queue import enqueue
from registry.jobs.table import TEST_WEBHOOK
from registry.publish.changes.cursor import Cursor, Read
from registry.publish.changes.since import KINDS, end_of_feed, position_of
from registry.publish.webhooks.sending import check_url
from registry.register import Register
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, today
from registry.units.onward import communes_of

SQL: Final = Statements(__file__, "queries.sql")

MAX_OF_KEY: Final = 20
MAX_CODES: Final = 100_000
MAX_UNITS: Final = 100
MAX_NOTE: Final = 200
MAX_OVERLAP_H: Final = 24 * 90
DEFAULT_OVERLAP_H: Final = 24
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
_MAX_NUMBER: Final = 2**63 - 1
_SHOWN_WRONG: Final = 5
_WRONG_LENGTH: Final = 40

State = Literal["active", "paused", "dead"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wanted settings of a webhook; None leaves a field unchanged."""

    url: str | None = None
    units: Sequence[str] | None = None
    """Codes of provinces and communes; empty for all that the key may follow."""
    codes: Sequence[str] | None = None
    """Codes of records, in any spelling; empty for all."""
    kinds: Sequence[str] | None = None
    """Some of KINDS; empty for all."""
    demo: bool | None = None
    note: str | None = None
    state: Literal["active", "paused"] | None = None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook and its state."""

    id: int
    key: str
    url: str
    note: str | None
    units: tuple[str, ...]
    codes: int | None
    kinds: tuple[str, ...]
    demo: bool
    state: State
    position: int
    """Position of the feed that it has reached."""
    behind: int
    """Number of events that wait for it."""
    attempts: int
    failing_since: datetime.datetime | None
    last_outcome: str | None
    due_at: datetime.datetime
    created_at: datetime.datetime
    previous_until: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to send a message."""

    id: int
    message: str
    kind: str
    behind: str
    """Cursor before its entries, from which to replay."""
    entries: int
    attempt: int
    sent_at: datetime.datetime
    took_ms: int
    status: int | None
    outcome: str
    given_up: bool


def make_webhook(
    session: Session, register: Register, actor: Actor, wanted: Wanted, since: str | None = None
) -> tuple[int, str]:
    """Create a webhook and return its id and secret, which is shown only once.

    It sends changes from now on, or from `since`. Raises InvalidInputError for invalid settings,
    OutsideUnitsError for units that the key does not see, ConflictError if the key has too many
    webhooks, and as `position_of` does.
    """
    if actor.key_id is None:
        raise ConflictError(Message("webhook_needs_key"))
    session.execute(_LOCK_KEY, {"key": actor.key_id})
    if session.execute(_COUNT, {"key": actor.key_id}).scalar_one() >= MAX_OF_KEY:
        raise ConflictError(Message("too_many_webhooks", most=MAX_OF_KEY))
    units = _checked_units(register.gazetteer.get(), actor, wanted.units or ())
    listed = _checked_codes(wanted.codes or ())
    end = end_of_feed(register)
    position = end.position if since is None else position_of(register, end, since)
    secret = secrets.token_bytes(_SECRET_BYTES)
    number: int = session.execute(
        SQL.text("insert_webhook"),
        {
            "key": actor.key_id,
            "url": check_url(wanted.url or "", register.settings.webhook_hosts),
            "note": _checked_note(wanted.note),
            "kinds": _checked_kinds(wanted.kinds or ()),
            "codes": len(listed) or None,
            "demo": bool(wanted.demo),
            "secret": secret,
            "cursor": str(replace(end, mark=Read(position))),
            "position": position,
            "state": wanted.state or "active",
        },
    ).scalar_one()
    _write_units(session, number, units)
    _write_codes(session, number, listed)
    session.execute(_WAKE)  # even without news, to start the job
    return number, shown_secret(secret)


def list_webhooks(session: Session, actor: Actor) -> list[WebhookView]:
    """Return the webhooks of the key; or all of them to a national administrator."""
    rows = session.execute(SQL.text("webhooks"), {**_owner(actor), "id": None})
    return [_view(row) for row in rows]


def find_webhook(session: Session, actor: Actor, number: int) -> WebhookView:
    """Return one of them; raises NotFoundError, also for another key's."""
    row = None
    if number <= _MAX_NUMBER:
        row = session.execute(SQL.text("webhooks"), {**_owner(actor), "id": number}).one_or_none()
    if row is None:
        raise NotFoundError(Message("webhook_unknown", number=number))
    return _view(row)


def change_webhook(
    session: Session, register: Register, actor: Actor, number: int, wanted: Wanted
) -> None:
    """Change the settings of a webhook; the state `active` resumes a dead one.

    It continues where it stopped. Raises as `make_webhook` and `find_webhook` do.
    """
    find_webhook(session, actor, number)
    known, hosts = register.gazetteer.get(), register.settings.webhook_hosts
    units = None if wanted.units is None else _checked_units(known, actor, wanted.units)
    listed = None if wanted.codes is None else _checked_codes(wanted.codes)
    session.execute(
        SQL.text("change_webhook"),
        {
            "id": number,
            "url": None if wanted.url is None else check_url(wanted.url, hosts),
            "note": _checked_note(wanted.note),
            "kinds": None if wanted.kinds is None else _checked_kinds(wanted.kinds),
            "listed": listed is not None,
            "codes": len(listed or ()) or None,
            "demo": wanted.demo,
            "state": wanted.state,
        },
    )
    if units is not None:
        session.execute(_FORGET_UNITS, {"id": number})
        _write_units(session, number, units)
    if listed is not None:
        session.execute(_FORGET_CODES, {"id": number})
        _write_codes(session, number, listed)
    session.execute(_WAKE)


def delete_webhook(session: Session, actor: Actor, number: int) -> None:
    """Delete it with its deliveries. Raises NotFoundError."""
    find_webhook(session, actor, number)
    session.execute(_DELETE, {"id": number})


def rotate_secret(
    session: Session, actor: Actor, number: int, overlap_h: float = DEFAULT_OVERLAP_H
) -> str:
    """Return a new secret, shown only once; messages have both signatures for `overlap_h` hours.

    Raises NotFoundError.
    """
    find_webhook(session, actor, number)
    secret = secrets.token_bytes(_SECRET_BYTES)
    overlap = datetime.timedelta(hours=overlap_h)
    session.execute(SQL.text("rotate_secret"), {"id": number, "secret": secret, "overlap": overlap})
    return shown_secret(secret)


def replay_webhook(
    session: Session, register: Register, actor: Actor, number: int, since: str
) -> WebhookView:
    """Continue from a day, a position or a cursor, before or after the current one.

    Resumes a dead webhook. Messages get new ids, so that receivers do not discard them as
    duplicates. Raises as `find_webhook` and `position_of` do.
    """
    find_webhook(session, actor, number)
    before = Cursor.parse(session.execute(_CURSOR_OF, {"id": number}).scalar_one())
    position = position_of(register, end_of_feed(register), since)
    cursor = replace(before, unit_progress=None, mark=Read(position))
    session.execute(SQL.text("replay"), {"id": number, "cursor": str(cursor), "position": position})
    session.execute(_WAKE)
    return find_webhook(session, actor, number)


def test_webhook(session: Session, actor: Actor, number: int) -> None:
    """Enqueue an empty test message, whatever the state. Raises NotFoundError."""
    find_webhook(session, actor, number)
    enqueue(session, TEST_WEBHOOK, lock=f"webhook {number}", webhook_id=number)


def deliveries(
    session: Session, actor: Actor, number: int, limit: int, before: int | None = None
) -> list[Delivery]:
    """Return the deliveries, the latest first. Raises NotFoundError."""
    find_webhook(session, actor, number)
    rows = session.execute(SQL.text("deliveries"), {"id": number, "limit": limit, "before": before})
    return [Delivery(**row._asdict()) for row in rows]


def followed_communes(known: Gazetteer, unit_ids: Sequence[int]) -> frozenset[int] | None:
    """Return the communes of units and of their successors; None if all are followed.

    Ended units are included: their records may have moved elsewhere.
    """
    if not unit_ids:
        return None
    units = [known.units[i] for i in unit_ids if i in known.units]
    current = (communes_of(known, today(), unit) for unit in units)
    return frozenset(unit.id for unit in units).union(*current)


def shown_secret(secret: bytes) -> str:
    """Format a secret for the receiver.

    >>> shown_secret(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    return _PREFIX + base64.b64encode(secret).decode()


def _owner(actor: Actor) -> dict[str, object]:
    sees_all = actor.role == "admin" and actor.unit_ids is None
    return {"key": actor.key_id, "all": sees_all}


def _view(row: Row[Any]) -> WebhookView:
    values = row._asdict()
    cursor = Cursor.parse(values.pop("cursor"))
    position = cursor.read_up_to
    return WebhookView(
        **values
        | {
            "units": tuple(values["units"]),
            "kinds": tuple(values["kinds"]),
            "position": position,
            "behind": max(0, values["behind"] - position),
        }
    )


def _checked_units(known: Gazetteer, actor: Actor, wanted: Sequence[str]) -> list[int]:
    """Return ids of the units; an authority must name some, all of which it sees."""
    if len(wanted) > MAX_UNITS:
        raise InvalidInputError.of_field(
            "units", "too_long", Message("too_many_units", most=MAX_UNITS)
        )
    units = [unit_by_code(known, code, None) for code in dict.fromkeys(wanted)]
    for unit in units:
        if unit.level == "district":
            detail = Message("unit_level_invalid", code=unit.code)
            raise InvalidInputError.of_field("units", "no_commune", detail)
    visible = visible_communes(actor)
    if visible is not None:
        if not units:
            detail = Message("key_units_required")
            raise InvalidInputError.of_field("units", "missing", detail)
        wrong = [unit.code for unit in units if not communes_of(known, today(), unit) <= visible]
        if wrong:
            raise outside_own(*wrong)
    return [unit.id for unit in units]


def visible_communes(actor: Actor) -> frozenset[int] | None:
    """Return the communes it may follow; None for all: carriers and shops keep copies."""
    return actor.sees if actor.may("viewer") else None


def _checked_codes(written: Sequence[str]) -> list[str]:
    """Return canonical codes, each once."""
    if len(written) > MAX_CODES:
        raise InvalidInputError.of_field(
            "codes", "too_long", Message("too_many_codes", most=MAX_CODES)
        )
    found, wrong = dict[str, None](), []
    for one in written:
        try:
            found[codes.validate(one)] = None
        except CodeError:
            wrong.append(one[:_WRONG_LENGTH])
    if wrong:
        shown = ", ".join(map(repr, wrong[:_SHOWN_WRONG]))
        detail = Message("not_codes", count=len(wrong), shown=shown)
        raise InvalidInputError.of_field("codes", "malformed_code", detail)
    return list(found)


def _checked_kinds(wanted: Sequence[str]) -> list[str]:
    wrong = set(wanted) - set(KINDS)
    if wrong:
        detail = Message("change_kind_unknown", kinds=", ".join(KINDS))
        raise InvalidInputError.of_field("kinds", "literal_error", detail)
    return list(dict.fromkeys(wanted))


def _checked_note(note: str | None) -> str | None:
    if note is not None and (len(note) > MAX_NOTE or not note.isprintable()):
        detail = Message("note_single_line", most=MAX_NOTE)
        raise InvalidInputError.of_field("note", "string_too_long", detail)
    return note


def _write_units(session: Session, number: int, units: Sequence[int]) -> None:
    session.execute(_UNITS, {"id": number, "units": list(units)})


def _write_codes(session: Session, number: int, listed: Sequence[str]) -> None:
    session.execute(_CODES, {"id": number, "codes": list(listed)})


_WAKE: Final = text("SELECT wake_webhooks()")
_LOCK_KEY: Final = text("SELECT id FROM api_key WHERE id = :key FOR NO KEY UPDATE")
_COUNT: Final = text("SELECT count(*) FROM webhook WHERE key_id = :key")
_UNITS: Final = text(
    "INSERT INTO webhook_unit (webhook_id, unit_id) SELECT :id, unnest(CAST(:units AS integer[]))"
)
_CODES: Final = text(
    "INSERT INTO webhook_code (webhook_id, code) SELECT :id, unnest(CAST(:codes AS text[]))"
)
_FORGET_UNITS: Final = text("DELETE FROM webhook_unit WHERE webhook_id = :id")
_FORGET_CODES: Final = text("DELETE FROM webhook_code WHERE webhook_id = :id")
_DELETE: Final = text("DELETE FROM webhook WHERE id = :id")
_CURSOR_OF: Final = text("SELECT cursor FROM webhook WHERE id = :id")
