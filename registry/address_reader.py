"""From a text to a door and the units that it names: the grammar and the gazetteer together."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from geo.address import AddressReading, Door, parse_address
from geo.admin import name_key, parse_name
from geo.kinds import MIDDLE_NAMES
from geo.locality import ESTATES, Locality, parse_locality
from geo.number_or_name import NUMBER_BEHIND
from geo.street import Street, is_dated, parse_street
from geo.text import accent_key, fold, has_diacritics
from geo.values import value
from geo.words import text_of, without_tail, words_of
from registry.gazetteer import Gazetteer, Unit, today
from registry.search.areas import communes_of
from registry.units.parts import FORMER
from registry.units.text import Naming, read_units

_TIGHT_DASH: Final = re.compile(r"(?<=[^\W\d_]{2})\s?[-–]\s?(?=[^\W\d_]{2})")
"""Between units in one run: `Thạch Xá- Thạch Thất-Hà Nội`."""
_MAX_NAME: Final = 10
"""Words of the longest street with the units behind it."""
_DASH: Final = re.compile(r"\s+([-–—/])\s+(?=([^\s.]*))")
"""Between the two ends of a road, `Tân Hội - Mỹ Hạnh Đông`, or between the parts of an address; and
the word behind it, up to a point: `Q.10`."""
_WHOLE: Final = frozenset({"xo viet nghe tinh", "nguy nhu kon tum", "tan ki tan qui"})
"""Streets whose name ends like a unit's."""
_SHORT_STREETS: Final = frozenset({"hue", "lang", "vong"})
"""Streets of one word: `phố Huế Hai Bà Trưng`."""
_MAY_END_SO: Final = "street_may_be_longer"
"""Note of a reading whose commune may be the end of the street's name."""
_DAY: Final = re.compile(r"\d{1,2}/\d{1,2}")
_SHORT_TAILS: Final = frozenset(map(accent_key, ("huế", "hue")))
"""The one province of one word: `Lê Lợi Huế`."""
TWO_NUMBERS: Final = frozenset({"second_number_dropped", "first_door_dropped"})
"""Notes of steps of the grammar that had two house numbers before them."""


@value(frozen=True, slots=True)
class ReadAddress:
    """One way to read an address, with every equally good naming of its units."""

    door: Door
    namings: tuple[Naming, ...]
    """Empty when no unit is named."""
    unread: tuple[str, ...]
    penalty: int
    notes: tuple[str, ...] = ()
    """Names of the steps that the grammar took, most of which cost: `second_number_dropped`."""


def read_address(gazetteer: Gazetteer, text: str) -> list[ReadAddress]:
    """The readings of `text`, best first: those that name a commune before those that do not.

    Empty for a text without any word.
    """
    parsed = parse_address(text)
    pairs = _of_wards([(reading, _with_units(gazetteer, reading)) for reading in parsed])
    found = _with_names_kept(_with_wards_kept([read for _, read in pairs]))
    found.sort(key=lambda read: (_outermost(read), read.penalty, len(read.unread)))
    if not _DASH.search(text) and not any(map(_names_communes_alone, found)):
        tried = (_without_commas(gazetteer, reading, plain) for reading, plain in pairs)
        for parted in next(filter(None, tried), ()):
            found.insert(int(_MAY_END_SO in parted.notes), parted)
    if parsed and _DASH.search(text):
        # Between the two ends of a road a dash is written as well: where a unit is named without.
        first = int(bool(found[0].namings))
        found[first:first] = _without_dashes(gazetteer, text, found)
    if parsed and (not found[0].namings or "-" in "".join(found[0].unread)):
        found = [*_with_tight_dashes(gazetteer, text, _levels(found[0])), *found]
    if found and _levels(found[0]) > 1:
        # A reading that passes over units in each other finds but namesakes elsewhere.
        found = [read for read in found if read.namings]
    return found


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
        read for read in found if "p_is_pho" in read.notes and not (sure and _outermost(read))
    ]


def _with_names_kept(found: list[ReadAddress]) -> list[ReadAddress]:
    """Without the readings of a number at the end of a name as a house that lose a unit by it:
    `A Lưới 5, Huế` is a commune."""
    plain = [read for read in found if NUMBER_BEHIND not in read.notes]
    if len(plain) == len(found):
        return found
    most = max(map(_levels, plain), default=0)
    return [read for read in found if NUMBER_BEHIND not in read.notes or _levels(read) >= most]


