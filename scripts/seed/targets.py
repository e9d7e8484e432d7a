"""Households per province, an estimate until declared counts replace it."""

from collections.abc import Iterable

from scripts.seed.rows import Target

_SOURCE = (
    "commune populations published in July 2025, scaled to the 28,146,939 households of the"
    " 2024 mid-term census"
)
# The day the mid-term census counted.
_REFERENCE_DATE = "2024-04-01"

# Design page, section 9.
_HOUSEHOLDS = {
    "01": 2271806, "04": 148169, "08": 519991, "11": 164184, "12": 130334, "14": 336637,
    "15": 466365, "19": 439219, "20": 244820, "22": 383092, "24": 933181, "25": 1034980,
    "31": 1209877, "33": 815586, "37": 1064048, "38": 1022993, "40": 987904, "42": 417969,
    "44": 482301, "46": 369577, "48": 813212, "51": 530769, "52": 909525, "56": 533366,
    "66": 858770, "68": 887019, "75": 958782, "79": 3750028, "80": 785524, "82": 1009826,
    "86": 1015309, "91": 1170517, "92": 1014922, "96": 466328,
}  # fmt: skip


def estimates() -> Iterable[Target]:
    """Yield the rows of targets.csv."""
    for code, households in _HOUSEHOLDS.items():
        yield Target(code, households, "estimate", _SOURCE, _REFERENCE_DATE)
