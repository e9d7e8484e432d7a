"""Suggestions while an address is being typed: street, locality, building, commune, then the number
of the house or flat.

First names, then the places of a name, then the numbers of a place, as DAWA does: a name that many
communes have is one suggestion until the commune is typed. A point brings near places forward.
Only what finds nothing is looked for a second time: a commune without its comma, a slip of the
thumb, a whole address that was pasted. A code is answered whole or not at all.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from geo.code_writing import strip_announcement
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.records.lookup import by_code
from registry.search.autocomplete.buildings import flats_in, open_buildings, open_doors
from registry.search.autocomplete.place_names import BUILDING, Names
from registry.search.autocomplete.prefix_search import SPARE, Finder, Sought
from registry.search.autocomplete.suggested_doors import Found, doors_near, look
from registry.search.autocomplete.suggestion import Place, Suggestion, Wordings
from registry.search.autocomplete.typed import Typed, readings, with_tail
from registry.search.autocomplete.unit_index import unit_index
from registry.search.find.by_use import doors_begun
from registry.search.geocode import Question, geocode
from registry.search.judge.labels_apart import Labelled, labels_apart
from registry.search.read.codes_in_text import whole_code
from registry.search.reverse import check_point
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, today
from registry.units.onward import communes_of

MAX_TEXT: Final = 200
DEFAULT_LIMIT: Final = 8
MAX_LIMIT: Final = 20
_FEW: Final = 30
"""In so few places numbers are completed; of more, only in the likeliest."""
_LIKELIEST: Final = 5
_SURE: Final = 0.5
"""Confidence from which on the answer of a search is worth a line."""
_NO_CODE: Final = re.compile("[acdejnquwyăâđêư]", re.IGNORECASE)
"""Letters that no code holds, in any writing: most names are told from one at a glance."""
_WORDS_OF_ADDRESS: Final = 3
"""Words from which on a text that begins nothing is searched as an address."""


@dataclass(frozen=True, slots=True)
class Typing:
    """What has been typed, and what is known of where."""

    text: str
    limit: int = DEFAULT_LIMIT
    within: str | None = None
    """Code of a unit of any map; nothing outside it is suggested."""
    near: tuple[float, float] | None = None
    """(lon, lat): what is near comes first."""


def autocomplete(
    gazetteer: Gazetteer, reads: Reads, names: tuple[Names, ...], typing: Typing
) -> list[Suggestion]:
    """At most `limit` suggestions, the likeliest first; empty below two letters or digits.

    `names` are those of `place_names`. Raises InvalidInputError for a text that is too long or
    holds a NUL, and what `unit_by_code` and `check_point` raise.
    """
    if len(typing.text) > MAX_TEXT or "\0" in typing.text:
        raise InvalidInputError.of_field(
            "q", "text_too_long", Message("longer_than", most=MAX_TEXT)
        )
    if typing.near is not None:
        check_point(lon=typing.near[0], lat=typing.near[1])
    completer = _Completer(gazetteer, reads, names, typing, today())
    if sum(map(str.isalnum, typing.text)) < 2:
        return []
    return completer.suggestions()


class _Completer:
    def __init__(
        self,
        gazetteer: Gazetteer,
        reads: Reads,
        names: tuple[Names, ...],
        typing: Typing,
        day: datetime.date,
    ) -> None:
        self.gazetteer = gazetteer
        self.reads = reads
        self.typing = typing
        self.words = Wordings(gazetteer, day)
        within = None
        if typing.within is not None:
            unit = unit_by_code(gazetteer, typing.within, None)
            within = {unit.id, *communes_of(gazetteer, day, unit)}
        index = unit_index(gazetteer, day)
        self.finder = Finder(
            gazetteer, index, names, limit=typing.limit, near=typing.near, within=within
        )

    def suggestions(self) -> list[Suggestion]:
        """The list."""
        text = self.typing.text
        if (
            not _NO_CODE.search(strip_announcement(text))
            and (code := whole_code(text))
            and (found := self._coded(code))
        ):
            return found
        understood = readings(text)
        near = self._alone(understood) or self._offices()
        for sought in self._attempts(understood):
            if lines := self._shown(sought):
                # `Số 11` is the house next door, and a street.
                return self._once((*near[:2], *lines, *near[2:]))
        return near or self._searched()

    def _attempts(self, understood: list[Typed]) -> Iterator[Sought]:
        """What may be meant, in the order in which it is tried until something is found."""
        yield self.finder.sought(understood)
        tails = [tail for typed in understood if not typed.named for tail in with_tail(typed)]
        yield from (self.finder.sought([replace(tail, exact=True)]) for tail in tails)
        yield self.finder.begun_inside(understood)
        yield self.finder.shortened(understood)
        yield self.finder.sought(understood, slipped=True)
        yield from (self.finder.sought([tail]) for tail in tails)
        yield from (self.finder.sought([tail], slipped=True) for tail in tails)

    # What is shown

    def _shown(self, sought: Sought) -> list[Suggestion]:
        rest = sought.lines[: self.typing.limit + SPARE]
        places = list(sought.doors)
        likely = places if len(places) <= _FEW else places[: _LIKELIEST * sought.somewhere]
        known = look(
            self.reads,
            [(place.names.class_, i) for place in rest if place.names for i in place.ids],
            sought.number,
            places,
            likely,
            limit=self.typing.limit,
        )
        doors = [
            self.words.of_door(sought.doors[door.class_, door.place_id], door)
            for door in known.doors
        ]
        doors += self._flats(sought)
        if doors:
            # Where a number is registered, the street without it is no answer.
            return self._once(doors)
        lines = self._lines(rest, known)
        numbered = [place for place in rest if place.numbered]
        if lines and (len(numbered) == 1 or any(place.number is None for place in numbered)):
            # The search knows the house of several, 122 in 120-122, and which number a door had
            # along a street that was merged.
            lines = [*self._searched(), *lines]
        return self._once(lines)

    def _lines(self, places: list[Place], known: Found) -> list[Suggestion]:
        """The places; beside a hamlet its household, where it is the only one."""
        buildings = open_buildings(self.reads, places)
        alone = {door.code: door for door in open_doors(self.reads, [*known.alone.values()])}
        lines = []
        for place in places:
            record = buildings.get(place.ids[0]) if place.of_buildings and place.ids else None
            line = self.words.of_record(record) if record else self.words.line(place, known)
            lines += [line] if line else []
            if place.names is not None and not place.numbered:
                only = (known.alone.get((place.names.class_, i)) for i in place.ids)
                lines += [self.words.of_record(alone[code]) for code in only if code in alone]
        return lines

    def _flats(self, sought: Sought) -> list[Suggestion]:
        """Flats of that number in the buildings that are meant."""
        if sought.number is None:
            return []
        buildings = [serial for class_, serial in sought.doors if class_ == BUILDING]
        found = flats_in(self.reads, buildings, sought.number)
        return [self.words.of_record(record) for record in found]

    def _once(self, lines: Iterable[Suggestion]) -> list[Suggestion]:
        """Each door, and each street or unit by its name; doors of one address told apart."""
        shown: dict[str, Suggestion] = {}
        for line in lines:
            shown.setdefault(line.code or line.label, line)
        first = list(shown.values())
        told = labels_apart(
            self.gazetteer,
            self.words.day,
            [Labelled(line.label, line.commune, line.former, line.code) for line in first],
        )
        return [
            line
            if apart.label == line.label
            else replace(line, label=apart.label, text=apart.label)
            for line, apart in zip(first, told, strict=True)
        ][: self.typing.limit]

    # What is no beginning

    def _alone(self, understood: list[Typed]) -> list[Suggestion]:
        """Doors near the point, where nothing but a number has been typed."""
        near, number = self.typing.near, understood[0].number if understood else None
        if near is None or number is None or understood[0].name:
            return []
        found = doors_near(self.reads, number, lon=near[0], lat=near[1])
        return self._once(
            self.words.of_record(record) for record in found if self.finder.inside(record.unit_id)
        )

    def _offices(self) -> list[Suggestion]:
        """Doors of what is called so: `UBND phường B`."""
        found = doors_begun(self.reads, self.typing.text, self.typing.limit)
        inside = [(name, record) for name, record in found if self.finder.inside(record.unit_id)]
        lines = [(name, self.words.of_record(record)) for name, record in inside]
        return self._once(replace(line, label=f"{name}, {line.label}") for name, line in lines)

    def _coded(self, code: str) -> list[Suggestion]:
        """The door of a whole code; a part of one, or a slip, would let codes be counted out."""
        record = by_code(self.reads, code)
        if record is None or record.restricted or record.status != "active":
            return []
        return [self.words.of_record(record)] if self.finder.inside(record.unit_id) else []

    def _searched(self) -> list[Suggestion]:
        """A whole address, in whatever order and map it was pasted."""
        asked = self.typing
        if len(asked.text.split()) < _WORDS_OF_ADDRESS:
            return []
        question = Question(asked.text, None, asked.limit, asked.near, asked.within)
        answers = geocode(self.gazetteer, self.reads, question)
        return self._once(
            self.words.of_answer(answer) for answer in answers if answer.confidence >= _SURE
        )
