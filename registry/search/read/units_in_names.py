"""Units at the end of the name of a street or a hamlet, without a comma."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from geo.address import AddressReading, Door
from geo.admin import name_key
from geo.kinds import ends_in_middle_name
from geo.locality import ESTATES, parse_locality
from geo.persons import is_surname
from geo.street import is_dated, parse_street
from geo.text import accent_key, fold
from geo.words import text_of, without_tail, words_of
from registry.search.read.door_with_units import ReadAddress, is_unit, levels, with_units
from registry.units.gazetteer import Gazetteer, Unit

_MAX_NAME: Final = 10
"""Words of the longest street with the units after it."""
_LONGEST_NAME: Final = 5
"""Words of the shortest name of a place that may contain units; `Xô Viết Nghệ Tĩnh` has fewer."""
_WHOLE: Final = frozenset({"xo viet nghe tinh", "nguy nhu kon tum", "tan ki tan qui"})
"""Names of streets that end like a unit's."""
_SHORT_STREETS: Final = frozenset({"hue", "lang", "vong"})
"""Streets of one word: `phố Huế Hai Bà Trưng`."""
MAY_BE_LONGER: Final = "street_may_be_longer"
"""Note of a reading whose commune may be the end of the street's name."""
_DAY: Final = re.compile(r"\d{1,2}/\d{1,2}")
_SHORT_TAILS: Final = frozenset(map(accent_key, ("huế", "hue")))
"""The only province of one word: `Lê Lợi Huế`."""


def without_commas(
    gazetteer: Gazetteer, reading: AddressReading, plain: ReadAddress
) -> list[ReadAddress]:
    """`12 Nguyễn Trãi Bến Nghé Quận 1 HCM`: split the commune off the street.

    Only if that names more units, and none of the text is lost.
    """
    for door, tail in _shorter_doors(reading.door):
        if not is_unit(gazetteer, tail):
            continue
        read = with_units(
            gazetteer, replace(reading, door=door, admin_parts=(tail, *reading.admin_parts))
        )
        more = levels(read) > levels(plain) and len(read.unread) <= len(plain.unread)
        bare = "bare_street" in reading.notes
        if not more or (bare and read.namings[0].district is None):
            continue
        if _may_be_longer(gazetteer, read, plain, tail):
            return [read.by(MAY_BE_LONGER)]
        # The name of a province is certain, that of a commune only inside another unit.
        if read.namings[0].province is not None:
            return [read]
        if plain.namings and read.namings[0].commune is not None:
            return [read]
    return []


def _may_be_longer(gazetteer: Gazetteer, read: ReadAddress, plain: ReadAddress, tail: str) -> bool:
    """Whether the commune may be the end of the name: `Dương Đông Cửa Cạn, Phú Quốc`.

    That street leads from one commune to another, and `Khu đô thị Trung Hòa Nhân Chính` is in two;
    `Nghĩa sĩ Cần Giuộc, Cần Giuộc` repeats the district.
    """
    first = read.namings[0]
    if first.commune is None or all(n.district is not first.district for n in plain.namings):
        return False
    if first.district is None or not _has_name(gazetteer, first.commune, tail):
        return False
    if read.door.street:
        head, around = read.door.street.name, first.district
    elif read.door.localities[-1].kind in ESTATES:
        head, around = read.door.localities[-1].name, first.province or first.district
    else:
        return False
    return _has_name(gazetteer, first.district, tail) or any(
        around.id in gazetteer.holders(hit.unit) for hit in gazetteer.named(name_key(head))
    )


def _has_name(gazetteer: Gazetteer, unit: Unit, name: str) -> bool:
    return any(own.key == name_key(name) for own in gazetteer.names_of(unit))


def _shorter_doors(door: Door) -> Iterator[tuple[Door, str]]:
    """Yield the door with fewer words in its street, or else its hamlet, and the remaining
    words."""
    if street := door.street:
        first = street.name.split()[0]
        short = fold(first) in _SHORT_STREETS or _DAY.fullmatch(first)
        # `đường HT17 Hiệp Thành`
        alone = bool(street.kind is not None and short) or any(map(str.isdigit, first))
        # `Vịnh An Cơ, Châu Thành`: a hamlet without its kind
        hamlet = door == Door(street=street) and street.kind is None
        alone = alone or (hamlet and not is_surname(fold(first)))
        for head, tail in _cuts(street.name, at_least=1 if alone else 2):
            if shorter := parse_street(f"{street.kind or ''} {head}".strip()):
                yield replace(door, street=shorter), tail
    if door.localities and (door.street is None or _is_long(door.localities[-1].name)):
        last = door.localities[-1]
        for head, tail in _cuts(last.name, at_least=1):
            place = parse_locality(f"{last.kind} {head}")
            if place and fold(head) != fold(last.kind):
                yield replace(door, localities=(*door.localities[:-1], place)), tail


def _is_long(name: str) -> bool:
    """Whether the name of a place beside a street may contain units."""
    return len(name.split()) >= _LONGEST_NAME


def _dated_words(words: list[str]) -> int:
    """Return how many of the first words are a date: `Tháng Tám` in `Cách Mạng Tháng Tám` is not a
    unit."""
    dated = (n for n in range(len(words), 1, -1) if is_dated(words_of(" ".join(words[:n]))))
    return next(dated, 0)


def _cuts(name: str, *, at_least: int) -> Iterator[tuple[str, str]]:
    """Yield `name` in two, the longest second part first; `Nguyễn Thị` is never the whole name."""
    words = text_of(without_tail(words_of(name))).split()
    if fold(name) in _WHOLE or len(words) > _MAX_NAME:
        return
    for cut in range(max(at_least, _dated_words(words)), len(words)):
        head, tail = words[:cut], words[cut:]
        long = len(tail) > 1 or accent_key(tail[0]) in _SHORT_TAILS
        if long and not ends_in_middle_name(head):
            yield " ".join(head), " ".join(tail)
