"""Decide what belongs to a house number and what to the name of its street, where both are
possible."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final

from geo import lexicon
from geo.house_number import ROW_BEHIND, is_date, path_steps
from geo.locality import ESTATES
from geo.piece import HOUSE_ROLES, Piece
from geo.piece_numbers import names_thing
from geo.street import ENGLISH_KINDS, ROAD_CLASSES
from geo.syllables import is_syllable
from geo.text import accent_key, fold, has_diacritics
from geo.understanding import Understanding
from geo.words import Word, text_of

_NUMBERED_DOORS: Final = frozenset({*HOUSE_ROLES, "unit", "code", "floor", "building", "premises"})
_NAME_WORDS: Final = 2
_NEVER_BEFORE_HOUSE: Final = frozenset({"so", "thang", "t", "km", "lo", "khu", "to", "thi", "van"})

NUMBER_BEHIND: Final = "number_behind_street"
"""Note of a reading in which the number after a name is the house; it may also end the name."""


def row_or_street(one: Understanding) -> Iterator[Understanding]:
    """`9 TT3B KĐT Tây Nam`: in an estate a house of the row TT3B, or else on a street of that
    name."""
    joined = with_rows(one.pieces)
    if joined != list(one.pieces) and any(piece.kind in ESTATES for piece in one.pieces):
        yield one.with_step("street_is_row", joined)
        yield one.with_step("row_is_street", list(one.pieces))
    else:
        yield one


def with_rows(pieces: Sequence[Piece]) -> list[Piece]:
    """Make the mark of a row of houses after a number the first step of the number."""
    joined: list[Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before and before.steps and before.role in ("number", "plot") and _is_row(piece, before):
            words = [*before.words, *piece.words]
            steps = (piece.words[0].text.upper(), *before.steps)
            joined[-1] = replace(before, role="number", kind=None, words=words, steps=steps)
        else:
            joined.append(piece)
    return joined


def _is_row(street: Piece, number: Piece) -> bool:
    return (
        street.role == "street"
        and street.kind is None
        and street.part == number.part
        and ROW_BEHIND.fullmatch(text_of(street.words)) is not None
    )


_FLAT: Final = re.compile(r"\d{3,4}")
_BLOCK: Final = re.compile(r"[A-Z]{1,2}\d{1,3}", re.IGNORECASE)


def street_or_block(one: Understanding) -> Iterator[Understanding]:
    """`0508 S303 Vinhomes Smart City`: a house on that street, or else a flat of that block."""
    yield one
    if len(one.pieces) > 1 and has_block(*one.pieces[:2]):
        number, street, *others = one.pieces
        block = replace(street, role="building", kind="tòa", words=street.words[:1])
        name = replace(street, role="bare", words=street.words[1:])
        flat = replace(number, role="code", steps=())
        yield one.with_step("street_is_block", [flat, block, name, *others])


def has_block(number: Piece, street: Piece) -> bool:
    """Whether they may be a flat and the mark of its block, before a name that is not Vietnamese
    and so not a street's.
    """
    if (number.role, street.role, street.kind) != ("number", "street", None):
        return False
    mark, *name = street.words
    return (
        mark.path
        and number.part == street.part
        and not number.opening
        and bool(_FLAT.fullmatch(text_of(number.words)) and _BLOCK.fullmatch(mark.text))
        and not all(is_syllable(word.key) for word in name)
        and name[-1].key not in ENGLISH_KINDS
    )


def number_behind_street(one: Understanding) -> Iterator[Understanding]:
    """`Lê Lợi 82, Bến Nghé`: a street of that name, `Trung Mỹ Tây 13`, or the house on Lê Lợi.

    Only if no other number is a house, and only at the front, where a street is written.
    """
    yield one
    roles = {piece.role for piece in one.pieces}
    if not roles.isdisjoint(_NUMBERED_DOORS):
        return
    streets: tuple[str, ...] = ("street", "bare")
    for at, piece in enumerate(one.pieces):
        if piece.role in streets and (cut := _number_in_name(piece)):
            name = replace(piece, words=piece.words[:cut], role="street")
            number = replace(
                piece,
                role="number",
                kind=None,
                opening=[],
                words=piece.words[cut : cut + 1],
                steps=path_steps(piece.words[cut].text),
            )
            behind = piece.words[cut + 1 :]
            unit = [replace(piece, role="bare", kind=None, opening=[], words=behind)]
            pieces = [
                *one.pieces[:at],
                name,
                number,
                *(unit if behind else []),
                *one.pieces[at + 1 :],
            ]
            bare = piece.role == "bare"
            yield one.with_step("number_behind_street.bare" if bare else NUMBER_BEHIND, pieces)
            return
        if piece.role == "admin":
            streets = ("street",)  # a name without a kind after a unit is a unit
        elif piece.role != "locality":
            return


def number_inside_name(one: Understanding) -> Iterator[Understanding]:
    """`Hancorp Plaza 72T Trần Đăng Ninh`, `Toà nhà GTC 115 Lê Duẩn`: a house on a street, after the
    name of its premises or building.

    Only if no other number or street was read, and the number has at least two characters: `Mỹ Đình
    1`.
    """
    for at, piece in enumerate(one.pieces):
        of_building = piece.role == "building"
        named = of_building or piece.role == "bare"
        if named and (cut := _house_inside(piece.words, of_building=of_building)):
            before = replace(piece, words=piece.words[:cut])
            steps = path_steps(piece.words[cut].text)
            house = replace(piece, role="number", words=piece.words[cut : cut + 1], steps=steps)
            street = replace(piece, role="street", words=piece.words[cut + 1 :])
            pieces = [*one.pieces[:at], before, house, street, *one.pieces[at + 1 :]]
            yield one.with_step("premises_before_number", pieces)
            return
    yield one


def _house_inside(words: Sequence[Word], *, of_building: bool) -> int:
    """Return the index of a house number between a name and a street's name; 0 without one."""
    at = next((at for at in range(len(words) - 1, 0, -1) if words[at].numeric), 0)
    name, number = words[at + 1 :], words[at].text
    if not at or len(name) < _NAME_WORDS or any(word.dash for word in name):
        return 0
    house = len(number) > 1 and number[0].isdigit() and not is_date(number)
    if of_building and not name[0].text[:1].isupper():
        return 0  # `Toà Kiot 12 chợ Láng`
    # `cột điện 55 Lý Nam Đế`: a landmark, not a name
    landmark = any(names_thing(words[first:at]) for first in range(at))
    return at if house and not landmark and words[at - 1].key not in _NEVER_BEFORE_HOUSE else 0


