"""Colours of shares: one scale for the report, the board and every drawing.

ColorBrewer's sequential YlGnBu: told apart by people who see few colours, and by how dark they are
on a grey printer. What has no target is hatched, never a colour of the scale, and what is above
120 % has an orange of its own, because it asks for an audit and not for applause.
"""

from dataclasses import dataclass
from typing import Final

AUDIT_SHARE: Final = 1.2
"""A share above this is looked into: counted twice, or a target that is too small."""


@dataclass(frozen=True, slots=True)
class ShareClass:
    """One colour of the scale."""

    below: float
    """Shares below this, and not below the class before; 1 is 100 %."""
    fill: str
    ink: str
    """Of text on it: a contrast of at least 4.5 to 1."""
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
"""In the order in which a legend shows them."""


def class_of(share: float | None) -> ShareClass:
    """The class of a share.

    >>> class_of(0.05).label, class_of(1.2).label, class_of(1.3).label, class_of(None).label
    ('5 – 20 %', 'từ 95 %', 'trên 120 %: cần kiểm tra', 'chưa có tổng số hộ')
    """
    if share is None:
        return NO_TARGET
    return next((each for each in CLASSES if share < each.below), AUDIT)
