"""Addresses as people write them, read into a door and the parts that may name units.

One grammar for import, geocoding, validation and batch. It knows no units: the gazetteer
(`registry.units.text`) decides what a part names. So a reading keeps every part that may name a
unit, and there may be several readings.

>>> best = parse_address("Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Hà Nội, Việt Nam")[0]
>>> best.door.house_number.key, best.door.street.key, best.admin_parts
('12/34/5A', 'lang', ('P. Láng Hạ', 'Hà Nội'))
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import dropwhile, groupby, pairwise
from operator import attrgetter
from typing import Final

from geo.admin import split_parts
from geo.alternatives import understandings
from geo.counts_beside import without_counts
from geo.flat import Flat, FlatSteps, block_key, separate_flat
from geo.flat_roles import with_flats
from geo.house_number import (
    HouseNumber,
    NumberSteps,
    is_date,
    path_steps,
    with_milestone,
)
from geo.locality import DIVIDING, DWELLING_ESTATES, Locality, innermost_first, locality_of
from geo.number_or_name import with_rows
from geo.number_ranges import as_range, with_range
from geo.parcel_text import without_noise
from geo.persons import without_owner
from geo.piece import HOUSE_ROLES, Piece
from geo.pieces import pieces_of
from geo.spoken_number import with_spoken_number
from geo.street import Street, street_of
from geo.text import fold, to_plain_signs
from geo.typing_slips import decoded
from geo.understanding import Understanding
from geo.values import value
from geo.words import keys_of, text_of, without_tail, words_of

_SPACES: Final = re.compile(" {2,}")
MAX_CHARACTERS: Final = 2_000
"""Longer texts are cut."""
_MAX_PARTS: Final = 40
_CACHED_PART_MAX: Final = 40
_FLAT_ROLES: Final = frozenset({"code", "unit", "floor", "building"})
_NOTES: Final = frozenset({"noise", "hint", "premises"})
_TRIMMED: Final = " ,;.–-"


@value(frozen=True, slots=True)
class Door:
    """The part of an address before the administrative units."""

    house_number: HouseNumber | None = None
    street: Street | None = None
    localities: tuple[Locality, ...] = ()
    """Innermost first, the usual order in writing."""
    flat: Flat | None = None
    hint: str | None = None
    """A landmark as written; not scored."""


@value(frozen=True, slots=True)
class AddressReading:
    """One way to read an address."""

    door: Door
    admin_parts: tuple[str, ...]
    """Parts that may name units, in text order, including bare names."""
    unread: tuple[str, ...]
    """Text that was not understood, without telephone numbers, persons and shops."""
    penalty: int
    """Lower is likelier."""
    notes: tuple[str, ...]
    """Names of the steps taken, most of which have a penalty."""
    around: str | None = None
    """A name without a kind, from `admin_parts`, right after the number of a group: mostly the
    enclosing hamlet, `Xóm 1 Ngọc Sơn`."""


def parse_address(text: str) -> list[AddressReading]:
    """Return a few readings, best first; empty only for a text without any word."""
    clean, plus_codes = _cleaned(text)
    pieces = _pieces(split_parts(clean)[:_MAX_PARTS])
    if not pieces and not plus_codes and not any(map(str.isalnum, text)):
        return []
    return [_reading(one, plus_codes) for one in understandings(pieces)]


def _cleaned(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text as the grammar reads it, and its Plus Codes."""
    # Accents typed apart from their letters would hide the words that are removed first.
    plain = to_plain_signs(unicodedata.normalize("NFC", text[:MAX_CHARACTERS]))
    plain = _SPACES.sub(" ", plain)
    composed = with_milestone(decoded(plain))
    spoken = with_range(with_spoken_number(separate_flat(composed)))
    return without_noise(without_owner(without_counts(spoken)))