WORDS_BESIDE: Final = "words_beside_number"
"""Note of a reading with words beside the number that may make it another house's."""


_DOORS: Final = frozenset({"number", "unit", "code"})
_NUMBERED_OR_NAMED: Final = HOUSE_ROLES | {"street", "admin"}


def _names(key: Callable[[str], str], *uses: str) -> str:
    names = {key(name) for use in uses for name in lexicon.names("beside", use)}
    return "|".join(sorted(names, key=len, reverse=True))


_KEYS: Final = ((True, accent_key), (False, fold))
_ANOTHER: Final = {
    marked: re.compile(rf"(?<!\S)(?:{_names(key, 'another')})(?!\S)") for marked, key in _KEYS
}
_SAID_OF_ANOTHER: Final = {
    marked: re.compile(rf"(?<!\S)(?:(?:{_names(key, 'another', 'around')}|[0-9]+)(?: |$))++$")
    for marked, key in _KEYS
}
"""Whether with diacritics → words at the end of a part that are only for another house."""
_LAST: Final = frozenset(
    fold(name).split()[-1] for use in ("another", "around") for name in lexicon.names("beside", use)
)


def means_another_house(pieces: Sequence[Piece]) -> bool:
    """Whether a part of the text behind the number ends in words for another house: `22 Láng, nhà
    bên cạnh`, `22 Láng đối diện`; but not `22 Láng, đối diện chợ`."""
    if _LAST.isdisjoint([words[-1].key for one in pieces if (words := one.words or one.opening)]):
        return False  # the common case
    marked = any(word.accents != word.key for one in pieces for word in one.all_words)
    numbered = another = False
    for _, part in groupby(pieces, attrgetter("part")):
        here = list(part)
        words = [word for one in here for word in one.all_words]
        numbered = numbered or any(one.role in HOUSE_ROLES and one.complete for one in here)
        said = _SAID_OF_ANOTHER[marked].search(
            " ".join(word.accents if marked else word.key for word in words)
        )
        count = len(said[0].split()) if said and _ANOTHER[marked].search(said[0]) else 0
        # `để sau nhà` is where to leave the parcel; `Đường Bên Kia` is a name.
        ends = count == len(words) or any(one.role in _NUMBERED_OR_NAMED for one in here)
        named = any(word.text.istitle() for word in words[1:][-count:])
        # `đối diện 24` has what it refers to.
        whole = numbered and ends and not named and not words[-1].numeric
        another = another or (whole and count > 1)
    return another


