"""A household as it is shown: its columns, its names, its wording of today and of the old map."""

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
"""Classes of what leads to a door."""
JOINS: Final = SHARED.written("joins")
"""SQL: the street `t` and the locality `l` of the household `h`."""


class Then(NamedTuple):
    """A record as it read on a day of the past."""

    day: datetime.date
    parts: LabelParts
    units: tuple[int, ...]
    """Ids of the communes that it was recorded in."""
    around: tuple[int, ...] = ()
    """Ids of the communes of that day whose polygons may hold its point, as far as it is known."""


class Record(NamedTuple):
    """A household or building, read by `columns`.

    A tuple, made of a row in a fraction of the time that setting its fields one by one takes.
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
    """[kind, name] of what holds the locality, the smaller first."""
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
    """Those of `registry.records.entrances`; mostly none."""
    uses: list[dict[str, Any]] | None
    """Those of `registry.records.uses`; none at a mere dwelling."""
    successors: list[str] | None
    """Codes that continue a retired one, through any number of steps; none that is retired."""
    event_id: int
    """The event that wrote this state: no two states of a record have the same."""
    renamed: bool | None = None
    """Whether a decision changed what it is called, or a place that it is in."""
    past: tuple[Then, ...] = ()
    """How it read on the days that were asked about (`registry.records.past`)."""

    @property
    def localities(self) -> tuple[tuple[str, str], ...]:
        """(kind, name) of each locality around it, the smallest first."""
        if self.locality_kind is None or self.locality_name is None:
            return ()
        outer = ((kind, name) for kind, name in self.outer_localities or ())
        return ((self.locality_kind, self.locality_name), *outer)

    @property
    def label_parts(self) -> LabelParts:
        """What its wording is made of."""
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
"""Fields of a `Record` that are no columns of the household `h`; `t` and `l` come with JOINS."""
_FIELDS: Final = Record._fields[:-1]
"""What is selected of a `Record`: all but its past."""


def columns(**known: str) -> str:
    """SQL: the fields of a `Record` in their order, of the household `h`.

    What a statement knows otherwise, or does not ask for, it need not look up: a part of it that is
    never walked is made ready all the same. `known` has the SQL of such fields.
    """
    made = _MADE | known
    return ", ".join(f"{made[name]} AS {name}" if name in made else f"h.{name}" for name in _FIELDS)


def _check_described() -> None:
    """Raises LookupError naming a field without a column, or a column without a field."""
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
"""What says in which unit of another day a place was: the register, its street, which the register
knows in one alone, the text that was asked about, or its point in the polygons of that day."""


@value(frozen=True, slots=True)
class DatedLabel:
    """How a place was written on a day, or will be."""

    day: datetime.date
    label: str | None
    """None where the register does not know in which unit it was."""
    units: tuple[Unit, ...]
    """In which it may have been: one where that is known, none where no map of it is known."""
    district: Unit | None
    """That of all of them."""
    province: Unit | None
    door: tuple[str, ...] = ()
    """The label without its units, part by part."""
    known_by: KnownBy | None = None
    """What says in which unit it was; None without a label."""
    door_known: bool = False
    """Whether `door` is as it was written on that day; else it is in the words of today."""

    def check_known(self) -> None:
        """Raises InvalidInputError where no map of that day is known for the place."""
        if not self.units:
            raise InvalidInputError.of_field(
                "on", "unit_unknown_then", Message("commune_not_on_map", day=self.day)
            )


@value(frozen=True, slots=True)
class Wording:
    """A place in words: of today, and of the map before July 2025 where that is known."""

    label: str
    before_2025_07: str | None
    """The label of 30 June 2025."""
    commune: Unit | None
    province: Unit | None
    map: Span
    """On which days the units have borne these names together."""
    former_district: str | None = None
    """That of 30 June 2025, which none of today has."""
    on: DatedLabel | None = None
    """The label of the day that was asked about."""
    door: tuple[str, ...] = ()
    """What stands before the units in the label."""


@value(frozen=True, slots=True)
class _UnitWords:
    """How a unit is written behind a door."""

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
    """The wording of a door in `unit`, a commune or province, as the map of `day` has it.

    With `on` its label of that day as well. `past` is how the door read on other days; `named` is
    the former commune that a text names for it, `registered` whether it is a door of the register.
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
    """The label of a day for a door that is in `unit` today, and was in `former`.

    Its units are those of that day that lead to today's. Nothing is guessed: without a label where
    they may be several. A province alone is none of another map.
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
    """The label of a day that somebody asks for, by all that is known of the place.

    Where the register leaves several units, the text and the point may say which; where these say
    different things nothing is known.
    """
    own = named if named is not None and not registered else former
    told = label_on(gazetteer, on, parts, unit, own, past)
    if len(told.units) == 1:
        by: KnownBy = "register"
        if own is not None and not registered:
            alone = label_on(gazetteer, on, parts, unit, None, past)
            by = "register" if alone.label else "text" if own is named else "street"
        return replace(told, known_by=by, door_known=registered)
    then = next((one for one in past if one.day == on), None)
    around = {one for one in told.units if then is not None and one.id in then.around}
    said = set(told.units)
    if named is not None:
        said &= set(label_on(gazetteer, on, parts, unit, named, past).units)
    found = said & around if around else said
    if len(found) != 1:
        return _in_common(gazetteer.knowing(on), told)
    known_by: KnownBy = "point" if len(said) > 1 else "text"
    door = then.parts if then is not None else parts
    label = _label_in(gazetteer.knowing(on), on, door, tuple(found), known_by)
    return replace(label, door_known=registered)


def _in_common(gazetteer: Gazetteer, told: DatedLabel) -> DatedLabel:
    """The same with district and province, where all units that it may be in are of one."""
    held = [_unit_words(gazetteer, unit, told.day) for unit in told.units]
    districts, provinces = {each.district for each in held}, {each.province for each in held}
    return replace(
        told,
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
    """The label in the one unit of a day."""
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
    """A unit and what held it on `day`, by their full names."""
    return _unit_words(gazetteer, unit, day).names


def last_day(former: Unit) -> datetime.date:
    """The last day of a unit that has ended; else that of the map with districts."""
    if former.ended is None:
        return LAST_DAY_OF_OLD_MAP
    return former.ended - datetime.timedelta(days=1)


def record_wording(
    gazetteer: Gazetteer, day: datetime.date, record: Record, on: datetime.date | None = None
) -> Wording:
    """The wording of a record; with `on` its label of that day as well."""
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
    """Full names on `day`, the smallest unit first."""
    return tuple(u.version_on(day).full_name for u in (unit, *holders) if u is not None)


def map_of(units: tuple[Unit | None, ...], day: datetime.date) -> Span:
    """The days around `day` on which all these units are called as they are then."""
    versions = [unit.version_on(day) for unit in units if unit is not None]
    firsts = [version.valid_from for version in versions if version.valid_from is not None]
    ends = [version.valid_to for version in versions if version.valid_to is not None]
    return Span(max(firsts, default=None), min(ends, default=None))
