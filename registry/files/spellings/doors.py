"""Doors in parts, as `geo` reads them: what is stored of each is a row of its own small table."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Final

from geo import lexicon
from geo.address import Door
from geo.capitals import tidy
from geo.flat import Flat as FlatRead
from geo.flat import block_key, block_mark
from geo.house_number import ALLEY_RANK
from geo.label import named
from geo.locality import (
    BLOCK_KINDS,
    BLOCK_OF_FLATS,
    DWELLING_ESTATES,
    GROUPS,
    Locality,
    innermost_first,
)
from geo.mangled_number import is_mangled
from geo.persons import is_full_name, mentions_person
from geo.placeholders import is_none
from geo.redaction import redact_names
from geo.text import fold, is_name
from geo.unclear import is_unclear
from geo.values import value
from registry.files.spellings.doubts import NUMBER_PART_UNREAD
from registry.files.spellings.footer_words import is_no_address
from registry.files.spellings.quoted import quoted

Number = tuple[str, str, bool]
"""As written, the canonical path, and whether it names an alley alone."""
Street = tuple[str, str, str]
Place = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Kinds, names and keys of localities, innermost first."""
PERSON: Number = ("?", "?person", False)
"""Of a row in which somebody's name may stand behind the street: an error."""
_POSTS: Final = ("to truong ", "to pho ")
_NONE: Final = "0"
DITTO: Final = "?ditto"
"""Key of a row with a cell that only says `as above`, which is what is written: an error."""
GARBLED: Number = ("?", "?garbled", False)
"""Of a row with a cell whose letters are of no font: an error."""
_UNREADABLE: Final = "?"
_LETTERS: Final = frozenset("ABCDEGHKN")
_NO_STREETS: Final = frozenset(lexicon.names(Path(__file__).with_name("cells.csv"), "no_street"))
# A street of such a kind beside the number is the door's own: not, as a road by its number, another
# name of it.
_OWN_STREETS: Final = ("đường", "phố", *ALLEY_RANK)
Flat = tuple[str | None, str | None, str | None, str | None]


@value(frozen=True, slots=True)
class DoorParts:
    """The parts that a spelling names, each as the columns of its table; None for none."""

    number: Number | None = None
    street: Street | None = None
    place: Place | None = None
    flat: Flat | None = None
    hint: str | None = None
    beside: tuple[str, ...] = ()
    """What the cell of the number names and is read of no part; kept by nobody."""
    bare: bool = False
    """Whether the cell of the street is a number, and no word: `20`, but not `Đường 20`."""
    doubt: str = ""
    """A value of `registry.files.spellings.doubts`."""


def unread(*cells: str) -> Number:
    """Of cells that hold more than a number, or what another one contradicts: an error.

    What is written is what the problem may show of them.
    """
    return quoted(*cells) or "?", _UNREADABLE, False


def fits(name: str) -> bool:
    """Whether a street or locality may be called so, where it has a name at all."""
    return not name or is_name(tidy(name))


def refusal(role: str, text: str) -> Number | None:
    """What stands for the error of a text, or of a cell in that role, which is no door or place;
    None where it may be one.
    """
    if text.startswith("="):
        return unread(text)
    if role != "text" and is_mangled(text):
        return text, "", False  # no key: a rule refuses it, and `fixes` proposes what stood there
    may_be_total = role == "text" or (role == "street" and any(map(str.isdigit, text)))
    total = may_be_total and is_no_address(text)
    return unread(text) if total or is_unclear(role, text) else None


@lru_cache(maxsize=16_384)
def is_no_street(text: str) -> bool:
    """Whether it stands where a street has no name.

    >>> [is_no_street(text) for text in ("Đường chưa đặt tên", "Đường liên xã", "Láng")]
    [True, True, False]
    """
    return is_none(text) or text.lower().strip() in _NO_STREETS


