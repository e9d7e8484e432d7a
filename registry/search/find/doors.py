"""Queries for streets, localities and the doors in them.

A street and the doors with the wanted number in it come in one round trip, by current and former
names and numbers. All fuzzy matching is done on the small tables (`registry.search.find.spelling`),
never on households.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from geo.values import value
from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.reads import Row
from registry.core.sql import Statements
from registry.records.record import COLUMNS, PLACES, Record, columns

MAX_PLACES: Final = 400
"""Most streets of one name that are examined; beyond, no door is certainly the only one."""

MAX_DOORS: Final = 100
"""Most doors of one number that are examined in one street."""

MAX_UNNUMBERED: Final = 5
"""Most doors without any address but their hamlet that are returned for its name."""

# One index probe for each line: with = ANY (…) and plain joins a generic plan expects so many rows
# that it scans the tables (8 ms instead of 0.1).
_UNIT: Final = ("unit_id", "int")
_KEY: Final = ("key", "text")
_WANTED: Final = tuple(
    (name, "text")
    for name in (
        *("number", "backward", "alley", "alley_end", "building", "flat", "flat_too", "flat_or"),
    )
)

SQL: Final = Statements(
    __file__,
    "queries.sql",
    lines=LINES,
    columns=COLUMNS,
    shown_in_street=columns(
        successors="NULL", street_kind="s.kind", street_name="s.name", street_key="s.key"
    ),
    shown_in_locality=columns(
        successors="NULL",
        street_kind="NULL",
        street_name="NULL",
        street_key="NULL",
        outer_localities="NULL",
        renamed="{renamed_in_found}",
    ),
    most_places=str(MAX_PLACES),
    most_doors=str(MAX_DOORS),
    most_unnumbered=str(MAX_UNNUMBERED + 1),
)
_PLACES: Final = {
    (class_, in_units, by_building): bulk(
        SQL.written(
            "places",
            class_,
            "in_unit" if in_units else "anywhere",
            "by_building" if by_building else "by_number",
        ),
        (*((_UNIT,) if in_units else ()), _KEY),
        _WANTED,
    )
    for class_ in PLACES
    for in_units in (False, True)
    for by_building in (False, True)
}
_FORMER: Final = {
    class_: bulk(SQL.written("former", class_), (("named_id", "bigint"),), _WANTED)
    for class_ in PLACES
}
_IN_COMMUNES: Final = bulk(SQL.written("in_communes"), (_UNIT,), _WANTED)
_BY_CODES: Final = bulk(SQL.written("by_codes"), (("code", "text"),))
_UNNUMBERED: Final = {
    class_: bulk(SQL.written("unnumbered", class_), (("id", "bigint"),)) for class_ in PLACES
}
_POINTS: Final = {
    (class_, alley): bulk(
        SQL.written("points", class_, *(("in_alley",) if alley else ())),
        (("id", "bigint"),),
        (("alley", "text"), ("alley_end", "text")),
    )
    for class_ in PLACES
    for alley in (False, True)
}


@value(frozen=True, slots=True)
class Wanted:
    """What to look for inside a street, a locality or a commune."""

    numbers: tuple[str, ...] = ()
    """Keys, the likeliest first; at most two."""
    alley: str | None = None
    """The path of the alley with a final slash: `12/34/`."""
    building: str | None = None
    """Key of the building."""
    flat: str | None = None
    other_flats: tuple[str, ...] = ()
    """The flat's number with its block as a part of it, or without; at most two."""

    @property
    def values(self) -> tuple[str | None, ...]:
        """Values of the parameters `_WANTED`."""
        first, second = (*self.numbers, None, None)[:2]
        flats = (self.flat, *self.other_flats, None, None)[:3]
        return (first, second, self.alley, _end_of(self.alley), self.building, *flats)

    @property
    def by_building(self) -> bool:
        """Whether the door can be found only by the building's name."""
        return not self.numbers and self.building is not None


@value(frozen=True, slots=True)
class Hit:
    """A door that was found."""

    record: Record
    """Without its successors."""
    number_key: str | None
    """The number that matched: its own, or a former one."""
    former_number: bool = False
    former_name: bool = False
    """Whether its street or locality matched by a former name."""

    @property
    def of_today(self) -> bool:
        """Whether it matched by its current name and number."""
        return not (self.former_number or self.former_name)


Narrowed = tuple[list[Hit], list[str]]
"""The remaining doors, and their common faults."""


@dataclass(slots=True)
class Place:
    """A street or locality with the doors found in it, which are added row by row."""

    class_: str
    """street | locality."""
    id: int
    unit_id: int
    former_unit_id: int | None
    key: str
    name: str
    kind: str
    outer: tuple[tuple[str, str, str], ...]
    """(kind, name, key) of the localities around a locality, the smallest first."""
    alley: bool
    """Whether a door in the wanted alley is registered."""
    was: tuple[str, str, str] | None = None
    """(key, name, kind) of the former name that matched, or None."""
    hits: list[Hit] = field(default_factory=list)

    @property
    def found_by(self) -> tuple[str, str, str]:
        """(key, name, kind) of the name that matched."""
        return self.was or (self.key, self.name, self.kind)


