"""Roles of pieces that follow from the pieces around them, without alternatives.

Kinds are joined to names after a stray comma, numbers inside buildings become flats
(`geo.flat_roles`), and names of persons are dropped.
"""

from dataclasses import replace
from itertools import pairwise
from typing import Final

from geo import kinds
from geo.admin import KIND_LEVELS, KIND_NAMES
from geo.flat import ENGLISH_BUILDINGS
from geo.flat_roles import (
    inside_buildings,
    with_blocks,
    with_flats,
    with_house_of_block,
    with_named_blocks,
)
from geo.locality import SETTLEMENTS, locality_of
from geo.piece import HOUSE_ROLES, Piece
from geo.piece_kinds import GLUED_UNIT
from geo.street import ENGLISH_KINDS, is_dated
from geo.words import words_of

COMMUNES: Final = frozenset(
    KIND_NAMES[kind].lower() for kind, levels in KIND_LEVELS.items() if "commune" in levels
)
_LAST_NUMBERED_DISTRICT: Final = 12
_SAIGON: Final = frozenset({"hochiminh", "hcm", "saigon"})
_TOWN: Final = "thị trấn"
_PERSON_WORDS: Final = range(2, 6)
_SETTLED: Final = frozenset({"number", "alley", "street", "admin"})


def settled(pieces: list[Piece]) -> list[Piece]:
    """Return `pieces` with all roles that are unambiguous."""
    if _is_settled(pieces):
        return pieces
    known = with_house_of_block(pieces)
    if any(piece.role == "number" for piece in known[1:]):
        known = with_flats(with_named_blocks(known))
    known = _without_people(_without_stray_letters(with_blocks(known)))
    return inside_buildings(_joined(_with_implied_roles(known)))


def _is_settled(pieces: list[Piece]) -> bool:
    """Whether no step applies, as in most addresses: a number in front, a street with its kind,
    units."""
    roles = [piece.role for piece in pieces]
    return (
        _SETTLED.issuperset(roles)
        and roles[:1] == ["number"]
        and "number" not in roles[1:]
        and "street" in roles
        and all(piece.complete and (piece.role != "street" or piece.kind) for piece in pieces)
    )


def _without_people(pieces: list[Piece]) -> list[Piece]:
    """Drop a name in front of a telephone number: `Nguyễn Văn A - 09…, 12 Lê Lợi`.

    Also a name in front of the address that has the middle name of a person.
    """
    if len(pieces) < 2 or pieces[0].role != "bare" or len(pieces[0].words) not in _PERSON_WORDS:
        return pieces
    first, second = pieces[0], pieces[1]
    behind = any(piece.role in HOUSE_ROLES or piece.role == "locality" for piece in pieces[1:])
    called = second.role == "noise" and second.part == first.part + 1
    middle = first.words[1].accents in kinds.MIDDLE_NAMES and len(first.words) > 2
    # `Nguyễn Văn Cừ, 12, …` is a street: a number without one follows it.
    own_street = any(
        a.role in HOUSE_ROLES and b.role == "street" and a.part == b.part
        for a, b in pairwise(pieces[1:])
    )
    return pieces[1:] if behind and (called or (middle and own_street)) else pieces


def _with_implied_roles(pieces: list[Piece]) -> list[Piece]:
    """`Cách Mạng Tháng 8, Q3` has a street; `Phường 14, 10, TPHCM` is in Quận 10."""
    known = list(pieces)
    has_street = any(piece.role == "street" for piece in pieces)
    in_commune = False
    for at, piece in enumerate(pieces):
        in_commune = in_commune or (piece.role == "admin" and piece.kind in COMMUNES)
        if piece.role == "bare" and not has_street and _is_street(piece):
            known[at] = replace(piece, role="street")
        elif piece.role == "bare" and piece.words[-1].key in ENGLISH_BUILDINGS:
            known[at] = replace(piece, role="building", kind="tòa")
        elif piece.role == "locality" and in_commune and _may_be_unit(piece):
            # `xã Long Kiến, Chợ Mới`: after its commune it is the district.
            known[at] = replace(piece, role="bare", words=piece.all_words, opening=[])
        elif at == 0 and _is_unit_of_next(pieces):
            known[at] = replace(piece, role="admin", steps=())
        elif piece.role == "number" and (
            _is_district(pieces, at) if at else len(pieces) == 2 and _is_district_alone(*pieces)
        ):
            words = words_of(f"Quận {piece.steps[0]}")
            known[at] = replace(piece, role="admin", kind="quận", words=words, steps=(), opening=[])
    return known


