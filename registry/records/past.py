"""How records read at other times: SQL of their states then, and their names on a day of the past.

What a door was called depends on its street and localities as well, so their past is read with its
own. A decision counts from its day; a correction says what was so all along. So a name of a day is
that of the last state before the first decision after it.
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
"""For statements: what is read of a record and of its former states; of such a state `h`, with its
places then, what a `Record` is made of.
"""
_EDGE_M: Final = 20
"""So near an edge a point is on both sides of it: that is how precisely boundaries are drawn."""
_UNKNOWN_M: Final = 50
"""How precise a point counts whose accuracy nobody knows."""
_FAR_M: Final = 2_000
"""A point less precise than this says nothing."""
_METRES: Final = {"edge_m": str(_EDGE_M), "unknown_m": str(_UNKNOWN_M), "far_m": str(_FAR_M)}
SQL: Final = Statements(__file__, lines=LINES, **_METRES, **FRAGMENTS)
_ON: Final = bulk(SQL.written("at_ends_of_days"), (("code", "text"), ("day", "date")))


def with_past(records: Sequence[Record], on: datetime.date | None = None) -> Query[list[Record]]:
    """The records with how they read on 30 June 2025, where that was decided otherwise since, and
    `on` another day of the past.
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
        said = Then(day, then.label_parts, tuple(units), tuple(around or ()))
        past.setdefault(then.code, []).append(said)
    return [record._replace(past=tuple(past.get(record.code, ()))) for record in records]
