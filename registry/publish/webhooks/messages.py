"""Makes messages: a page of the feed, each entry with its kinds of change.

Kinds compare with the register as it was when the webhook had last caught up. Compared with the
cursor, a record that changed twice, before and after the end of a page, would show only its last
change.
"""

import datetime
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic_core import to_json

from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.publish.changes import IDENTITY, read_page
from registry.publish.changes.cursor import Cursor
from registry.publish.changes.entries import Entry, Following
from registry.publish.changes.since import Kind, Since, changed_since, is_wanted
from registry.register import Register
from registry.units.gazetteer import VIET_NAM, Gazetteer, today

SQL: Final = Statements(__file__, "queries.sql")

MOST: Final = 500
"""Entries in a message, some 300 kB."""
_LISTED: Final = 1_000
"""Listed codes that an entry of a street, locality or commune names."""
CHANGED: Final = "register.changed"
TEST: Final = "register.test"
BATCH: Final = "batch.ended"

_CODES: Final = "SELECT code FROM webhook_code WHERE webhook_id = %(id)s"
_CODES_IN: Final = {
    "street": "codes_in_streets",
    "locality": "codes_in_localities",
    "unit": "codes_in_units",
}
"""Type of an entry → statement that finds the listed codes in such places."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """The selection of a webhook, and how far it has been delivered."""

    id: int
    cursor: str
    caught_up: int
    round: int
    communes: frozenset[int] | None
    lists_codes: bool
    kinds: frozenset[str]
    demo: bool


@dataclass(frozen=True, slots=True)
class Message:
    """The next message. Without entries it is not sent."""

    id: str
    body: str
    entries: int
    cursor: str
    """Cursor of its end."""
    caught_up: int
    """`Subscription.caught_up` after it."""
    more: bool


def next_message(register: Register, subscription: Subscription) -> Message:
    """Make the message after the cursor. Raises as `read_page` does."""
    reads = register.reads
    identity, *_ = reads.rows(IDENTITY, {})[0]
    codes = None
    if subscription.lists_codes:
        codes = frozenset(row[0] for row in reads.rows(_CODES, {"id": subscription.id}))
    wanted = Following(subscription.communes, subscription.demo, codes)
    # The selection changes with units, and the register's id on a restore; the mark stays valid.
    cursor = replace(Cursor.parse(subscription.cursor), register=identity, following=wanted.digest)
    page = read_page(register, wanted, str(cursor), MOST)
    end = Cursor.parse(page.cursor)
    entries = list(_wanted(register, subscription, page.entries))
    position = end.read_up_to
    body = {
        "type": CHANGED,
        "timestamp": _time(reads, position),
        "data": {
            "webhook": subscription.id,
            "register": identity,
            "position": position,
            "entries": entries,
        },
    }
    return Message(
        _name(subscription, entries),
        to_json(body).decode(),
        len(entries),
        page.cursor,
        subscription.caught_up if page.more else position,
        page.more,
    )


def test_message(webhook_id: int) -> tuple[str, str]:
    """Make an empty message: its name and body."""
    now = datetime.datetime.now(VIET_NAM).isoformat(timespec="microseconds")
    body = {"type": TEST, "timestamp": now, "data": {"webhook": webhook_id}}
    return _hashed(f"{webhook_id} {now}"), to_json(body).decode()


def batch_message(content: Mapping[str, Any], ended_at: datetime.datetime) -> tuple[str, str]:
    """Make the message of a large batch that has ended: its name, the same each time, and body."""
    at = ended_at.astimezone(VIET_NAM).isoformat(timespec="microseconds")
    body = to_json({"type": BATCH, "timestamp": at, "data": content}).decode()
    return _hashed(body), body


def _name(subscription: Subscription, entries: Sequence[Entry]) -> str:
    # Equal for equal entries from the same position, unless they are replayed.
    mark = Cursor.parse(subscription.cursor).mark
    return _hashed(f"{subscription.id} {subscription.round} {mark} {to_json(entries)!r}")


def _hashed(text: str) -> str:
    return "msg_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _time(reads: Reads, position: int) -> str | None:
    rows = reads.rows(SQL.driver("occurred_at"), {"position": position})
    return rows[0][0].astimezone(VIET_NAM).isoformat() if rows else None


def _wanted(
    register: Register, subscription: Subscription, entries: Sequence[Entry]
) -> Iterator[Entry]:
    """Yield the selected entries with their kinds, and those of places with their listed codes."""
    codes_in = _codes_in(register.reads, subscription, entries) if subscription.lists_codes else {}
    near = _near(register.gazetteer.get(), subscription.communes)
    since = Since(subscription.caught_up, [], [], [], "")
    codes = [entry["code"] for entry in entries if "code" in entry and "continues" in entry]
    kinds_of = changed_since(register.reads, since, codes) if codes else {}
    for entry in entries:
        kinds = _kinds(entry, kinds_of)
        more: dict[str, Any] = {"kinds": kinds}
        if "continues" not in entry and entry["type"] != "remove":
            place = (entry["type"], _id_of(entry))
            if subscription.lists_codes and place not in codes_in:
                continue
            if near is not None and entry["type"] == "unit" and entry["id"] not in near:
                continue
            if subscription.lists_codes:
                more["codes_count"], more["codes"] = codes_in[place]
        if is_wanted(kinds, subscription.kinds):
            yield entry | more


def _kinds(entry: Entry, kinds_of: dict[str, tuple[Kind, ...] | None]) -> Sequence[Kind]:
    if entry["type"] == "remove":
        return ("removed",)
    if "continues" not in entry:
        return ("renamed",)
    return kinds_of.get(entry["code"]) or ("updated",)


def _id_of(entry: Entry) -> int:
    """Return the id of a street, locality or unit."""
    number: int = entry["localities"][0]["id"] if entry["type"] == "locality" else entry["id"]
    return number


def _codes_in(
    reads: Reads, subscription: Subscription, entries: Sequence[Entry]
) -> dict[tuple[str, int], tuple[int, list[str]]]:
    """Map type and id of places to the number of listed codes there, and the first of them."""
    found = {}
    for kind, statement in _CODES_IN.items():
        ids = [_id_of(entry) for entry in entries if entry["type"] == kind]
        given = {"ids": ids, "id": subscription.id, "listed": _LISTED}
        rows = reads.rows(SQL.driver(statement), given) if ids else []
        found.update({(kind, place): (count, codes) for place, count, codes in rows})
    return found


def _near(known: Gazetteer, communes: Collection[int] | None) -> frozenset[int] | None:
    """Return the followed communes and their provinces; None if all are followed."""
    if communes is None:
        return None
    units = (known.units[commune] for commune in communes if commune in known.units)
    provinces = (known.province_of(unit, today()) for unit in units)
    return frozenset(communes) | {province.id for province in provinces if province is not None}
