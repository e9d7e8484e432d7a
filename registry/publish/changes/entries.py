"""What followers are told: one entry a record, street, locality or unit, as it is now.

An entry is the state to hold, never a difference, so that one that comes twice does no harm. Names
of streets, localities and units are kept by their ids: a new name is one entry, whatever number of
records bears it.
"""

import datetime
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from geo.label import LabelParts, door_words, named, number_label
from registry.core.reads import Row
from registry.core.sql import Statements
from registry.core.tables.records import Goes, described, going
from registry.records import uses
from registry.records.record import label_on, map_of, unit_names
from registry.units import LAST_DAY_OF_OLD_MAP, unit_by_code
from registry.units.gazetteer import Gazetteer, Unit, today

Entry = dict[str, Any]

SHOWN: Final = frozenset({"proposed", "active", "retired"})

SQL: Final = Statements(__file__, "queries.sql")

_FED: Final = {column.name: described(column).member for column in going(Goes.FED)}
_READ: Final = {
    **{name: f"h.{name}" for name in ("code", "kind", "status", "restricted", "unit_id")},
    **{name: f"h.{name}" for name in ("event_id", "former_unit_id", "street_id")},
    "street_kind": "t.kind",
    "street_name": "t.name",
    "locality_id": "h.locality_id",
    "locality_kind": "l.kind",
    "locality_name": "l.name",
    "outer": SQL.written("outer_with_ids"),
    "house_number_key": "h.house_number_key",
    "house_number": "h.house_number",
    **{name: f"h.{name}" for name in _FED if name not in ("point", "parent_code")},
    "parent_code": SQL.written("open_building"),
    "lon": "ST_X(h.point)",
    "lat": "ST_Y(h.point)",
    "heirs": SQL.written("heirs"),
    "continued": SQL.written("continued"),
}
RECORD_COLUMNS: Final = ", ".join(f"{sql} AS {name}" for name, sql in _READ.items())
"""SQL of what `record_entry` takes, of the household `h` with `t` and `l`."""
EVENT_OF_RECORD: Final = list(_READ).index("event_id")
"""Where `event_id` stands in RECORD_COLUMNS."""


@dataclass(frozen=True, slots=True)
class Following:
    """Which records somebody follows."""

    communes: frozenset[int] | None
    """Ids of communes; None for all of them."""
    demo: bool
    """Whether made-up records are followed too."""
    codes: frozenset[str] | None = None
    """Canonical codes; None for all of them."""

    @property
    def digest(self) -> str:
        """Eight symbols that differ where other records are followed."""
        told = f"{sorted(self.communes) if self.communes is not None else 'all'} {self.demo}"
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    def shows(
        self, code: str, unit_id: int | None, status: str | None, restricted: bool | None
    ) -> bool:
        """Whether a record in that state is one that the follower may and wants to hold."""
        return (
            status in SHOWN
            and not restricted
            and (self.communes is None or unit_id in self.communes)
            and self.names(code)
        )

    def names(self, code: str) -> bool:
        """Whether it is about that record at all, whatever its state."""
        return (self.codes is None or code in self.codes) and (self.demo or code[0] != "0")


def following(known: Gazetteer, unit: str | None, *, demo: bool) -> Following:
    """All records, or those of a province or commune of today by its code.

    Raises InvalidInputError for what is no such code; NotFoundError when no unit of today bears it.
    """
    if unit is None:
        return Following(None, demo)
    day = today()
    found = unit_by_code(known, unit, day)
    inside = [found] if found.level == "commune" else known.members(found, day)
    return Following(frozenset(u.id for u in inside if u.level == "commune"), demo)


