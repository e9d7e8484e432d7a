"""Colours of shares: one scale for the report, the board and every drawing.

ColorBrewer's sequential YlGnBu: distinguishable with colour blindness, and by brightness in
greyscale print. Units without a target are hatched, never coloured, and shares above 120 % are
orange, because they need an audit.
"""

from dataclasses import dataclass
from typing import Final

AUDIT_SHARE: Final = 1.2
"""A share above this needs an audit: duplicates, or a target that is too low."""


@dataclass(frozen=True, slots=True)
class ShareClass:
    """One colour of the scale."""

    below: float
    """Upper bound (exclusive) of the class; 1 is 100 %."""
    fill: str
    ink: str
    """Colour of text on it, with a contrast of at least 4.5 to 1."""
    label: str


_DARK, _LIGHT = "#1b2733", "#ffffff"
CLASSES: Final = (
    ShareClass(0.05, "#ffffd9", _DARK, "dưới 5 %"),
    ShareClass(0.20, "#d6efb3", _DARK, "5 – 20 %"),
    ShareClass(0.40, "#96d5b8", _DARK, "20 – 40 %"),
    ShareClass(0.60, "#4bb0c4", _DARK, "40 – 60 %"),
    ShareClass(0.80, "#1f6fa8", _LIGHT, "60 – 80 %"),
    ShareClass(0.95, "#26499d", _LIGHT, "80 – 95 %"),
    ShareClass(AUDIT_SHARE + 1e-9, "#081d58", _LIGHT, "từ 95 %"),
)
AUDIT: Final = ShareClass(float("inf"), "#f1701f", _DARK, "trên 120 %: cần kiểm tra")
NO_TARGET: Final = ShareClass(0.0, "#e9ecef", _DARK, "chưa có tổng số hộ")
LEGEND: Final = (*CLASSES, AUDIT, NO_TARGET)
"""Classes in the order of the legend."""


def class_of(share: float | None) -> ShareClass:
    """Return the class of a share.

    >>> class_of(0.05).label, class_of(1.2).label, class_of(1.3).label, class_of(None).label
    ('5 – 20 %', 'từ 95 %', 'trên 120 %: cần kiểm tra', 'chưa có tổng số hộ')
    """
    if share is None:
        return NO_TARGET
    return next((each for each in CLASSES if share < each.below), AUDIT)
