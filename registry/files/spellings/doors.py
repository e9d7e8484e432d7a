"""Doors in parts as `geo` parses them; each part is stored as a row of a table of its own."""

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
from registry.files.spellings.footer_words import is_note_or_total
from registry.files.spellings.quoted import quoted

Number = tuple[str, str, bool]
"""As written, the canonical path, and whether it names only an alley."""
Street = tuple[str, str, str]
Place = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Kinds, names and keys of nested localities, innermost first."""
PERSON: Number = ("?", "?person", False)
"""Marks a row that may contain a person's name behind the street: an error."""
_POSTS: Final = ("to truong ", "to pho ")
_NONE: Final = "0"
DITTO: Final = "?ditto"
"""Key of a row with a ditto mark, kept as its written form: an error."""
GARBLED: Number = ("?", "?garbled", False)
"""Marks a row with a cell whose letters belong to no known font: an error."""
_UNREADABLE: Final = "?"
_LETTERS: Final = frozenset("ABCDEGHKN")
_NO_STREETS: Final = frozenset(lexicon.names(Path(__file__).with_name("cells.csv"), "no_street"))
# A street of such a kind in the number cell is the door's own; other roads may be a second name.
_OWN_STREETS: Final = ("đường", "phố", *ALLEY_RANK)
Flat = tuple[str | None, str | None, str | None, str | None]


@value(frozen=True, slots=True)
class DoorParts:
    """The parts that a spelling names, each as the columns of its table; None if absent."""

    number: Number | None = None
    street: Street | None = None
    place: Place | None = None
    flat: Flat | None = None
    hint: str | None = None
    beside: tuple[str, ...] = ()
    """Other names in the number cell that belong to no part; not stored."""
    bare: bool = False
    """Whether the street cell is only a number: `20`, but not `Đường 20`."""
    doubt: str = ""
    """A value of `registry.files.spellings.doubts`."""


def unread(*cells: str) -> Number:
    """The error for cells that cannot be read or contradict each other.

    Its written form is what the problem may show of them.
    """
    return quoted(*cells) or "?", _UNREADABLE, False


def fits(name: str) -> bool:
    """Whether a street or locality may have the name; True for no name."""
    return not name or is_name(tidy(name))


def refusal(role: str, text: str) -> Number | None:
    """The error for a text, or a cell of that role, that is not part of an address.

    None if it may be one.
    """
    if text.startswith("="):
        return unread(text)
    if role != "text" and is_mangled(text):
        return text, "", False  # no key: a rule rejects it, and `fixes` proposes the original
    may_be_total = role == "text" or (role == "street" and any(map(str.isdigit, text)))
    total = may_be_total and is_note_or_total(text)
    return unread(text) if total or is_unclear(role, text) else None


@lru_cache(maxsize=16_384)
def is_unnamed_street(text: str) -> bool:
    """Whether the text states that the street has no name.

    >>> [is_unnamed_street(text) for text in ("Đường chưa đặt tên", "Đường liên xã", "Láng")]
    [True, True, False]
    """
    return is_none(text) or text.lower().strip() in _NO_STREETS


def parts_of(door: Door) -> DoorParts:
    """The parts of a door as they are stored."""
    number, street = door.house_number, door.street
    if street is not None and is_unnamed_street(f"{street.kind or ''} {street.name}"):
        street = None
    # People type `0` for a missing number; no door has it.
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
    """`Lê Văn Tám` behind `Thôn 1`; `Tổ trưởng Nguyễn Bé`, the head of a group; not Ấp Bà Tư."""
    named = is_full_name(place.name) or mentions_person(f"ấp {place.name}")
    return named or place.key.startswith(_POSTS)