def words_beside_number(one: Understanding) -> Iterator[Understanding]:
    """`chung vách nhà 22 Lê Lợi`, `sát vách số 22`: the number may be another house's."""
    doubtful = any(
        number.role in _DOORS and before.part == number.part and _may_refuse_number(before)
        for before, number in pairwise(one.pieces)
    )
    yield one.with_step(WORDS_BESIDE, list(one.pieces)) if doubtful else one


def _may_refuse_number(piece: Piece) -> bool:
    """Whether words may say that a number is another's. A name of premises, with capitals or a word
    of another language (`vincom plaza`), may not."""
    if piece.role != "bare" and piece.kind != "nhà":
        return piece.role == "hint"
    return not any(word.text[:1].isupper() for word in piece.words[1:]) and all(
        is_syllable(word.key) for word in piece.words
    )


LETTER_UNSURE: Final = "letter_unsure"
"""Note of a reading in which a `d` after the number may be its letter or đường."""


def letter_of_number(one: Understanding) -> Iterator[Understanding]:
    """`36 D Điện Biên Phủ`: house 36D, since a text with diacritics would have đ for đường; typed
    without diacritics, either. `36Đ. Điện Biên Phủ` and `36Đ Điện Biên Phủ` are ambiguous."""
    numbers = [at for at, piece in enumerate(one.pieces[:-1]) if piece.role == "number"]
    at = next((at for at in numbers if has_letter_d(one.pieces[at], one.pieces[at + 1])), None)
    if at is None:
        yield one
        return
    number, street = one.pieces[at], one.pieces[at + 1]
    *outer, last = number.steps
    if last[-1] == "D":
        plain = replace(number, steps=(*outer, last[:-1]))
        pieces = [*one.pieces[:at], plain, *one.pieces[at + 1 :]]
        readings = [list(one.pieces), pieces]
        likely, unlikely = readings[::-1] if number.words[-1].pointed else readings
        yield one.with_step(LETTER_UNSURE, likely)
        yield one.with_step("letter_unsure.unlikely", unlikely)
        return
    steps = (*outer, f"{last}D")
    lettered = replace(number, words=[*number.words, street.words[0]], steps=steps)
    named = replace(street, words=street.words[1:])
    pieces = [*one.pieces[:at], lettered, named, *one.pieces[at + 2 :]]
    if has_diacritics(text_of(named.words)):
        yield replace(one, pieces=tuple(pieces))
        yield one.with_step("letter_unsure.unlikely", list(one.pieces))
    else:
        yield one.with_step(LETTER_UNSURE, list(one.pieces))
        yield one.with_step("letter_unsure.unlikely", pieces)


DASH_UNSURE: Final = "dash_unsure"
"""Note of a reading of `12-3`, in which the dash may mean a slash or a range."""
_FALLING: Final = re.compile(r"([1-9]\d{0,3})[A-ZĐ]?[-–]([1-9]\d{0,3})[A-ZĐ]?", re.IGNORECASE)