def without_notes(text: str) -> str:
    """Return an address that ends in its units: without the notes behind them, and with a floor or
    a flat behind them in front.

    >>> without_notes("5 Lê Cơ An Lạc lầu 2 gọi trước khi giao"), without_notes("5 Lê Cơ, Huế")
    ('lầu 2, 5 Lê Cơ An Lạc', '5 Lê Cơ, Huế')
    """
    clean = _cleaned(text)[0].strip(_TRIMMED)
    flat: list[str] = []
    for piece in reversed(_pieces(split_parts(clean)[:_MAX_PARTS])[1:]):
        written = text_of(piece.all_words)
        if piece.role not in _NOTES | _FLAT_ROLES or not clean.endswith(written):
            break
        clean = clean.removesuffix(written).rstrip(_TRIMMED)
        if piece.role in _FLAT_ROLES:
            flat.insert(0, written)
    return ", ".join((*flat, clean)) if clean else text


def _pieces(parts: list[str]) -> list[Piece]:
    """Return the pieces of all parts; callers must not modify them.

    Parts that name units recur in thousands of addresses and are cached. The first part is mostly
    the door, which does not recur.
    """
    pieces: list[Piece] = []
    for part, written in enumerate(parts):
        if part == 0 or len(written) > _CACHED_PART_MAX:
            pieces += pieces_of(words_of(written), part)
        else:
            pieces += _read_part_cached(written, part)
    return pieces


def _read_part(written: str, part: int) -> tuple[Piece, ...]:
    return tuple(pieces_of(words_of(written), part))


_CACHED_PARTS: Final = 8_192
_read_part_cached = lru_cache(_CACHED_PARTS)(_read_part)


def enlarge_cache(times: int) -> None:
    """Enlarge the cache `times` times, for batch processes, which have the memory for it."""
    global _read_part_cached
    _read_part_cached = lru_cache(_CACHED_PARTS * times)(_read_part)


def parse_components(
    *,
    house_number: str | None = None,
    street: str | None = None,
    locality: str | None = None,
    building: str | None = None,
    floor: str | None = None,
    unit: str | None = None,
) -> Door:
    """Return the door that the columns of a file name, an empty one if all are empty.

    A street beside the number in its column has no kind if no word for one is written. With a flat,
    `Lô F` is its block, not a plot.

    >>> parse_components(building="Lô F", unit="1205").flat.key
    'toa f can 1205'
    """
    several = as_range(to_plain_signs(house_number or ""))
    blocks = _column(building, "building")
    pieces = [
        *_column(house_number if several is None else several, "number"),
        *_column(street, "street"),
        *_column(locality, "locality"),
        *(map(_as_block, blocks) if unit else blocks),
        *_column(floor, "floor"),
        *_column(unit, "unit"),
    ]
    return _reading(Understanding(tuple(pieces)), ()).door


def building_of(door: Door, written: str) -> tuple[str, str] | None:
    """Return name and key of the building in a building column; `door` is the reading of `written`.

    `CC An Bình`, which may be a place in a whole address, is a building here, with the key of that
    place. None for a number or a street.

    >>> building_of(parse_components(building="CC An Bình"), "CC An Bình")
    ('CC An Bình', 'chung cu an binh')
    """
    if door.flat is not None and door.flat.building:
        return door.flat.building, block_key(door.flat.building)
    if not fold(written) or door.house_number or door.street:
        return None
    estates = [place.key for place in door.localities if place.kind in DWELLING_ESTATES]
    key = estates[0] if len(estates) == 1 else written
    return " ".join(written.split()), block_key(key)


def names_dwelling(door: Door, *, has_point: bool) -> bool:
    """Whether the door is a dwelling: a house number, a flat, or a locality with a point.

    A street, an alley or a floor alone is not, nor is number 0, which is written for "none".
    """
    number = door.house_number
    if number and not number.alley_only and number.key != "0":
        return True
    if door.flat and door.flat.unit:
        return True
    return has_point and bool(door.localities)


# From pieces to a door


