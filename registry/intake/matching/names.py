"""Python functions for DuckDB on names: typos, nested places, flats, ranges."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

import duckdb

from geo.flat import block_mark
from geo.label import named
from geo.locality import GROUPS
from geo.spelling import are_apart
from geo.syllables import is_misspelled
from geo.text import fold, is_one_slip
from registry.search.find.likeness import same_numbers

_NUMBER: Final = re.compile(r"(\d+)([A-Z]?)")
_MOST: Final = 40
"""Largest span of numbers of one house; a larger range is not expanded."""


def is_slip(one: str, other: str) -> bool:
    """Whether two folded names differ by one wrong, missing or swapped letter, not a digit.

    >>> is_slip("nguyen trai", "nguyen tari"), is_slip("duong so 1", "duong so 11")
    (True, False)
    >>> is_slip("dak lak", "daklak"), is_slip("khu pho a", "khu pho b")
    (True, False)
    """
    left, right = one.replace(" ", ""), other.replace(" ", "")
    return same_numbers(one, other) and (left == right or is_one_slip(left, right))


def without_kind(kind: str, key: str) -> str:
    """The key of a place without its kind.

    >>> without_kind("tổ dân phố", "to dan pho 5"), without_kind("", "5")
    ('5', '5')
    """
    return key.removeprefix(fold(kind)).strip()


def may_be_one(
    kinds: Sequence[str], keys: Sequence[str], other_kinds: Sequence[str], other_keys: Sequence[str]
) -> bool:
    """Whether two nested places may be the same; kinds and keys are innermost first.

    >>> may_be_one(["tổ"], ["to 5"], ["tổ dân phố", "khu phố"], ["to dan pho 5", "khu pho 2"])
    True
    >>> may_be_one([""], ["5"], ["thôn"], ["thon 5"])
    True
    >>> may_be_one(["xóm"], ["xom 5"], ["thôn"], ["thon 5"])
    False
    """
    one, other = zip(kinds, keys, strict=True), zip(other_kinds, other_keys, strict=True)
    return all(
        mine == theirs
        or (
            without_kind(*mine) == without_kind(*theirs)
            and (not (mine[0] and theirs[0]) or {mine[0], theirs[0]} <= GROUPS)
        )
        for mine, theirs in zip(one, other, strict=False)
    )


def without_mark(flat: str, building_key: str) -> str | None:
    """The number of a flat without the mark of its block; None if it lacks the mark.

    >>> without_mark("A1205", "toa a"), without_mark("A12-05", "toa a")
    ('1205', '1205')
    >>> without_mark("B1205", "toa a"), without_mark("A", "toa a")
    (None, None)
    """
    mark = block_mark(building_key)
    if not mark or not flat.upper().startswith(mark.upper()):
        return None
    number = re.sub(r"[.\-\s]", "", flat[len(mark) :])
    return number if number[:1].isdigit() else None


def numbers_of(key: str) -> list[str]:
    """The numbers that a range lists or spans, as keys of single houses.

    Between even numbers only even ones count: odd numbers are across the street.

    >>> numbers_of("12-16"), numbers_of("5/22-24-26A"), numbers_of("12-12C")
    (['12', '14', '16'], ['5/22', '5/24', '5/26A'], ['12', '12A', '12B', '12C'])
    >>> numbers_of("7-10"), numbers_of("12-998")
    (['7', '8', '9', '10'], ['12', '998'])
    """
    path, slash, last = key.rpartition("/")
    numbers = last.split("-")
    each = _between(*numbers) if len(numbers) == 2 else numbers
    return [f"{path}{slash}{number}" for number in each]


def _between(first: str, last: str) -> list[str]:
    (low, one), (high, other) = (_NUMBER.findall(end)[0] for end in (first, last))
    if low == high:
        letters = (chr(at) for at in range(ord(one or "@") + 1, ord(other or "@")))
        return [first, *(f"{low}{letter}" for letter in letters), last]
    step, apart = 2 - (int(high) - int(low)) % 2, int(high) - int(low)
    if one or other or not 0 < apart <= _MOST:
        return [first, last]
    return [str(number) for number in range(int(low), int(high) + 1, step)]


_NAME, _LIST = "VARCHAR", "VARCHAR[]"
_ASKED: Final[tuple[tuple[Callable[..., Any], list[str], str], ...]] = (
    (are_apart, [_NAME, _NAME], "BOOLEAN"),
    (named, [_NAME, _NAME], _NAME),
    (is_misspelled, [_NAME], "BOOLEAN"),
    (is_slip, [_NAME, _NAME], "BOOLEAN"),
    (without_kind, [_NAME, _NAME], _NAME),
    (may_be_one, [_LIST] * 4, "BOOLEAN"),
    (without_mark, [_NAME, _NAME], _NAME),
    (numbers_of, [_NAME], _LIST),
)


def register_functions(duck: duckdb.DuckDBPyConnection) -> None:
    """Register the functions in DuckDB under their own names; they return null for null."""
    for function, parameters, answer in _ASKED:
        duck.create_function(  # type: ignore[call-overload]
            function.__name__, _of_nulls(function), parameters, answer, null_handling="special"
        )


def _of_nulls(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def ask(*values: Any) -> Any:
        return None if None in values else function(*values)

    return ask
