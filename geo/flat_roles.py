"""Numbers beside buildings: which are flats, which the block, and which the house on the street."""

import re
from dataclasses import replace
from typing import Final

from geo.flat import is_building_code, is_flat_code, may_be_flat
from geo.house_number import path_steps
from geo.locality import BLOCK_OF_FLATS, DWELLING_ESTATES
from geo.piece import Piece
from geo.syllables import is_syllable
from geo.words import Word, text_of, words_of

_FLAT_OF_BLOCK: Final = re.compile(r"[A-ZĐ]{1,2}\d{1,2}(?:[-.]\d{2}|-\d{4})", re.IGNORECASE)
"""Block, floor and door; without a house behind it, it may be a house number."""
_MARKED_FLAT: Final = re.compile(
    r"([A-ZĐ]{1,2}\d{0,2})[-.](\d{3,4})|(\d{3,4})[-.]([A-ZĐ]\d{0,2})", re.IGNORECASE
)
"""`S2.302`, `A-311`, `311-A`; without a house behind them, they may be house numbers."""
_SLASHED_FLAT: Final = re.compile(r"((?!LK|BT)[A-ZĐ]{2,3}\d{1,2})/(\d{3,4})", re.IGNORECASE)
"""`CT2/201`, but not a plot in a row of houses."""
_GLUED_FLAT: Final = re.compile(r"(?![KH]\d)[A-ZĐ]{1,3}\d{3,5}", re.IGNORECASE)
"""`S1503`; a K or H with a number is a kiệt or hẻm."""
_MARK: Final = re.compile(r"[A-Z]{1,3}\d{1,2}[A-Z]?|S\d{1,2}\.\d{2}", re.IGNORECASE)
"""The mark of a block that also has a name: `R2`, `S2.03`."""
_ROOM: Final = re.compile(r"[A-ZĐ]?\d{1,4}", re.IGNORECASE)
_FLAT_NUMBER: Final = re.compile(r"\d{3,4}")
_BEFORE_NAME: Final = re.compile(r"[A-ZĐ]{1,3}\d{1,4}[A-Z]?|\d{3,4}", re.IGNORECASE)
"""A block, a flat or both before the name of an estate."""
_FLAT_OF_NAMED: Final = re.compile(
    rf"(?:{_BEFORE_NAME.pattern})(?:[-.][A-ZĐ]{{0,2}}\d{{1,4}}[A-Z]?)*", re.IGNORECASE
)
_CALLED_BY_NUMBER: Final = frozenset({BLOCK_OF_FLATS, "tòa"})
_NAME_WORDS: Final = 2
# Without any of them, and without a street that is a code, no number is inside a building.
_IN_BUILDINGS: Final = frozenset({"building", "unit", "code", "locality"})


def with_house_of_block(pieces: list[Piece]) -> list[Piece]:
    """`chung cư 27 Nguyễn Văn Dung`: a block named by its house number."""
    if _CALLED_BY_NUMBER.isdisjoint([piece.kind for piece in pieces]):
        return pieces
    for at, block in enumerate(pieces[:-1]):
        if block.kind not in _CALLED_BY_NUMBER or not _is_house_of(block):
            continue
        behind = pieces[at + 1]
        named = behind.role in ("street", "alley") or (
            behind.role == "bare" and len(behind.words) >= _NAME_WORDS
        )
        others = (
            p
            for p in pieces
            if p.role == "number" and not may_be_flat(p.words) and not _is_room_before(p, block)
        )
        if named and block.part == behind.part and next(others, None) is None:
            steps = path_steps(block.words[0].text)
            house = replace(block, role="number", kind=None, opening=[], steps=steps)
            street = replace(behind, role="street") if behind.role == "bare" else behind
            return [*map(_as_inside, pieces[:at]), house, street, *pieces[at + 2 :]]
    return pieces


def _is_house_of(block: Piece) -> bool:
    """Whether its number may be that of a house: `chung cư 27`, `tòa nhà 27`, but not `tòa 27`."""
    called = block.kind == BLOCK_OF_FLATS or [w.key for w in block.opening] == ["toa", "nha"]
    return called and [w.path for w in block.words] == [True] and block.words[0].text[0].isdigit()


