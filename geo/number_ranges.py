"""Ranges, houses with several numbers such as 49-53: how they are written, which numbers they
have."""

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
"""`12A,B` is short for 12A, 12B; `12A, Đ. Láng` is not such a list, nor is `12A, H. Ba Vì`."""
_SEVERAL_FIRST: Final = re.compile(rf"\s*(?:số(?: nhà)?\s+)?({_ONE}(?:{_AND}{_ONE})+)(?=\s)", re.I)
_LISTED_FIRST: Final = re.compile(
    rf"\s*(?:số(?: nhà)?\s+)?({_ONE}(?:\s*,\s*{_ONE}){{2,}})(?=\s)"
    rf"|\s*(?P<plot>lô|ô)\s+(?:số\s+)?(?P<plots>{_ONE}(?:\s*,\s*{_ONE})+)(?=[\s,])",
    re.I,
)
_MOST_LISTED: Final = 40
"""Greatest difference between the first and the last number of one house; else they are two
houses."""
_LEADING: Final = re.compile(r"\d{1,6}")
_WIDEST: Final = 20
"""Greatest width of a range; `14-427` means a house in an alley."""


def as_range(text: str) -> str | None:
    """Return several numbers of one house as a range; '' if they are unordered, None without
    several.

    >>> as_range("49 đến 53"), as_range("57,59"), as_range("45 + 47")
    ('49-53', '57-59', '45-47')
    >>> as_range("59, 5"), as_range("5A"), as_range("12A,B"), as_range("12B + A")
    ('', None, '12A-12B', '')
    """
    several = _SEVERAL.fullmatch(repeat_number(text).strip())
    if several is None:
        return None
    numbers = _BETWEEN.split(several[1])
    return "-".join(numbers) if numbers == sorted(numbers, key=natural_order) else ""


def repeat_number(text: str) -> str:
    """Repeat the number before each of several letters at the start of a text.

    >>> repeat_number("12A,B"), repeat_number("số 12A + B & C Láng")
    ('12A,12B', 'số 12A + 12B & 12C Láng')
    >>> repeat_number("12A, Đ. Láng"), repeat_number("12A, B Láng, Ba Đình")
    ('12A, Đ. Láng', '12A, 12B Láng, Ba Đình')
    """
    listed = _LETTERED.match(text)
    if listed is None:
        return text
    before, number, first, others = listed.groups()
    full = re.sub(r"\b([a-g])\b", rf"{number}\1", others, flags=re.I)
    return f"{before}{number}{first}{full}{text[listed.end() :]}"


def with_range(text: str) -> str:
    """Replace several numbers at the start of an address by a range: `45 + 47 Lê Lợi`.

    >>> with_range("49 đến 53 Lê Lợi"), with_range("49 Lê Lợi"), with_range("49 tới 5 Lê Lợi")
    ('49-53 Lê Lợi', '49 Lê Lợi', '49 tới 5 Lê Lợi')
    >>> with_range("49A+B Lê Lợi"), with_range("49A,B Lê Lợi")
    ('49A-49B Lê Lợi', '49A,49B Lê Lợi')
    >>> with_range("Số 22, 24, 26 Lê Lợi"), with_range("Lô 8,9 Lê Lợi"), with_range("2, 4 Lê Lợi")
    ('22-24-26 Lê Lợi', 'Lô 8-9 Lê Lợi', '2, 4 Lê Lợi')
    """
    text = repeat_number(text)
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


def numbers_in_range(key: str) -> tuple[str, ...]:
    """Return the keys of the numbers in a range, with its alley; empty for any other key.

    Between two ends of the same side of the street, only the numbers of that side.

    >>> numbers_in_range("120-124"), numbers_in_range("20-22A"), numbers_in_range("18-20-24")
    (('120', '122', '124'), ('20', '22A'), ('18', '20', '24'))
    >>> numbers_in_range("41/15A-41/17"), numbers_in_range("1194/11-14")
    (('41/15A', '41/17'), ('1194/11', '1194/12', '1194/13', '1194/14'))
    >>> numbers_in_range("14-427"), numbers_in_range("120"), numbers_in_range("LK5-12")
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
