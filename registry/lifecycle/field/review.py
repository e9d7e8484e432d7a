"""Preview what each record of a round would do, and what conflicts with it."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo.house_number import parse_house_number
from geo.locality import parse_locality
from geo.street import parse_street
from registry.core.errors import AddressTakenError, InvalidInputError
from registry.core.messages import N_
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.lifecycle.field.area import Area
from registry.lifecycle.field.rounds import Round
from registry.lifecycle.reports.new_houses import describe
from registry.records.record import COLUMNS, Record
from registry.units.boundaries.reach import is_far_move, moved_m, refuse_outside
from registry.units.gazetteer import Gazetteer, today

MOST: Final = 500
"""Records taken over at once, oldest first."""
COARSE_M: Final = 50.0
"""A radius that covers several doors."""
SAME_PLACE_M: Final = 15.0
"""Two new houses without numbers within this distance are one."""
_AWAY_M: Final = 1_000.0
"""A new house this far from every door of the round is hardly in its place."""

SQL: Final = Statements(
    __file__, "queries.sql", columns=COLUMNS, most=str(MOST), away_m=str(_AWAY_M)
)
_SAID: Final = 13
"""Columns of the record, before those of its door."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A record with its preview."""

    id: UUID
    kind: str
    said: dict[str, Any]
    said_at: datetime.datetime
    state: str
    device: UUID | None
    lon: float | None
    lat: float | None
    method: str | None
    accuracy_m: float | None
    spread_m: float | None
    stale: bool
    """Whether the door changed since the phone saw it."""
    moved_m: float | None
    """Distance by which its point would move, in metres."""
    door: Record | None
    clashes: tuple[str, ...] = ()
    """What conflicts with it: keys of `CLASHES`."""
    similar: tuple[str, ...] = ()
    """Codes of doors that may be the new house."""
    taken_by: str | None = None
    """Code of the existing door that the new house is."""
    same_as: UUID | None = None
    """Another record of the same new house, which is registered instead."""

    @property
    def point(self) -> tuple[float, float] | None:
        """lon, lat."""
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)


CLASHES: Final = {
    "ended": N_("its code was retired"),
    "changed": N_("it changed since the phone took it"),
    "elsewhere": N_("it is not in the area any more"),
    "outside": N_("its point is outside the commune"),
    "far": N_("its point is far from where it is"),
    "coarse": N_("its position is coarse"),
    "worse": N_("the point on record is better"),
    "contradicted": N_("another record says the opposite"),
    "registered": N_("this address has a code"),
    "similar": N_("there is one like it"),
    "unclear": N_("its address is not understood"),
    "same": N_("reported twice: it is made once"),
}
"""Labels of what may conflict with a record."""


def review(
    session: Session,
    gazetteer: Gazetteer,
    reads: Reads,
    round_: Round,
    area: Area,
    states: Sequence[str] = ("waiting", "aside"),
) -> list[Reviewed]:
    """Return the records of a round not yet taken over, oldest first, at most `MOST`."""
    found = waiting(session, round_, states)
    opposed, away = _opposed(found), _away(session, area, found)
    looked = []
    for record in found:
        clashes = list(_of_door(record, area) if record.door else ())
        if record.id in opposed:
            clashes.append("contradicted")
        clashes += _of_point(session, record, area, is_away=record.id in away)
        record = replace(record, clashes=tuple(clashes))
        if record.kind == "new":
            record = _described(session, gazetteer, reads, record, area)
        looked.append(record)
    same = same_houses(looked, area)
    return [
        replace(each, same_as=same[each.id], clashes=(*each.clashes, "same"))
        if each.id in same
        else each
        for each in looked
    ]


def waiting(session: Session, round_: Round, states: Sequence[str]) -> list[Reviewed]:
    """Return the records in these states, oldest first, without their preview."""
    rows: Any = session.execute(SQL.text("to_review"), {"round": round_.id, "states": list(states)})
    return [
        Reviewed(*(*row[:_SAID], Record(*row[_SAID + 1 :]) if row[_SAID] else None)) for row in rows
    ]


def state_of(records: Sequence[Reviewed]) -> str:
    """Return a hash of the records and their doors: a preview is valid while it is unchanged."""
    digest = hashlib.sha256()
    for each in records:
        digest.update(f"{each.id} {each.state} {each.door and each.door.event_id};".encode())
    return digest.hexdigest()[:32]


def same_houses(records: Sequence[Reviewed], area: Area) -> dict[UUID, UUID | None]:
    """Group records of the same new house: each id → the one registered, None for that one itself.

    Compared by address, or by point without a number. The record with the best point is used.
    """
    groups: list[list[Reviewed]] = []
    for record in records:
        if record.kind != "new" or record.state != "waiting":
            continue
        for group in groups:
            if _is_same(group[0], record, area):
                group.append(record)
                break
        else:
            groups.append([record])
    same: dict[UUID, UUID | None] = {}
    for group in groups:
        if len(group) > 1:
            best = min(group, key=lambda each: (each.accuracy_m is None, each.accuracy_m or 0.0))
            same |= {each.id: None if each is best else best.id for each in group}
    return same