def _is_room_before(number: Piece, block: Piece) -> bool:
    """Whether `number` may be a flat of that block: `A202 chung cư 130 …`, `số 12 chung cư 130
    …`."""
    alone = [word.key for word in number.opening] in ([], ["so"])
    room = alone and _ROOM.fullmatch(text_of(number.words))
    return bool(room) and number.part == block.part


def _as_inside(piece: Piece) -> Piece:
    """Turn a number before a block into a flat of it, and a plot with a letter into a part of
    it."""
    if piece.role == "number":
        return replace(piece, role="code", steps=())
    return replace(piece, role="building", steps=()) if _is_block(piece) else piece


def may_be_flat_of_block(number: Piece) -> bool:
    """Whether a number before a house may be block, floor and door: `B5-01`."""
    return not number.opening and bool(_FLAT_OF_BLOCK.fullmatch(text_of(number.words)))


def as_flat(number: Piece) -> Piece:
    """Turn a number into block, floor and door."""
    block, dash, door = text_of(number.words).partition("-")
    written = f"{block}{'.' if len(door) == len('05') else dash}{door}"
    return replace(number, role="code", words=words_of(written))


def is_flat_of_named(number: Piece, name: Piece) -> bool:
    """`B2-R2-07-08 Royal City, 72A …`: a code before a name that is not Vietnamese.

    Such a name is rarely a street's; foreign street names are mostly one word, `123 Pasteur`.
    """
    return (
        name.role == "street"
        and name.kind is None
        and name.part == number.part
        and not number.opening
        and bool(_FLAT_OF_NAMED.fullmatch(text_of(number.words)))
        and len(name.words) >= _NAME_WORDS
        and not all(is_syllable(word.key) for word in name.words)
    )


def with_flats(pieces: list[Piece]) -> list[Piece]:
    """Turn numbers before the house number into flats where they name a block: `302 toà S2, 15 …`,
    `S2.302, 15 …`, `304 - B2, 87 …`.
    """
    known = list(pieces)
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else None
        if _is_building_of(piece, before) and _has_house(pieces[at + 1 :], piece):
            known[at] = replace(piece, role="building", kind="tòa", steps=())
        if piece.role != "number" or piece.opening or not _has_house(pieces[at + 1 :], piece):
            continue
        following = pieces[at + 1]
        beside = following.part == piece.part
        text = text_of(piece.words).replace(" ", "")
        if beside and following.role == "building" and len(piece.steps) == 1:
            known[at] = replace(piece, role="code", steps=())
        elif not beside and (code := _MARKED_FLAT.fullmatch(text)):
            words = words_of(f"{code[1] or code[4]}-{code[2] or code[3]}")
            known[at] = replace(piece, role="code", words=words, steps=())
        elif not beside and (code := _SLASHED_FLAT.fullmatch(text)):
            known[at] = replace(
                piece, role="code", words=words_of(f"{code[1]}-{code[2]}"), steps=()
            )
        elif _is_before_estate(piece, *pieces[at + 1 : at + 4]) or (
            not beside and following.role == "number" and _GLUED_FLAT.fullmatch(text)
        ):
            known[at] = replace(piece, role="code", steps=())
    return known


def _is_before_estate(
    mark: Piece, name: Piece, house: Piece | None = None, street: Piece | None = None
) -> bool:
    """`P11, Park Hill, 458 Minh Khai`: a mark before the name of an estate is inside it."""
    return (
        house is not None
        and street is not None
        and (name.role, house.role, street.role) == ("bare", "number", "street")
        and mark.part < name.part < house.part == street.part
        and len(mark.steps) == 1
        and bool(_BEFORE_NAME.fullmatch(text_of(mark.words)))
    )


def _has_house(behind: list[Piece], flat: Piece) -> bool:
    """Whether another number follows, in a part of its own or after a block."""
    return any(
        one.role == "number" and (one.part > flat.part or behind[0].role == "building")
        for one in behind
    )


