"""Parses days as people and programs write them, in commands, tables and requests."""

import datetime
import re
from typing import Final

DAY_PATTERN: Final = "^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4})$"
HOW_TO_WRITE: Final = "a day is written YYYY-MM-DD or DD/MM/YYYY"
_DAY: Final = re.compile(DAY_PATTERN)


def parse_day(written: str) -> datetime.date:
    """Parse `2026-07-01`, or `1/7/2026` with the day first, as in Viet Nam.

    Raises ValueError for anything else, including years of two digits.

    >>> parse_day("1/7/2026") == parse_day("01.07.2026") == parse_day("2026-07-01")
    True
    >>> parse_day("7/13/2026")
    Traceback (most recent call last):
    ValueError: month must be in 1..12
    """
    if not _DAY.fullmatch(written):
        raise ValueError(HOW_TO_WRITE)
    if written[4] == "-" and written[:4].isdigit():
        return datetime.date.fromisoformat(written)
    day, month, year = map(int, re.split(r"[/.-]", written))
    return datetime.date(year, month, day)


def day_after(last: datetime.date | None) -> datetime.date | None:
    """Return the day after the last one; None for no end, which programs write as 31/12/9999.

    >>> str(day_after(datetime.date(2026, 7, 1))), day_after(datetime.date.max), day_after(None)
    ('2026-07-02', None, None)
    """
    if last is None or last == datetime.date.max:
        return None
    return last + datetime.timedelta(days=1)


def day_words(day: str) -> str:
    """Format an ISO day for people.

    >>> day_words("2026-11-02")
    '02/11/2026'
    """
    return datetime.date.fromisoformat(day).strftime("%d/%m/%Y")
