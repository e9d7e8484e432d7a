"""The verdict on the answers of a search: what is missing, what is doubtful, what to ask."""

import datetime
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.label import label
from registry.core.batching import alone
from registry.core.reads import Reads
from registry.records.record import Wording
from registry.search.answers import DOORS, PLACED, Answer, answers_with_past
from registry.search.faults import FAULTS
from registry.search.judge import questions
from registry.search.judge.choices import choices_of_places, choices_of_units, districts_named
from registry.search.judge.components import components_of
from registry.search.judge.doubts import leads, naming_of
from registry.search.judge.ranking import Located
from registry.search.judge.verdicts import (
    REASONS,
    Choice,
    NextAction,
    Question,
    Validation,
    VerdictCode,
)
from registry.search.judge.wording import label_parts_of, todays_wording
from registry.units.gazetteer import Gazetteer, Unit

MAX_CHOICES: Final = 5
"""With more choices, the shopper is asked for what is missing instead."""


class Judge:
    """Judges the answers of one level, at least one."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        reads: Reads,
        day: datetime.date,
        located: Located,
        next_door: list[Answer],
        *,
        exchanged: bool = False,
        on: datetime.date | None = None,
        former: Unit | None = None,
    ) -> None:
        self.gazetteer = gazetteer
        self.reads = reads
        self.day = day
        self.on = on
        self.former = former
        self.reading = located.reading
        self.door = located.reading.door if located.reading else Door()
        next_door = alone(reads, answers_with_past(next_door, on))
        self.next_door = self._distinct(next_door)
        """Doors in other communes than the named one, of which the shopper may mean one."""
        self.exchanged = exchanged
        """Whether these are doors whose street and ward the text exchanges."""
        self.coded = self._distinct(list(located.coded))
        """Doors of a code in the address of another place."""
        self.found = self._distinct(self._where_named(located.answers))
        self.first = self.found[0][0]
        # Streets with one label are one to the writer of an address.
        ignored = {"ambiguous"} if len(self.found) == 1 else set()
        self.faults = [fault for fault in self.first.faults if fault not in ignored]
        self.is_registered = self.first.level in DOORS and "flat_not_found" not in self.faults
        self.naming = naming_of(gazetteer, day, self.first.unit, self.reading)

    def validation(self) -> Validation:
        """Return the complete validation."""
        missing = self._missing()
        question = self._question(missing)
        verdict, action = self._verdict(missing, question)
        possible = [*self.next_door, *self.found]
        # The only registered street is not in the given commune.
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
            reason=next((fault for fault in self.faults if fault in REASONS), None),
            on=words.on if one else None,
            faults=tuple(self.faults),
            accuracy_m=answer.accuracy_m if one else None,
            words=words if one else None,
            name=answer.name if one else None,
        )

    def _distinct(self, answers: list[Answer]) -> list[tuple[Answer, Wording]]:
        """Return each door, and each label above the door once, by today's units: two streets of
        one name in a commune, formerly in two, are one to the writer of an address.
        """
        found: dict[str, tuple[Answer, Wording]] = {}
        for answer in answers:
            words = todays_wording(
                *(self.gazetteer, self.day, answer, self.reading, self.on, self.former)
            )
            # Usage of đường and phố varies for the same street.
            street = words.label.replace(" Phố ", " Đường ")
            found.setdefault(answer.record.code if answer.record else street, (answer, words))
        return list(found.values())

    def _where_named(self, answers: list[Answer]) -> list[Answer]:
        """Drop streets in neighbouring communes: only a door there is worth a question.

        Likewise doors of other former communes: `doors_next_door` finds those worth asking about.
        """
        namings = self.reading.namings if self.reading else ()
        communes = [naming for naming in namings if naming.commune is not None]
        answers = [answer for answer in answers if not answer.is_of_other_former] or answers
        return [
            answer
            for answer in answers
            if "commune_contradicted" not in answer.faults
            or answer.unit is None
            or any(leads(self.gazetteer, self.day, naming, answer.unit) for naming in communes)
        ] or answers

    def _is_wide(self) -> bool:
        """Whether only the province is certain: it is an answer, alone or besides a commune with
        the name of a former district."""
        return any(answer.level == "province" for answer, _ in self.found)

    def _communes(self) -> set[int]:
        return {a.unit.id for a, _ in self.found if a.unit and a.unit.level == "commune"}

    # The fold

    def _asking(self, verdict: str) -> set[str]:
        """Return the questions of the first answer's faults with this verdict."""
        faults = (FAULTS[code] for code in self.faults)
        return {f.question for f in faults if f.verdict_on(door=self.is_registered) == verdict}

    def _missing(self) -> frozenset[str]:
        """Return the components to ask for; none where a door may be chosen."""
        if self.exchanged:
            return frozenset()
        missing = {questions.component_of(question) for question in self._asking("complete")}
        if "street" in missing and self.door.house_number is None:
            missing.add("house_number")
        several = len(self._communes()) > MAX_CHOICES and self.first.level != "commune"
        if self._is_wide() or several:
            missing.add("commune")
            one = self.first.level == "province" and len(self.found) == 1
            if self.naming.province is None and not one:
                missing.add("province")
        return frozenset(missing)

    def _verdict(
        self, missing: frozenset[str], question: Question | None
    ) -> tuple[VerdictCode, NextAction]:
        choices = question is not None and question.choices
        if missing:
            return "complete", "ask_choice" if choices else "ask_missing"
        if question is not None:
            return "confirm", "ask_choice" if choices else "ask_yes_no"
        if not self.is_registered:
            return "unverified", "use_without_code"
        return ("correct", "use_corrected") if self._asking("correct") else ("accept", "use")

    # The question

    def _question(self, missing: frozenset[str]) -> Question | None:
        """Return the first question: for the place, then for the door, then for a confirmation."""
        if "commune" in missing:
            return self._ask_commune()
        if self.next_door and not missing:
            return questions.ask("choose_address", choices=self._choices())
        if len(self.found) > 1:
            return self._choose()
        if missing:
            return self._ask_door(missing)
        asked = self._asking("confirm")
        if "confirm_province" in asked and self.reading and self.reading.namings:
            # Only a commune was named: another one may have the same name.
            province = self.found[0][1].province
            name = province.version_on(self.day).full_name if province else ""
            return questions.ask("confirm_province", name)
        if self.coded:
            return questions.ask("choose_address", choices=self._choices())
        shown = ", ".join(filter(None, (self.first.name, self.found[0][1].label)))
        return questions.ask("confirm_address", shown) if asked else None

    def _ask_commune(self) -> Question:
        """Ask for the commune; offer the successors of a former district, but not all of a
        province."""
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
            return questions.choose_commune(names, choices, renamed=self._names_former_unit())
        return questions.ask("choose_address", choices=choices)

    def _choices(self) -> list[Choice]:
        """Return the choices, registered doors first."""
        doors = {words.label: words.before_2025_07 for _, words in self.next_door}
        found = [] if self.exchanged and self._is_wide() else self.found
        others = [
            (answer, words)
            for answer, words in found
            if words.label not in doors
            or (
                words.before_2025_07 is not None
                and doors[words.label] not in (None, words.before_2025_07)
            )
        ]
        shown = [*self.next_door, *others, *self.coded][:MAX_CHOICES]
        return choices_of_places(self.gazetteer, self.day, shown, self.reading)

    def _commune_name(self, words: Wording, *, full: bool) -> str:
        """Return the commune, with its province if `full`."""
        units = (words.commune, words.province if full else None)
        names = [unit.version_on(self.day).full_name for unit in units if unit is not None]
        return names[0] if len(names) == 1 else f"{names[0]} ({names[1]})"

    def _names_former_unit(self) -> bool:
        """Whether the text names a former unit."""
        named = (
            unit
            for naming in (self.reading.namings if self.reading else ())
            for unit in (naming.commune, naming.district, naming.province)
        )
        return any(unit is not None and not unit.alive_on(self.day) for unit in named)

    def _ask_door(self, missing: frozenset[str]) -> Question:
        answer, words = self.found[0]
        if "unit" in missing:
            parts = replace(label_parts_of(answer, self.reading), unit_number=None)
            return questions.ask("ask_flat", label(parts, self._commune_names(words)))
        if "street" in missing:
            return questions.ask("ask_street", ", ".join(self._commune_names(words)))
        return questions.ask("ask_house_number", words.label)

    def _commune_names(self, words: Wording) -> tuple[str, ...]:
        return (words.commune.version_on(self.day).full_name,) if words.commune else ()


def _common(units: Iterable[Unit | None]) -> Unit | None:
    """Return the unit if all are the same, or None."""
    known = {unit.id if unit else None: unit for unit in units}
    return next(iter(known.values())) if len(known) == 1 else None
