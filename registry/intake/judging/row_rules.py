"""Apply the table of problems to all rows, and record every problem of every row.

A problem is data, not an exception. Rows with an error are not matched.
"""

from typing import Final

from registry.core.sql import Statements
from registry.files.spellings.returned import clean_cell
from registry.intake.engine import Workbench
from registry.intake.judging.problems import PIECE, PROBLEMS, RULES


def _no_text(cell: str) -> str:
    """SQL for a cell that can only be a number, and not a telephone's; cells may be shifted."""
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
"""Pieces named in braces by the table of problems: columns of `named`, or SQL."""


def _sql(written: str) -> str:
    """A predicate or value of the table with its pieces inserted; NULL if empty."""
    return PIECE.sub(lambda piece: f"({_PIECES[piece[1]]})", written) or "NULL"


# One bit per rule that applies.
_REJECTING: Final = sum(1 << n for n, rule in enumerate(RULES) if rule.severity == "error")
_SHIFTED: Final = sum(1 << n for n, rule in enumerate(RULES) if rule.code == "too_many_cells")
_FOUND: Final = "SELECT coalesce(bit_or(problems), 0), bool_or(rejected) FROM entry"
_FIGURES: Final = ("longitude", "latitude", "source_ref")
"""Columns whose values are numbers only, or identifiers of the sender."""
_VALUES: Final = "SELECT DISTINCT field, value FROM problem WHERE value IS NOT NULL"
_WEIGHTS: Final = (
    f"CASE WHEN {_sql(rule.predicate)} THEN {1 << n} ELSE 0 END" for n, rule in enumerate(RULES)
)
SQL: Final = Statements(__file__, weights=" + ".join(_WEIGHTS))


def weigh(bench: Workbench) -> None:
    """Create `weighed`, the rows with a bit of `problems` for each rule that applies."""
    bench.state(rejecting=_REJECTING, shifted=_SHIFTED)
    bench.duck.execute(SQL.written("weigh"))


def write_problems(bench: Workbench) -> None:
    """Fill `problem` by the rules; states whether there are problems and rejected rows."""
    found, rejected = bench.rows(_FOUND)[0]
    if found:
        bench.duck.execute(_insert_problems(found))
    bench.state(problems=bool(found) or bench.has("outside"), rejected=rejected)


def clean_values(bench: Workbench) -> None:
    """Remove personal data from the values of `problem`, which are stored and shown."""
    for column, value in bench.rows(_VALUES):
        if column in _FIGURES:
            continue
        if (cleaned := clean_cell(column or "address", value)) != value:
            given = {"cleaned": cleaned or None, "field": column, "value": value}
            bench.run("judging/clean.sql", **given)


def _insert_problems(found: int) -> str:
    """SQL for the few rules that apply to any row, in the order in which they are shown."""
    rules = [(n, rule) for n, rule in enumerate(RULES) if found >> n & 1]
    listed = ", ".join(
        f"({n}, '{rule.code}', nullif('{rule.field}', ''), '{PROBLEMS[rule.code].severity}')"
        for n, rule in rules
    )
    values = " ".join(f"WHEN {n} THEN {_sql(rule.value)}" for n, rule in rules)
    return Statements(__file__, rules=listed, values=values).written("insert_problems")