def _reading(one: Understanding, plus_codes: tuple[str, ...]) -> AddressReading:
    numbers, flats = NumberSteps(), FlatSteps()
    written: dict[str, list[str]] = {"house": [], "flat": [], "hint": []}
    streets: list[Street] = []
    localities: dict[str, Locality] = {}
    units: dict[str, str] = {}
    counted = _counted(one.pieces)
    for piece in one.pieces:
        role = piece.role
        if any(piece is each for each in counted):
            continue
        if role in HOUSE_ROLES:
            _take_number(piece, numbers)
            written["house"].append(text_of(piece.all_words))
        elif role in _FLAT_ROLES:
            _take_flat(piece, flats)
            written["flat"].append(text_of(piece.all_words))
        elif role == "street":
            _add_street(piece, streets, units)
        elif role == "locality":
            if locality := locality_of(piece.kind or "", piece.words):
                localities.setdefault(locality.key, locality)
        elif role in ("admin", "bare"):
            _add_unit(piece, units)
        elif role == "hint":
            written["hint"].append(text_of(piece.all_words))
    street = _shortest(streets)
    door = Door(
        numbers.number(" ".join(written["house"])),
        street,
        innermost_first(list(localities.values())),
        flats.flat(" ".join(written["flat"])) if written["flat"] else None,
        ", ".join(written["hint"]) or None,
    )
    return AddressReading(
        door,
        tuple(units.values()),
        (
            *one.dropped,
            *_other_streets(streets, street),
            *(text_of(piece.all_words) for piece in counted),
            *plus_codes,
        ),
        one.penalty,
        one.notes,
        _around_group(one.pieces),
    )


def _counted(pieces: Sequence[Piece]) -> list[Piece]:
    """Return a number and the word it counts behind a street: `Đường Láng, 3 thùng`."""
    behind = list(dropwhile(lambda piece: piece.role != "street" or piece.kind is None, pieces))
    # `119 đường Thúy Lĩnh, …, 119 Thúy Lĩnh` repeats the street.
    streets = [piece.words for piece in behind if piece.kind is not None]
    return [
        each
        for number, word in pairwise(behind)
        if number.role == "number" and not number.opening and number.part == word.part
        if word.role == "street" and word.kind is None and word.words not in streets
        for each in (number, word)
    ]


def _around_group(pieces: Sequence[Piece]) -> str | None:
    for group, piece in pairwise(pieces):
        divides = group.role == "locality" and group.kind in DIVIDING and bool(group.words)
        if divides and group.words[0].numeric and piece.role == "bare":
            return (piece.unit_name or _unit_name(piece))[1] or None
    return None


def _add_street(piece: Piece, streets: list[Street], units: dict[str, str]) -> None:
    street = street_of(piece.kind, piece.words)
    if street is None:
        return
    if streets and piece.opening and piece.kind in ("phố", "đường"):
        # `165 Tôn Thất Thuyết, Phố Mới`: a ward.
        units.setdefault(street.key, text_of(piece.all_words))
    streets.append(street)


def _add_unit(piece: Piece, units: dict[str, str]) -> None:
    key, name = piece.unit_name or _unit_name(piece)
    if name.lower() == "cũ" and units:
        # `Phường Ngọc Hà (cũ)`: the bracket was split off as a part of its own.
        units[next(reversed(units))] += f" {name}"
    elif name:
        # `Hà Giang, Hà Giang`: a city and the province of the same name.
        again = piece.role == "bare" and key in units
        units.setdefault(f"{key}, {key}" if again else key, name)


def _unit_name(piece: Piece) -> tuple[str, str]:
    """Return key and text of a piece that may name a unit; both empty for the country alone."""
    words = without_tail(piece.all_words)
    piece.unit_name = " ".join(keys_of(words)), text_of(words)
    return piece.unit_name


def _take_number(piece: Piece, numbers: NumberSteps) -> None:
    if piece.role == "number":
        numbers.add_house(piece.steps)
    elif piece.role == "alley":
        numbers.add_alley(piece.kind or "ngõ", piece.steps)
    else:
        numbers.add_plot(piece.kind or "lô", piece.steps)


def _take_flat(piece: Piece, flats: FlatSteps) -> None:
    if piece.role == "code":
        flats.add_code(piece.words)
    else:
        flats.add(piece.role, piece.kind or "", piece.words)


