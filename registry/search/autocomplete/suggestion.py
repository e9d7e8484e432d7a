"""What is shown of a suggestion: a door, a street or locality, a commune or province, in words."""

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
    """A building by itself is a door, a name that buildings of many communes have is `building`."""
    label: str
    """To be shown."""
    text: str
    """To be put in place of what was typed; ends in a comma and a space where more is needed."""
    code: str | None = None
    """Of a door."""
    places: int = 1
    """Communes that have a street or locality of that name, where it is not known which."""
    commune: Unit | None = None
    province: Unit | None = None
    lon: float | None = None
    lat: float | None = None
    former_name: str | None = None
    """What was typed, where it is called otherwise today."""
    former: Unit | None = None
    """Of a door: its commune of the old map, where that is on record."""


@dataclass(frozen=True, slots=True)
class Place:
    """A unit, a name, or a name in one commune, weighed."""

    weight: float
    unit: Unit | None = None
    names: Names | None = None
    name: int = 0
    """Where in `names`."""
    unit_name: UnitName | None = None
    """What of the unit, or of one that it continues, begins so; of what is in a unit, what was
    typed of where it is, if only an old map has it there."""
    ids: tuple[int, ...] = ()
    """The places of the name in the unit: several where former communes had one each."""
    communes: int = 1
    number: str | None = None
    """To be put before it; None also where the name was that of a street with other numbers."""
    numbered: bool = False
    """Whether a number was typed."""

    @property
    def of_buildings(self) -> bool:
        """Whether `ids` are serials of buildings."""
        return self.names is not None and self.names.class_ == BUILDING


class Wordings:
    """Makes lines, in the words of a day's map."""

    def __init__(self, gazetteer: Gazetteer, day: datetime.date) -> None:
        self.gazetteer = gazetteer
        self.day = day

    def line(self, place: Place, found: Found) -> Suggestion | None:
        """The line of a unit, a name or a place; None for a place without a door to show."""
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
        # A line for several hamlets of one name is in none of what holds them.
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
        """A door in a street or locality."""
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
        """A door by all that is on record."""
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
        """What a search answers."""
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
        """What was typed of a place in a unit, where it is called otherwise today: its own name, or
        that of what it was in, by its former commune where that is on record.
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
        """A unit that is no more by the name that was typed, with what held it at its end."""
        unit, day = name.unit, self.day
        if unit.ended is not None:
            day = min(day, unit.ended - datetime.timedelta(days=1))
        own = full_name(name.kind, name.name) if name.kind else name.name
        holders = (self.gazetteer.district_of(unit, day), self.gazetteer.province_of(unit, day))
        return ", ".join((own, *(u.version_on(day).full_name for u in holders if u is not None)))


def _of_many(item: Place, names: Names) -> Suggestion:
    """A name that several communes have; typing goes on with the commune."""
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