_Pairs = list[tuple[AddressReading, ReadAddress]]


def _of_wards(pairs: _Pairs) -> _Pairs:
    """Those in which a number is a ward, where one is in the district behind it: `p12 tan binh`.

    A house P12 is meant where another commune is named, or none is found so.
    """
    wards = [pair for pair in pairs if "number_is_ward" in pair[1].notes]
    if not wards or not all(_is_ward_in_district(read) for _, read in wards):
        return pairs
    named = sum(_outermost(read) == 0 for _, read in pairs)
    return pairs if named > len(wards) else wards


def _is_ward_in_district(read: ReadAddress) -> bool:
    return _outermost(read) == 0 and _levels(read) > 1 and not read.unread


def _with_units(gazetteer: Gazetteer, reading: AddressReading) -> ReadAddress:
    parts = ", ".join(part for part in reading.admin_parts if any(map(str.isalnum, part)))
    namings = _with_formers(gazetteer, read_units(gazetteer, parts)) if parts else []
    left = namings[0].unread if namings else reading.admin_parts
    door, around = reading.door, reading.around
    if around in left and door.street is None and not _leads_here(gazetteer, namings, around):
        door = replace(door, localities=(*door.localities, Locality("", around, fold(around))))
        left = tuple(part for part in left if part != around)
    unread = (*_not_units(reading, left), *left)
    first = left[:1] == reading.admin_parts[:1] and bool(namings) and namings[0].commune is not None
    street = _street_behind(door, left) if first else None
    if street is not None and not _leads_here(gazetteer, namings, left[0]):
        door, unread = replace(door, street=street), _not_units(reading, left)
    return ReadAddress(door, tuple(namings), unread, reading.penalty, reading.notes)


def _not_units(reading: AddressReading, left: Collection[str]) -> tuple[str, ...]:
    """What the grammar left unread, without the streets that were units: `12 Lê Lợi, Đ. Nẵng`."""
    if not reading.unread:
        return ()
    used = [parse_street(part) for part in reading.admin_parts if part not in left]
    keys = {street.key for street in used if street is not None}
    named = ((part, parse_street(part)) for part in reading.unread)
    return tuple(part for part, street in named if street is None or street.key not in keys)


def _with_formers(gazetteer: Gazetteer, namings: list[Naming]) -> list[Naming]:
    """Those beside whose commune one of old is told that leads to it, or else all of them.

    `Phường Láng (Phường Láng Hạ cũ)` is the part of the one that was the other.
    """
    told = []
    for naming in namings:
        said = [part for part in naming.unread if FORMER.fullmatch(part)]
        formers = _communes_of_old(gazetteer, ", ".join(said), naming) if said else []
        if len(formers) == 1:
            unread = tuple(part for part in naming.unread if part not in said)
            told.append(replace(naming, former=formers[0], unread=unread))
    return told or namings


def _communes_of_old(gazetteer: Gazetteer, said: str, naming: Naming) -> list[Unit]:
    """The communes of old that may be said, of those that lead to the commune of today."""
    day, here = today(), naming.commune
    if here is None or not here.alive_on(day):
        return []
    named = (other.commune for other in read_units(gazetteer, said))
    return [
        unit
        for unit in named
        if unit and not unit.alive_on(day) and here.id in communes_of(gazetteer, day, unit)
    ]


def _street_behind(door: Door, left: tuple[str, ...]) -> Street | None:
    """The street that stands behind a hamlet and before all units: `25 A/12 kp4 Trần Quốc Thảo`,
    where no unit is called so.
    """
    if door.street or door.house_number is None or not door.localities or len(left) != 1:
        return None
    words = left[0].split()
    return parse_street(left[0]) if len(words) > 1 and all(map(str.isalpha, words)) else None


def _leads_here(gazetteer: Gazetteer, namings: Iterable[Naming], name: str) -> bool:
    """Whether a unit of this name lies where the namings lead: a commune of old in that of today.

    What else stands behind a group is the name of the hamlet around it.
    """
    day = today()
    here = {
        commune
        for naming in namings
        if naming.commune is not None
        for commune in communes_of(gazetteer, day, naming.commune)
    }
    units = (hit.unit for one in parse_name(name) for hit in gazetteer.named(one.key))
    return any(not here.isdisjoint(communes_of(gazetteer, day, unit)) for unit in units)


