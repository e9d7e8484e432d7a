"""House numbers that a spreadsheet took for a date or for a power of ten, and cannot be read back.

`3/2` typed into a cell becomes the third of February, `25-06` the sixth month, `12E3` becomes
12000 and a long number `1.2E+04`. What stood there can be
proposed, and never taken for granted.
"""

import re
from typing import Final

_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00(?::00)?)?")
_DATE: Final = re.compile(r"(0?[1-9]|[12]\d|3[01])([-/.])(0?[1-9]|1[0-2])\2(20[0-4]\d)")
"""Of a year in which somebody typed it: what LibreOffice shows of `3/2`. No path ends so."""
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTH: Final = r"(?:thg\s?(?P<vi>\d{1,2})|(?P<en>" + "|".join(_MONTHS) + r")[a-z]*)"
_DAY_FIRST: Final = re.compile(rf"(?P<number>\d{{1,2}})[-/ ]{_MONTH}(?:[-/ ]\d{{2,4}})?")
_MONTH_FIRST: Final = re.compile(rf"{_MONTH}[-/ ](?P<number>\d{{1,4}})")
_ZEROS: Final = re.compile(r"([1-9]\d?)(0{3,})")
"""A number of five figures and more that ends in zeros: no door bears it, and `12E3` reads so."""
_LEAST_FIGURES: Final = 5
_FORMULA: Final = ("=", "@")
_ERROR: Final = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|####*)|Err:\d{3}"
    r"|true|false|undefined|\[object Object\]",
    re.IGNORECASE,
)
"""What a formula, or a program, shows in place of a value."""
_POWER: Final = re.compile(r"\d(?:[.,]\d+)?E\+?\d+")


def is_mangled(text: str) -> bool:
    """Whether the cell is what a spreadsheet made of a house number, and none itself.

    >>> is_mangled("3-Feb"), is_mangled("2026-02-03"), is_mangled("1,2E+04"), is_mangled("12/3")
    (True, True, True, False)
    >>> is_mangled("=A1+1"), is_mangled("12000"), is_mangled("1200")
    (True, True, False)
    >>> is_mangled("03/02/2026"), is_mangled("3/2/26"), is_mangled("1/5/1984")
    (True, False, False)
    >>> is_mangled("#N/A"), is_mangled("#REF!"), is_mangled("TRUE"), is_mangled("#12")
    (True, True, True, False)
    """
    text = text.strip()
    if text.startswith(_FORMULA) or (len(text) >= _LEAST_FIGURES and _ZEROS.fullmatch(text)):
        return True
    if (
        _ERROR.fullmatch(text)
        or _DATE.fullmatch(text)
        or _ISO.fullmatch(text)
        or _POWER.fullmatch(text.upper())
    ):
        return True
    lower = text.lower()
    return bool(_DAY_FIRST.fullmatch(lower) or _MONTH_FIRST.fullmatch(lower))


def originals(text: str) -> tuple[str, ...]:
    """What may have been typed, the likeliest first; nothing where figures were lost.

    >>> originals("2026-02-03"), originals("25-Jun"), originals("Thg6-25"), originals("1E+04")
    (('3/2', '2/3'), ('25/6', '6/25'), ('6/25', '25/6'), ())
    >>> originals("03/02/2026")
    ('3/2', '2/3')
    >>> originals("12000"), originals("10000")
    (('12E3', '12000'), ('10E3', '1E4', '10000'))
    """
    text = text.strip().lower()
    if zeros := _ZEROS.fullmatch(text):
        first, power = zeros[1], len(zeros[2])
        shorter = (f"{first[0]}E{power + 1}",) if first.endswith("0") else ()
        return (f"{first}E{power}", *shorter, text)
    if iso := _ISO.fullmatch(text):
        month, day = int(iso[2]), int(iso[3])
        return _both(day, month)
    if date := _DATE.fullmatch(text):
        return _both(int(date[1]), int(date[3]))
    for pattern, month_first in ((_DAY_FIRST, False), (_MONTH_FIRST, True)):
        if found := pattern.fullmatch(text):
            month = int(found["vi"]) if found["vi"] else _MONTHS.index(found["en"][:3]) + 1
            number = int(found["number"])
            return _both(month, number) if month_first else _both(number, month)
    return ()


def _both(first: int, second: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((f"{first}/{second}", f"{second}/{first}")))
