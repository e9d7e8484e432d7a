"""Fixes that are made when they are asked for: those of which there is one, and no other reading.

What a row lacks is never made up and what may mean two things is never decided: a house number that
became a date keeps both its readings, and a person chooses.
"""

from typing import Final

from registry.intake.engine import Workbench

FIXED: Final = ("coordinates_swapped_back",)
"""Codes of what `apply_fixes` notes of a row that it mended."""


def apply_fixes(bench: Workbench) -> None:
    """Mend the rows of `delivered`, and note each; needs what `stage` leaves."""
    bench.run("judging/swapped_back.sql")
