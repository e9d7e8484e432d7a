"""Suggestions as shown: a door, a street or locality, a commune or province."""

import datetime
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

from geo.admin import full_name
from geo.label import LabelParts, label, named
from registry.records.record import Record, last_day, record_wording, wording
from registry.search.answers import Answer, Level
from registry.search.autocomplete.place_names import BUILDING, Names
from registry.search.autocomplete.suggested_doors import Found, KnownPlace, NumberedDoor
from registry.units.gazetteer import Gazetteer, Unit, UnitName

SuggestionType = Literal["door", "building", "street", "locality", "commune", "province"]
_TYPES: Final[dict[Level, SuggestionType]] = {
    "household": "door",
    "building": "door",
    "alley": "street",
    "street": "street",
    "locality": "locality",
    "commune": "commune",
    "province": "province",
}
"""Level of an answer → type of a suggestion."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the list."""

    type: SuggestionType
    """A single building is a door; a name of buildings in many communes is `building`."""
    label: str
    """Text to show."""
    text: str
    """Replaces what was typed; ends in a comma and a space if more is needed."""
    code: str | None = None
    """Code of a door."""
    places: int = 1
    """Number of communes with a street or locality of that name, if not yet decided."""
    commune: Unit | None = None
    province: Unit | None = None
    lon: float | None = None
    lat: float | None = None
    former_name: str | None = None
    """The typed name, if it is a former one."""
    former: Unit | None = None
    """Former commune of a door, if on record."""


@dataclass(frozen=True, slots=True)
class Place:
    """A unit, a name, or a name in one commune, with its weight."""

    weight: float
    unit: Unit | None = None
    names: Names | None = None
    name: int = 0
    """Index in `names`."""
    unit_name: UnitName | None = None
    """The matching name of the unit or of a predecessor; for a place in a unit, the typed unit
    around it, if only an old map has it there."""
    ids: tuple[int, ...] = ()
    """Ids of the name's places in the unit: several if former communes had one each."""
    communes: int = 1
    number: str | None = None
    """Number to put before it; None also for the former name of a street with other numbers."""
    numbered: bool = False
    """Whether a number was typed."""

    @property
    def of_buildings(self) -> bool:
        """Whether `ids` are serials of buildings."""
        return self.names is not None and self.names.class_ == BUILDING


class Wordings:
    """Creates suggestions, worded by the map of a day."""

    def __init__(self, gazetteer: Gazetteer, day: datetime.date) -> None:
        self.gazetteer = gazetteer
        self.day = day

    def line(self, place: Place, found: Found) -> Suggestion | None:
        """Return the line of a unit, a name or a place; None for a place without a door to show."""
        if place.names is None:
            return self._of_unit(place)
        if place.unit is None and not place.ids:
            return _of_many(place, place.names)
        there = ((place.names.class_, i) for i in place.ids)
        known = next((found.places[i] for i in there if i in found.places), None)
        return self._of_place(place, place.names, known) if known else None

    def _of_unit(self, item: Place) -> Suggestion:
        unit, name = item.unit, item.unit_name
        words = wording(self.gazetteer, self.day, LabelParts(), unit)
        former = name is not None and name.unit is not unit
        return Suggestion(
            type=cast(SuggestionType, unit.level if unit else ""),
            label=words.label,
            text=words.label,
            commune=words.commune,
            province=words.province,
            lon=unit.lon if unit else None,
            lat=unit.lat if unit else None,
            former_name=self._former_words(name) if name and former else None,
        )

    def _of_place(self, item: Place, names: Names, known: KnownPlace) -> Suggestion:
        # A line for several hamlets of one name has no localities around it.
        outer = known.outer if len(item.ids) == 1 else ()
        parts = _parts(names.class_, known.kind, known.name, outer)
        words = wording(self.gazetteer, self.day, parts, item.unit)
        text = words.label
        if item.number is not None:
            numbered = replace(parts, number_key=item.number)
            text = wording(self.gazetteer, self.day, numbered, item.unit).label
        return Suggestion(
            type="street" if parts.street_name else "locality",
            label=words.label,
            text=text,
            commune=words.commune,
            province=words.province,
            lon=known.lon,
            lat=known.lat,
            former_name=self._former_name(item, known),
        )

    def of_door(self, item: Place, door: NumberedDoor) -> Suggestion:
        """Return the suggestion of a door in a street or locality."""
        parts = replace(
            _parts(door.class_, door.place.kind, door.place.name, door.place.outer),
            number_key=door.number,
            number_written=door.written,
        )
        words = wording(self.gazetteer, self.day, parts, item.unit)
        return Suggestion(
            type="door",
            label=words.label,
            text=words.label,
            code=door.code,
            commune=words.commune,
            province=words.province,
            lon=door.place.lon,
            lat=door.place.lat,
            former_name=self._former_name(item, door.place),
            former=self._unit(door.place.former_unit_id),
        )

    def of_record(self, record: Record) -> Suggestion:
        """Return the suggestion of a record."""
        words = record_wording(self.gazetteer, self.day, record)
        return Suggestion(
            type="door",
            label=words.label,
            text=words.label,
            code=record.code,
            commune=words.commune,
            province=words.province,
            lon=record.lon,
            lat=record.lat,
            former=self._unit(record.former_unit_id),
        )

    def of_answer(self, answer: Answer) -> Suggestion:
        """Return the suggestion of a search's answer."""
        if answer.record is not None:
            return self.of_record(answer.record)
        words = wording(self.gazetteer, self.day, answer.parts, answer.unit)
        return Suggestion(
            type=_TYPES[answer.level],
            label=words.label,
            text=words.label,
            commune=words.commune,
            province=words.province,
            lon=answer.lon,
            lat=answer.lat,
        )

    def _former_name(self, item: Place, known: KnownPlace) -> str | None:
        """Return the former name that was typed for a place: its own, or that of the unit around
        it, by the former commune if on record.
        """
        if item.names is not None and known.key != item.names.keys[item.name]:
            return named(item.names.kinds[item.name], item.names.names[item.name])
        if item.unit_name is None:
            return None
        former = self._unit(known.former_unit_id)
        if former is None:
            return self._former_words(item.unit_name)
        return wording(self.gazetteer, last_day(former), LabelParts(), former).label

    def _unit(self, unit_id: int | None) -> Unit | None:
        return self.gazetteer.units.get(unit_id or 0)

    def _former_words(self, name: UnitName) -> str:
        """Return the typed name of a former unit, with the units around it at its end."""
        unit, day = name.unit, self.day
        if unit.ended is not None:
            day = min(day, unit.ended - datetime.timedelta(days=1))
        own = full_name(name.kind, name.name) if name.kind else name.name
        holders = (self.gazetteer.district_of(unit, day), self.gazetteer.province_of(unit, day))
        return ", ".join((own, *(u.version_on(day).full_name for u in holders if u is not None)))


def _of_many(item: Place, names: Names) -> Suggestion:
    """Return the suggestion of a name in several communes; typing continues with the commune."""
    words = label(_parts(names.class_, names.kinds[item.name], names.names[item.name]), ())
    return Suggestion(cast(SuggestionType, names.class_), words, f"{words}, ", places=item.communes)


def _parts(
    class_: str, kind: str, name: str, outer: tuple[tuple[str, str], ...] = ()
) -> LabelParts:
    if class_ == BUILDING:
        return LabelParts(building=name)
    if class_ == "locality":
        return LabelParts(localities=((kind, name), *outer))
    return LabelParts(street_kind=kind, street_name=name)
