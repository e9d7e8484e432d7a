"""House numbers that a spreadsheet converted to a date or a power of ten.

`3/2` typed into a cell becomes the third of February, `25-06` the 25th of June, `12E3` becomes
12000 and a long number `1.2E+04`. The original can be proposed, but not restored with certainty.
"""

import re
from typing import Final

_TIME: Final = re.compile(r"[ t]\d{1,2}:\d{2}(?::\d{2}(?:\.0+)?)?(?: ?[ap]m|z)?$")
_WITH_TIME: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(?:\d{2}|\d{4})")
_ISO: Final = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")
_DATE: Final = re.compile(r"(0?[1-9]|[12]\d|3[01])([-/.])(0?[1-9]|1[0-2])\2(20[0-4]\d)")
"""With the year of typing, as LibreOffice shows `3/2`. No path ends like this."""
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTH: Final = r"(?:thg\s?(?P<vi>\d{1,2})|(?P<en>" + "|".join(_MONTHS) + r")[a-z]*)"
_DAY_FIRST: Final = re.compile(rf"(?P<number>\d{{1,2}})[-/ ]{_MONTH}(?:[-/ ]\d{{2,4}})?")
_MONTH_FIRST: Final = re.compile(rf"{_MONTH}[-/ ](?P<number>\d{{1,4}})")
_ZEROS: Final = re.compile(r"([1-9]\d?)(0{3,})")
"""A number of five or more digits that ends in zeros: never a house number, but the value of
`12E3`."""
_LEAST_FIGURES: Final = 5
_FORMULA: Final = ("=", "@")
_ERROR: Final = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|####*)|Err:\d{3}"
    r"|true|false|undefined|\[object Object\]",
    re.IGNORECASE,
)
"""What a formula or a program shows instead of a value."""
_POWER: Final = re.compile(r"\d(?:[.,]\d+)?E\+?\d+")


def is_mangled(text: str) -> bool:
    """Whether the cell is a house number that a spreadsheet converted to something else.

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
    zeros = len(text) >= _LEAST_FIGURES and _ZEROS.fullmatch(text)
    return bool(zeros or _POWER.fullmatch(text.upper())) or is_date_or_error(text)


def is_date_or_error(text: str) -> bool:
    """Whether the cell is a date or the error of a formula; `12E05` is neither, it may be a flat.

    >>> [is_date_or_error(text) for text in ("2026-06-25 00:00:00", "6/25/26 0:00", "25-Jun")]
    [True, True, True]
    >>> is_date_or_error("12E05"), is_date_or_error("12-05"), is_date_or_error("6/25/26")
    (False, False, False)
    """
    text = text.strip()
    if text.startswith(_FORMULA) or _ERROR.fullmatch(text):
        return True
    return _day_and_month(text.lower()) is not None


def originals(text: str) -> tuple[str, ...]:
    """Return what may have been typed, the likeliest first; nothing if digits were lost.

    >>> originals("2026-02-03"), originals("25-Jun"), originals("Thg6-25"), originals("1E+04")
    (('3/2', '2/3'), ('25/6', '6/25'), ('6/25', '25/6'), ())
    >>> originals("03/02/2026"), originals("2026-06-25 00:00:00"), originals("6/25/26 0:00")
    (('3/2', '2/3'), ('25/6', '6/25'), ('6/25', '25/6'))
    >>> originals("12000"), originals("10000")
    (('12E3', '12000'), ('10E3', '1E4', '10000'))
    """
    text = text.strip().lower()
    if zeros := _ZEROS.fullmatch(text):
        first, power = zeros[1], len(zeros[2])
        shorter = (f"{first[0]}E{power + 1}",) if first.endswith("0") else ()
        return (f"{first}E{power}", *shorter, text)
    return _both(*found) if (found := _day_and_month(text)) else ()


def _day_and_month(lower: str) -> tuple[int, int] | None:
    """Return the two numbers of a date, the day first if the format shows which it is."""
    day, timed = _TIME.subn("", lower)
    if iso := _ISO.fullmatch(day):
        return int(iso[3]), int(iso[2])
    if date := (_WITH_TIME if timed else _DATE).fullmatch(day):
        return int(date[1]), int(date[3])
    for pattern, month_first in ((_DAY_FIRST, False), (_MONTH_FIRST, True)):
        if found := pattern.fullmatch(day):
            month = int(found["vi"]) if found["vi"] else _MONTHS.index(found["en"][:3]) + 1
            number = int(found["number"])
            return (month, number) if month_first else (number, month)
    return None


def _both(first: int, second: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((f"{first}/{second}", f"{second}/{first}")))
