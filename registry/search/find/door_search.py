"""Looks up one reading of an address in the register, from the door outwards."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.locality import Locality
from geo.text import accent_key, fold, has_diacritics
from geo.values import value
from registry.core.batching import Query, side_by_side
from registry.search.answers import Answer, with_fault
from registry.search.faults import ONLY_DOOR
from registry.search.find.areas import Area, is_in_district
from registry.search.find.by_locality import (
    Formerly,
    current_keys,
    doubt_of_marks,
    former_keys,
    is_found_by_name,
    outer_keys,
    place_lies_elsewhere,
)
from registry.search.find.door_choice import (
    Choice,
    are_of_other_formers,
    as_written,
    block_of_estate,
    building_of_estate,
    choose,
    estates_of,
    has_namesake,
    house_of_alley,
    is_reused,
    places_named,
    unique_hits,
    wanted_of,
)
from registry.search.find.doors import (
    MAX_PLACES,
    Place,
    Wanted,
    add_unnumbered,
    doors_in_communes,
    middles_of,
    places,
)
from registry.search.find.groups import (
    door_in_hamlet,
    equivalent_group,
    is_group_alone,
    is_written_as_hamlet,
)
from registry.search.find.likeness import Likeness, Name, likeness
from registry.search.find.ranges import ranges_with, streets_with_range
from registry.search.find.rendering import FEW_COMMUNES, MAX_SHOWN, AnswerBuilder, mark_ambiguous
from registry.search.find.spelling import known_name, meant_by
from registry.search.find.two_writings import alternative_spellings
from registry.units.gazetteer import Gazetteer
from registry.units.vocabulary import vocabulary_of

_NOWHERE: Final = frozenset({"commune_unknown", "unit_code_unknown"})
"""Faults of an unknown area."""
_UNSURE: Final = ("street_corrected", "street_unsure")
"""Faults of a street with a name like the written one, which may be another street."""
_AS_REGISTERED: Final = frozenset({"commune_former", "commune_unsure"})
"""Faults of a place in a named commune with the name as written."""
_Names = dict[str, set[str]]
"""Key → names with that key."""


@value(frozen=True, slots=True)
class Found:
    """Streets or localities that fit, and the door as understood."""

    places: list[Place]
    door: Door
    faults: tuple[str, ...]
    full: bool = False
    """Whether there may be more than were examined."""


@value(frozen=True, slots=True)
class Asker:
    """Looks up one door in one area."""

    gazetteer: Gazetteer
    day: datetime.date
    door: Door
    area: Area
    whole: bool = True
    """Whether no part of the text is unread."""

    def answers(self) -> Query[list[Answer]]:
        """Return the best matches, all of one level; empty if not even a unit is known."""
        found = yield from self._answers()
        if found and found[0].level == "commune" and "street_not_found" in found[0].faults:
            door = yield from door_in_hamlet(self.area, self.door)
            if door is not None:
                faults = (
                    self.area.faults
                    if is_written_as_hamlet(self.door, door)
                    else (*self.area.faults, "street_not_found")
                )
                area = replace(self.area, faults=faults)
                return (yield from replace(self, door=door, area=area).answers())
        if found and found[0].level == "street" and (house := house_of_alley(self.door)):
            # Couriers call the house 82/10/2 `hẻm 82/10/2`.
            doors = yield from replace(self, door=house)._answers()
            doors = [a for a in doors if a.record is not None and "path_order" not in a.faults]
            found = [replace(a, faults=(*a.faults, "alley_unsure")) for a in doors] or found
        if found and found[0].level == "locality" and (inside := block_of_estate(self.door)):
            doors = yield from replace(self, door=inside)._answers()
            found = [answer for answer in doors if answer.record is not None] or found
        if found and found[0].record is None and (inside := building_of_estate(self.door)):
            doors = yield from replace(self, door=inside)._answers()
            alone = inside.street is None and not inside.localities
            in_building = [
                with_fault(a, "street_missing") if alone else a for a in doors if a.record
            ]
            found = in_building or found
        named = [place for place in self.door.localities if has_diacritics(place.name)]
        return [self._compared_by_marks(answer, named) for answer in found] if named else found

    def _answers(self) -> Query[list[Answer]]:
        wanted = wanted_of(self.door)
        faults = list(self.area.faults)
        for look in self._ways():
            found = yield from look(wanted)
            faults += found.faults
            if found.places:
                # Doors are chosen by the corrected localities.
                asker = self if found.door is self.door else replace(self, door=found.door)
                doors = yield from asker._doors(found, wanted, faults)
                doors = doors or (yield from asker._of_several(found.places, wanted))
                if not doors and asker._is_without_number(faults):
                    doors = yield from asker._unnumbered(found, wanted, faults)
                if doors:
                    return doors
                around = yield from asker._surroundings(found.places, wanted, faults)
                of_old = yield from asker._of_other_formers(found, wanted, faults)
                return (yield from asker._beside([*around, *of_old], wanted))
        in_estate = yield from self._in_estate(wanted)
        if in_estate:
            return in_estate
        if self.door.street is None and not self.door.localities:
            faults += self._street_missing()
            found_here = yield from self._in_communes(wanted)
            if found_here.hits:
                return (
                    yield from self._builder.records(found_here.hits, [*faults, *found_here.faults])
                )
            faults += found_here.faults
        faults += self._missing(wanted)
        return (yield from self._beside(self._builder.units(faults), wanted))

    @property
    def _builder(self) -> AnswerBuilder:
        return AnswerBuilder(self.gazetteer, self.day, self.area)

    @property
    def _elsewhere(self) -> bool:
        """Whether the named commune is unknown, so that any door is in another one."""
        return not _NOWHERE.isdisjoint(self.area.faults)

    def _compared_by_marks(self, answer: Answer, named: list[Locality]) -> Answer:
        fault = doubt_of_marks(vocabulary_of(self.gazetteer), named, answer.parts.localities)
        if fault is None or fault in answer.faults:
            return answer
        return replace(answer, faults=(*answer.faults, fault))

    # Streets and localities

    def _ways(self) -> Iterable[Callable[[Wanted], Query[Found]]]:
        if self.door.street is not None:
            yield self._streets
        if self.door.localities:
            yield self._localities

    def _places(self, class_: str, keys: Iterable[str], wanted: Wanted) -> Query[list[Place]]:
        """Return the places in the area, without those of other districts than the named one."""
        found = yield from places(class_, keys, self.area.communes, wanted)
        if not self.area.districts:
            return found
        return [
            place
            for place in found
            if is_in_district(
                self.gazetteer, self.area, commune=place.unit_id, former=place.former_unit_id
            )
        ]

    def _streets(self, wanted: Wanted) -> Query[Found]:
        """Find streets by the written name, or else by the corrected one."""
        street = self.door.street
        assert street is not None  # noqa: S101 - see `_ways`
        class_ = "street"
        keys = [street.key, *street.alt_keys]
        found = yield from self._places(class_, keys, wanted)
        full = len(found) >= MAX_PLACES
        # An abbreviation counts as what it was read as: `Ng. Trãi`, `CMT8`.
        same, slips = self._written_so(found, [Name(key, street.name) for key in keys])
        if same or slips:
            return Found(same or slips, self.door, () if same else ("accents_differ",), full)
        alike = yield from self._alike(class_, [Name(key, street.name) for key in keys])
        for meant, faults in zip(alike, (("street_corrected",), _UNSURE), strict=True):
            found = (yield from self._places(class_, meant, wanted)) if meant else []
            found = [p for p in found if p.was is None and p.name in meant[p.key]]
            asked = wanted.numbers and any(place.hits for place in found)
            if meant and (asked or faults is not _UNSURE):
                faults = (*faults, *(["ambiguous"] * (len(meant) > 1)))
                return Found(found, self.door, faults, len(found) >= MAX_PLACES)
        return Found([], self.door, ("street_not_found",))

    def _localities(self, wanted: Wanted) -> Query[Found]:
        """Find localities by the written names, and unknown ones by corrected names."""
        class_ = "locality"
        if self.door.street is not None:
            # The number counts along an unknown street, not in the hamlet.
            wanted = Wanted()
        named = self.door.localities
        found = yield from self._places(class_, [n.key for n in named], wanted)
        today = {place.found_by[0]: place.key for place in found}
        found = [place for place in found if not place_lies_elsewhere(place, named, today)]
        if self.area.communes is None and not is_group_alone(self.door):
            found = [place for place in found if is_found_by_name(place, named)]
        known = {key for place in found for key in (place.found_by[0], *outer_keys(place))}
        unknown = [one for one in named if one.kind and one.key not in known]
        others = yield from side_by_side(map(self._locality_meant, unknown))
        meant = {one.key: other for one, other in zip(unknown, others, strict=True) if other}
        if not meant:
            faults = () if found else ("locality_not_found",)
            return Found(found, self.door, faults, len(found) >= MAX_PLACES)
        door = replace(self.door, localities=tuple(meant.get(n.key) or n for n in named))
        keys = [locality.key for locality in door.localities]
        found = yield from self._places(class_, keys, wanted)
        return Found(found, door, ("locality_corrected",), len(found) >= MAX_PLACES)

    def _locality_meant(self, named: Locality) -> Query[Locality | None]:
        """Return the one registered locality that this is a slip or another name of."""
        group = yield from equivalent_group(self.area, self.door, named)
        if group is not None:
            return group
        typed = Name(named.key, f"{named.kind} {named.name}", named.kind)
        meant = yield from self._meant("locality", [typed])
        if len(meant) != 1:
            return None
        ((key, names),) = meant.items()
        return Locality(named.kind, next(iter(names)).removeprefix(f"{named.kind} "), key)

    def _meant(self, class_: str, typed: list[Name]) -> Query[dict[str, set[str]]]:
        """Return the keys and names that the typed names are slips of."""
        return (yield from self._alike(class_, typed))[0]

    def _alike(self, class_: str, typed: list[Name]) -> Query[tuple[_Names, _Names]]:
        """Return the names that the typed ones are slips of, and those that they may be slips
        of."""
        vocabulary = vocabulary_of(self.gazetteer)
        slips: _Names = {}
        likes: _Names = {}
        near = (meant_by(vocabulary, class_, name, self.area.communes) for name in typed)
        for name, alike in zip(typed, (yield from side_by_side(near)), strict=True):
            for meant, how in ((slips, Likeness.SLIP), (likes, Likeness.LIKE)):
                for known in alike[how]:
                    meant.setdefault(known.key, set()).add(known.name)
            if class_ == "street":
                for other in alternative_spellings(name.name):
                    likes.setdefault(fold(other), set()).add(other)
        return slips, likes

    def _written_so(self, found: list[Place], typed: list[Name]) -> tuple[list[Place], list[Place]]:
        """Divide places with the key of a name into those with the same spelling and those a slip
        apart.

        Typed diacritics count: Hàng Ba is not Hàng Bà.
        """
        vocabulary = vocabulary_of(self.gazetteer)
        by_key = {name.key: name for name in typed}
        same: list[Place] = []
        slips: list[Place] = []
        for place in found:
            known = known_name(place.class_, *place.found_by)
            like = likeness(vocabulary, by_key[known.key], known)
            if like is Likeness.SAME:
                same.append(place)
            elif like is Likeness.SLIP:
                slips.append(place)
        return same, slips

    def _doors(self, found: Found, wanted: Wanted, faults: list[str]) -> Query[list[Answer]]:
        hits = unique_hits(hit for place in found.places for hit in place.hits)
        if self._elsewhere or not hits:
            return []
        choice = choose(hits, self.door, wanted, self.area, former_keys(found.places))
        if "locality_differs" in choice.faults and self.door.street is not None:
            formerly = yield from self._formerly()
            if formerly:
                choice = choose(hits, self.door, wanted, self.area, formerly)
        if not choice.hits:
            # The faults of the doors that do not fit go to the surroundings.
            faults += choice.faults
            return []
        if choice.hits[1:] and self.door.street is not None:
            choice = replace(choice, hits=tuple(as_written(choice.hits, self.door.street.name)))
        more = [*choice.faults, *(["ambiguous"] if found.full else [])]
        named = places_named(found.places, self.door, self.area) if found.places[1:] else []
        if has_namesake(choice.hits, named):
            more.append("marks_missing")
        reused = is_reused(choice.hits, found.places)
        sole = not found.faults and len({place.unit_id for place in found.places}) == 1
        answers = yield from self._builder.records(choice.hits, [*faults, *more], reused=reused)
        return [replace(answer, on_sole_street=sole) for answer in answers] if sole else answers

    def _is_without_number(self, faults: Iterable[str]) -> bool:
        """Whether only a hamlet or quarter of a commune is named, or a street in one, exactly as
        registered.
        """
        door, around = self.door, self.door.localities
        alone = bool(around) and door == Door(street=door.street, localities=around)
        return alone and self.whole and _AS_REGISTERED.issuperset(faults)

    def _unnumbered(self, found: Found, wanted: Wanted, faults: list[str]) -> Query[list[Answer]]:
        """Return the doors without any address but the named place, if it has no others."""
        named = places_named(found.places, self.door, self.area)
        if found.full or len(named) > FEW_COMMUNES or not (yield from add_unnumbered(named)):
            return []
        named_keys = {place.key for place in self.door.localities}
        for place in named:
            place.hits = [hit for hit in place.hits if current_keys(hit.record) & named_keys]
        return (yield from self._doors(replace(found, places=named), wanted, [*faults, ONLY_DOOR]))

    def _of_several(self, streets: list[Place], wanted: Wanted) -> Query[list[Answer]]:
        """Return the house with a range that includes the number: 122 in 120-122."""
        number = self.door.house_number
        if number is None or number.alley_only or any(place.hits for place in streets):
            return []
        keys = yield from ranges_with(
            [place for place in streets if place.class_ == "street"], wanted.numbers[0]
        )
        if len(set(keys)) != 1:
            return []
        whole = replace(self.door, house_number=replace(number, parts=(keys[0],)))
        found = yield from replace(self, door=whole)._answers()
        there = (a for a in found if a.record and not a.is_of_other_former)
        return [replace(a, faults=(*a.faults, "number_of_several")) for a in there]

    def _of_other_formers(
        self, found: Found, wanted: Wanted, faults: list[str]
    ) -> Query[list[Answer]]:
        """Return the doors with the number that were in another former commune than the named one,
        as additional answers to check.
        """
        if "former_differs" not in faults:
            return []
        hits = unique_hits(hit for place in found.places for hit in place.hits)
        anywhere = replace(self.area, formers={})
        choice = choose(hits, self.door, wanted, anywhere, former_keys(found.places))
        faults = [*faults, "commune_contradicted", *choice.faults]
        return (yield from self._builder.records(choice.hits[:MAX_SHOWN], faults))

    def _formerly(self) -> Query[Formerly]:
        """Return the former keys of the area's localities among the queried ones."""
        keys = [locality.key for locality in self.door.localities]
        found = yield from places("locality", keys, self.area.communes, Wanted())
        return former_keys(found)

    def _surroundings(
        self, found: list[Place], wanted: Wanted, faults: list[str]
    ) -> Query[list[Answer]]:
        """Return the alleys, streets or localities themselves, if the door in them is not known."""
        named = places_named(found, self.door, self.area)
        if are_of_other_formers(named, self.area):
            return self._builder.units([*faults, "street_not_found", *self._missing(wanted)])
        in_alley = [place for place in named if place.alley] if wanted.alley else []
        faults = [*faults, *self._missing(wanted)]
        whole = self.door.house_number is not None and self.door.house_number.alley_only
        if in_alley and whole:
            faults = [fault for fault in faults if fault != "house_number_not_found"]
        alley = wanted.alley if in_alley else None
        shown = _one_each(in_alley or named)[:MAX_SHOWN]
        if self.area.formers and wanted.numbers and shown[0].class_ == "street":
            several, shown = shown, (yield from streets_with_range(shown, wanted.numbers[0]))
            faults += ["commune_by_number"] * (shown is not several)
        others: list[Answer] = []
        if len(shown) == 1 and "commune_unsure" in self._builder.faults_of(
            shown[0].unit_id, faults
        ):
            if "province_missing" in faults and wanted.numbers:
                # Of seven communes with one name, the one with a registered street is not likelier.
                others = self._builder.units([*faults, "street_not_found"])
            # Elsewhere the street may not be registered yet.
            faults.append("commune_undecided")
        middles = yield from middles_of(shown, alley)
        answers = [
            self._builder.of_place(p, alley, faults, middles.get(p.id, (None, None))) for p in shown
        ]
        there = {answer.unit for answer in answers}
        return mark_ambiguous([*answers, *(other for other in others if other.unit not in there)])

    def _beside(self, answers: list[Answer], wanted: Wanted) -> Query[list[Answer]]:
        """Return these answers and the streets of neighbouring communes that have the number.

        Old addresses name a neighbouring ward as often as the register lacks a door. Only the
        writer can tell which; the door itself is not disclosed.
        """
        street = self.door.street
        if street is None or not wanted.numbers or not self.area.neighbours:
            return answers
        class_, keys = "street", [street.key, *street.alt_keys]
        found = yield from places(class_, keys, self.area.neighbours, wanted)
        there, _ = self._written_so(
            [place for place in found if any(hit.of_today for hit in place.hits)],
            [Name(key, street.name) for key in keys],
        )
        if not there:
            return answers
        middles = yield from middles_of(there, None)
        faults = ["commune_contradicted", "house_number_not_found"]
        others = [
            self._builder.of_place(p, None, faults, middles.get(p.id, (None, None)))
            for p in _one_each(there)[:MAX_SHOWN]
        ]
        doubted = [
            replace(answer, faults=(*answer.faults, "commune_contradicted")) for answer in answers
        ]
        return mark_ambiguous([*doubted, *others])

    def _missing(self, wanted: Wanted) -> list[str]:
        """Return the faults for what an answer above the door lacks."""
        if wanted.numbers or wanted.alley:
            return ["house_number_not_found"]
        if wanted.building is not None:
            return ["building_not_found"]
        if wanted.flat is not None:
            return ["flat_not_found"]
        return ["house_number_missing"] if self.door.street is not None else []

    def _street_missing(self) -> list[str]:
        """A number alone is not an address; a plot, or a building by its name, may be."""
        number, flat = self.door.house_number, self.door.flat
        plain = number is not None and number.key[0].isdigit()
        return ["street_missing"] if plain and not (flat and flat.building) else []

    # Doors

    def _in_communes(self, wanted: Wanted) -> Query[Choice]:
        communes = self.area.communes or ()
        asked = wanted.numbers or wanted.building
        if self._elsewhere or not asked or not 0 < len(communes) <= FEW_COMMUNES:
            return Choice()
        hits = yield from doors_in_communes(communes, wanted)
        return choose(hits, self.door, wanted, self.area, {}) if hits else Choice()

    def _in_estate(self, wanted: Wanted) -> Query[list[Answer]]:
        """Return the doors in a building that is named without a street, which may be
        registered."""
        if wanted.numbers:
            return []
        for estate in estates_of(self.door):
            found = yield from self._in_communes(replace(wanted, building=estate))
            if found.hits:
                faults = [*self.area.faults, "street_missing", *found.faults]
                return (yield from self._builder.records(found.hits, faults))
        return []


def _one_each(found: list[Place]) -> list[Place]:
    """Return one place per name, commune and former commune, in stable order; of groups, one per
    hamlet.

    A place with an unknown former commune may be any of the others, and is dropped beside them.
    """
    named: dict[tuple[object, ...], dict[int | None, Place]] = {}
    for place in found:
        name = (place.unit_id, place.key, accent_key(place.name), place.outer)
        here = named.setdefault(name, {})
        here.setdefault(place.former_unit_id, place)
    return [
        place
        for here in named.values()
        for former, place in here.items()
        if former is not None or len(here) == 1
    ]
