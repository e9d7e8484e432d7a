"""From a text to a door and the units that it names: the grammar and the gazetteer together."""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Final

from geo.address import AddressReading, Door, parse_address
from geo.admin import KIND_LEVELS, KIND_NAMES, name_key, parse_name, split_parts
from geo.alternatives import FIRST_NUMBER_DROPPED, SECOND_NUMBER_DROPPED
from geo.number_or_name import KIET_UNSURE
from geo.text import accent_key, fold, has_diacritics, to_plain_signs
from geo.words import is_country, words_of
from registry.core.text_work import WorkSpentError, spend
from registry.core.tracing import traced
from registry.search.read.door_with_units import (
    ReadAddress,
    levels,
    names_communes_alone,
    outermost,
    with_units,
)
from registry.search.read.units_in_names import MAY_END_SO, without_commas
from registry.units.gazetteer import Gazetteer
from registry.units.misspelt_kinds import mend_kinds, set_kinds_apart
from registry.units.restored import restore_units
from registry.units.vocabulary import vocabulary_of

_TIGHT_DASH: Final = re.compile(r"(?<=[^\W\d_]{2})\s?[-–]\s?(?=[^\W\d_]{2})")
"""Between units in one run: `Thạch Xá- Thạch Thất-Hà Nội`."""
_DASH: Final = re.compile(r"\s+([-–—/])\s+(?!(?<=\d\s[-–—/]\s)\d)(?=([^\s.]*))")
"""Between the two ends of a road, `Tân Hội - Mỹ Hạnh Đông`, or between the parts of an address; and
the word behind it, up to a point: `Q.10`."""
_CHARACTERS_OF_STEP: Final = 25
"""Of a text, which are parsed in a step of its work."""
_COMMUNES: Final = frozenset(kind for kind, levels in KIND_LEVELS.items() if "commune" in levels)
_Pairs = list[tuple[AddressReading, ReadAddress]]
TWO_NUMBERS: Final = frozenset(
    {
        *(SECOND_NUMBER_DROPPED, FIRST_NUMBER_DROPPED),
        *("second_door_dropped", "first_door_dropped", KIET_UNSURE),
    }
)
"""Notes of steps of the grammar that had two house numbers before them, or an alley's."""


@traced("read")
def read_address(gazetteer: Gazetteer, text: str) -> list[ReadAddress]:
    """The readings of `text`, best first: those that name a commune before those that do not.

    Empty for a text without any word.
    """
    text = to_plain_signs(text)
    parsed = _parsed(text)
    pairs = _of_wards([(reading, with_units(gazetteer, reading)) for reading in parsed])
    found = _with_wards_kept([read for _, read in pairs])
    if len(found) > 1:
        found = _in_order(found)
    with suppress(WorkSpentError):
        found = _otherwise_parted(gazetteer, text, pairs, found)
    if found and levels(found[0]) > 1:
        # A reading that passes over units in each other finds but namesakes elsewhere.
        found = [read for read in found if read.namings]
    return found


def _otherwise_parted(
    gazetteer: Gazetteer, text: str, pairs: _Pairs, found: list[ReadAddress]
) -> list[ReadAddress]:
    """The readings, with those in which the text is parted otherwise than by its commas."""
    found = [*found]
    if not _DASH.search(text):
        asked = () if any(map(names_communes_alone, found)) else pairs
        tried = (without_commas(gazetteer, *pair) for pair in asked)
        for parted in next(filter(None, tried), ()):
            found.insert(int(MAY_END_SO in parted.notes), parted)
    if found and _DASH.search(text):
        # Between the two ends of a road a dash is written as well: where a unit is named without.
        first = int(bool(found[0].namings))
        found[first:first] = _without_dashes(gazetteer, text, found)
    if found and (not found[0].namings or "-" in "".join(found[0].unread)):
        found = [*_with_tight_dashes(gazetteer, text, levels(found[0])), *found]
    if found and found[0].namings:
        found = [*_with_kind_unsaid(gazetteer, text, found[0]), *found]
    return found