def record_entry(row: Row, position: int | None, operation: str | None) -> Entry:
    """What is told of a record that may be shown, from its RECORD_COLUMNS.

    `put` for one in use; `transform` for a retired one that others continue, else `retire`.
    """
    told = dict(zip(_READ, row, strict=True))
    head = {"type": "put", "position": position, "operation": operation, "code": told["code"]}
    # Told by both ends: a link to what may not be seen now is told when that may be.
    links = [{"code": old, "kind": how} for how, old in told["continued"] or ()]
    entry: Entry = {**head, "continues": links}
    if told["status"] == "retired":
        heirs = told["heirs"]
        if not heirs:
            return entry | {"type": "retire"}
        onward = [heir for _, heir in heirs]
        return entry | {"type": "transform", "kind": heirs[0][0], "continued_by": onward}
    number, street, locality = (
        told["house_number_key"],
        told["street_id"],
        told["locality_id"],
    )
    localities: list[Entry] = []
    if locality is not None:
        localities = [{"id": locality, "name": named(told["locality_kind"], told["locality_name"])}]
        localities += _places(told["outer"] or ())
    entry["kind"] = told["kind"]
    entry["status"] = told["status"]
    entry["inside"] = _inside(told["unit_number"], told["floor"], told["building_name"])
    entry["house_number"] = number_label(number, told["house_number"]) if number else None
    entry["street"] = (
        {"id": street, "name": named(told["street_kind"], told["street_name"])} if street else None
    )
    entry["localities"] = localities
    entry["commune"] = told["unit_id"]
    entry["former_commune"] = told["former_unit_id"]
    for name, member in _FED.items():
        if name == "point":
            entry["lon"], entry["lat"] = told["lon"], told["lat"]
        else:
            value = told[name]
            entry[member] = value.isoformat() if isinstance(value, datetime.date) else value
    entry["entrances"] = told["entrances"] or []
    entry["uses"] = uses.told(told["uses"])
    return entry


def removal(code: str, position: int, operation: str) -> Entry:
    """A record that the follower has to forget. Why, is not told: it may be a restricted place."""
    return {"type": "remove", "position": position, "operation": operation, "code": code}


def street_entry(row: Row, position: int, operation: str) -> Entry:
    """A street under its name of now."""
    street_id, _, kind, name = row
    told = {"type": "street", "position": position, "operation": operation}
    return told | {"id": street_id, "name": named(kind, name)}


def locality_entry(row: Row, position: int, operation: str) -> Entry:
    """A locality, and what holds it, under their names of now."""
    _, _, chain = row
    told = {"type": "locality", "position": position, "operation": operation}
    return told | {"localities": _places(chain)}


def unit_entries(
    known: Gazetteer, day: datetime.date, unit_ids: Iterable[int] | None = None
) -> Iterator[Entry]:
    """Units of every map, or those of them, in the order of ids, in the words of `day`."""
    for unit_id in sorted(known.units if unit_ids is None else known.units.keys() & unit_ids):
        yield _unit_entry(known, known.units[unit_id], day)


def _unit_entry(known: Gazetteer, unit: Unit, day: datetime.date) -> Entry:
    district, province = known.district_of(unit, day), known.province_of(unit, day)
    span = map_of((unit, district, province), day)
    before = None
    if unit.level == "commune":
        before = label_on(known, LAST_DAY_OF_OLD_MAP, LabelParts(), unit, None).label
    return {
        "type": "unit",
        "id": unit.id,
        "code": unit.code,
        "level": unit.level,
        "name": unit.version_on(day).full_name,
        "province": (
            {"code": province.code, "name": province.version_on(day).full_name}
            if province
            else None
        ),
        "words": ", ".join(unit_names(unit, day, district, province)),
        "words_before_2025_07": before,
        "map": {
            "from": span.first.isoformat() if span.first else None,
            "to": span.end.isoformat() if span.end else None,
        },
    }


def _places(chain: Iterator[list[str]] | list[list[str]] | tuple[()]) -> list[Entry]:
    return [{"id": int(number), "name": named(kind, name)} for number, kind, name in chain]


@lru_cache(maxsize=8_192)
def _inside(unit_number: str | None, floor: str | None, building: str | None) -> str | None:
    """What stands before the number: `Căn hộ 1205, Tầng 12, Toà CT1`."""
    return ", ".join(door_words(LabelParts(unit_number, floor, building))) or None
