"""Reads a text as a door and units, with the grammar and the gazetteer."""

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
    names_only_communes,
    outermost,
    with_units,
)
from registry.search.read.units_in_names import MAY_BE_LONGER, without_commas
from registry.units.gazetteer import Gazetteer
from registry.units.misspelt_kinds import mend_kinds, set_kinds_apart
from registry.units.restored import restore_units
from registry.units.vocabulary import vocabulary_of

_TIGHT_DASH: Final = re.compile(r"(?<=[^\W\d_]{2})\s?[-–]\s?(?=[^\W\d_]{2})")
"""A dash without spaces between units: `Thạch Xá- Thạch Thất-Hà Nội`."""
_DASH: Final = re.compile(r"\s+([-–—/])\s+(?!(?<=\d\s[-–—/]\s)\d)(?=([^\s.]*))")
"""A dash between the two ends of a road, `Tân Hội - Mỹ Hạnh Đông`, or between the parts of an
address; and the word after it, up to a point: `Q.10`."""
_CHARACTERS_OF_STEP: Final = 25
"""Characters of a text that are parsed in one step of work."""
_COMMUNES: Final = frozenset(kind for kind, levels in KIND_LEVELS.items() if "commune" in levels)
_Pairs = list[tuple[AddressReading, ReadAddress]]
TWO_NUMBERS: Final = frozenset(
    {
        *(SECOND_NUMBER_DROPPED, FIRST_NUMBER_DROPPED),
        *("second_door_dropped", "first_door_dropped", KIET_UNSURE),
    }
)
"""Notes of grammar steps for two house numbers, or a number and an alley."""


@traced("read")
def read_address(gazetteer: Gazetteer, text: str) -> list[ReadAddress]:
    """Return the readings of `text`, best first: those that name a commune before the others.

    Empty for a text without any word.
    """
    text = to_plain_signs(text)
    parsed = _parsed(text)
    pairs = _only_wards([(reading, with_units(gazetteer, reading)) for reading in parsed])
    found = _with_wards_kept([read for _, read in pairs])
    if len(found) > 1:
        found = _in_order(found)
    with suppress(WorkSpentError):
        found = _with_other_splits(gazetteer, text, pairs, found)
    if found and levels(found[0]) > 1:
        # A reading that ignores nested units finds only namesakes elsewhere.
        found = [read for read in found if read.namings]
    return found


def _with_other_splits(
    gazetteer: Gazetteer, text: str, pairs: _Pairs, found: list[ReadAddress]
) -> list[ReadAddress]:
    """Return the readings, with those that split the text other than by its commas."""
    found = [*found]
    if not _DASH.search(text):
        candidates = () if any(map(names_only_communes, found)) else pairs
        tried = (without_commas(gazetteer, *pair) for pair in candidates)
        for parted in next(filter(None, tried), ()):
            found.insert(int(MAY_BE_LONGER in parted.notes), parted)
    if found and _DASH.search(text):
        # A dash may also join the two ends of a road: then the reading with a unit without it comes
        # first.
        first = int(bool(found[0].namings))
        found[first:first] = _without_dashes(gazetteer, text, found)
    if found and (not found[0].namings or "-" in "".join(found[0].unread)):
        found = [*_with_tight_dashes(gazetteer, text, levels(found[0])), *found]
    if found and found[0].namings:
        found = [*_with_implied_kind(gazetteer, text, found[0]), *found]
    return found