def with_named_blocks(pieces: list[Piece]) -> list[Piece]:
    """Join the full name of a flat's block where the house has a number of its own: `Căn 807, Royal
    City, R2, 72 …`; `P807 Royal City R2, 72 …`; `Căn 807, toà R2 Royal City, 72 …`.
    """
    known: list[Piece] = []
    for at, piece in enumerate(pieces):
        if known and _has_house(pieces[at + 1 :], piece):
            if piece.role == "number" and known[-1].role == "bare" and _is_mark_of(piece):
                if len(known) > 1 and known[-2].role in ("unit", "code"):
                    known[-1] = _block_called([*known[-1].all_words, *piece.words], known[-1])
                    continue
            elif piece.role == "bare" and _is_name_of_block(piece, known[-1]):
                known.append(_block_called(piece.all_words, piece))
                continue
        known.append(piece)
    return known


def _block_called(words: list[Word], piece: Piece) -> Piece:
    return replace(piece, role="building", kind="tòa", opening=[], words=words)


def _is_name_of_block(piece: Piece, before: Piece) -> bool:
    """After a flat, a name with a mark; after a mark, a name that is not Vietnamese, so not a
    unit."""
    words = piece.all_words
    if before.role in ("unit", "code") and len(words) > 1 and _MARK.fullmatch(words[-1].text):
        return True
    marked = before.role in ("code", "building") and _MARK.fullmatch(text_of(before.words))
    return bool(marked) and not all(is_syllable(word.key) for word in words)


def _is_mark_of(number: Piece) -> bool:
    return not number.opening and _MARK.fullmatch(text_of(number.words)) is not None


def with_blocks(pieces: list[Piece]) -> list[Piece]:
    """Turn the letter after a flat into its block: `P311 A`; `phòng 311, nhà A`."""
    known = list(pieces)
    flat = None
    for at, piece in enumerate(pieces):
        beside = flat is not None and flat is pieces[at - 1]
        if flat and piece.role in ("bare", "premises") and _is_block_of(piece, beside=beside):
            known[at] = replace(piece, role="building", kind="tòa", words=piece.words[-1:])
        flat = piece if piece.role in ("unit", "code") else flat
    return known


def _is_block_of(piece: Piece, *, beside: bool) -> bool:
    words = piece.all_words
    *kind, mark = [word.key for word in words]
    if len(mark) != 1 or not mark.isalpha() or words[-1].pointed:
        return False
    # A single `P` or `Q` is a unit that a form cut off.
    return kind == ["nha"] or (not kind and beside and mark not in ("p", "q"))


def inside_buildings(pieces: list[Piece]) -> list[Piece]:
    """Turn numbers beside a building into flats."""
    if _IN_BUILDINGS.isdisjoint([p.role for p in pieces]) and not any(map(_is_code, pieces)):
        return pieces
    in_block = any(
        p.role == "building" or (p.role == "locality" and p.kind in DWELLING_ESTATES)
        for p in pieces
    )
    has_street = any(p.role == "street" and p.words and not _is_code(p) for p in pieces)
    settled = list(pieces)
    for at in range(len(pieces) - 2):
        if _is_inner_step(*pieces[at : at + 3]):
            return [*settled[:at], _with_code(*pieces[at : at + 2]), *settled[at + 2 :]]
    for at, piece in enumerate(pieces):
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        numbered_again = any(p.role == "number" for p in pieces[at + 2 :])
        if piece.role == "number" and (
            _in_building(piece, following, in_block, has_street)
            or (numbered_again and is_flat_of_estate(piece, following, called=True))
        ):
            settled[at] = replace(piece, role="code")
        elif piece.role == "number" and in_block and not has_street and _is_house_block(piece):
            settled[at] = replace(piece, role="building", words=piece.words, steps=())
        elif _is_building_of(
            piece,
            pieces[at - 1] if at else None,
            marked=in_block and (numbered_again or not has_street),
        ):
            # `P.1205 nhà N04B`, `Phòng 503 nhà N4C`, `Phòng 203, A1, Khu tập thể Kim Liên`
            settled[at] = replace(piece, role="building")
        elif piece.role == "code" and not in_block and _is_house(piece, following):
            settled[at] = replace(piece, role="number", steps=path_steps(piece.words[0].text))
        elif in_block and (_is_block(piece) or (at and _follows_flat(settled[at - 1], piece))):
            settled[at] = replace(piece, role="building")
    return settled