def _is_street(piece: Piece) -> bool:
    """`Cách Mạng Tháng 8`; `Lane 50, Dang Thai Mai Street`"""
    named = len(piece.words) > 1 and piece.words[0].key != "unnamed"
    english = named and piece.words[-1].key in ENGLISH_KINDS
    return english or is_dated(piece.words)


def _may_be_unit(piece: Piece) -> bool:
    locality = locality_of(piece.kind or "", piece.words)
    return locality is not None and locality.may_be_unit


def _is_unit_of_next(pieces: list[Piece]) -> bool:
    """`Q3 TPHCM`, `P5 Quận 3`: only units follow, the first of them of a larger kind."""
    first, *outer = pieces
    return (
        first.role == "number"
        and not first.opening
        and len(first.words) == 1
        and GLUED_UNIT.fullmatch(first.words[0].key) is not None
        and bool(outer)
        and all(piece.role == "admin" for piece in outer)
        and outer[0].kind not in (COMMUNES | {"quận"} if first.words[0].key[0] == "q" else COMMUNES)
    )


def _is_district(pieces: list[Piece], at: int) -> bool:
    """Whether a number alone is at the place of a district: after a commune, before a city."""
    piece, before = pieces[at], pieces[at - 1]
    outer = pieces[at + 1] if at + 1 < len(pieces) else None
    return (
        _is_number_of_district(piece)
        and before.part < piece.part
        and outer is not None
        and outer.role in ("admin", "bare")
        and outer.part > piece.part
        and (
            (before.role == "admin" and before.kind == "phường")
            # `12 Lê Lợi, 1, TP.HCM`
            or (before.role == "street" and pieces[0].role == "number" and _is_saigon(outer))
        )
    )


def _is_district_alone(number: Piece, city: Piece) -> bool:
    """`8, TP.HCM`"""
    return _is_saigon(city) and _is_number_of_district(number)


def _is_number_of_district(piece: Piece) -> bool:
    number = piece.steps[0] if len(piece.steps) == 1 else ""
    return number.isdigit() and 0 < int(number) <= _LAST_NUMBERED_DISTRICT and not piece.opening


def _is_saigon(piece: Piece) -> bool:
    """Whether the city is Ho Chi Minh City, whose districts have numbers."""
    return "".join(word.key for word in piece.words) in _SAIGON


def _without_stray_letters(pieces: list[Piece]) -> list[Piece]:
    """Drop `P` or `Số nhà` alone, left over where a form or a map service cut text off."""
    return [piece for piece in pieces if piece.role != "bare" or not _is_remains(piece)]


def _is_remains(piece: Piece) -> bool:
    keys = [word.key for word in piece.words]
    return keys in (["so"], ["so", "nha"]) or (len(keys) == 1 and len(keys[0]) == 1)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Join kinds to their names across a stray comma: `Số 33 ngõ, 30`; `Thôn, Phúc Đa`.

    A kind without a name is dropped: `402 Đường, Xã Kiến Thụy`.
    """
    joined: list[Piece] = []
    pending: Piece | None = None
    for piece in pieces:
        if pending and _takes(pending, piece):
            joined.append(replace(pending, words=piece.words, steps=piece.steps, done=True))
            # The name may still be a former commune, or the district of its town.
            if piece.role in ("bare", "admin"):
                joined.append(piece)
            pending = None
            continue
        pending = None
        if piece.complete:
            joined.append(piece)
        elif piece.role not in ("premises", "noise", "hint"):
            pending = piece
    return joined


def _takes(kind: Piece, following: Piece) -> bool:
    if following.part != kind.part + 1:
        return False
    if kind.kind == _TOWN and following.kind in ("huyện", None):
        # `Khu phố 4 Thị trấn, Dương Minh Châu`: the town of the district
        return following.role in ("bare", "admin")
    if following.opening:
        return False
    if following.role == "number":
        return kind.role in ("alley", "plot", "number") or (
            kind.role == "locality" and kind.kind in SETTLEMENTS
        )
    return following.role == "bare" and (
        kind.role == "street" or (kind.role == "locality" and kind.kind in SETTLEMENTS)
    )