def _names_communes_alone(read: ReadAddress) -> bool:
    """Whether a commune is named for sure: `Gò Dầu, Tây Ninh` is one of today and a district."""
    return bool(read.namings) and all(naming.commune is not None for naming in read.namings)


def _outermost(read: ReadAddress) -> int:
    if not read.namings:
        return 2
    return 0 if read.namings[0].commune is not None else 1


def _without_dashes(gazetteer: Gazetteer, text: str, plain: list[ReadAddress]) -> list[ReadAddress]:
    """`67 Lý Nam Đế - Vĩnh Phước - Nha Trang`, where dashes or slashes stand for commas.

    Only where more units are named so than without, and all that is parted is understood.
    """
    parted = _DASH.sub(_comma_between_words, text)
    if parted == text:
        return []
    found = [_with_units(gazetteer, reading) for reading in parse_address(parted)]
    most, least = max(map(_levels, plain)), min(len(read.unread) for read in plain)
    return [
        replace(read, penalty=read.penalty + 1, notes=(*read.notes, "dashes_are_commas"))
        for read in found
        if _levels(read) > most and len(read.unread) <= least
    ]


def _with_tight_dashes(gazetteer: Gazetteer, text: str, named: int) -> list[ReadAddress]:
    """The readings with commas for such dashes, where units that hold one another come of it, and
    more of them than are `named` without."""
    parted = _TIGHT_DASH.sub(", ", text)
    found = read_address(gazetteer, parted) if parted != text else []
    return [read for read in found if _levels(read) > max(named, 1)]


def _comma_between_words(dash: re.Match[str]) -> str:
    """A comma, unless a number stands behind: ranges, flats and paths are written so as well."""
    return dash[0] if any(map(str.isdigit, dash[2])) else ", "


# Units behind the name of a street or a hamlet


def _without_commas(
    gazetteer: Gazetteer, reading: AddressReading, plain: ReadAddress
) -> list[ReadAddress]:
    """`12 Nguyễn Trãi Bến Nghé Quận 1 HCM`, where the street holds the commune.

    Only where the units then named are more than without it, and none of the text is lost by it.
    """
    for door, tail in _shorter_doors(reading.door):
        if not is_unit(gazetteer, tail):
            continue
        read = _with_units(
            gazetteer, replace(reading, door=door, admin_parts=(tail, *reading.admin_parts))
        )
        more = _levels(read) > _levels(plain) and len(read.unread) <= len(plain.unread)
        if not more and _says_again(gazetteer, tail, read, plain):
            return [read]
        bare = "bare_street" in reading.notes
        if not more or (bare and read.namings[0].district is None):
            continue
        if _may_end_so(gazetteer, read, plain, tail):
            return [replace(read, notes=(*read.notes, _MAY_END_SO))]
        # The name of a province alone is sure, that of a commune needs something around it.
        if read.namings[0].province is not None:
            return [read]
        if plain.namings and read.namings[0].commune is not None:
            return [read]
        if _is_ward_of_district(gazetteer, read.namings, tail):
            return [read]
    return []


def _says_again(gazetteer: Gazetteer, tail: str, read: ReadAddress, plain: ReadAddress) -> bool:
    """Whether the tail is the units that follow: `12 Lê Lai Hà Đông Hà Nội, Hà Đông, Hà Nội`.

    All of them, and two at least: a street may be called like the district it is in.
    """
    if not plain.namings or read.namings != plain.namings or read.unread != plain.unread:
        return False
    said = read_units(gazetteer, tail)
    return all(len(_units_of(naming)) > 1 and not naming.unread for naming in said) and (
        {_units_of(naming) for naming in said} == {_units_of(n) for n in plain.namings}
    )


def _units_of(naming: Naming) -> tuple[Unit, ...]:
    units = (naming.commune, naming.district, naming.province)
    return tuple(unit for unit in units if unit is not None)


