"""Communes that would have far more households than there are: whose list is it, and of where?

A list under a second name of its source, without references and points that say that its doors are
known, comes once more; one of another commune lands where nobody looked.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import text

from geo.admin import full_name
from registry.coverage.figures import COUNTED_LABELS, QUALITY_LABELS
from registry.coverage.measure import BEST_TARGET
from registry.intake.engine import Workbench
from registry.messages import number

_SHOWN: Final = 3
"""Communes that are named; the rest is counted."""
# Households of the new rows, by commune.
_FRESH: Final = """
    SELECT list(unit_id), list(fresh) FROM (
        SELECT w.unit_id, sum(greatest(w.households, s.now, s.said, 1))::BIGINT AS fresh
        FROM written w LEFT JOIN shared s ON s.row_number = w.row_number
        WHERE w.is_new GROUP BY w.unit_id
    )
"""
# An estimate may be half of what is there. Only communes that grow by a quarter are counted.
_BEYOND: Final = f"""
    SELECT v.kind, v.name, h.held + w.fresh, t.households, t.counted, t.quality
    FROM unnest(CAST(:units AS int[]), CAST(:fresh AS bigint[])) w (unit_id, fresh)
    CROSS JOIN LATERAL (
        SELECT households, counted, quality FROM target
        WHERE unit_id = w.unit_id AND locality_id IS NULL AND withdrawn_at IS NULL
        ORDER BY {BEST_TARGET} LIMIT 1
    ) t
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(households_count), 0) AS held FROM household
        WHERE w.fresh * 4 > t.households AND unit_id = w.unit_id
            AND status = 'active' AND kind = 'household' AND code >= '1'
    ) h
    JOIN admin_unit_version v ON v.unit_id = w.unit_id AND v.valid @> current_date
    WHERE w.fresh * 4 > t.households AND h.held + w.fresh > 50
        + t.households * CASE t.quality WHEN 'estimate' THEN 2 ELSE 1.5 END
    ORDER BY (h.held + w.fresh)::float / greatest(t.households, 1) DESC, v.name
"""


def beyond_targets(bench: Workbench) -> Iterator[str]:
    """A line for each of the first such communes, and one for the others; needs `written`."""
    units, fresh = bench.rows(_FRESH)[0]
    found = bench.connection.execute(
        text(_BEYOND), {"units": units or [], "fresh": fresh or []}
    ).all()
    for kind, name, households, target, counted, quality in found[:_SHOWN]:
        yield (
            f"{full_name(kind, name)}: sổ sẽ có {number(households)} hộ, mà tổng số"
            f" {COUNTED_LABELS[counted]} {QUALITY_LABELS[quality]} là {number(target)} (more than"
            " there are): xem lại xã, nguồn, và dòng đã giao từ trước"
        )
    if len(found) > _SHOWN:
        yield f"{number(len(found) - _SHOWN)} xã khác cũng vậy (other communes as well)"