def _parsed(text: str) -> list[AddressReading]:
    spend(1 + len(text) // _CHARACTERS_OF_STEP)
    return parse_address(text)


def read_by_letters(gazetteer: Gazetteer, text: str, exact: ReadAddress) -> list[ReadAddress]:
    """Return the readings with units matched by their letters, for a text without a sure reading;
    empty if these are not other units, or use up the street or hamlet of the `exact` reading.
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
    """Whether the reading names a commune as written, and leaves nothing unread in the parts at the
    end of the text that name the units."""
    if outermost(read) or read.namings[0].corrected:
        return False
    if not read.unread:
        return True
    parts = [part for part in split_parts(text) if not is_country(words_of(part))]
    end = fold(" ".join(parts[-levels(read) :]))
    return not any(fold(part) in end for part in read.unread)


def _keeps_door(door: Door, exact: Door) -> bool:
    """Whether the door keeps the exact one's street and hamlets: `45 Tân Quý, Q. Tân Phú`."""
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
    """Whether a bare name after a number is read as its street and nothing is unread: `5, ngõ 12,
    Tên Lửa, Láng`. Readings that leave the name unread rank behind it."""
    return "bare_street" in read.notes and read.door.house_number is not None and not read.unread


def _with_wards_kept(found: list[ReadAddress]) -> list[ReadAddress]:
    """Drop readings of `P.` as phố that lose the ward: `Tổ 3, P. Đống Đa, TP. Quy Nhơn`.

    If the named district has a ward of that name, a street of that name is not meant; nor after a
    group of neighbours, `Tổ 11, P. Quang Trung, Hà Nội`, nor without a house number.
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


def _only_wards(pairs: _Pairs) -> _Pairs:
    """Keep only readings of a number as a ward, if the district after it has one: `p12 tan binh`.

    A house P12 is meant if another commune is named, or no such ward is found.
    """
    wards = [pair for pair in pairs if "number_is_ward" in pair[1].notes]
    if not wards or not all(_is_ward_in_district(read) for _, read in wards):
        return pairs
    named = sum(outermost(read) == 0 for _, read in pairs)
    return pairs if named > len(wards) else wards


def _is_ward_in_district(read: ReadAddress) -> bool:
    return outermost(read) == 0 and levels(read) > 1 and not read.unread


def _without_dashes(gazetteer: Gazetteer, text: str, plain: list[ReadAddress]) -> list[ReadAddress]:
    """`67 Lý Nam Đế - Vĩnh Phước - Nha Trang`: read dashes or slashes as commas.

    Only if that names more units, and all of the parts are understood.
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
    """Return the readings with commas for dashes without spaces, if they name nested units, and
    more than the `named` ones."""
    parted = _TIGHT_DASH.sub(", ", text)
    found = read_address(gazetteer, parted) if parted != text else []
    return [read for read in found if levels(read) > max(named, 1)]


def _with_implied_kind(gazetteer: Gazetteer, text: str, plain: ReadAddress) -> list[ReadAddress]:
    """`Bản Mù, Chợ Gạo, Đồng Tháp`, `12 Lê Lợi, Trung Tâm, Lào Cai`: communes named like a market,
    a road or an office, if the whole part before the units is such a name in one of them, and a
    street, a hamlet or a flat remains before it."""
    if text.count(",") + text.count("\n") <= levels(plain):
        return []  # each part after the first is a unit, the common case
    parts = [part.strip() for part in text.replace("\n", ",").split(",")]
    if is_country(words_of(parts[-1])):
        parts.pop()
    at = len(parts) - levels(plain) - 1
    # A part before `Phường X` is a former ward.
    if at <= 0 or not _COMMUNES.isdisjoint(parse_name(parts[at + 1])[0].kinds):
        return []
    kinds = _kinds_of_communes(gazetteer, parts[at], parts[at + 1 :])
    texts = (
        ", ".join([*parts[:at], f"{KIND_NAMES[kind]} {parts[at]}", *parts[at + 1 :]])
        for kind in kinds
    )
    read = (with_units(gazetteer, reading) for text in texts for reading in _parsed(text))
    return [
        one
        for one in read
        if outermost(one) == 0
        and levels(one) > levels(plain)
        and len(one.unread) <= len(plain.unread)
        and (one.door.street or one.door.localities or one.door.flat)
    ]


def _kinds_of_communes(gazetteer: Gazetteer, name: str, outer: list[str]) -> list[str]:
    """Return the kinds of communes with exactly this name, in one of the units named `outer`."""
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
    """Return a comma, unless a number follows: ranges, flats and paths also have dashes."""
    return dash[0] if any(map(str.isdigit, dash[2])) else ", "
