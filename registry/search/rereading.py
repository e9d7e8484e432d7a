"""Reads a text again if it does not lead to a sure door as written: the ways, in their order.

Each way rewrites the text, has it read exactly, and keeps the better result. So faults, former
communes and doors are judged in one place. Each way is a step of `geo/penalties.csv`, and its
readings have the step among their notes.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final

from geo.address import pieces_in_cell, without_notes
from geo.admin import name_key, split_parts
from geo.flat import parse_building_name
from geo.house_number import with_signs
from geo.number_or_name import DASH_UNSURE
from geo.piece import Piece
from geo.syllables import has_lost_marks, is_damaged
from geo.text import fold
from geo.values import value
from geo.words import text_of
from registry.core.batching import Query, side_by_side
from registry.core.personal import without_people
from registry.core.text_work import WorkSpentError, spend
from registry.search.answers import PLACED, Answer, with_fault
from registry.search.find.blocks import has_building_name
from registry.search.find.restored_words import restore_places
from registry.search.judge.ranking import (
    Located,
    better_by_letters,
    is_as_written,
    is_door,
    is_other_door,
    is_sure,
    names_other_commune,
    rank,
)
from registry.search.read.door_with_units import ReadAddress
from registry.search.read.split_units import split_units
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.misspelt_kinds import mend_kinds, set_kinds_apart
from registry.units.onward import communes_of
from registry.units.restored import Restored, restore_units
from registry.units.vocabulary import vocabulary_of

_CHARACTERS_OF_STEP: Final = 40
"""Characters of a text whose kinds are corrected in one step of work."""
_FEW: Final = 5
"""Most communes in which a street is matched by its letters."""
_PLACE_UNSURE: Final = frozenset(
    {"street_not_found", "street_corrected", "street_missing", "locality_not_found"}
)


IN_BUILDING: Final = "building_named"
APART: Final = "units_apart"
KINDS: Final = "kinds_by_letters"
UNITS: Final = "units_by_letters"
PLACES: Final = "places_by_letters"
SIGNS: Final = "signs_restored"
_WHOLE: Final = frozenset({"building", "locality", "admin", "street", "plot"})
"""Roles of a piece that, alone in a part, is unambiguous."""


@value(frozen=True, slots=True)
class Rereading:
    """Reads a text again: `as_written` answers the text itself, `rewritten` as a step rewrote it,
    and `in_building` without the part that is its building's name.
    """

    gazetteer: Gazetteer
    as_written: Callable[[str], Query[Located]]
    rewritten: Callable[[str, str], Query[Located]]
    in_building: Callable[[str, str], Query[Located]]

    def located(self, text: str) -> Query[Located]:
        """Return the best answers to a text, of all ways that its work was enough for."""
        best = Located([], None)
        with suppress(WorkSpentError):
            best = yield from self.as_written(text)
            inside = yield from self._in_named_building(text, best)
            if inside is not best:
                return inside
            if not _is_sufficient(best) or is_damaged(text):
                best = yield from self._otherwise(text, best)
            if not is_door(best):
                best = yield from self._with_signs(text, best)
        return best

    def _otherwise(self, text: str, best: Located) -> Query[Located]:
        """Return the answers with other borders between the parts, or by letters, if they fit
        better.
        """
        # A note behind the units hides them, and may itself name them: `gần chợ Bến Thành`.
        for each in dict.fromkeys((without_notes(text), text)):
            if not best.answers:
                best = yield from self._with_units_apart(each, best)
            if not _is_sufficient(best) or is_damaged(each):
                best = yield from self._by_letters(each, best)
            if best.answers:
                break
        return best

    def _in_named_building(self, text: str, best: Located) -> Query[Located]:
        """Return the doors of a building whose name is a whole part of the text, `Chung cư 5 tầng,
        12 Láng`, if one is registered under that name and with the number of the text.
        """
        first = best.answers[0] if best.answers else None
        for name, rest in _named_buildings(self.gazetteer, text, best.reading):
            if first and is_as_written(first) and _has_name(first, name):
                break
            other = yield from self.in_building(rest, name)
            number = other.reading.door.house_number if other.reading else None
            key = number.key if number else None
            if other.answers and all(
                _has_name(a, name) and a.parts.number_key == key for a in other.answers
            ):
                return other
        return best

    def _with_signs(self, text: str, best: Located) -> Query[Located]:
        """Return the door of a text whose number lost its slashes or dash, if only one is found."""
        found: dict[str, Answer] = {}
        reading = None
        for other in (
            yield from side_by_side(self.rewritten(other, SIGNS) for other in with_signs(text))
        ):
            for answer in other.answers:
                if answer.record is not None and "path_order" not in answer.faults:
                    found.setdefault(answer.record.code, with_fault(answer, DASH_UNSURE))
                    reading = reading or other.reading
        return Located(list(found.values()), reading) if len(found) == 1 else best

    def _by_letters(self, text: str, best: Located) -> Query[Located]:
        """Return the answers with misspelt words matched by their letters, if they fit better:
        first kinds, then the units, then the street or hamlet in them.
        """
        reading = best.reading
        spend(1 + len(text) // _CHARACTERS_OF_STEP)
        apart = mend_kinds(vocabulary_of(self.gazetteer), set_kinds_apart(text))
        if apart != text:
            other = yield from self.rewritten(apart, KINDS)
            if is_other_door(best, other):
                best = Located([], other.reading)  # found by ignoring the alley or the flat
            best = better_by_letters(best, other)
        if _is_sufficient(best):
            return best
        unread = reading is not None and reading.unread
        if apart == text and best.answers and not unread and not is_damaged(text):
            return best
        restored = restore_units(self.gazetteer, apart)
        if restored is not None and not _is_read_by(restored, best.reading):
            other = yield from self.rewritten(restored.text(restored.head), UNITS)
            if other.answers and names_other_commune(self.gazetteer, best, restored.units[0]):
                best = Located([], best.reading)
            best = better_by_letters(best, other)
        communes = {a.unit for a in best.answers if a.unit and a.unit.level == "commune"}
        known = 0 < len(communes) <= _FEW
        damaged = is_damaged(restored.head if restored else apart) or has_lost_marks(text)
        if not (known and damaged) or _PLACE_UNSURE.isdisjoint(best.answers[0].faults):
            return best
        if restored is not None and not _leads_to(self.gazetteer, restored, communes):
            restored = None
        head = restored.head if restored else apart
        mended = yield from restore_places(
            head, [unit.id for unit in communes], marks=has_lost_marks(text)
        )
        if mended == head:
            return best
        written = restored.text(mended) if restored else mended
        return better_by_letters(best, (yield from self.rewritten(written, PLACES)))

    def _with_units_apart(self, text: str, nothing: Located) -> Query[Located]:
        """Return the answers to a text without commas before its units, if they are sure.

        `quang trung ha dong` may be a ward of Hà Đông; if more is found, it is a street there.
        """
        best = nothing
        for apart in split_units(self.gazetteer, text):
            other = yield from self.rewritten(apart.text, APART)
            if not other.answers or not (apart.sure or other.answers[0].level in PLACED):
                continue
            if not best.answers or rank(other.answers[0]) < rank(best.answers[0]):
                best = other
        return best


def _named_buildings(
    gazetteer: Gazetteer, text: str, reading: ReadAddress | None
) -> Iterator[tuple[str, str]]:
    """Yield possible building names, each with the text without it.

    The first part of a text that may be a building's name, not a unit's (Nhà Bè) or a person's
    (`nhà ông Bảy`), and that the grammar splits; and unread parts after a flat's block: `807, CT2A
    Xa La`, `Toà A, The Pegasus Plaza`.
    """
    for part in split_parts(text):
        name = parse_building_name(part)
        if name and without_people((part,)) and not gazetteer.named(name_key(part)):
            pieces = pieces_in_cell(part)
            if len(pieces) != 1 or not _is_whole_part(pieces[0], part):
                yield name, text.replace(part, "", 1)
                break
    flat = reading.door.flat if reading else None
    if reading and flat and flat.unit:
        for part in reading.unread:
            yield f"{flat.building or ''} {part}".lstrip(), text.replace(part, "", 1)


def _has_name(answer: Answer, name: str) -> bool:
    return answer.record is not None and has_building_name(name, answer.record)


def _is_whole_part(piece: Piece, part: str) -> bool:
    flat = piece.role in ("unit", "floor") and any(word.path for word in piece.words)
    return (flat or piece.role in _WHOLE) and fold(text_of(piece.all_words)) == fold(part)


def _is_sufficient(best: Located) -> bool:
    first = next(iter(best.answers), None)
    return first is not None and (is_sure(first) or is_as_written(first))


def _is_read_by(restored: Restored, reading: ReadAddress | None) -> bool:
    """Whether a reading leaves nothing unread and already names these units."""
    named = reading.namings if reading and not reading.unread else ()
    inner = restored.units[0]
    return any(inner in (n.commune, n.district, n.province, n.former) for n in named)


def _leads_to(gazetteer: Gazetteer, restored: Restored, units: Iterable[Unit]) -> bool:
    """Whether one of these current communes succeeds the innermost unit."""
    became = communes_of(gazetteer, today(), restored.units[0])
    return not became.isdisjoint(unit.id for unit in units)
