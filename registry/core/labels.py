"""Labels and number formats shared by several packages."""

import re
from typing import Final, Literal

from registry.core.messages import LANGUAGES, N_
from registry.core.messages import number as number_in

Severity = Literal["error", "warning", "notice"]
SEVERITIES: Final[dict[Severity, str]] = {"error": "lỗi", "warning": "cảnh báo", "notice": "lưu ý"}
"""Severities of problems in a file, the worst first."""
STATUSES: Final = {
    "reserved": N_("reserved"),
    "proposed": N_("proposed"),
    "active": N_("active"),
    "retired": N_("retired"),
}
"""States of a record."""
_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")


def with_points(text: str) -> str:
    """Replace thousands separators by those of Vietnamese: `10.035` for `10,035`."""
    return _THOUSANDS.sub(lambda found: found[0].replace(",", "."), text)


def number(value: int) -> str:
    """Format an integer for Vietnamese readers.

    >>> number(20128), number(-1234567), number(7)
    ('20.128', '-1.234.567', '7')
    """
    return f"{value:,}".replace(",", ".")


def growth(per_day: float) -> str:
    """Format a daily growth with one decimal.

    >>> growth(1234.56), growth(-0.5)
    ('+1.234,6', '-0,5')
    """
    return f"{per_day:+,.1f}".translate(str.maketrans(",.", ".,"))


def percent(share: float | None, language: str = LANGUAGES[0]) -> str:
    """Format a share of 1 truncated to one decimal, so that 100 % appears only when reached.

    >>> percent(0.999999), percent(1.5), percent(None), percent(0.0004)
    ('99,9 %', '150,0 %', '–', '< 0,1 %')
    >>> percent(12.3456, "en")
    '1,234.5 %'
    """
    if share is None:
        return "–"
    if 0 < share < 0.001:
        return f"< {number_in(0.1, language)} %"
    tenths = round(share * 1_000_000) // 1_000
    return f"{number_in(tenths / 10, language)} %"
