"""The verdict on what was found: what is missing, what is doubtful, what to ask."""

import datetime
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.admin import parse_name
from geo.label import label
from registry.door_with_units import ReadAddress
from registry.gazetteer import Gazetteer, Unit
from registry.geocode import CODE_UNKNOWN
from registry.labels_apart import is_by_code
from registry.reads import Reads
from registry.records import Wording
from registry.search.answers import DOORS, Answer
from registry.search.areas import communes_of
from registry.search.faults import ONLY_DOOR
from registry.search.fit import PLACED, Located
from registry.units import continuations
from registry.units.text import Naming
from registry.validation import questions
from registry.validation.choices import choices_of_places, choices_of_units, districts_named
from registry.validation.components import components_of
from registry.validation.next_door import doors_beside
from registry.validation.numbers import has_numbers
from registry.validation.verdicts import Choice, Question, Validation
from registry.validation.wording import in_todays_words, parts_asked

MAX_CHOICES: Final = 5
"""More possible addresses are not worth reading: the shopper is asked for what is missing."""
_REWRITTEN: Final = frozenset({"commune_former", "retired", "former_name", "former_number"})
_TELLING: Final = (CODE_UNKNOWN, "code_contradicts_text", "code_unread")
"""Faults that are the reason of a verdict."""
_HARMLESS: Final = _REWRITTEN | {"commune_unsure", "ambiguous", "unread_words", ONLY_DOOR}
"""Faults of a door that need no question by themselves; what is ambiguous is judged by its answers,
where a commune's name has several meanings, by where each leads, and what was not understood by
whether it contradicts."""
_UNKNOWN: Final = frozenset(
    {
        "house_number_missing",
        "house_number_not_found",
        "flat_missing",
        "flat_not_found",
        "building_not_found",
        "street_not_found",
        "locality_not_found",
        "former_differs",
        "commune_undecided",
    }
)
"""Faults that say what the register does not know: none makes the place above it doubtful."""

_OF_PROVINCE: Final = frozenset({"province_missing", "province_supposed", "province_contradicted"})
"""Faults of a commune that was named without its province."""