def parts_of(door: Door) -> DoorParts:
    """The door as it is stored."""
    number, street = door.house_number, door.street
    if street is not None and is_no_street(f"{street.kind or ''} {street.name}"):
        street = None
    # `0` is what is typed where there is no number: no door bears it.
    if number is not None and number.key == _NONE:
        number = None
    if any(map(_is_person, door.localities)):
        return DoorParts(number=PERSON)
    named = [street.name] if street else []
    if unfit := [name for name in (*named, *(p.name for p in door.localities)) if not fits(name)]:
        return DoorParts(number=unread(*unfit))
    block = _block_named(door)
    places = [place for place in door.localities if place is not block]
    return DoorParts(
        (number.written, number.key, number.alley_only) if number else None,
        (street.kind or "đường", tidy(street.name), street.key) if street else None,
        _place_of(places) if places else None,
        _flat_of(door.flat, block) if door.flat else None,
        None if door.hint and _is_of_person(door.hint) else door.hint,
    )


def _is_of_person(hint: str) -> bool:
    return mentions_person(hint) or redact_names(hint) != hint


def _is_person(place: Locality) -> bool:
    """`Lê Văn Tám` behind `Thôn 1`; `Tổ trưởng Nguyễn Bé`, who leads the group. No Ấp Bà Tư."""
    named = is_full_name(place.name) or mentions_person(f"ấp {place.name}")
    return named or place.key.startswith(_POSTS)


def _block_named(door: Door) -> Locality | None:
    """The place that is the building of a flat, by its mark or at a house number: `Căn 311, chung
    cư B`; `Căn 305 CC Hoa Hồng, 87 Lê Lợi`, which in columns is a building as well.
    """
    if door.flat is None or door.flat.building or not door.flat.unit:
        return None
    number = door.house_number
    housed = door.street is not None and number is not None and not number.alley_only
    blocks = [one for one in door.localities if _is_block(one, housed=housed)]
    return blocks[0] if len(blocks) == 1 else None


def _is_block(place: Locality, *, housed: bool) -> bool:
    # `khu tập thể` and `ký túc xá` may be land with many houses.
    if housed and place.kind == BLOCK_OF_FLATS:
        return True
    kinds = {*DWELLING_ESTATES, *BLOCK_KINDS}
    return place.kind in kinds and block_mark(place.key) is not None


def _flat_of(flat: FlatRead, block: Locality | None) -> Flat:
    building = named(block.kind, block.name) if block else flat.building
    return building, block_key(building) if building else None, flat.floor, flat.unit


def _place_of(places: Sequence[Locality]) -> Place:
    return (
        tuple(place.kind for place in places),
        tuple(tidy(place.name) for place in places),
        tuple(place.key for place in places),
    )


def combined(number: DoorParts, street: DoorParts, place: DoorParts, flat: DoorParts) -> DoorParts:
    """One door out of what the columns of a row name, each of which may name parts of others."""
    flats = (flat.flat, number.flat, street.flat, place.flat)
    given = (number.number, street.number, place.number, flat.number)
    refused = next((one for one in given if one is not None and is_refused(one)), None)
    return DoorParts(
        refused or unread(*_written(number, street, flat))
        if refused or _are_two_flats(*flats) or _are_two_places(place, street, number)
        else _number(number, street, flat),
        street.street or number.street,
        _places(place.place, street.place, number.place),
        _flat(*flats),
        place.hint or street.hint or number.hint,
        doubt=NUMBER_PART_UNREAD if _is_more_beside(number, street, place, flat) else place.doubt,
    )


def _is_more_beside(number: DoorParts, *others: DoorParts) -> bool:
    """Whether the cell of the number names what no other cell of the row does."""
    named = {fold(name) for name in number.beside}
    for other in others if named else ():
        named.discard(other.street[2] if other.street else "")
        named -= {fold(name) for name in other.place[1]} if other.place else set()
        named -= set(map(fold, filter(None, other.flat or ())))
    return bool(named)


def _number(own: DoorParts, street: DoorParts, flat: DoorParts) -> Number | None:
    """A number in a path: the alley of the street's column (`12/`), then the number's own."""
    beside = own.street
    cells = _written(own, street, flat)
    if beside and beside[0] in _OWN_STREETS and street.street and street.street[2] != beside[2]:
        return unread(*cells)
    alley, number = street.number, own.number or flat.number
    if number is None and alley is None and street.bare and (own.beside or not flat.flat):
        return unread(*own.beside, *cells)  # cells that moved by one
    if alley is not None and _is_mark(alley):
        return unread(*cells)  # `Phố Hàng Khay, B2`: a block without its flat, or an alley
    if alley is None or number is None:
        return number or alley
    if not alley[2]:
        # `12` and `12 Láng`: a number of the street's cell is no alley unless it says so.
        return _longer(alley, number) or unread(*cells)
    written, key, alley_only = number
    return written, f"{alley[1].rstrip('/')}/{key}", alley_only


