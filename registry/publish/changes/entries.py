"""Entries of the change feed: one per record, street, locality or unit, with its current state.

An entry is the state to store, never a difference, so that reading one twice does no harm. Streets,
localities and units are referred to by id: a new name is one entry, however many records have it.
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
    "successors": SQL.written("successors"),
    "continued": SQL.written("continued"),
}
RECORD_COLUMNS: Final = ", ".join(f"{sql} AS {name}" for name, sql in _READ.items())
"""SQL columns of `record_entry`, from the household `h` with `t` and `l`."""
EVENT_OF_RECORD: Final = list(_READ).index("event_id")
"""Index of `event_id` in RECORD_COLUMNS."""


@dataclass(frozen=True, slots=True)
class Following:
    """Which records a follower reads."""

    communes: frozenset[int] | None
    """Ids of communes; None for all."""
    demo: bool
    """Whether demo records are included."""
    codes: frozenset[str] | None = None
    """Canonical codes; None for all."""

    @property
    def digest(self) -> str:
        """Eight characters that identify the selection in a cursor."""
        selection = f"{sorted(self.communes) if self.communes is not None else 'all'} {self.demo}"
        return hashlib.sha256(selection.encode()).hexdigest()[:8]

    def shows(
        self, code: str, unit_id: int | None, status: str | None, restricted: bool | None
    ) -> bool:
        """Whether a record in that state is visible to the follower and selected."""
        return (
            status in SHOWN
            and not restricted
            and (self.communes is None or unit_id in self.communes)
            and self.names(code)
        )

    def names(self, code: str) -> bool:
        """Whether the record is selected, whatever its state."""
        return (self.codes is None or code in self.codes) and (self.demo or code[0] != "0")


def following(known: Gazetteer, unit: str | None, *, demo: bool) -> Following:
    """Select all records, or those of a current province or commune by its code.

    Raises InvalidInputError for a malformed code, NotFoundError if no current unit has it.
    """
    if unit is None:
        return Following(None, demo)
    day = today()
    found = unit_by_code(known, unit, day)
    inside = [found] if found.level == "commune" else known.members(found, day)
    return Following(frozenset(u.id for u in inside if u.level == "commune"), demo)


def record_entry(row: Row, position: int | None, operation: str | None) -> Entry:
    """Return the entry of a visible record from its RECORD_COLUMNS.

    `put` for one in use; `transform` for a retired one with successors, else `retire`.
    """
    record = dict(zip(_READ, row, strict=True))
    head = {"type": "put", "position": position, "operation": operation, "code": record["code"]}
    # Both ends carry the link: one to a hidden record appears when that becomes visible.
    links = [{"code": old, "kind": how} for how, old in record["continued"] or ()]
    entry: Entry = {**head, "continues": links}
    if record["status"] == "retired":
        successors = record["successors"]
        if not successors:
            return entry | {"type": "retire"}
        codes = [code for _, code in successors]
        return entry | {"type": "transform", "kind": successors[0][0], "continued_by": codes}
    number, street, locality = (
        record["house_number_key"],
        record["street_id"],
        record["locality_id"],
    )
    localities: list[Entry] = []
    if locality is not None:
        localities = [
            {"id": locality, "name": named(record["locality_kind"], record["locality_name"])}
        ]
        localities += _places(record["outer"] or ())
    entry["kind"] = record["kind"]
    entry["status"] = record["status"]
    entry["inside"] = _inside(record["unit_number"], record["floor"], record["building_name"])
    entry["house_number"] = number_label(number, record["house_number"]) if number else None
    entry["street"] = (
        {"id": street, "name": named(record["street_kind"], record["street_name"])}
        if street
        else None
    )
    entry["localities"] = localities
    entry["commune"] = record["unit_id"]
    entry["former_commune"] = record["former_unit_id"]
    for name, member in _FED.items():
        if name == "point":
            entry["lon"], entry["lat"] = record["lon"], record["lat"]
        else:
            value = record[name]
            entry[member] = value.isoformat() if isinstance(value, datetime.date) else value
    entry["entrances"] = record["entrances"] or []
    entry["uses"] = uses.visible_uses(record["uses"])
    return entry


def removal(code: str, position: int, operation: str) -> Entry:
    """Return the entry of a record to delete, without a reason: it may have become restricted."""
    return {"type": "remove", "position": position, "operation": operation, "code": code}


def street_entry(row: Row, position: int, operation: str) -> Entry:
    """Return the entry of a street with its current name."""
    street_id, _, kind, name = row
    head = {"type": "street", "position": position, "operation": operation}
    return head | {"id": street_id, "name": named(kind, name)}


def locality_entry(row: Row, position: int, operation: str) -> Entry:
    """Return the entry of a locality and those around it, with their current names."""
    _, _, chain = row
    head = {"type": "locality", "position": position, "operation": operation}
    return head | {"localities": _places(chain)}


def unit_entries(
    known: Gazetteer, day: datetime.date, unit_ids: Iterable[int] | None = None
) -> Iterator[Entry]:
    """Yield units of every map, or those of `unit_ids`, by id, with their names of `day`."""
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
    """Return the part before the number: `Căn hộ 1205, Tầng 12, Toà CT1`."""
    return ", ".join(door_words(LabelParts(unit_number, floor, building))) or None
