"""A record as shown: its columns, its names, its current label and that of the old map."""

import datetime
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple

from geo.label import LabelParts, alley_word, door_words
from geo.values import value
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.sql import SHARED
from registry.core.tables.records import Goes, going
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.lineage import units_on
from registry.units.remembered import Remembered

PLACES: Final = ("street", "locality")
"""Classes of places of a door."""
JOINS: Final = SHARED.written("joins")
"""SQL: the street `t` and the locality `l` of the household `h`."""


class Then(NamedTuple):
    """A record's label on a past day."""

    day: datetime.date
    parts: LabelParts
    units: tuple[int, ...]
    """Ids of the communes in which it was recorded."""
    around: tuple[int, ...] = ()
    """Ids of the communes of that day whose polygons may contain its point, if known."""


class Record(NamedTuple):
    """A household or building, read by `columns`.

    A tuple, created from a row in a fraction of the time of setting its fields one by one.
    """

    code: str
    kind: Literal["household", "building"]
    status: str
    restricted: bool
    unit_id: int | None
    former_unit_id: int | None
    street_id: int | None
    locality_id: int | None
    street_kind: str | None
    street_name: str | None
    street_key: str | None
    locality_kind: str | None
    locality_name: str | None
    locality_key: str | None
    outer_localities: list[list[str]] | None
    """[kind, name] of the localities around the locality, innermost first."""
    house_number_key: str | None
    house_number: str | None
    building_name: str | None
    building_key: str | None
    floor: str | None
    unit_number: str | None
    parent_code: str | None
    households_count: int
    lon: float | None
    lat: float | None
    position_method: str | None
    position_accuracy_m: float | None
    verified_on: datetime.date | None
    delivery_hint: str | None
    entrances: list[dict[str, Any]] | None
    """Entrances (`registry.records.entrances`); mostly None."""
    uses: list[dict[str, Any]] | None
    """Uses (`registry.records.uses`); None for a mere dwelling."""
    successors: list[str] | None
    """Current successors of a retired record, across any number of steps."""
    event_id: int
    """The event that wrote this version; unique among a record's versions."""
    renamed: bool | None = None
    """Whether a decision changed its label, or a place that it is in."""
    past: tuple[Then, ...] = ()
    """Its labels on the requested days (`registry.records.past`)."""

    @property
    def localities(self) -> tuple[tuple[str, str], ...]:
        """(kind, name) of each locality around it, innermost first."""
        if self.locality_kind is None or self.locality_name is None:
            return ()
        outer = ((kind, name) for kind, name in self.outer_localities or ())
        return ((self.locality_kind, self.locality_name), *outer)

    @property
    def label_parts(self) -> LabelParts:
        """The parts of its label."""
        return LabelParts(
            self.unit_number,
            self.floor,
            self.building_name,
            self.house_number_key,
            self.house_number,
            self.street_kind,
            self.street_name,
            self.localities,
        )


_MADE: Final = {
    "street_kind": "t.kind",
    "street_name": "t.name",
    "street_key": "t.key",
    "locality_kind": "l.kind",
    "locality_name": "l.name",
    "locality_key": "l.key",
    "outer_localities": SHARED.written("outer"),
    "lon": "ST_X(h.point)",
    "lat": "ST_Y(h.point)",
    "successors": SHARED.written("successors"),
    "renamed": SHARED.written("renamed_in_place"),
}
"""Fields of a `Record` that are not columns of the household `h`; `t` and `l` come with JOINS."""
_FIELDS: Final = Record._fields[:-1]
"""The selected fields of a `Record`: all but its past."""


def columns(**known: str) -> str:
    """Return SQL of the fields of a `Record` in order, for the household `h`.

    `known` has the SQL of fields that a statement has otherwise or does not need: even subqueries
    that are never executed cost their preparation.
    """
    made = _MADE | known
    return ", ".join(f"{made[name]} AS {name}" if name in made else f"h.{name}" for name in _FIELDS)


def _check_described() -> None:
    """Raise LookupError for a field without a column, or a column without a field."""
    fields = {name for name in _FIELDS if name not in _MADE}
    answered = {column.name for column in going(Goes.ANSWERED)}
    if fields != answered:
        raise LookupError(f"of Record and HOUSEHOLD only one has {sorted(fields ^ answered)}")


