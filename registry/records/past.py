"""Former states of records: SQL fragments for them, and their labels on a past day.

A door's label depends on its street and localities as well, so their history is read too. A
decision applies from its day; a correction applies to the past as well. So the label of a day is
that of the last version before the first decision after that day.

Units are the predecessors of today's commune by any number of reforms, within what is known of the
record; unless one remains they are listed, without a label. `wording=before:DAY` adds evidence
where several remain: the commune named in the text, and the polygons of that day around the point.
If they disagree nothing is returned. Rejected: joining today's door with names of its former
commune, which was never on a letter.
"""

import datetime
from collections.abc import Sequence
from typing import Final

from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.sql import Statements
from registry.core.tables.records import state
from registry.records.record import Record, Then, columns
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import today

FRAGMENTS: Final = {
    "state": ", ".join(state()),
    "columns_at": columns(outer_localities="{outer_at}", renamed="{renamed_then}"),
}
"""Fragments of statements: the columns of a record and of its versions; for a version `h`, with its
places at that time, the fields of a `Record`.
"""
_EDGE_M: Final = 20
"""A point this near to an edge counts as on both sides: the precision of boundaries."""
_UNKNOWN_M: Final = 50
"""Assumed accuracy of a point with unknown accuracy."""
_FAR_M: Final = 2_000
"""A point less accurate than this is ignored."""
_METRES: Final = {"edge_m": str(_EDGE_M), "unknown_m": str(_UNKNOWN_M), "far_m": str(_FAR_M)}
SQL: Final = Statements(__file__, lines=LINES, **_METRES, **FRAGMENTS)
_ON: Final = bulk(SQL.written("at_ends_of_days"), (("code", "text"), ("day", "date")))


def with_past(records: Sequence[Record], on: datetime.date | None = None) -> Query[list[Record]]:
    """Add to the records their state on 30 June 2025, if a decision changed it since, and `on`
    another past day.
    """
    lines = {(r.code, LAST_DAY_OF_OLD_MAP.isoformat()) for r in records if r.renamed}
    if on is not None and on < today():
        lines |= {(record.code, on.isoformat()) for record in records}
    if not lines:
        return list(records)
    rows = yield Ask(_ON, tuple(sorted(lines)))
    past: dict[str, list[Then]] = {}
    for _, day, around, *row in rows:
        then = Record(*row)
        units = (unit for unit in (then.unit_id, then.former_unit_id) if unit is not None)
        label = Then(day, then.label_parts, tuple(units), tuple(around or ()))
        past.setdefault(then.code, []).append(label)
    return [record._replace(past=tuple(past.get(record.code, ()))) for record in records]