def _is_same(one: Reviewed, other: Reviewed, area: Area) -> bool:
    keys = [_address_key(each, area) for each in (one, other)]
    if keys[0][0] or keys[1][0]:
        return keys[0] == keys[1]
    assert one.point is not None and other.point is not None  # noqa: S101, PT018 - a constraint
    return moved_m(one.point, other.point) <= SAME_PLACE_M


def _address_key(record: Reviewed, area: Area) -> tuple[str, str, str]:
    """Return number, street and locality: equal for equal addresses of a round."""
    values = record.said
    number = parse_house_number(values["house_number"]) if "house_number" in values else None
    street = parse_street(values["street"]) if "street" in values else None
    inner = parse_locality(values["locality"].partition(",")[0]) if "locality" in values else None
    place_key = area.place.key
    of_street = area.place.class_ == "street"
    return (
        number.key if number else "",
        street.key if street else place_key if of_street else "",
        inner.key if inner and not street else place_key if not of_street and not street else "",
    )


def _of_door(record: Reviewed, area: Area) -> list[str]:
    door = record.door
    assert door is not None  # noqa: S101 - asked before
    if door.status not in ("proposed", "active"):
        return ["ended"]
    clashes = ["changed"] if record.stale else []
    if not area.has(door):
        clashes.append("elsewhere")
    return clashes


def _of_point(session: Session, record: Reviewed, area: Area, *, is_away: bool) -> list[str]:
    if record.kind not in ("here", "new") or record.point is None:
        return []
    lon, lat = record.point
    try:
        refuse_outside(session, area.place.unit_id, lon=lon, lat=lat)
    except InvalidInputError:
        return ["outside"]
    door, clashes = record.door, []
    accuracy_m = door.position_accuracy_m if door else None
    if record.moved_m is not None and is_far_move(record.moved_m, accuracy_m):
        clashes.append("far")
    if is_away:
        clashes.append("far")
    if (record.accuracy_m or 0) > COARSE_M:
        clashes.append("coarse")
    if accuracy_m is not None and (record.accuracy_m or 0) > accuracy_m:
        clashes.append("worse")
    return clashes


def _away(session: Session, area: Area, records: Sequence[Reviewed]) -> set[UUID]:
    """Return the new houses that are far from every door of the round."""
    new = [each for each in records if each.kind == "new"]
    statement = SQL.text("away", area.place.class_)
    lons, lats = [each.lon for each in new], [each.lat for each in new]
    given = {"ids": list(area.ids), "lons": lons, "lats": lats}
    return {new[place - 1].id for place in session.scalars(statement, given)}


def _described(
    session: Session, gazetteer: Gazetteer, reads: Reads, record: Reviewed, area: Area
) -> Reviewed:
    """Describe a new house, with the doors that may be it."""
    if record.point is None or "outside" in record.clashes:
        return record
    (lon, lat), written = record.point, new_address(record, area, gazetteer)
    try:
        house = describe(session, gazetteer, reads, lon=lon, lat=lat, written=written)
    except AddressTakenError as error:
        taken: Any = error.extra["taken_by"]
        clashes = (*record.clashes, "registered")
        return replace(record, clashes=clashes, taken_by=taken["code"])
    except InvalidInputError:
        return replace(record, clashes=(*record.clashes, "unclear"))
    if "house_number" not in record.said or not house.similar:
        return record
    return replace(record, clashes=(*record.clashes, "similar"), similar=house.similar)


def new_address(record: Reviewed, area: Area, gazetteer: Gazetteer) -> str:
    """Return the label of a new house, with its commune."""
    values, place = record.said, area.place
    street = values.get("street") or (place.shown if place.class_ == "street" else None)
    locality = values.get("locality") or (place.shown if place.class_ == "locality" else None)
    door = " ".join(filter(None, (values.get("house_number"), street)))
    commune = gazetteer.units[place.unit_id].version_on(today()).full_name
    return ", ".join(filter(None, (door, locality, commune)))


def _opposed(records: Sequence[Reviewed]) -> set[UUID]:
    """Return the records of doors reported both as gone and as standing."""
    by_code: dict[str, list[Reviewed]] = {}
    for each in records:
        if each.door is not None and each.state == "waiting":
            by_code.setdefault(each.door.code, []).append(each)
    return {
        each.id
        for group in by_code.values()
        if len({one.kind == "gone" for one in group}) > 1
        for each in group
    }
