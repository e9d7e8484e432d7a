"""Reject rows outside the units of the API key.

Row-level security restricts the transaction to these units anyway; here each such row gets its
problem, and the rest of the file is written. The operator has no restriction.
"""

from typing import Final

from registry.access.jurisdiction import TOLERANCE_M
from registry.intake.engine import Workbench

_NAMED: Final = "SELECT list(DISTINCT unit_id) FROM entry WHERE unit_id IS NOT NULL"


def reject_beyond(bench: Workbench) -> None:
    """Reject rows whose commune or point is outside the units of the key.

    Needs `entry` and `outside`; only for keys.
    """
    bench.bring("writable", "judging/writable.pg.sql")
    bench.bring("unit_code", "judging/unit_codes.pg.sql", units=bench.value(_NAMED) or [])
    if bench.has("points"):
        points = "row_number bigint, lon float8, lat float8"
        bench.hand("asked_point", points, "judging/asked_points.sql")
    bench.bring("other_place", "judging/other_places.pg.sql", tolerance_m=TOLERANCE_M)
    bench.run("judging/beyond.sql")
