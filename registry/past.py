"""How records read at other times: SQL of their states then, and their names on a day of the past.

What a door was called depends on its street and localities as well, so their past is read with its
own. A decision counts from its day; a correction says what was so all along. So a name of a day is
that of the last state before the first decision after it.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from registry.core.tables.records import state
from registry.gazetteer import today
from registry.records import RENAMING, Record, Then, columns, ended_by, renamed
from registry.search.answers import Answer
from registry.search.batching import Ask, Query, bulk
from registry.units import LAST_DAY_OF_OLD_MAP

SHARED: Final = ", ".join(state())
"""What is read of a record and of its former states."""

DECIDED: Final = ended_by((*RENAMING, "reform"))
"""SQL: whether a decision ended a former state."""

_UP_THEN: Final = """CASE WHEN l.parent_id IS NOT NULL THEN (
        WITH RECURSIVE up AS (
            SELECT p.kind, p.name, p.parent_id, 1 AS step FROM {first} p
            UNION ALL
            SELECT p.kind, p.name, p.parent_id, up.step + 1
            FROM up CROSS JOIN LATERAL {next} p WHERE up.step < 9
        ) SELECT array_agg(ARRAY[up.kind, up.name] ORDER BY up.step) FROM up
    ) END"""


def state_at(table: str, columns: str, key: str, at: str, ended: str = "") -> str:
    """SQL of a row as it was at a moment: the first state that ended after it, or today's.

    `ended` says by what it has to have ended. `key` is its column and its value.
    """
    return f"""(
        SELECT * FROM (
            (SELECT {columns}, valid_to FROM {table}_version
            WHERE {key} AND valid_to > {at} {ended} ORDER BY valid_to LIMIT 1)
            UNION ALL
            SELECT {columns}, 'infinity' FROM {table} WHERE {key}
        ) p ORDER BY valid_to LIMIT 1
    )"""  # noqa: S608 - constants


def columns_at(household: str, at: str, ended: str = "") -> str:
    """SQL of a `Record` from the state `household` of it, with the names of its places then."""

    def place(key: str) -> str:
        return state_at("place", "kind, name, key, parent_id", f"id = {key}", at, ended)

    up = _UP_THEN.format(first=place("l.parent_id"), next=place("up.parent_id"))
    holders = "(SELECT p.outer_ids FROM place p WHERE p.id = h.locality_id)"
    return f"""
        SELECT {{before}} {columns(outer_localities=up, renamed=renamed(holders))}
        FROM {{moments}} {household} h {{on}}
        LEFT JOIN LATERAL {place("h.street_id")} t ON true
        LEFT JOIN LATERAL {place("h.locality_id")} l ON true
    """  # noqa: S608 - constants


MIDNIGHT: Final = "(({day} + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')"
"""SQL of the end of a day in Viet Nam."""
_AT: Final = MIDNIGHT.format(day="k.day")
_ON: Final = bulk(
    columns_at(
        state_at(
            "household", f"code, {SHARED}", 'code = k.code COLLATE "C"', _AT, f"AND {DECIDED}"
        ),
        _AT,
        f"AND {DECIDED}",
    ).format(before="k.question, k.day,", moments="{k} CROSS JOIN LATERAL", on=""),
    (("code", "text"), ("day", "date")),
)


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
    for _, day, *row in rows:
        then = Record(*row)
        units = (unit for unit in (then.unit_id, then.former_unit_id) if unit is not None)
        past.setdefault(then.code, []).append(Then(day, then.label_parts, tuple(units)))
    return [record._replace(past=tuple(past.get(record.code, ()))) for record in records]


def answers_with_past(
    answers: Iterable[Answer], on: datetime.date | None = None
) -> Query[list[Answer]]:
    """The answers, their doors with their past."""
    told = list(answers)
    doors = [answer.record for answer in told if answer.record is not None]
    if on is None and not any(door.renamed for door in doors):
        return told  # so are most
    known = {record.code: record for record in (yield from with_past(doors, on))}
    return [
        replace(answer, record=known[answer.record.code]) if answer.record else answer
        for answer in told
    ]