def dash_of_number(one: Understanding) -> Iterator[Understanding]:
    """`12-3 Láng`: no house has numbers of both sides of a street, and nobody counts down; so it is
    12/3 or 3-12. With both on one side, `67-63`, it is a range if that is registered."""
    first = one.pieces[0]
    written = text_of(first.words)
    yield one if _down(written) % 2 == 0 else one.with_step(DASH_UNSURE, list(one.pieces))
    path = replace(first, steps=path_steps(written.replace("–", "-").replace("-", "/")))
    yield one.with_step("dash_unsure.slash", [path, *one.pieces[1:]])


def is_falling(number: Piece) -> bool:
    """Whether the number is two numbers, the larger first."""
    if number.role != "number" or "-" not in number.steps[0] or len(number.words) != 1:
        return False
    return _down(number.words[0].text) > 0


def _down(written: str) -> int:
    """Return by how much the second number is less than the first; 0 if there are not two."""
    ends = _FALLING.fullmatch(written)
    return int(ends[1]) - int(ends[2]) if ends else 0


def has_letter_d(number: Piece, street: Piece) -> bool:
    """Whether there is a `d` between the two that may belong to either."""
    if (
        number.role != "number"
        or street.role != "street"
        or street.kind
        or number.part != street.part
    ):
        return False
    last = number.words[-1]
    if last.pointed or last.text[-1] in "Đđ":
        return number.steps[-1][-1] == "D" and number.steps[-1][:-1].isdecimal()
    first = street.words[0]
    plain = first.text in ("d", "D") and not first.pointed and len(street.words) > 1
    return plain and number.steps[-1].isdecimal()


def _number_in_name(piece: Piece) -> int:
    """Return the index of the only number in a name, which may be a house; 0 without one.

    Dates and the numbers of roads do not count: `Cách Mạng Tháng 8`, `Quốc lộ 13`, `Kênh số 5`.
    """
    numbers = [at for at, word in enumerate(piece.words) if word.numeric or word.dash]
    if len(numbers) != 1 or piece.kind in ROAD_CLASSES:
        return 0
    (at,) = numbers
    word, before = piece.words[at], piece.words[at - 1].key
    short = at < (1 if piece.kind in ("đường", "phố") else _NAME_WORDS)
    if short or before in _NEVER_BEFORE_HOUSE or not word.path or is_date(word.text):
        return 0
    return at if word.text[0].isdigit() and len(piece.words) - at != _NAME_WORDS else 0


KIET_UNSURE: Final = "kiet_is_quarter"
"""Note of a reading of `K22` in central Viet Nam other than as a kiệt."""
_K: Final = re.compile(r"k(\d{1,3})")
_OF_KIET: Final = frozenset(map(fold, lexicon.names("provinces", "kiệt")))
"""Provinces and cities where an alley is called kiệt."""


def kiet_or_quarter(one: Understanding) -> Iterator[Understanding]:
    """`18 Đống Đa, K22` and `18 K22 Đống Đa`: house 22/18 where alleys are kiệt; else Khu phố 22,
    or a street of that name."""
    at = next((at for at in range(1, len(one.pieces)) if is_kiet(one.pieces, at)), None)
    if at is None:
        yield one
        return
    piece = one.pieces[at]
    street = piece.role == "street"
    number = _K.sub(r"\1", piece.words[0].key)
    kiet = replace(piece, role="alley", kind="kiệt", words=piece.words[:1], steps=(number,))
    named = [replace(piece, words=piece.words[1:])] if street else []
    yield replace(one, pieces=(*one.pieces[:at], kiet, *named, *one.pieces[at + 1 :]))
    yield one.with_step(KIET_UNSURE, list(one.pieces))


def is_kiet(pieces: Sequence[Piece], at: int) -> bool:
    """Whether a `K22` may be the kiệt of the number before it."""
    piece, before = pieces[at], pieces[:at]
    if piece.role == "street":
        behind = before[-1].role == "number" and before[-1].part == piece.part
        if piece.kind or not behind or not piece.words[1:] or not _K.fullmatch(piece.words[0].key):
            return False
    elif piece.role != "locality" or piece.kind != "khu phố" or piece.opening:
        return False
    if not any(one.role == "number" for one in before):
        return False
    units = (one for one in pieces[at:] if one.role in ("admin", "bare"))
    return any(" ".join(word.key for word in one.words) in _OF_KIET for one in units)
