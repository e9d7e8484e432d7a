"""Ways to understand the pieces of one address: which number is the house, what a bare name is.

`penalties.csv` holds the penalty of each step that departs from plain writing. The order of
preference was measured on real addresses, see each step.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from geo.flat_roles import as_flat, is_flat_of_estate, is_flat_of_named, may_be_flat_of_block
from geo.house_number import is_date, path_steps
from geo.locality import locality_of
from geo.number_or_name import (
    WORDS_BESIDE,
    dash_of_number,
    has_block,
    has_letter_d,
    is_falling,
    is_kiet,
    kiet_or_quarter,
    letter_of_number,
    means_another_house,
    number_behind_street,
    number_inside_name,
    row_or_street,
    street_or_block,
    words_beside_number,
)
from geo.piece import HOUSE_ROLES, Piece
from geo.piece_kinds import GLUED_UNIT
from geo.roles import COMMUNES, settled
from geo.understanding import Understanding
from geo.words import is_country, keys_of, text_of

# Ward, district and province, as addresses had them until July 2025.
_OLD_LEVELS: Final = 3
_FLAT: Final = re.compile(r"\d{3,4}")
SECOND_NUMBER_DROPPED: Final = "second_number_dropped"
FIRST_NUMBER_DROPPED: Final = "first_number_dropped"
"""Note of an understanding that only shows which door the second number would be."""


def understandings(pieces: list[Piece]) -> list[Understanding]:
    """Return the likeliest ways to understand `pieces`, best first; at least one."""
    plain = Understanding(tuple(settled(pieces)))
    if means_another_house(pieces):
        plain = plain.with_step(WORDS_BESIDE, list(plain.pieces))
    found = [plain]
    if _is_plain(found[0].pieces):
        return found
    if _NUMBERED_OR_STREETS.isdisjoint([piece.role for piece in found[0].pieces]):
        found = list(number_inside_name(found[0]))
    elif is_falling(found[0].pieces[0]):
        found = list(dash_of_number(found[0]))
    for step in _STEPS:
        found = [other for one in found for other in step(one)][:_MOST]
    return sorted(found, key=lambda one: one.penalty)


def _is_plain(pieces: tuple[Piece, ...]) -> bool:
    """Whether no step applies: one number in front, a street, and no locality, as in most
    addresses."""
    roles = [piece.role for piece in pieces]
    return (
        roles[:1] == ["number"]
        and not _may_be_ward(pieces[0])
        and "number" not in roles[1:]
        and "street" in roles
        and "locality" not in roles
        and not has_letter_d(pieces[0], pieces[1])
        and not has_block(pieces[0], pieces[1])
        and not is_kiet(pieces, 1)
        and not ("-" in pieces[0].steps[0] and is_falling(pieces[0]))
        and not any(map(_opened_by_p, pieces))
    )


def _two_numbers(one: Understanding) -> Iterator[Understanding]:
    """`654, 12 Nguyễn Thị Nhỏ`.

    A map service writes this for a house 654 that it could not place: in real rows the point is
    that of number 12 whatever the first number is (`187`, `664`, `915, 37 Lê Văn Lương` share one),
    and the first numbers range over the street's numbers, not an alley's. So the first number is
    the house on the street. Before a phố, in the north, `12, 60 P. Thụy Ứng` more likely means
    house 12 in alley 60.
    """
    numbers = [at for at, piece in enumerate(one.pieces) if piece.role == "number"]
    if len(numbers) < 2:
        yield one
        return
    first, second = numbers[0], numbers[1]
    a, b = one.pieces[first], one.pieces[second]
    alleys = [piece for piece in one.pieces if piece.role == "alley"]
    if may_be_flat_of_block(a):
        yield _flat_first(one, first, apart=a.part != b.part)
    elif is_flat_of_named(a, one.pieces[first + 1]):
        building = replace(one.pieces[first + 1], role="building", kind="tòa")
        inside = [replace(a, role="code", steps=()), building]
        pieces = [*one.pieces[:first], *inside, *one.pieces[first + 2 :]]
        yield one.with_step("number_is_flat", pieces)
    elif _is_premises_pair(one.pieces, first, second):
        yield _without_first_door(one, first)
    elif b.steps[: len(a.steps)] == a.steps or any(alley.steps == a.steps for alley in alleys):
        yield one.with_step("number_repeated", _without(one, first))
    elif a.steps[: len(b.steps)] == b.steps or b.steps[0] == a.steps[0]:
        yield one.with_step("number_repeated", _without(one, second))
    elif a.part == b.part and any(p.role == "street" for p in one.pieces[first:second]):
        # `82 Trần Hưng Đạo - 3 Lê Lợi`: no step of a path follows the street.
        yield one.with_step("second_door_dropped", _without(one, second))
    elif a.part == b.part:
        # `Số 4 nhà 12 ngõ 95`
        yield one
    elif any(p.role == "alley" for p in one.pieces[first:second]):
        # `Số 7B9 Ngách 64, 8 P. Lưu Hữu Phước`
        yield one.with_step("number_is_alley", _as_alley(one, second))
    else:
        street = next((p for p in one.pieces[second:] if p.role == "street"), None)
        pho = street is not None and street.kind == "phố"
        dropped = "second_number_dropped.before_pho" if pho else SECOND_NUMBER_DROPPED
        yield one.with_step(dropped, _without(one, second))
        alley = "number_is_alley.before_pho" if pho else "number_is_alley.of_two"
        yield one.with_step(alley, _as_alley(one, second))
        yield one.with_step(FIRST_NUMBER_DROPPED, _without(one, first))


def _number_or_ward(one: Understanding) -> Iterator[Understanding]:
    """`p12 tan binh`: a ward in its district, or else house P12 of a street."""
    yield one
    if len(one.pieces) < 2 or not _may_be_ward(one.pieces[0]):
        return
    number, street, *others = one.pieces
    named = street.role == "street" and street.kind is None and street.part == number.part
    if named and not any(p.role in ("street", *HOUSE_ROLES) for p in others):
        ward = replace(number, role="admin", kind="phường", steps=())
        outer = replace(street, role="bare")
        yield one.with_step("number_is_ward", [ward, outer, *others])


def _may_be_ward(piece: Piece) -> bool:
    if not piece.steps or piece.steps[0][0] not in "PF" or piece.opening:
        return False
    return len(piece.words) == 1 and GLUED_UNIT.fullmatch(piece.words[0].key) is not None


def _flat_or_house(one: Understanding) -> Iterator[Understanding]:
    """`302 chung cư Ban Mai`: a house of the estate, or else a flat in a building of that name.

    With a street and no other number, `302 chung cư Ban Mai đường Nam Cao`, a flat is likelier.
    """
    if any(piece.role == "street" for piece in one.pieces):
        yield from _flat_on_street(one)
        return
    yield one
    for at, (number, estate) in enumerate(pairwise(one.pieces)):
        if number.role == "number" and is_flat_of_estate(number, estate):
            yield one.with_step("number_is_flat", _with(one, at, replace(number, role="code")))
            return


def _flat_on_street(one: Understanding) -> Iterator[Understanding]:
    for at, (number, estate) in enumerate(pairwise(one.pieces)):
        flat = number.role == "number" and _FLAT.fullmatch("/".join(number.steps))
        if (
            flat
            and is_flat_of_estate(number, estate)
            and sum(p.role in HOUSE_ROLES for p in one.pieces) == 1
        ):
            named = replace(estate, role="building", kind="tòa", words=estate.all_words, opening=[])
            inside = [replace(number, role="code"), named]
            pieces = [*one.pieces[:at], *inside, *one.pieces[at + 2 :]]
            yield one.with_step("number_is_flat.on_street", pieces)
            yield one.with_step("number_is_house", list(one.pieces))
            return
    yield one


def _flat_first(one: Understanding, at: int, *, apart: bool) -> Understanding:
    """`A12-05 Sunrise City View, 33 Nguyễn Hữu Thọ`: a flat, followed by its tower."""
    number = one.pieces[at]
    pieces = [
        replace(p, role="bare") if apart and p.part == number.part and p.role == "street" else p
        for p in _with(one, at, as_flat(number))
    ]
    return one.with_step("number_is_flat", pieces)


def _without_first_door(one: Understanding, first: int) -> Understanding:
    """A shop with a number in its name; or another door, `7 Lê Lợi, 25 Lý Thường Kiệt`."""
    number = one.pieces[first]
    roles = ("number", "street", "alley")
    removed = [p for p in one.pieces if p.part == number.part and p.role in roles]
    pieces = [p for p in one.pieces if p not in removed]
    if first > 0 and one.pieces[first - 1].part == number.part:
        return one.with_step("premises_number_dropped", pieces)
    other = text_of(word for piece in removed for word in piece.all_words)
    return one.with_step("first_door_dropped", pieces, dropped=other)


def _is_premises_pair(pieces: tuple[Piece, ...], first: int, second: int) -> bool:
    """`ATM Trà Vinh số 01, 59A Điện Biên Phủ`, `2M HairSalon, 137A Lê Hồng Phong`."""
    part = pieces[first].part
    named = first > 0 and pieces[first - 1].part == part
    named = named and pieces[first - 1].role in ("bare", "premises")
    has_street = any(p.role == "street" and p.kind is None for p in pieces[first:second])
    behind = second + 1 < len(pieces) and pieces[second + 1].role == "street"
    return behind and part != pieces[second].part and (named or has_street)


def _without(one: Understanding, at: int) -> list[Piece]:
    return [*one.pieces[:at], *one.pieces[at + 1 :]]


def _as_alley(one: Understanding, at: int) -> list[Piece]:
    return _with(one, at, replace(one.pieces[at], role="alley", kind="ngõ"))


def _with(one: Understanding, at: int, piece: Piece) -> list[Piece]:
    return [*one.pieces[:at], piece, *one.pieces[at + 1 :]]


def _date_or_number(one: Understanding) -> Iterator[Understanding]:
    """`3/2` with no kind and no number before it: a street, unless a name follows directly."""
    first = one.pieces[0] if one.pieces else None
    if (
        first is None
        or first.role != "street"
        or first.kind is not None
        or not is_date(first.words[0].text)
    ):
        yield one
        return
    number = replace(first, role="number", steps=path_steps(first.words[0].text))
    named = len(one.pieces) > 1 and one.pieces[1].role in ("bare", "locality", "street")
    yield one if not named else one.with_step("date_is_street", list(one.pieces))
    yield one.with_step(
        "date_is_number.before_name" if named else "date_is_number", _with(one, 0, number)
    )


def _bare_street(one: Understanding) -> Iterator[Understanding]:
    """A street without its kind in a part of its own: `16, Phạm Phú Tiết`; `Phan Chu Trinh, 28`.

    After a number it is a street in nine of ten real rows; after an alley (`Số 1 Ngõ 34, Phú La`)
    it is a former ward as often. Without any number it is more often a hamlet or a unit.
    """
    places = [] if any(p.role == "street" for p in one.pieces) else _bare_places(one)
    likely = any(_is_beside_number(one, at) and not _is_ward(one, at) for at in places)
    for further, at in enumerate(places):
        street = _with(one, at, replace(one.pieces[at], role="street"))
        unlikely = not _is_beside_number(one, at) or _is_ward(one, at)
        yield one.with_step("bare_street", street, more=further + unlikely)
    yield one.with_step("bare_unit", list(one.pieces), more=len(places)) if likely else one


def _is_beside_number(one: Understanding, at: int) -> bool:
    """Whether the name is right after a number, or right before any step of one."""
    if at and one.pieces[at - 1].role == "number":
        return True
    return at + 1 < len(one.pieces) and one.pieces[at + 1].role in HOUSE_ROLES


def _is_ward(one: Understanding, at: int) -> bool:
    """Whether the name is repeated as a unit's, or is the first of ward, district, province.

    `13, Xuân La, Phường Xuân La`; `21, Phú Thạnh, Tân Phú, Thành phố Hồ Chí Minh`.
    """
    if is_country(one.pieces[at].words):
        return False
    behind = [p for p in one.pieces[at:] if p.role in ("admin", "bare") and not is_country(p.words)]
    keys = [keys_of(piece.words) for piece in behind]
    if keys[0] in keys[1:]:
        return True
    communes = any(p.kind in COMMUNES for p in behind)
    return len({p.part for p in behind}) == _OLD_LEVELS and not communes


def _bare_places(one: Understanding) -> list[int]:
    """Return the indexes of bare names that may be the street, the likeliest first."""
    house = [at for at, piece in enumerate(one.pieces) if piece.role in HOUSE_ROLES]
    around = [house[-1] + 1, house[0] - 1] if house else [0, *_before_units(one)]
    if house and one.pieces[house[-1]].role == "alley":
        around.reverse()
    return [at for at in around if 0 <= at < len(one.pieces) and one.pieces[at].role == "bare"]


def _before_units(one: Understanding) -> list[int]:
    """Return the indexes of bare names before the first unit, the nearest first, as in `Grand View,
    Phú Mỹ Hưng, Nguyễn Đức Cảnh, P. Tân Phong`."""
    roles = [piece.role for piece in one.pieces]
    unit = roles.index("admin") if "admin" in roles else 0
    names = [at for at in range(unit) if roles[at] == "bare" and len(one.pieces[at].words) > 1]
    return [at for at in names[::-1] if at][:_MOST_NAMES]


def _pho_or_ward(one: Understanding) -> Iterator[Understanding]:
    """`P.` read as phố may be phường, and the reverse."""
    at = next((at for at, piece in enumerate(one.pieces) if _opened_by_p(piece)), None)
    if at is None:
        yield one
        return
    has_street = any(p.role == "street" for p in one.pieces)
    if has_street and one.pieces[at].role == "admin":
        yield one
    elif one.pieces[at].role == "street":
        yield one
        ward = replace(one.pieces[at], role="admin", kind="phường")
        yield one.with_step("p_is_ward", _with(one, at, ward))
    else:
        # Of two, `P. Tôn Đức Thắng, P. Hàng Bột`, the first is not a ward.
        wards = sum(p.role == "admin" and p.kind in COMMUNES for p in one.pieces)
        yield one if wards == 1 else one.with_step("p_is_ward", list(one.pieces))
        # Behind another name, `5, Ngọc Hà, P. Đội Cấn`, it is the ward, as it is written.
        if at == 0 or one.pieces[at - 1].role in HOUSE_ROLES | {"locality"}:
            step = "p_is_pho" if wards == 1 else "p_is_pho.of_two"
            street = replace(one.pieces[at], role="street", kind="phố")
            yield one.with_step(step, _with(one, at, street))


def _opened_by_p(piece: Piece) -> bool:
    opening, words = piece.opening, piece.words
    if len(opening) != 1 or opening[0].key not in ("p", "ph"):
        return False
    return bool(words) and not words[0].numeric


def _street_or_unit(one: Understanding) -> Iterator[Understanding]:
    """`Phố Mới`, `Đường Lâm` alone may be units."""
    yield one
    for at, piece in enumerate(one.pieces):
        if piece.role in HOUSE_ROLES:
            return
        if piece.role == "street" and _may_be_unit(piece):
            bare = replace(piece, role="bare", words=piece.all_words, opening=[])
            yield one.with_step("street_is_unit", _with(one, at, bare))
            return


def _may_be_unit(street: Piece) -> bool:
    spelled = len(street.opening) == 1 and len(street.opening[0].key) > 2
    short = len(street.words) < 3 and not any(word.path for word in street.words)
    return street.kind in ("phố", "đường") and spelled and short


def _locality_or_other(one: Understanding) -> Iterator[Understanding]:
    """`81 Ấp Bắc` may lie on a street of that name; `Chợ Mới, An Giang` is a district."""
    for at, piece in enumerate(one.pieces):
        if piece.role != "locality" or not piece.words or piece.words[0].numeric:
            continue
        bare = replace(piece, role="bare", words=piece.all_words, opening=[])
        before = one.pieces[at - 1] if at else None
        if before and before.role == "alley" and piece.kind == "chợ" and before.part == piece.part:
            # `ngõ 31 Chợ Mới`
            if not any(p.role == "street" for p in one.pieces):
                yield one.with_step(
                    "locality_is_street.in_alley", _with(one, at, replace(bare, role="street"))
                )
            yield one.with_step("market_of_alley", list(one.pieces))
            return
        if before and before.role == "number":
            yield one
            if not any(p.role == "street" for p in one.pieces):
                yield one.with_step(
                    "locality_is_street", _with(one, at, replace(bare, role="street"))
                )
            return
        if _is_like_unit(piece):
            outer = [_as_unit(other) for other in one.pieces[at + 1 :]]
            both = [*one.pieces[: at + 1], bare, *outer]
            if any(p.role == "admin" and p.kind in COMMUNES for p in one.pieces):
                yield replace(one, pieces=tuple(both))
            else:
                yield replace(one, pieces=(*one.pieces[:at], bare, *outer))
                yield one.with_step("unit_is_locality", both)
            return
    yield one


def _as_unit(piece: Piece) -> Piece:
    """After a possible commune, a possible district is not a market: `Bản Thi, Chợ Đồn, Bắc
    Kạn`."""
    if not _is_like_unit(piece):
        return piece
    return replace(piece, role="bare", words=piece.all_words, opening=[])


def _is_like_unit(piece: Piece) -> bool:
    if piece.role != "locality" or not piece.words or piece.words[0].numeric:
        return False
    locality = locality_of(piece.kind or "", piece.words)
    return locality is not None and locality.may_be_unit


_Step = Callable[[Understanding], Iterator[Understanding]]
_STEPS: Final[tuple[_Step, ...]] = (
    _date_or_number,
    kiet_or_quarter,
    letter_of_number,
    words_beside_number,
    row_or_street,
    street_or_block,
    number_behind_street,
    _two_numbers,
    _number_or_ward,
    _flat_or_house,
    _pho_or_ward,
    _locality_or_other,
    _street_or_unit,
    _bare_street,
)
_NUMBERED_OR_STREETS: Final = HOUSE_ROLES | {"street"}
_MOST: Final = 6
_MOST_NAMES: Final = 2