class Judge:
    """Weighs the answers of one level, of which there is at least one."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        reads: Reads,
        day: datetime.date,
        located: Located,
        *,
        chosen: bool,
    ) -> None:
        self.gazetteer = gazetteer
        self.reads = reads
        self.day = day
        self.reading = located.reading
        self.door = located.reading.door if located.reading else Door()
        # Who picked the address from choices was shown them.
        beside = [] if chosen else doors_beside(gazetteer, reads, day, located)
        self.beside = self._told_apart(beside)
        """Doors of another commune than the one named, of which the shopper may mean one."""
        self.coded = self._told_apart(list(located.coded))
        """Doors of a code that was written beside the address of another place."""
        self.found = self._told_apart(self._where_named(located.answers))
        self.first = self.found[0][0]
        self.faults = frozenset(self.first.faults)
        self.naming = self._naming()

    def validation(self) -> Validation:
        """The verdict with all that belongs to it."""
        missing = self._missing()
        question = self._question(missing)
        verdict, action = self._verdict(missing, question)
        possible = [*self.beside, *self.found]
        # The only street known is not where the commune that was written lies.
        elsewhere = "commune" in missing and self.first.level in PLACED
        one = len(possible) == 1 and not elsewhere
        answer, words = self.found[0]
        return Validation(
            verdict=verdict,
            next_action=action,
            code=answer.record.code if answer.record and verdict in ("accept", "correct") else None,
            address=words.label if one else None,
            before_2025_07=words.before_2025_07 if one else None,
            commune=None if elsewhere else _common(words.commune for _, words in possible),
            province=_common(words.province for _, words in possible),
            level=answer.level,
            lon=answer.lon if one else None,
            lat=answer.lat if one else None,
            components=components_of(
                self.gazetteer,
                self.day,
                answer,
                self.reading,
                self.naming,
                missing,
                several_communes=len({w.commune.id for _, w in possible if w.commune}) > 1,
            ),
            question=question,
            reason=next((r for r in _TELLING if r in self.faults), _shared(question)),
        )

    def _told_apart(self, answers: list[Answer]) -> list[tuple[Answer, Wording]]:
        """Each door, and each wording above it once, where only today's counts: two streets of one
        name in one commune, which earlier were in two, are one to whoever writes an address today.
        """
        found: dict[str, tuple[Answer, Wording]] = {}
        for answer in answers:
            words = in_todays_words(self.gazetteer, self.day, answer, self.reading)
            # Nobody is sure whether a street is a đường or a phố.
            street = words.label.replace(" Phố ", " Đường ")
            found.setdefault(answer.record.code if answer.record else street, (answer, words))
        return list(found.values())

    def _where_named(self, answers: list[Answer]) -> list[Answer]:
        """Without the streets next door that the search tells: only a door there is a question."""
        beside = "commune_contradicted"
        # So are doors of another commune of old: `doors_beside` tells those worth asking about.
        answers = [answer for answer in answers if not answer.is_of_other_former]
        namings = self.reading.namings if self.reading else ()
        communes = [naming for naming in namings if naming.commune is not None]
        return [
            replace(answer, faults=tuple(fault for fault in answer.faults if fault != beside))
            for answer in answers
            if beside not in answer.faults
            or answer.unit is None
            or any(self._leads(naming, answer.unit.id) for naming in communes)
        ] or answers

    def _naming(self) -> Naming:
        """The naming that led to the first answer."""
        unit = self.first.unit
        namings = self.reading.namings if self.reading else ()
        leading = [n for n in namings if unit is not None and self._leads(n, unit.id)]
        # A commune of today is meant by its name, though one of old bore it as well.
        return min(
            leading or namings or (Naming(),),
            key=lambda n: (n.commune is None, n.commune is not unit),
        )

    def _leads(self, naming: Naming, unit_id: int) -> bool:
        inner = naming.innermost
        return inner is not None and (
            inner.id == unit_id or unit_id in communes_of(self.gazetteer, self.day, inner)
        )

    def _is_wide(self) -> bool:
        """Whether nothing below the province is sure: it is an answer, alone or beside a commune
        that is called as a district was."""
        return any(answer.level == "province" for answer, _ in self.found)

    def _communes(self) -> set[int]:
        return {a.unit.id for a, _ in self.found if a.unit and a.unit.level == "commune"}

    # What is missing

    def _missing(self) -> frozenset[str]:
        """The components that have to be asked for."""
        missing = set()
        several = len(self._communes()) > MAX_CHOICES and self.first.level != "commune"
        if self._is_wide() or several:
            missing.add("commune")
            one = self.first.level == "province" and len(self.found) == 1
            if self.naming.province is None and not one:
                missing.add("province")
        if self.first.level not in DOORS:
            if "commune_elsewhere" in self.faults:
                missing.add("commune")  # a commune is written: the only street known is no answer
            missing |= self._missing_door()
        flat = "flat_missing" in self.faults or self.first.level == "building"
        if flat and "flat_not_found" not in self.faults:
            missing.add("unit")
        return frozenset(missing)

    def _missing_door(self) -> set[str]:
        door = self.door
        flat = door.flat if door.flat and (door.flat.building or door.flat.unit) else None
        if flat is not None and flat.unit is None:
            return {"unit"}
        if door.street is None and not door.localities:
            if flat is not None and flat.building:
                return set()
            return {"street"} if door.house_number else {"street", "house_number"}
        numbered = door.house_number is not None and not door.house_number.alley_only
        if numbered or flat is not None:
            return set()
        return {"house_number"} if self._needs_number() else set()

    def _needs_number(self) -> bool:
        """A street has numbers unless the register knows its doors and none of them has; a hamlet
        has none unless the register knows one.
        """
        if self.first.level in ("street", "alley", "locality"):
            known = has_numbers(self.reads, self.first)
            if known is not None:
                return known
        return self.door.street is not None

    # The verdict

    def _verdict(self, missing: frozenset[str], question: Question | None) -> tuple[str, str]:
        if missing:
            choices = question is not None and question.choices
            return "complete", "ask_choice" if choices else "ask_missing"
        if question is not None:
            return "confirm", "ask_choice" if question.choices else "ask_yes_no"
        if self.first.level not in DOORS or "flat_not_found" in self.faults:
            return "unverified", "use_without_code"
        earlier = self.naming.district is not None or self.naming.kind_differs
        if self.faults & _REWRITTEN or earlier:
            return "correct", "use_corrected"
        return "accept", "use"

    def _is_doubtful(self) -> bool:
        """Whether the one place found may be another than the one meant."""
        unregistered = self.first.level not in DOORS or "flat_not_found" in self.faults
        known = _HARMLESS | _UNKNOWN if unregistered else _HARMLESS
        if not self.faults <= known or self.first.distance_m is not None:
            return True
        if "commune_undecided" in self.faults and self.first.level in PLACED:
            return True
        if self.reading is None:
            return False
        return self.first.level in DOORS and self._is_doubtful_door(self.reading)

    def _is_doubtful_door(self, reading: ReadAddress) -> bool:
        if self.door.street is None and not self.door.localities:
            # Found by its number or its building alone; others of that name may be unregistered.
            return bool(reading.namings)
        return not self._is_placed(reading) or any(map(self._contradicts, reading.unread))

    def _is_placed(self, reading: ReadAddress) -> bool:
        """Whether the units lead to this commune and to no other one.

        A name that a commune of today bears means it, though a split one of old bore it as well.
        """
        answer = self.first
        if any(naming.commune is answer.unit for naming in reading.namings):
            return True
        known = self._is_known_former()
        return answer.unit is not None and all(
            naming.commune is not None
            and self._leads(naming, answer.unit.id)
            and (known or len(communes_of(self.gazetteer, self.day, naming.commune)) == 1)
            for naming in reading.namings
        )

    def _is_known_former(self) -> bool:
        """Whether a split commune of old does not matter: the door's own one is on record, or its
        street has a name of its own, which goes on where the split cut it. `Đường số 7` is in many.
        """
        street = self.door.street
        named = street is not None and not any(map(str.isdigit, street.key))
        return named or self.first.former is not None

    def _contradicts(self, unread: str) -> bool:
        """Whether a part that found no place names another street, or a unit somewhere else."""
        if unread.split(maxsplit=1)[0].casefold() in ("đường", "phố"):
            return True
        readings = parse_name(unread)
        units = [name.unit for one in readings for name in self.gazetteer.named(one.key)]
        nearby = [unit for unit in units if self._is_of_province(unit)]
        written = any(reading.kinds for reading in readings)
        here = self.first.unit
        holding = [
            unit
            for unit in nearby
            if here is not None and here.id in communes_of(self.gazetteer, self.day, unit)
        ]
        if holding and not any(map(self._held_door, holding)):
            return True
        return (bool(nearby) or written) and not holding

    def _held_door(self, unit: Unit) -> bool:
        """Whether the door was in a unit that leads to its commune of today, as far as it is on
        record: beside the commune, one of old says which street of its name is meant.
        """
        former = self.first.former
        if unit.level != "commune" or unit.alive_on(self.day):
            return True
        if former is None:
            return False
        onward = continuations(self.gazetteer, unit, self.day)
        return unit is former or any(step.id == former.id for one in onward for step in one.via)

    def _is_of_province(self, unit: Unit) -> bool:
        province = self.found[0][1].province
        return province is not None and not communes_of(self.gazetteer, self.day, unit).isdisjoint(
            communes_of(self.gazetteer, self.day, province)
        )

    # The question

    def _question(self, missing: frozenset[str]) -> Question | None:
        """What to ask first: the place, then the door, then whether it is the right one."""
        if "commune" in missing:
            return self._ask_commune()
        if self.beside and not missing:
            return questions.ask("choose_address", choices=self._choices())
        if len(self.found) > 1:
            return self._choose()
        if missing:
            return self._ask_door(missing)
        if self._is_province_inferred():
            province = self.found[0][1].province
            name = province.version_on(self.day).full_name if province else ""
            return questions.ask("confirm_province", name)
        if self.coded:
            return questions.ask("choose_address", choices=self._choices())
        if self._is_doubtful():
            return questions.ask("confirm_address", self.found[0][1].label)
        return None

    def _ask_commune(self) -> Question:
        """Where a district of old is named, its heirs are offered; a province has too many."""
        near = None if self._is_wide() else self._communes()
        choices = choices_of_units(self.gazetteer, self.day, self.first, self.reading, near)
        districts = districts_named(self.reading)
        province = _common(words.province for _, words in self.found)
        if province is None:
            return questions.ask("ask_commune", choices=choices)
        place = province.version_on(self.day).full_name
        if choices and len(districts) == 1:
            place = f"{districts[0].version_on(self.day).full_name} cũ"
        return questions.ask("ask_commune_in", place, choices)

    def _choose(self) -> Question:
        shown, choices = self.found[:MAX_CHOICES], self._choices()
        provinces = {w.province.id for _, w in shown if w.province}
        names = [self._commune_name(w, full=len(provinces) > 1) for _, w in shown if w.commune]
        if self.first.level not in DOORS and len(set(names)) == len(shown):
            return questions.choose_commune(names, choices, renamed=self._names_old_unit())
        return questions.ask("choose_address", choices=choices)

    def _choices(self) -> list[Choice]:
        """Registered doors first: the shopper who knows one of them has its code."""
        doors = {words.label: words.before_2025_07 for _, words in self.beside}
        others = [
            (answer, words)
            for answer, words in self.found
            if words.label not in doors
            or (
                words.before_2025_07 is not None
                and doors[words.label] not in (None, words.before_2025_07)
            )
        ]
        shown = [*self.beside, *others, *self.coded][:MAX_CHOICES]
        return choices_of_places(self.gazetteer, self.day, shown, self.reading)

    def _commune_name(self, words: Wording, *, full: bool) -> str:
        """The commune, with its province where they are of several."""
        units = (words.commune, words.province if full else None)
        names = [unit.version_on(self.day).full_name for unit in units if unit is not None]
        return names[0] if len(names) == 1 else f"{names[0]} ({names[1]})"

    def _names_old_unit(self) -> bool:
        """Whether the text names a unit that is no more."""
        named = (
            unit
            for naming in (self.reading.namings if self.reading else ())
            for unit in (naming.commune, naming.district, naming.province)
        )
        return any(unit is not None and not unit.alive_on(self.day) for unit in named)

    def _ask_door(self, missing: frozenset[str]) -> Question:
        answer, words = self.found[0]
        if "unit" in missing:
            parts = replace(parts_asked(answer, self.reading), unit_number=None)
            return questions.ask("ask_flat", label(parts, self._commune_names(words)))
        if "street" in missing:
            return questions.ask("ask_street", ", ".join(self._commune_names(words)))
        return questions.ask("ask_house_number", words.label)

    def _commune_names(self, words: Wording) -> tuple[str, ...]:
        return (words.commune.version_on(self.day).full_name,) if words.commune else ()

    def _is_province_inferred(self) -> bool:
        """Whether a commune was named alone: another one may bear its name."""
        named = self.reading is not None and bool(self.reading.namings)
        return named and not self.faults.isdisjoint(_OF_PROVINCE)


def _shared(question: Question | None) -> str | None:
    """The reason where several doors bear one address, and codes tell them apart."""
    choices = question.choices if question else ()
    by_code = any(is_by_code(choice.label, choice.code) for choice in choices)
    return "address_shared" if by_code else None


def _common(units: Iterable[Unit | None]) -> Unit | None:
    """The unit of all of them, or None."""
    known = {unit.id if unit else None: unit for unit in units}
    return next(iter(known.values())) if len(known) == 1 else None