_check_described()
COLUMNS: Final = columns()
"""SQL: all fields of a `Record`."""


@value(frozen=True, slots=True)
class Span:
    """Days from `first` to before `end`; None is open."""

    first: datetime.date | None
    end: datetime.date | None


KnownBy = Literal["register", "street", "text", "point"]
"""Evidence for the unit of a place on another day: the register, its street if it is in one unit
only, the text of the query, or its point in the polygons of that day."""


@value(frozen=True, slots=True)
class DatedLabel:
    """The label of a place on a past or future day."""

    day: datetime.date
    label: str | None
    """None if its unit on that day is unknown."""
    units: tuple[Unit, ...]
    """Its possible units: one if known, empty if no map of that day is known."""
    district: Unit | None
    """The province of all of them."""
    province: Unit | None
    door: tuple[str, ...] = ()
    """The label without its units, part by part."""
    known_by: KnownBy | None = None
    """The evidence for its unit; None without a label."""
    door_known: bool = False
    """Whether `door` has the names of that day; else today's."""

    def check_known(self) -> None:
        """Raise InvalidInputError if no map of that day is known for the place."""
        if not self.units:
            raise InvalidInputError.of_field(
                "on", "unit_unknown_then", Message("commune_not_on_map", day=self.day)
            )


@value(frozen=True, slots=True)
class Wording:
    """The labels of a place: today's, and that of the map before July 2025 if known."""

    label: str
    before_2025_07: str | None
    """The label of 30 June 2025."""
    commune: Unit | None
    province: Unit | None
    map: Span
    """Days on which all units have these names."""
    former_district: str | None = None
    """The district of 30 June 2025."""
    on: DatedLabel | None = None
    """The label of the requested day."""
    door: tuple[str, ...] = ()
    """The part of the label before the units."""


@value(frozen=True, slots=True)
class _UnitWords:
    """The part of a label after the door."""

    names: tuple[str, ...]
    district: Unit | None
    province: Unit | None
    map: Span


_words: Final = Remembered[tuple[int, datetime.date], _UnitWords](32_768)


def wording(
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: LabelParts,
    unit: Unit | None,
    former: Unit | None = None,
    *,
    past: tuple[Then, ...] = (),
    on: datetime.date | None = None,
    named: Unit | None = None,
    registered: bool = False,
) -> Wording:
    """Return the wording of a door in `unit`, a commune or province, by the map of `day`.

    With `on` also the label of that day. `past` has the door's labels on other days; `named` is the
    former commune in the text of a query, `registered` whether it is a registered door.
    """
    if unit is None:
        door = door_words(parts)
        return Wording(", ".join(door), None, None, None, Span(None, None), door=door)
    words = _unit_words(gazetteer, unit, day)
    door = door_words(parts, alley_word(words.names[-1]))
    label = ", ".join((*door, *words.names))
    commune = unit if unit.level == "commune" else None
    before = label_on(gazetteer, LAST_DAY_OF_OLD_MAP, parts, unit, former, past)
    last = before.district.version_on(LAST_DAY_OF_OLD_MAP) if before.district else None
    return Wording(
        label,
        before.label,
        commune,
        words.province if commune else unit,
        words.map,
        last.full_name if last else None,
        _label_wanted(gazetteer, on, parts, unit, former, past, named, registered=registered)
        if on
        else None,
        door,
    )


def label_on(
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: LabelParts,
    unit: Unit,
    former: Unit | None,
    past: tuple[Then, ...] = (),
) -> DatedLabel:
    """Return the label of a day for a door that is in `unit` today, and was in `former`.

    Its units are the predecessors of today's on that day. Nothing is guessed: there is no label if
    there may be several. A province alone does not determine a unit of another map.
    """
    then = next((one for one in past if one.day == day), None)
    others = (former.id,) if former is not None else ()
    if unit.level != "commune":
        return DatedLabel(day, None, (), None, None)
    gazetteer = gazetteer.knowing(day)
    unit = gazetteer.units[unit.id]
    units = units_on(gazetteer, day, unit, (*others, *then.units) if then else others)
    if len(units) != 1:
        return DatedLabel(day, None, units, None, None)
    return _label_in(gazetteer, day, then.parts if then else parts, units)