def _shortest(streets: list[Street]) -> Street | None:
    """The first street, or a later one that repeats its beginning: `Láng Hạ Ba Đình, Láng Hạ`."""
    if not streets:
        return None
    again = [street for street in streets if streets[0].key.startswith(street.key + " ")]
    return again[-1] if again else streets[0]


def _other_streets(streets: list[Street], chosen: Street | None) -> tuple[str, ...]:
    """Return the names of the streets other than the chosen one, each once."""
    if not streets[1:]:
        return ()
    named = {street.key: f"{street.kind or ''} {street.name}".strip() for street in streets}
    return tuple(name for key, name in named.items() if chosen and key != chosen.key)


# From columns to pieces


def pieces_in_cell(text: str) -> list[Piece]:
    """Return the pieces of a cell without owners and telephone numbers; callers must not modify
    them."""
    clean, _ = without_noise(without_owner(without_counts(text[:MAX_CHARACTERS])))
    return _pieces(split_parts(clean)[:_MAX_PARTS])


def _column(text: str | None, role: str) -> list[Piece]:
    """Return the pieces of one column; a piece without a kind of its own gets the column's role."""
    if not text:
        return []
    plain = to_plain_signs(text[:MAX_CHARACTERS])
    read = pieces_in_cell(with_milestone(decoded(plain)))
    pieces = [
        replace(piece)  # `_settle` modifies pieces, and these may be cached
        for piece in (with_rows(with_flats(read)) if role == "number" else read)
        if piece.complete or piece.role in ("premises", "hint") or role == "building"
    ]
    if role == "building":
        pieces = [
            one for _, part in groupby(pieces, _part_of) for one in _join_building_name([*part])
        ]
    alone, has_own = len(pieces) == 1, any(piece.role == role for piece in pieces)
    return [piece for piece in pieces if _settle(piece, role, alone=alone, has_own=has_own)]


_part_of: Final = attrgetter("part")


def _join_building_name(pieces: list[Piece]) -> list[Piece]:
    """Join the text between commas into one name, `Royal City, R5`, `Nhà A1 tập thể Kim Liên`,
    unless it names a flat, a plot of land or a house on a street."""
    first = pieces[0]
    words = [word for piece in pieces for word in piece.all_words]
    lettered = text_of(words)[:1].isalpha()
    alone = len(pieces) == 1 and (first.role != "number" or not lettered)
    if alone or not lettered or not _BUILDING_NAME_ROLES.issuperset(piece.role for piece in pieces):
        return pieces
    named = first if first.role == "building" else replace(first, kind=None, opening=[], steps=())
    opened = len(named.opening)
    return [replace(named, role="building", words=words[opened:])]


_BUILDING_NAME_ROLES: Final = frozenset(
    {"building", "locality", "bare", "premises", "hint", "number", "street", "floor", "admin"}
)
"""Roles of the pieces that may form the name of a building."""


def _as_block(piece: Piece) -> Piece:
    return replace(piece, role="building", steps=()) if piece.role == "plot" else piece


def _settle(piece: Piece, role: str, *, alone: bool, has_own: bool) -> bool:
    """Give `piece` the role of its column if it has none; return whether it fits the column.

    `has_own`: another piece already has that role, as the street in `Khu đô thị Linh Đàm, đường
    Nguyễn Hữu Thọ`.
    """
    named = piece.role == "locality" and not any(word.numeric for word in piece.words)
    whole = (
        (role == "street" and named and not has_own)
        or (piece.role == "number" and role != "number" and alone)
        or piece.role == "admin"
    )
    if piece.role in ("bare", "premises", "hint") or whole:
        piece.words, piece.opening = piece.all_words, []
        piece.role, piece.kind = role, None
    if piece.role == "street" and role == "number" and alone and is_date(piece.words[0].text):
        # `3/2` in a column of house numbers is a number.
        piece.role, piece.steps = "number", path_steps(piece.words[0].text)
    return piece.role != "noise" and piece.complete