def _may_end_so(gazetteer: Gazetteer, read: ReadAddress, plain: ReadAddress, tail: str) -> bool:
    """Whether a name before the district may end like its commune: `Dương Đông Cửa Cạn, Phú Quốc`.

    That leads from one commune to another, and `Khu đô thị Trung Hòa Nhân Chính` lies in two;
    `Nghĩa sĩ Cần Giuộc, Cần Giuộc` says the district twice.
    """
    first = read.namings[0]
    if first.commune is None or all(n.district is not first.district for n in plain.namings):
        return False
    if first.district is None or not _is_called(gazetteer, first.commune, tail):
        return False
    if read.door.street:
        head, around = read.door.street.name, first.district
    elif read.door.localities[-1].kind in ESTATES:
        head, around = read.door.localities[-1].name, first.province or first.district
    else:
        return False
    return _is_called(gazetteer, first.district, tail) or any(
        around.id in gazetteer.holders(hit.unit) for hit in gazetteer.named(name_key(head))
    )


def _is_called(gazetteer: Gazetteer, unit: Unit, name: str) -> bool:
    return any(own.key == name_key(name) for own in gazetteer.names_of(unit))


def _is_ward_of_district(gazetteer: Gazetteer, namings: tuple[Naming, ...], tail: str) -> bool:
    """Whether `tail` can only be a commune and the district that held it: `binh thuan hai chau`."""
    if len(namings) > 1 or namings[0].commune is None or namings[0].district is None:
        return False
    typed = tail.split()
    return all(
        any(_is_typed(typed, name.name) for name in gazetteer.names_of(unit))
        for unit in (namings[0].commune, namings[0].district)
    )


def _is_typed(words: list[str], name: str) -> bool:
    """Whether the name stands among the words, with no other diacritics than its own."""
    wanted = name.split()
    return any(
        all(
            fold(word) == fold(own)
            and (not has_diacritics(word) or accent_key(word) == accent_key(own))
            for word, own in zip(words[at : at + len(wanted)], wanted, strict=True)
        )
        for at in range(len(words) - len(wanted) + 1)
    )


def is_unit(gazetteer: Gazetteer, tail: str) -> bool:
    """Whether a unit is called so, with the accents typed: Thắng Tam is not `Tháng Tám`."""
    if not has_diacritics(tail):
        return True
    hits = [
        hit.accents == accent_key(reading.name)
        for reading in parse_name(tail)
        for hit in gazetteer.named(reading.key)
    ]
    return any(hits) or not hits


def _levels(read: ReadAddress) -> int:
    first = read.namings[0] if read.namings else Naming()
    return sum(unit is not None for unit in (first.commune, first.district, first.province))


def _shorter_doors(door: Door) -> Iterator[tuple[Door, str]]:
    """The door with fewer words in its street, or else its hamlet, and the words left over."""
    if street := door.street:
        first = street.name.split()[0]
        short = fold(first) in _SHORT_STREETS or _DAY.fullmatch(first)
        # `đường HT17 Hiệp Thành`
        alone = (street.kind is not None and short) or any(map(str.isdigit, first))
        for head, tail in _cuts(street.name, at_least=1 if alone else 2):
            if shorter := parse_street(f"{street.kind or ''} {head}".strip()):
                yield replace(door, street=shorter), tail
    elif door.localities:
        last = door.localities[-1]
        for head, tail in _cuts(last.name, at_least=1):
            place = parse_locality(f"{last.kind} {head}")
            if place and fold(head) != fold(last.kind):
                yield replace(door, localities=(*door.localities[:-1], place)), tail


def _dated_words(words: list[str]) -> int:
    """How many of the first words are a day: `Tháng Tám` of `Cách Mạng Tháng Tám` is no unit."""
    dated = (n for n in range(len(words), 1, -1) if is_dated(words_of(" ".join(words[:n]))))
    return next(dated, 0)


def _cuts(name: str, *, at_least: int) -> Iterator[tuple[str, str]]:
    """`name` in two, the longest second one first; `Nguyễn Thị` is never the whole name."""
    words = text_of(without_tail(words_of(name))).split()
    if fold(name) in _WHOLE or len(words) > _MAX_NAME:
        return
    for cut in range(max(at_least, _dated_words(words)), len(words)):
        head, tail = words[:cut], words[cut:]
        long = len(tail) > 1 or accent_key(tail[0]) in _SHORT_TAILS
        if long and accent_key(head[-1]) not in MIDDLE_NAMES:
            yield " ".join(head), " ".join(tail)
