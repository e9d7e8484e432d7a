"""A file of identifiers that others give to records: read row by row, written at once.

Of any format that an import reads: columns for code and value, perhaps scheme, first and last day.
Where a scheme gives each door one value, exceptions are reported as notices.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.core.database import driver_connection
from registry.core.days import day_after
from registry.core.messages import Message
from registry.core.schemes import SCHEME, check_scheme
from registry.core.sql import Statements
from registry.files.table_column import Wrong
from registry.files.table_file import (
    ProblemTable,
    RowProblem,
    TableFile,
    in_order,
    opened_table,
)
from registry.records.external_ids import ExternalId

SQL: Final = Statements(__file__, "queries.sql")

PROBLEMS: Final = {
    "code_missing": Message("row_has_no_code"),
    "code_unreadable": Message("row_code_malformed"),
    "code_unknown": Message("row_code_unknown"),
    "scheme_unreadable": Message("scheme_invalid"),
    "value_missing": Message("row_has_no_value"),
    "value_unreadable": Message("value_has_odd_characters"),
    "date_unreadable": Message("row_day_invalid"),
    "dates_swapped": Message("day_range_reversed"),
    "row_repeated": Message("row_repeated"),
    "value_shared": Message("value_of_several_codes"),
    "record_has_several": Message("code_has_several_values"),
}
"""Code → what is wrong with a row, or to be looked at, in words."""
_TABLE: Final = ProblemTable(
    PROBLEMS, notices=("value_shared", "record_has_several"), identifiers=frozenset(PROBLEMS)
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file: rows = new + changed + unchanged + rejected."""

    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    problems: tuple[RowProblem, ...]


def load_external_ids(
    session: Session, path: Path, scheme: str | None = None, sheet: str | None = None
) -> Loaded:
    """Read the file's identifiers into the session, which the caller commits or rolls back.

    `scheme` is that of rows that name none. A wrong row is rejected and reported. Raises
    UnreadableFileError for a file that cannot be read or lacks the columns, InvalidInputError for a
    malformed scheme.
    """
    if scheme is not None:
        check_scheme(scheme)
    read: dict[tuple[str, str, str], tuple[int, ExternalId]] = {}
    problems: list[RowProblem] = []
    count = 0
    for count, cells in enumerate(TABLE.rows(path, opened_table(path, sheet)), start=1):
        said, wrong = TABLE.read(cells | {"scheme": cells["scheme"] or scheme or ""})
        found = wrong[0] if wrong else ExternalId(**said)
        if isinstance(found, ExternalId) and found.key in read:
            found = ("row_repeated", found.value)
        if isinstance(found, ExternalId):
            read[found.key] = count, found
        else:
            problems.append(_TABLE.of(count, *found))
    written = _write(session, list(read.values()))
    problems += [_TABLE.of(*each) for each in written.pop("problems")]
    severities = Counter(problem.severity for problem in problems)
    problems.sort(key=lambda problem: (problem.row_number, problem.code))
    return Loaded(count, **written, rejected=severities["error"], problems=tuple(problems))


def _scheme(said: Mapping[str, Any], cells: Mapping[str, str]) -> Wrong | None:
    is_scheme = re.fullmatch(SCHEME, said["scheme"] or "")
    return None if is_scheme else ("scheme_unreadable", cells["scheme"])


TABLE: Final = TableFile(
    "external_ids",
    (("code",), ("value",)),
    rules=(_scheme, in_order("valid_from", "valid_to", "dates_swapped")),
)


def _write(session: Session, rows: list[tuple[int, ExternalId]]) -> dict[str, Any]:
    connection = session.connection()
    connection.exec_driver_sql(SQL.driver("stage"))
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy("COPY external_row FROM STDIN") as copy,
    ):
        for number, each in rows:
            copy.write_row((number, *each.key, each.valid_from, day_after(each.valid_to)))
    unknown = [tuple(row) for row in session.execute(SQL.text("unknown"))]
    new, changed, unchanged = session.execute(SQL.text("counts")).one()
    session.execute(SQL.text("upsert"))
    noticed = [tuple(row) for row in session.execute(SQL.text("noticed"))]
    connection.exec_driver_sql("DROP TABLE external_row")
    problems = [*unknown, *noticed]
    return {"new": new, "changed": changed, "unchanged": unchanged, "problems": problems}