def _label_wanted(
    gazetteer: Gazetteer,
    on: datetime.date,
    parts: LabelParts,
    unit: Unit,
    former: Unit | None,
    past: tuple[Then, ...],
    named: Unit | None,
    *,
    registered: bool,
) -> DatedLabel:
    """Return the label of a requested day, by all evidence of the place.

    If the register leaves several units, the text and the point may decide; if they contradict each
    other the unit is unknown.
    """
    own = named if named is not None and not registered else former
    dated = label_on(gazetteer, on, parts, unit, own, past)
    if len(dated.units) == 1:
        by: KnownBy = "register"
        if own is not None and not registered:
            alone = label_on(gazetteer, on, parts, unit, None, past)
            by = "register" if alone.label else "text" if own is named else "street"
        return replace(dated, known_by=by, door_known=registered)
    then = next((one for one in past if one.day == on), None)
    around = {one for one in dated.units if then is not None and one.id in then.around}
    unit_set = set(dated.units)
    if named is not None:
        unit_set &= set(label_on(gazetteer, on, parts, unit, named, past).units)
    found = unit_set & around if around else unit_set
    if len(found) != 1:
        return _in_common(gazetteer.knowing(on), dated)
    known_by: KnownBy = "point" if len(unit_set) > 1 else "text"
    door = then.parts if then is not None else parts
    label = _label_in(gazetteer.knowing(on), on, door, tuple(found), known_by)
    return replace(label, door_known=registered)


def _in_common(gazetteer: Gazetteer, dated: DatedLabel) -> DatedLabel:
    """Add district and province if all possible units share them."""
    held = [_unit_words(gazetteer, unit, dated.day) for unit in dated.units]
    districts, provinces = {each.district for each in held}, {each.province for each in held}
    return replace(
        dated,
        district=districts.pop() if len(districts) == 1 else None,
        province=provinces.pop() if len(provinces) == 1 else None,
    )


def _label_in(
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: LabelParts,
    units: tuple[Unit, ...],
    known_by: KnownBy | None = "register",
) -> DatedLabel:
    """Return the label in the one unit of a day."""
    words = _unit_words(gazetteer, units[0], day)
    door = door_words(parts, alley_word(words.names[-1]))
    label = ", ".join((*door, *words.names))
    return DatedLabel(day, label, units, words.district, words.province, door, known_by)


def _unit_words(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> _UnitWords:
    known = _words.of(gazetteer)
    found = known.get((unit.id, day))
    if found is None:
        district, province = gazetteer.district_of(unit, day), gazetteer.province_of(unit, day)
        held = (unit, district, province)
        names = unit_names(unit, day, district, province)
        found = _UnitWords(names, district, province, map_of(held, day))
        _words.keep(known, (unit.id, day), found)
    return found


def names_on(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> tuple[str, ...]:
    """Return the full names of a unit and those around it on `day`."""
    return _unit_words(gazetteer, unit, day).names


def last_day(former: Unit) -> datetime.date:
    """Return the last day of a unit that has ended; else that of the map with districts."""
    if former.ended is None:
        return LAST_DAY_OF_OLD_MAP
    return former.ended - datetime.timedelta(days=1)


def record_wording(
    gazetteer: Gazetteer, day: datetime.date, record: Record, on: datetime.date | None = None
) -> Wording:
    """Return the wording of a record; with `on` also its label of that day."""
    units = gazetteer.units
    unit = units.get(record.unit_id) if record.unit_id else None
    former = units.get(record.former_unit_id) if record.former_unit_id else None
    return wording(
        *(gazetteer, day, record.label_parts, unit, former),
        past=record.past,
        on=on,
        registered=True,
    )


def unit_names(unit: Unit, day: datetime.date, *holders: Unit | None) -> tuple[str, ...]:
    """Return the full names on `day`, smallest unit first."""
    return tuple(u.version_on(day).full_name for u in (unit, *holders) if u is not None)


def map_of(units: tuple[Unit | None, ...], day: datetime.date) -> Span:
    """Return the days around `day` on which all these units have the same names."""
    versions = [unit.version_on(day) for unit in units if unit is not None]
    firsts = [version.valid_from for version in versions if version.valid_from is not None]
    ends = [version.valid_to for version in versions if version.valid_to is not None]
    return Span(max(firsts, default=None), min(ends, default=None))