def _block_named(door: Door) -> Locality | None:
    """The place that is the building of a flat, by its mark or because of a house number.

    `Căn 311, chung cư B`; `Căn 305 CC Hoa Hồng, 87 Lê Lợi`, which is a building in columns too.
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
    """Combine the cells of a row into one door; each cell may also name parts of the others."""
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
    """Whether the number cell names something that no other cell of the row names."""
    named = {fold(name) for name in number.beside}
    for other in others if named else ():
        named.discard(other.street[2] if other.street else "")
        named -= {fold(name) for name in other.place[1]} if other.place else set()
        named -= set(map(fold, filter(None, other.flat or ())))
    return bool(named)


def _number(own: DoorParts, street: DoorParts, flat: DoorParts) -> Number | None:
    """The path of a number: the alley in the street cell (`12/`), then the number cell."""
    beside = own.street
    cells = _written(own, street, flat)
    if beside and beside[0] in _OWN_STREETS and street.street and street.street[2] != beside[2]:
        return unread(*cells)
    alley, number = street.number, own.number or flat.number
    if number is None and alley is None and street.bare and (own.beside or not flat.flat):
        return unread(*own.beside, *cells)  # shifted cells
    if alley is not None and _is_mark(alley):
        return unread(*cells)  # `Phố Hàng Khay, B2`: a block without a flat, or an alley
    if alley is None or number is None:
        return number or alley
    if not alley[2]:
        # `12` and `12 Láng`: a number in the street cell is an alley only if written as one.
        return _longer(alley, number) or unread(*cells)
    written, key, alley_only = number
    return written, f"{alley[1].rstrip('/')}/{key}", alley_only


def _written(*parts: DoorParts) -> tuple[str, ...]:
    """The numbers as written, and streets that may be numbers."""
    named = [part.number[0] for part in parts if part.number]
    return (*named, *(part.street[1] for part in parts if part.street and part.bare))


def is_refused(number: Number) -> bool:
    """Whether the number stands for an error; one mangled by a spreadsheet has no key."""
    return not number[1] or number[1].startswith("?")


def _is_mark(number: Number) -> bool:
    return not number[2] and number[1][0] in _LETTERS and block_mark(number[1]) is not None


def _places(*readings: Place | None) -> Place | None:
    """The places of all cells without duplicates, innermost first."""
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
    """Whether cells name different flats, neither of which may be dropped."""
    given = [(key, unit) for _, key, _, unit in filter(None, readings)]
    return any(len({one for one in column if one}) > 1 for column in zip(*given, strict=True))


def _are_two_places(*readings: DoorParts) -> bool:
    """Whether cells name different places of one kind, such as a tổ in two columns."""
    named = [_by_kind(reading.place) for reading in readings if reading.place is not None]
    return any(
        not one[kind] & other[kind]
        for one, other in combinations(named, 2)
        for kind in one.keys() & other.keys()
    )


def _by_kind(place: Place) -> dict[str, set[str]]:
    """Folded names of the places by kind; all kinds of groups count as one."""
    named: dict[str, set[str]] = {}
    for kind, name in zip(place[0], place[1], strict=True):
        named.setdefault(_like_kind(kind), set()).add(fold(name))
    return named


def _like_kind(kind: str) -> str:
    return "tổ" if kind in GROUPS else kind


def _flat(own: Flat | None, *others: Flat | None) -> Flat | None:
    """The flat's own columns, completed from the other columns."""
    name, key, storey, unit = own or (None, None, None, None)
    for other in filter(None, others):
        name, key = (name, key) if key else other[:2]
        storey, unit = storey or other[2], unit or other[3]
    return (name, key, storey, unit) if any((key, storey, unit)) else None


def completed_by(text: DoorParts, columns: DoorParts) -> DoorParts | None:
    """The door of a text completed from the columns beside it; None if they contradict."""
    number = _longer(text.number, columns.number)
    same = {text.street and text.street[2], columns.street and columns.street[2]} - {None}
    places = {text.place and text.place[2], columns.place and columns.place[2]} - {None}
    flat = _flat(text.flat, columns.flat)
    if _are_two_flats(text.flat, columns.flat) or len(same) > 1 or len(places) > 1:
        return None
    if text.number and columns.number and number is None:
        return None
    # A floor alone is the number of storeys of a house.
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
    """The longer number if one is the end of the other: `7` and `15/7`; else None.

    A number mangled by a spreadsheet yields to one that can be read.
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
