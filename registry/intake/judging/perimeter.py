"""Rows that are not the deliverer's to write: outside of the units of the key that acts.

Row-level security holds the transaction to these units all the same; here each such row gets its
problem, and the rest of the file is written. For the operator everything is inside.
"""

from typing import Final

from registry.access.actors import ended_units, is_bound
from registry.access.jurisdiction import TOLERANCE_M
from registry.intake.engine import Workbench

_WRITABLE: Final = "SELECT unnest(writable_units()) AS unit_id"
_CODES: Final = "SELECT id AS unit_id, code FROM admin_unit"


def reject_beyond(bench: Workbench) -> None:
    """Reject rows of communes, and with points, in which who acts may not write.

    Needs `entry` and `outside` of `judge`.
    """
    if not is_bound():
        return
    bench.bring("writable", _WRITABLE)
    bench.bring("unit_code", _CODES)
    points = "row_number bigint, lon float8, lat float8"
    bench.hand("asked_point", points, "judging/asked_points.sql")
    bench.bring("other_place", "judging/other_places.pg.sql", tolerance_m=TOLERANCE_M)
    bench.run("judging/beyond.sql", ended=ended_units())
