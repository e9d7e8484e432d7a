"""What is asked of the register to find gaps (`registry.coverage.gaps`)."""

from typing import Final

from registry.core.sql import Statements

LEAST_KNOWN: Final = 5
MOST_MISSING: Final = 5
RANGE: Final = r"^[0-9]{1,4}(?:-[0-9]{1,4})*-([0-9]{1,4})(?:[^0-9]|$)"
"""Last number of a house that has several."""
LONGEST_RANGE: Final = 40
"""From its first number to its last; further apart they are no house."""

SQL: Final = Statements(
    __file__,
    "gaps.sql",
    widest=str(2 * (MOST_MISSING + 1)),
    least_known=str(LEAST_KNOWN),
    range=RANGE,
    longest=str(LONGEST_RANGE),
)
