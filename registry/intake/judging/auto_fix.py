"""Fixes that are made when they are asked for: those of which there is one, and no other reading.

What a row lacks is never made up and what may mean two things is never decided: a house number that
became a date keeps both its readings, and a person chooses.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

SWAPPED: Final = "lat BETWEEN 102 AND 118 AND lon BETWEEN 6 AND 24"
"""In SQL, whether a row of `delivered` has its coordinates in each other's place."""

# Code of the problem → which rows have it, what is set, and what is noted instead.
_FIXES: Final = (
    (
        "coordinates_swapped_back",
        "longitude",
        SWAPPED,
        "longitude = latitude, latitude = longitude, lon = lat, lat = lon",
        "concat_ws(' ', longitude, latitude)",
        "concat_ws(' ', latitude, longitude)",
    ),
)
_NOTE: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, row_number, '{field}', '{code}', 'notice', left({value}, 200),
        left({fix}, 200)
    FROM delivered WHERE {holds}
"""
FIXED: Final = tuple(code for code, *_ in _FIXES)
"""Codes of what `apply_fixes` notes of a row that it mended."""


def apply_fixes(staging: Staging) -> None:
    """Mend the rows of `delivered`, and note each; needs what `stage` leaves."""
    for code, field, holds, change, value, fix in _FIXES:
        note = _NOTE.format(code=code, field=field, holds=holds, value=value, fix=fix)
        noted = staging.connection.execute(text(note), {"import_id": staging.import_id}).rowcount
        if noted:
            staging.update("delivered", change, holds)