def places(
    class_: str, keys: Iterable[str], units: tuple[int, ...] | None, wanted: Wanted
) -> Query[list[Place]]:
    """Find streets or localities with one of these keys in these communes, or anywhere for None.

    Also by former keys; a merged place is found as the one that it is part of today.
    """
    keys = tuple(dict.fromkeys(keys))
    lines = tuple((key,) for key in keys) if units is None else tuple(product(units, keys))
    kind = _PLACES[class_, units is not None, wanted.by_building]
    rows = yield Ask(kind, lines, wanted.values)
    found: dict[tuple[int, str | None], Place] = {}
    with_former_numbers: dict[int, list[Place]] = {}
    for row in rows:
        at = (row[1], row[9][0] if row[9] else None)
        place = found.get(at)
        if place is None:
            if len(found) == MAX_PLACES:
                break
            place = found[at] = _place(class_, row)
            if row[11]:
                with_former_numbers.setdefault(row[10], []).append(place)
        if row[12] is not None:
            record = Record(*row[12:])
            outer = [[kind, name] for kind, name, _ in place.outer]
            if class_ == "locality" and record.locality_id != place.id:
                outer.insert(0, [place.kind, place.name])  # a group in it
            if outer:
                record = record._replace(outer_localities=outer)
            former = place.was is not None
            place.hits.append(Hit(record, record.house_number_key, former_name=former))
    if with_former_numbers:
        yield from _add_former(class_, with_former_numbers, wanted)
    return list(found.values())


def _add_former(
    class_: str, with_former_numbers: Mapping[int, list[Place]], wanted: Wanted
) -> Query[None]:
    """Add the doors that had the number when the places had those names."""
    rows = yield Ask(
        _FORMER[class_], tuple((named_id,) for named_id in with_former_numbers), wanted.values
    )
    for row in rows:
        former_key, record = row[2], Record(*row[3:])
        for place in with_former_numbers[row[1]]:
            # In a merged street the number may be unchanged.
            changed = place.was is None or former_key != record.house_number_key
            hit = Hit(record, former_key, former_number=changed, former_name=place.was is not None)
            place.hits.append(hit)


def doors_in_communes(units: tuple[int, ...], wanted: Wanted) -> Query[list[Hit]]:
    """Find doors of these communes without street and locality, and buildings by their name."""
    rows = yield Ask(_IN_COMMUNES, tuple((unit,) for unit in units), wanted.values)
    records = [Record(*row[1:]) for row in rows]
    return [Hit(record, record.house_number_key) for record in records]


def add_unnumbered(found: list[Place]) -> Query[bool]:
    """Add to each place the doors whose address is only its name, if they are few and nothing else
    is registered there; if that fails for one place, add nothing and return False.
    """
    class_ = found[0].class_
    rows = yield Ask(_UNNUMBERED[class_], tuple((place.id,) for place in found))
    there: dict[int, list[Record]] = {}
    for _, place_id, *record in rows:
        there.setdefault(place_id, []).append(Record(*record))
    for place in found:
        records = there.get(place.id, [])
        if not 0 < len(records) <= MAX_UNNUMBERED or not all(
            (record.street_id or record.locality_id) == place.id
            and (record.house_number_key, record.unit_number, record.building_key)
            == (None, None, None)
            for record in records
        ):
            return False
    for place in found:
        former = place.was is not None
        place.hits += [Hit(record, None, former_name=former) for record in there[place.id]]
    return True


def records_of(codes: Iterable[str]) -> Query[list[Record]]:
    """Return the records of these codes, in any state."""
    rows = yield Ask(_BY_CODES, tuple((code,) for code in codes))
    return [Record(*row[1:]) for row in rows]


def active_records(codes: Iterable[str]) -> Query[list[Record]]:
    """Return the records of these codes that are active and not restricted."""
    records = yield from records_of(codes)
    return [r for r in records if r.status == "active" and not r.restricted]


def middles_of(found: list[Place], alley: str | None) -> Query[dict[int, tuple[float, float]]]:
    """Return place id → (lon, lat) amid its doors, or the doors of an alley in it, if known.

    All places are of one class.
    """
    if not found:
        return {}
    ids = dict.fromkeys(place.id for place in found)
    kind = _POINTS[found[0].class_, alley is not None]
    rows = yield Ask(kind, tuple((place_id,) for place_id in ids), (alley, _end_of(alley)))
    return {place_id: (lon, lat) for _, place_id, lon, lat in rows}


def _end_of(alley: str | None) -> str | None:
    # The character after the slash: every path in the alley sorts before it.
    return alley[:-1] + "0" if alley else None


def _place(class_: str, row: Row) -> Place:
    _, place_id, unit_id, former_id, key, name, kind, outer, alley, was = row[:10]
    around = tuple((k, n, o) for k, n, o in outer) if outer else ()
    then = (was[0], was[1], was[2]) if was else None
    return Place(class_, place_id, unit_id, former_id, key, name, kind, around, bool(alley), then)