def _parsed(text: str) -> list[AddressReading]:
    spend(1 + len(text) // _CHARACTERS_OF_STEP)
    return parse_address(text)


def read_by_letters(gazetteer: Gazetteer, text: str, exact: ReadAddress) -> list[ReadAddress]:
    """The readings of a text that is not surely read as it is written, with the units that its
    letters name; empty where these name no other, or what was the `exact` one's street or hamlet.
    """
    mended = mend_kinds(vocabulary_of(gazetteer), set_kinds_apart(text))
    restored = restore_units(gazetteer, mended)
    written = restored.text(restored.head) if restored else mended
    found = read_address(gazetteer, written) if written != text else []
    if not found or outermost(found[0]) or not _keeps_door(found[0].door, exact.door):
        return []
    if {naming.commune for naming in exact.namings} == {found[0].namings[0].commune}:
        return []
    return [
        replace(read, namings=tuple(replace(naming, corrected=True) for naming in read.namings))
        for read in found
    ]


def is_sure(read: ReadAddress, text: str) -> bool:
    """Whether it names a commune as that is written, and has read the end of the text, where as
    many parts are units as it names."""
    if outermost(read) or read.namings[0].corrected:
        return False
    if not read.unread:
        return True
    parts = [part for part in split_parts(text) if not is_country(words_of(part))]
    end = fold(" ".join(parts[-levels(read) :]))
    return not any(fold(part) in end for part in read.unread)


def _keeps_door(door: Door, exact: Door) -> bool:
    """Whether it has a street and the hamlets where the exact one has: `45 Tân Quý, Q. Tân Phú`."""
    street = door.street is not None or exact.street is None
    return street and len(door.localities) >= len(exact.localities)


def _in_order(found: list[ReadAddress]) -> list[ReadAddress]:
    streets = {read.door.street.name for read in found if _is_bare(read) and read.door.street}
    return sorted(
        found,
        key=lambda read: (
            outermost(read),
            not streets.isdisjoint(read.unread),
            read.penalty,
            len(read.unread),
        ),
    )


def _is_bare(read: ReadAddress) -> bool:
    """Whether a name behind a number is read as its street, where all of the text is read: `5, ngõ
    12, Tên Lửa, Láng`. A reading to which it is no unit around says nothing of it."""
    return "bare_street" in read.notes and read.door.house_number is not None and not read.unread


def _with_wards_kept(found: list[ReadAddress]) -> list[ReadAddress]:
    """Without the readings of `P.` as a phố that lose the ward: `Tổ 3, P. Đống Đa, TP. Quy Nhơn`.

    Where the district named has a ward of that name, a street of that name is not meant; nor behind
    a group of neighbours, `Tổ 11, P. Quang Trung, Hà Nội`, nor where no number is on a street.
    """
    kept = [read for read in found if "p_is_pho" not in read.notes]
    sure = any(
        naming.commune is not None
        and (naming.district or read.door.localities or read.door.house_number is None)
        for read in kept
        for naming in read.namings
    )
    return kept + [
        read for read in found if "p_is_pho" in read.notes and not (sure and outermost(read))
    ]


def _of_wards(pairs: _Pairs) -> _Pairs:
    """Those in which a number is a ward, where one is in the district behind it: `p12 tan binh`.

    A house P12 is meant where another commune is named, or none is found so.
    """
    wards = [pair for pair in pairs if "number_is_ward" in pair[1].notes]
    if not wards or not all(_is_ward_in_district(read) for _, read in wards):
        return pairs
    named = sum(outermost(read) == 0 for _, read in pairs)
    return pairs if named > len(wards) else wards


def _is_ward_in_district(read: ReadAddress) -> bool:
    return outermost(read) == 0 and levels(read) > 1 and not read.unread


def _without_dashes(gazetteer: Gazetteer, text: str, plain: list[ReadAddress]) -> list[ReadAddress]:
    """`67 Lý Nam Đế - Vĩnh Phước - Nha Trang`, where dashes or slashes stand for commas.

    Only where more units are named so than without, and all that is parted is understood.
    """
    parted = _DASH.sub(_comma_between_words, text)
    if parted == text:
        return []
    found = [with_units(gazetteer, reading) for reading in _parsed(parted)]
    most, least = max(map(levels, plain)), min(len(read.unread) for read in plain)
    return [
        read.by("dashes_are_commas")
        for read in found
        if len(read.unread) <= least and levels(read) > most
    ]


def _with_tight_dashes(gazetteer: Gazetteer, text: str, named: int) -> list[ReadAddress]:
    """The readings with commas for such dashes, where units that hold one another come of it, and
    more of them than are `named` without."""
    parted = _TIGHT_DASH.sub(", ", text)
    found = read_address(gazetteer, parted) if parted != text else []
    return [read for read in found if levels(read) > max(named, 1)]


def _with_kind_unsaid(gazetteer: Gazetteer, text: str, plain: ReadAddress) -> list[ReadAddress]:
    """`Bản Mù, Chợ Gạo, Đồng Tháp`, `12 Lê Lợi, Trung Tâm, Lào Cai`: communes called like a
    market, a road or an office, where all of the part before the units is such a name in one of
    them, and a street, a hamlet or a flat is left before it."""
    if text.count(",") + text.count("\n") <= levels(plain):
        return []  # a unit to each part behind the first, as mostly
    parts = [part.strip() for part in text.replace("\n", ",").split(",")]
    if is_country(words_of(parts[-1])):
        parts.pop()
    at = len(parts) - levels(plain) - 1
    # Before `Phường X` stands a ward of before, which is no part of it by name.
    if at <= 0 or not _COMMUNES.isdisjoint(parse_name(parts[at + 1])[0].kinds):
        return []
    kinds = _kinds_of_communes(gazetteer, parts[at], parts[at + 1 :])
    said = (
        ", ".join([*parts[:at], f"{KIND_NAMES[kind]} {parts[at]}", *parts[at + 1 :]])
        for kind in kinds
    )
    read = (with_units(gazetteer, reading) for text in said for reading in _parsed(text))
    return [
        one
        for one in read
        if outermost(one) == 0
        and levels(one) > levels(plain)
        and len(one.unread) <= len(plain.unread)
        and (one.door.street or one.door.localities or one.door.flat)
    ]


def _kinds_of_communes(gazetteer: Gazetteer, name: str, outer: list[str]) -> list[str]:
    """The kinds of communes that are called exactly so, in one of the units called `outer`."""
    hits = [hit for hit in gazetteer.named(name_key(name)) if hit.unit.level == "commune"]
    if not hits:
        return []
    typed = accent_key(name) if has_diacritics(name) else None
    around = {
        hit.unit.id
        for part in outer
        for reading in parse_name(part)
        for hit in gazetteer.named(reading.key)
    }
    kinds = (
        hit.kind
        for hit in hits
        if typed in (None, hit.accents) and not around.isdisjoint(gazetteer.holders(hit.unit))
    )
    return list(dict.fromkeys(filter(None, kinds)))


def _comma_between_words(dash: re.Match[str]) -> str:
    """A comma, unless a number stands behind: ranges, flats and paths are written so as well."""
    return dash[0] if any(map(str.isdigit, dash[2])) else ", "
