"""Suggestions while an address is being typed: street, locality, building, commune, then number.

First names, then the places of a name, then the numbers of a place, as DAWA does: a name that many
communes have is one suggestion until the commune is typed. A point moves near places forward.
Further searches run only if the first finds nothing: for a commune without its comma, a typing
error, a whole address that was pasted. A code is matched as a whole or not at all.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from geo.code_writing import strip_announcement
from geo.text import fold
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.text_work import Work
from registry.records.lookup import by_code
from registry.search.autocomplete.buildings import flats_in, open_buildings, open_doors
from registry.search.autocomplete.place_names import BUILDING, Names
from registry.search.autocomplete.prefix_search import SPARE, Finder, Sought
from registry.search.autocomplete.suggested_doors import Found, doors_near, look
from registry.search.autocomplete.suggestion import Place, Suggestion, Wordings
from registry.search.autocomplete.typed import Typed, readings, with_tail, without_kind
from registry.search.autocomplete.unit_index import unit_index
from registry.search.find.by_use import doors_with_prefix
from registry.search.geocode import Question, locate
from registry.search.judge.labels_apart import Labelled, labels_apart
from registry.search.read.codes_in_text import whole_code
from registry.search.read.postcode_text import registered_postcode
from registry.search.reverse import check_point
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, today
from registry.units.onward import communes_of

MAX_TEXT: Final = 200
DEFAULT_LIMIT: Final = 8
MAX_LIMIT: Final = 20
_FEW: Final = 30
"""Most places in which numbers are completed; of more, only the likeliest."""
_LIKELIEST: Final = 5
_SURE: Final = 0.5
"""Least confidence of an answer that is shown."""
_NO_CODE: Final = re.compile("[acdejnquwyăâđêư]", re.IGNORECASE)
"""Letters that no writing of a code contains: rules out most names cheaply."""
_MOST_LEFT_OUT: Final = 4
"""Most parts or words at the end that are compared only with the labels found without them."""
_WORDS_OF_ADDRESS: Final = 3
"""Least words of a text that is searched as an address if it starts no name."""


@dataclass(frozen=True, slots=True)
class Typing:
    """What has been typed, and where."""

    text: str
    limit: int = DEFAULT_LIMIT
    within: str | None = None
    """Code of a unit of any map; nothing outside it is suggested."""
    near: tuple[float, float] | None = None
    """(lon, lat): near places come first."""


def autocomplete(
    gazetteer: Gazetteer, reads: Reads, names: tuple[Names, ...], typing: Typing
) -> list[Suggestion]:
    """Return at most `limit` suggestions, the likeliest first; empty below two letters or digits.

    `names` come from `place_names`. Raises InvalidInputError for a text that is too long or
    contains a NUL, and what `unit_by_code` and `check_point` raise.
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
        self.names = names
        self.typing = typing
        self.left_out = 0
        self.work = Work()
        """Shared by all geocoding for one text."""
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
        """Return the suggestions, the likeliest first."""
        text = self.typing.text
        if (
            not _NO_CODE.search(strip_announcement(text))
            and (code := whole_code(text))
            and (found := self._by_code(code))
        ):
            return found
        understood = readings(text)
        near = self._near_point(understood) or self._organizations()
        for sought in self._attempts(understood):
            if lines := self._shown(sought):
                # `Số 11` may be a nearby house or a street.
                return self._unique((*near[:2], *lines, *near[2:]))
        return near or self._geocoded() or self._before_last_word()

    def _attempts(self, understood: list[Typed]) -> Iterator[Sought]:
        """Yield the searches in order; the first with suggestions ends them."""
        yield self.finder.sought(understood)
        # `le loi phuong`, `le loi ben nghe t`: the name of the unit is about to follow.
        cut = [shorter for typed in understood if (shorter := without_kind(typed)) is not None]
        yield self.finder.sought(cut)
        open_ended = [*(typed for typed in understood if not typed.named), *cut]
        tails = [tail for typed in open_ended for tail in with_tail(typed)]
        yield from (self.finder.sought([replace(tail, exact=True)]) for tail in tails)
        yield self.finder.starting_inside(understood)
        yield self.finder.shortened(understood)
        yield self.finder.sought(understood, slipped=True)
        yield from (self.finder.sought([tail]) for tail in tails)
        yield from (self.finder.sought([tail], slipped=True) for tail in tails)

    # Suggestions of one search

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
            # If a number is registered, the street without it is not suggested.
            return self._unique(doors)
        lines = self._lines(rest, known)
        numbered = [place for place in rest if place.numbered]
        if lines and (len(numbered) == 1 or any(place.number is None for place in numbered)):
            # Only geocoding knows ranges, 122 in 120-122, and the former numbers along a merged
            # street.
            lines = [*self._geocoded(), *lines]
        return self._unique(lines)

    def _lines(self, places: list[Place], known: Found) -> list[Suggestion]:
        """Return the places; after a hamlet its household, if it has only one."""
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
        """Return the flats with that number in the matching buildings."""
        if sought.number is None:
            return []
        buildings = [serial for class_, serial in sought.doors if class_ == BUILDING]
        found = flats_in(self.reads, buildings, sought.number)
        return [self.words.of_record(record) for record in found]

    def _unique(self, lines: Iterable[Suggestion]) -> list[Suggestion]:
        """Return each door, street and unit once; doors of one address get distinct labels."""
        shown: dict[str, Suggestion] = {}
        for line in lines:
            shown.setdefault(line.code or line.label, line)
        first = list(shown.values())
        labelled = labels_apart(
            self.gazetteer,
            self.words.day,
            [Labelled(line.label, line.commune, line.former, line.code) for line in first],
        )
        return [
            line
            if apart.label == line.label
            else replace(line, label=apart.label, text=apart.label)
            for line, apart in zip(first, labelled, strict=True)
        ][: self.typing.limit]

    # Texts that are not the start of a name

    def _near_point(self, understood: list[Typed]) -> list[Suggestion]:
        """Return doors near the point, if only a number has been typed."""
        near, number = self.typing.near, understood[0].number if understood else None
        if near is None or number is None or understood[0].name:
            return []
        found = doors_near(self.reads, number, lon=near[0], lat=near[1])
        return self._unique(
            self.words.of_record(record) for record in found if self.finder.inside(record.unit_id)
        )

    def _organizations(self) -> list[Suggestion]:
        """Return doors of organizations with that name: `UBND phường B`."""
        found = doors_with_prefix(self.reads, self.typing.text, self.typing.limit)
        inside = [(name, record) for name, record in found if self.finder.inside(record.unit_id)]
        lines = [(name, self.words.of_record(record)) for name, record in inside]
        return self._unique(replace(line, label=f"{name}, {line.label}") for name, line in lines)

    def _by_code(self, code: str) -> list[Suggestion]:
        """Return the door of a whole code; prefixes or slips would let callers enumerate codes."""
        record = by_code(self.reads, code)
        if record is None or record.restricted or record.status != "active":
            return []
        return [self.words.of_record(record)] if self.finder.inside(record.unit_id) else []

    def _geocoded(self) -> list[Suggestion]:
        """Geocode a whole pasted address, in any order and of any map, or a postcode."""
        asked = self.typing
        postcode = registered_postcode(self.gazetteer, self.words.day, asked.text)
        if len(asked.text.split()) < _WORDS_OF_ADDRESS and postcode is None:
            return []
        question = Question(asked.text, None, asked.limit, asked.near, asked.within)
        answers = locate(self.gazetteer, self.reads, question, self.work).answers
        return self._unique(
            self.words.of_answer(answer) for answer in answers if answer.confidence >= _SURE
        )

    def _before_last_word(self) -> list[Suggestion]:
        """Return what the text suggests without its last part, or word if it has no comma, where
        that starts a word behind the label's first part: `13, Tổ 2, Ấp Tr`, `2 xom 1 thon b`."""
        separator = "," if "," in self.typing.text else " "
        head, _, last = self.typing.text.strip(" ").rpartition(separator)
        if not head or self.left_out >= _MOST_LEFT_OUT or self.work.spent:
            return []
        typing = replace(self.typing, text=head, limit=MAX_LIMIT)
        before = _Completer(self.gazetteer, self.reads, self.names, typing, self.words.day)
        before.left_out, before.work = self.left_out + 1, self.work
        start = f" {fold(last)}"
        behind = ((line, fold(line.label.partition(",")[2])) for line in before.suggestions())
        return [*islice((line for line, rest in behind if start in f" {rest}"), self.typing.limit)]
