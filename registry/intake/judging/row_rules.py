"""Step 2, judging: the commune decided, the point read, every problem of every row written down.

A problem is data, not an exception. Rows with an error go no further.
"""

from typing import Final

from registry.intake.engine import Workbench
from registry.intake.judging.points import decide_communes, find_outside
from registry.intake.judging.problems import PIECE, PROBLEMS, RULES


def _no_text(cell: str) -> str:
    """In SQL, the cell where it can only be a number, and no telephone's: cells move by one."""
    return (
        f"CASE WHEN {cell} ~ '^[0-9 .,;°''\"′″NSEWBĐT+-]{{1,40}}$'"
        f" AND NOT {cell} ~ '^ *([+]?84|0)[0-9 .-]{{8,}}$' THEN {cell} END"
    )


_PIECES: Final = {
    **{name: name for name in ("inside", "swapped", "dwelling", "number_alone", "nowhere")},
    "street_as_group": "moved",
    "shown_longitude": _no_text("longitude"),
    "shown_latitude": _no_text("latitude"),
    "shown_either": _no_text("coalesce(longitude, latitude)"),
    "candidates_count": "len(candidates)::text",
}
"""What the table of problems names in braces: columns of `named`, or SQL."""


def _sql(written: str) -> str:
    """A predicate or a value of the table with its pieces; none is NULL."""
    return PIECE.sub(lambda piece: f"({_PIECES[piece[1]]})", written) or "NULL"


# A bit for each rule that holds.
_REJECTING: Final = sum(1 << n for n, rule in enumerate(RULES) if rule.severity == "error")
_SHIFTED: Final = sum(1 << n for n, rule in enumerate(RULES) if rule.code == "too_many_cells")
_WEIGHED: Final = f"""
    CREATE VIEW weighed AS SELECT *, {
    " + ".join(
        f"CASE WHEN {_sql(rule.predicate)} THEN {1 << n} ELSE 0 END" for n, rule in enumerate(RULES)
    )
} AS problems FROM named
"""


def judge(bench: Workbench) -> None:
    """Fill `problem`, and leave the table `entry` with a view over it, `judged`.

    Needs what `stage` leaves.
    """
    severities = [(code, kind.severity) for code, kind in PROBLEMS.items()]
    bench.table("severity", "code VARCHAR, severity VARCHAR", severities)
    decide_communes(bench)
    bench.run("judging/named.sql")
    bench.duck.execute(_WEIGHED)
    bench.run("judging/entries.sql", rejecting=_REJECTING, shifted=_SHIFTED)
    bench.run("judging/judged.sql")
    find_outside(bench)
    bench.duck.execute(_valued(bench.value("SELECT coalesce(bit_or(problems), 0) FROM entry")))
    bench.run("judging/problems.sql")
    bench.pack()


def _valued(found: int) -> str:
    """The view of problems with their values; rules that hold for no row, most, are left out."""
    rules = [(n, rule) for n, rule in enumerate(RULES) if found >> n & 1] or [(0, RULES[0])]
    listed = ", ".join(f"({n}, '{rule.code}', nullif('{rule.field}', ''))" for n, rule in rules)
    values = " ".join(f"WHEN {n} THEN {_sql(rule.value)}" for n, rule in rules)
    return f"""
        CREATE VIEW valued AS
        SELECT j.row_number, r.place, r.code, r.field, CASE r.place {values} END AS value
        FROM judged j JOIN (VALUES {listed}) r (place, code, field)
            ON j.problems & (1::BIGINT << r.place) <> 0
        WHERE j.problems <> 0
    """