def _in_building(piece: Piece, following: Piece | None, in_block: bool, has_street: bool) -> bool:
    """`1415 CT01`, `504 K10B Tập Thể …`, `32 Lô C chung cư …`, `25 – 06 chung cư …`."""
    if following and following.part == piece.part:
        if following.role == "code" and _is_mark(following):
            return True
        if following.role == "building" and not has_street and not piece.opening:
            # `1205 Toà A The Pegasus Plaza`
            return _FLAT_NUMBER.fullmatch(text_of(piece.words)) is not None
        if in_block and (_is_code(following) or following.role == "plot"):
            return True
        if following.kind in DWELLING_ESTATES:
            # `A12.05 chung cư …`
            return not piece.opening and may_be_flat(piece.words)
    return in_block and not has_street and may_be_flat(piece.words)


def is_flat_of_estate(piece: Piece, following: Piece | None, *, called: bool = False) -> bool:
    """Whether a number may be a flat: `301 chung cư Sông Xanh, 299 Đống Đa`, where the street has
    its own number. `called`: also with a word in front, `Số 5`."""
    return (
        following is not None
        and following.part == piece.part
        and following.kind in DWELLING_ESTATES
        and len(piece.steps) == 1
        and (called or not piece.opening)
    )


def _is_inner_step(number: Piece, code: Piece, following: Piece) -> bool:
    """`21 03 Đ. Phú Thuận`, `Số 7 B9, ngách 64`: the code is part of the number, not a street."""
    if number.role != "number" or code.role != "street" or not _is_code(code):
        return False
    if following.role == "alley":
        return number.part == code.part
    same_part = number.part == code.part == following.part
    return following.role == "street" and same_part and bool(following.opening)


def _with_code(number: Piece, code: Piece) -> Piece:
    inner = path_steps(code.words[0].text)
    joined = inner[0][0].isalpha()
    last = (number.steps[-1] + inner[0], *inner[1:]) if joined else (number.steps[-1], *inner)
    words = [*number.words, *code.words]
    return replace(number, steps=(*number.steps[:-1], *last), words=words)


def _is_house_block(piece: Piece) -> bool:
    """`nhà A5, tập thể Giảng Võ`"""
    spoken = [word.key for word in piece.opening] == ["nha"]
    return spoken and len(piece.steps) == 1 and piece.steps[0][0].isalpha()


def _is_house(piece: Piece, following: Piece | None) -> bool:
    """`P132 Đường B5` is not a room."""
    on_street = following and following.part == piece.part and following.role == "street"
    return bool(on_street) and not is_flat_code(piece.words[0])


def _is_building_of(piece: Piece, before: Piece | None, *, marked: bool = False) -> bool:
    """Whether it is the block of the flat before it; `marked`: any mark of a block counts."""
    if before is None or before.role not in ("unit", "code") or piece.role != "number":
        return False
    return _is_mark(piece) or _is_house_block(piece) or (marked and _is_mark_of(piece))


def _is_mark(piece: Piece) -> bool:
    return is_building_code(piece.words[0])


def _is_code(piece: Piece) -> bool:
    return piece.role == "street" and piece.kind is None and piece.words[0].path


def _is_block(piece: Piece) -> bool:
    return piece.role == "plot" and len(piece.steps) == 1 and piece.steps[0].isalpha()


def _follows_flat(before: Piece, piece: Piece) -> bool:
    return (
        before.role == "code"
        and before.part == piece.part
        and (_is_code(piece) or piece.role == "plot")
    )
