"""A house of several numbers, 49-53: how people write one, and which numbers it has."""

import re
from typing import Final

from geo.house_number import natural_order

_AND: Final = r"\s*(?:\+|&|\b(?:đến|tới|den|toi|và|va)\b)\s*(?:số\s+)?"
_ONE: Final = r"[1-9]\d{0,3}[a-z]?"
_SEVERAL: Final = re.compile(rf"(?:số(?: nhà)?\s+)?({_ONE}(?:(?:{_AND}|\s*,\s*){_ONE})+)", re.I)
_BETWEEN: Final = re.compile(rf"{_AND}|\s*,\s*", re.I)
_LETTERED: Final = re.compile(
    rf"(\s*(?:số(?: nhà)?\s+)?)([1-9]\d{{0,3}})([a-g])((?:(?:{_AND}|\s*,\s*)[abcefg])+)"
    r"(?![^\W_]|\.)",
    re.I,
)
"""`12A,B` is short for 12A, 12B; `12A, Đ. Láng` is no such list, nor is `12A, H. Ba Vì`."""
_SEVERAL_FIRST: Final = re.compile(rf"\s*(?:số(?: nhà)?\s+)?({_ONE}(?:{_AND}{_ONE})+)(?=\s)", re.I)
_LISTED_FIRST: Final = re.compile(
    rf"\s*(?:số(?: nhà)?\s+)?({_ONE}(?:\s*,\s*{_ONE}){{2,}})(?=\s)"
    rf"|\s*(?P<plot>lô|ô)\s+(?:số\s+)?(?P<plots>{_ONE}(?:\s*,\s*{_ONE})+)(?=[\s,])",
    re.I,
)
_MOST_LISTED: Final = 40
"""Between the first and the last number of one house; those of two houses lie anywhere."""
_LEADING: Final = re.compile(r"\d{1,6}")
_WIDEST: Final = 20
"""Numbers that one house may have; `14-427` is a house in an alley, written so."""


def as_range(text: str) -> str | None:
    """Several numbers of one house as they are written elsewhere; '' in no order, None for none.

    >>> as_range("49 đến 53"), as_range("57,59"), as_range("45 + 47")
    ('49-53', '57-59', '45-47')
    >>> as_range("59, 5"), as_range("5A"), as_range("12A,B"), as_range("12B + A")
    ('', None, '12A-12B', '')
    """
    several = _SEVERAL.fullmatch(with_numbers_in_full(text).strip())
    if several is None:
        return None
    numbers = _BETWEEN.split(several[1])
    return "-".join(numbers) if numbers == sorted(numbers, key=natural_order) else ""


def with_numbers_in_full(text: str) -> str:
    """A text that begins with several letters behind one number, the number before each.

    >>> with_numbers_in_full("12A,B"), with_numbers_in_full("số 12A + B & C Láng")
    ('12A,12B', 'số 12A + 12B & 12C Láng')
    >>> with_numbers_in_full("12A, Đ. Láng"), with_numbers_in_full("12A, B Láng, Ba Đình")
    ('12A, Đ. Láng', '12A, 12B Láng, Ba Đình')
    """
    listed = _LETTERED.match(text)
    if listed is None:
        return text
    before, number, first, others = listed.groups()
    full = re.sub(r"\b([a-g])\b", rf"{number}\1", others, flags=re.I)
    return f"{before}{number}{first}{full}{text[listed.end() :]}"


def with_range(text: str) -> str:
    """An address with a range where it begins with several numbers: `45 + 47 Lê Lợi`.

    >>> with_range("49 đến 53 Lê Lợi"), with_range("49 Lê Lợi"), with_range("49 tới 5 Lê Lợi")
    ('49-53 Lê Lợi', '49 Lê Lợi', '49 tới 5 Lê Lợi')
    >>> with_range("49A+B Lê Lợi"), with_range("49A,B Lê Lợi")
    ('49A-49B Lê Lợi', '49A,49B Lê Lợi')
    >>> with_range("Số 22, 24, 26 Lê Lợi"), with_range("Lô 8,9 Lê Lợi"), with_range("2, 4 Lê Lợi")
    ('22-24-26 Lê Lợi', 'Lô 8-9 Lê Lợi', '2, 4 Lê Lợi')
    """
    text = with_numbers_in_full(text)
    several = _SEVERAL_FIRST.match(text) or _LISTED_FIRST.match(text)
    if several is None:
        return text
    named = several.groupdict()
    listed = named.get("plots") or several[1]
    numbers = as_range(listed)
    first, *_, last = map(int, re.findall(r"\d+", listed))
    if not numbers or ("," in listed and last - first > _MOST_LISTED):
        return text
    plot = named.get("plot")
    return f"{f'{plot} ' if plot else ''}{numbers}{text[several.end() :]}"


def numbers_of_several(key: str) -> tuple[str, ...]:
    """Keys of the numbers that a house of several has, in its alley; empty for any other key.

    Between two ends are those of its side of the street, where both ends are of one.

    >>> numbers_of_several("120-124"), numbers_of_several("20-22A"), numbers_of_several("18-20-24")
    (('120', '122', '124'), ('20', '22A'), ('18', '20', '24'))
    >>> numbers_of_several("41/15A-41/17"), numbers_of_several("1194/11-14")
    (('41/15A', '41/17'), ('1194/11', '1194/12', '1194/13', '1194/14'))
    >>> numbers_of_several("14-427"), numbers_of_several("120"), numbers_of_several("LK5-12")
    ((), (), ())
    """
    alley, slash, _ = key.partition("-")[0].rpartition("/")
    inside = alley + slash
    ends = [end.removeprefix(inside) for end in key.removeprefix(inside).split("-")]
    digits = [_LEADING.match(end) for end in ends]
    if len(ends) < 2 or any("/" in end for end in ends) or not all(digits):
        return ()
    first, last = (int(found[0]) for found in (digits[0], digits[-1]) if found)
    if not first <= last <= first + _WIDEST:
        return ()
    step = 1 if (last - first) % 2 else 2
    between = range(first + step, last, step) if len(ends) == 2 else ()
    return tuple(f"{inside}{number}" for number in (ends[0], *between, *ends[1:]))
