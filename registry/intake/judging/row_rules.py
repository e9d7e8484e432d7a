"""The rules of a row: every problem of every row is written down, by the table of problems.

A problem is data, not an exception. Rows with an error go no further.
"""

from typing import Final

from registry.core.sql import Statements
from registry.files.spellings.returned import clean_cell
from registry.intake.engine import Workbench
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
_FOUND: Final = "SELECT coalesce(bit_or(problems), 0), bool_or(rejected) FROM entry"
_FIGURES: Final = ("longitude", "latitude", "source_ref")
"""Columns of which no value holds more than figures, or is anybody's but the sender's."""
_VALUES: Final = "SELECT DISTINCT field, value FROM problem WHERE value IS NOT NULL"
_WEIGHTS: Final = (
    f"CASE WHEN {_sql(rule.predicate)} THEN {1 << n} ELSE 0 END" for n, rule in enumerate(RULES)
)
SQL: Final = Statements(__file__, weights=" + ".join(_WEIGHTS))


def weigh(bench: Workbench) -> None:
    """Leave `weighed`, the rows with a bit of `problems` for each rule that holds."""
    bench.say(rejecting=_REJECTING, shifted=_SHIFTED)
    bench.duck.execute(SQL.written("weigh"))


def write_problems(bench: Workbench) -> None:
    """Fill `problem` with what the rules say of the rows of `entry`, and say whether any is bad."""
    found, rejected = bench.rows(_FOUND)[0]
    if found:
        bench.duck.execute(_told(found))
    bench.say(problems=bool(found) or bench.has("outside"), rejected=rejected)


def clean_values(bench: Workbench) -> None:
    """Take what is about people out of the values of `problem`, which are kept and shown."""
    for column, value in bench.rows(_VALUES):
        if column in _FIGURES:
            continue
        if (cleaned := clean_cell(column or "address", value)) != value:
            given = {"cleaned": cleaned or None, "field": column, "value": value}
            bench.run("judging/clean.sql", **given)


def _told(found: int) -> str:
    """Of the rules that hold for any row, which are few, in the order in which they are shown."""
    rules = [(n, rule) for n, rule in enumerate(RULES) if found >> n & 1]
    listed = ", ".join(
        f"({n}, '{rule.code}', nullif('{rule.field}', ''), '{PROBLEMS[rule.code].severity}')"
        for n, rule in rules
    )
    values = " ".join(f"WHEN {n} THEN {_sql(rule.value)}" for n, rule in rules)
    return Statements(__file__, rules=listed, values=values).written("tell")
