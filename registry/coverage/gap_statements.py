"""SQL statements that find gaps (`registry.coverage.gaps`)."""

from typing import Final

from registry.core.sql import Statements

LEAST_KNOWN: Final = 5
MOST_MISSING: Final = 5
RANGE: Final = r"^[0-9]{1,4}(?:-[0-9]{1,4})*-([0-9]{1,4})(?:[^0-9]|$)"
"""Matches the last number of a house with a range of numbers."""
LONGEST_RANGE: Final = 40
"""Maximum span of a range; a longer one is not one house."""

SQL: Final = Statements(
    __file__,
    "gaps.sql",
    widest=str(2 * (MOST_MISSING + 1)),
    least_known=str(LEAST_KNOWN),
    range=RANGE,
    longest=str(LONGEST_RANGE),
)