def _written(*parts: DoorParts) -> tuple[str, ...]:
    """What cells say of a number, or of a street that may be one."""
    named = [part.number[0] for part in parts if part.number]
    return (*named, *(part.street[1] for part in parts if part.street and part.bare))


def is_refused(number: Number) -> bool:
    """Whether it stands for an error: what a spreadsheet made of a cell has no key."""
    return not number[1] or number[1].startswith("?")


def _is_mark(number: Number) -> bool:
    return not number[2] and number[1][0] in _LETTERS and block_mark(number[1]) is not None


def _places(*readings: Place | None) -> Place | None:
    """Those of all the cells, the innermost first, one that several cells name but once."""
    named: dict[tuple[str, str], Locality] = {}
    for reading in filter(None, readings):
        for kind, name, key in zip(*reading, strict=True):
            named.setdefault((_like_kind(kind), fold(name)), Locality(kind, name, key))
    places = innermost_first(list(named.values()))
    if not places:
        return None
    kinds, names, keys = zip(*((each.kind, each.name, each.key) for each in places), strict=True)
    return kinds, names, keys


def _are_two_flats(*readings: Flat | None) -> bool:
    """Whether cells contradict each other: neither flat may be dropped."""
    given = [(key, unit) for _, key, _, unit in filter(None, readings)]
    return any(len({one for one in column if one}) > 1 for column in zip(*given, strict=True))


def _are_two_places(*readings: DoorParts) -> bool:
    """Whether cells name different places of one kind, as the tổ of the street and of its own."""
    named = [_by_kind(reading.place) for reading in readings if reading.place is not None]
    return any(
        not one[kind] & other[kind]
        for one, other in combinations(named, 2)
        for kind in one.keys() & other.keys()
    )


def _by_kind(place: Place) -> dict[str, set[str]]:
    """The names of places, folded, of each kind; those of groups are one."""
    named: dict[str, set[str]] = {}
    for kind, name in zip(place[0], place[1], strict=True):
        named.setdefault(_like_kind(kind), set()).add(fold(name))
    return named


def _like_kind(kind: str) -> str:
    return "tổ" if kind in GROUPS else kind


def _flat(own: Flat | None, *others: Flat | None) -> Flat | None:
    """The flat's own columns; what they lack is taken from the other columns."""
    name, key, storey, unit = own or (None, None, None, None)
    for other in filter(None, others):
        name, key = (name, key) if key else other[:2]
        storey, unit = storey or other[2], unit or other[3]
    return (name, key, storey, unit) if any((key, storey, unit)) else None


def completed_by(text: DoorParts, columns: DoorParts) -> DoorParts | None:
    """The door of a text with what only the columns beside it say; None where they differ."""
    number = _longer(text.number, columns.number)
    same = {text.street and text.street[2], columns.street and columns.street[2]} - {None}
    places = {text.place and text.place[2], columns.place and columns.place[2]} - {None}
    flat = _flat(text.flat, columns.flat)
    if _are_two_flats(text.flat, columns.flat) or len(same) > 1 or len(places) > 1:
        return None
    if text.number and columns.number and number is None:
        return None
    # The number of storeys of a house is no floor of it.
    if flat is not None and not (flat[1] or flat[3]):
        flat = text.flat
    return DoorParts(
        number,
        text.street or columns.street,
        text.place or columns.place,
        flat,
        text.hint or columns.hint,
        doubt=columns.doubt,
    )


def _longer(text: Number | None, columns: Number | None) -> Number | None:
    """The number that says more, where one is the end of the other: `7` and `15/7`.

    What a spreadsheet made of a number says nothing beside one that can be read.
    """
    if text is None or columns is None or not columns[1]:
        return text or columns
    if is_refused(text) or is_refused(columns):
        return text if is_refused(text) else columns
    if text[2] or columns[2]:
        alley, number = (text, columns) if text[2] else (columns, text)
        return number if f"{number[1]}/".startswith(alley[1]) else None
    long, short = sorted((text, columns), key=lambda number: len(number[1]), reverse=True)
    return long if long[1] == short[1] or long[1].endswith(f"/{short[1]}") else None
