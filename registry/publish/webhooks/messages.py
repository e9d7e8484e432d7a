"""What a message says: a page of the feed, each entry with the kinds of change that it is.

Kinds are told against the register as it was when nothing was left to tell. Against the cursor a
record that changed twice, on both sides of the end of a page, would be told by its last change.
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
"""Entries of a message, some 300 kB."""
_LISTED: Final = 1_000
"""Codes of a list that are named beside a street, locality or commune in which they lie."""
CHANGED: Final = "register.changed"
TEST: Final = "register.test"
BATCH: Final = "batch.ended"

_CODES: Final = "SELECT code FROM webhook_code WHERE webhook_id = %(id)s"
_LYING_IN: Final = {
    "street": "lying_in_streets",
    "locality": "lying_in_localities",
    "unit": "lying_in_units",
}
"""Type of an entry → the listed codes that lie in each of these places."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of which records a webhook tells, and up to where it did."""

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
    """What comes next. Without entries nothing has to be sent."""

    id: str
    body: str
    entries: int
    cursor: str
    """Where it ends."""
    caught_up: int
    """`Told.caught_up` after it."""
    more: bool


def next_message(register: Register, told: Told) -> Message:
    """What stands behind the cursor. Raises what `read_page` raises."""
    reads = register.reads
    identity, *_ = reads.rows(IDENTITY, {})[0]
    codes = None
    if told.lists_codes:
        codes = frozenset(row[0] for row in reads.rows(_CODES, {"id": told.id}))
    wanted = Following(told.communes, told.demo, codes)
    # What is followed changes with the units, and the register when it is restored: where the
    # cursor stands holds all the same.
    cursor = replace(Cursor.parse(told.cursor), register=identity, following=wanted.digest)
    page = read_page(register, wanted, str(cursor), MOST)
    end = Cursor.parse(page.cursor)
    entries = list(_wanted(register, told, page.entries))
    position = end.read_up_to
    body = {
        "type": CHANGED,
        "timestamp": _time(reads, position),
        "data": {
            "webhook": told.id,
            "register": identity,
            "position": position,
            "entries": entries,
        },
    }
    return Message(
        _name(told, entries),
        to_json(body).decode(),
        len(entries),
        page.cursor,
        told.caught_up if page.more else position,
        page.more,
    )


def test_message(webhook_id: int) -> tuple[str, str]:
    """A message that tells nothing: its name and its body."""
    now = datetime.datetime.now(VIET_NAM).isoformat(timespec="microseconds")
    body = {"type": TEST, "timestamp": now, "data": {"webhook": webhook_id}}
    return _hashed(f"{webhook_id} {now}"), to_json(body).decode()


def batch_message(told: Mapping[str, Any], ended_at: datetime.datetime) -> tuple[str, str]:
    """What is told of a large batch that has ended: its name, the same each time, and its body."""
    at = ended_at.astimezone(VIET_NAM).isoformat(timespec="microseconds")
    body = to_json({"type": BATCH, "timestamp": at, "data": told}).decode()
    return _hashed(body), body


def _name(told: Told, entries: Sequence[Entry]) -> str:
    # Equal for equal entries from the same place, unless somebody asked for them again.
    return _hashed(f"{told.id} {told.round} {Cursor.parse(told.cursor).mark} {to_json(entries)!r}")


def _hashed(said: str) -> str:
    return "msg_" + hashlib.sha256(said.encode()).hexdigest()[:32]


def _time(reads: Reads, position: int) -> str | None:
    rows = reads.rows(SQL.driver("occurred_at"), {"position": position})
    return rows[0][0].astimezone(VIET_NAM).isoformat() if rows else None


def _wanted(register: Register, told: Told, entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries that are told, with their kinds; of a place with the listed codes in it."""
    lying = _lying(register.reads, told, entries) if told.lists_codes else {}
    near = _near(register.gazetteer.get(), told.communes)
    since = Since(told.caught_up, [], [], [], "")
    codes = [entry["code"] for entry in entries if "code" in entry and "continues" in entry]
    kinds_of = changed_since(register.reads, since, codes) if codes else {}
    for entry in entries:
        kinds = _kinds(entry, kinds_of)
        more: dict[str, Any] = {"kinds": kinds}
        if "continues" not in entry and entry["type"] != "remove":
            place = (entry["type"], _id_of(entry))
            if told.lists_codes and place not in lying:
                continue
            if near is not None and entry["type"] == "unit" and entry["id"] not in near:
                continue
            if told.lists_codes:
                more["codes_count"], more["codes"] = lying[place]
        if is_wanted(kinds, told.kinds):
            yield entry | more


def _kinds(entry: Entry, kinds_of: dict[str, tuple[Kind, ...] | None]) -> Sequence[Kind]:
    if entry["type"] == "remove":
        return ("removed",)
    if "continues" not in entry:
        return ("renamed",)
    return kinds_of.get(entry["code"]) or ("updated",)


def _id_of(entry: Entry) -> int:
    """Of a street, locality or unit."""
    number: int = entry["localities"][0]["id"] if entry["type"] == "locality" else entry["id"]
    return number


def _lying(
    reads: Reads, told: Told, entries: Sequence[Entry]
) -> dict[tuple[str, int], tuple[int, list[str]]]:
    """Type and id of places → how many codes of the list lie there, and the first of them."""
    found = {}
    for kind, statement in _LYING_IN.items():
        ids = [_id_of(entry) for entry in entries if entry["type"] == kind]
        given = {"ids": ids, "id": told.id, "listed": _LISTED}
        rows = reads.rows(SQL.driver(statement), given) if ids else []
        found.update({(kind, place): (count, codes) for place, count, codes in rows})
    return found


def _near(known: Gazetteer, communes: Collection[int] | None) -> frozenset[int] | None:
    """Communes that are followed, and the provinces around them; None where all are."""
    if communes is None:
        return None
    units = (known.units[commune] for commune in communes if commune in known.units)
    provinces = (known.province_of(unit, today()) for unit in units)
    return frozenset(communes) | {province.id for province in provinces if province is not None}
