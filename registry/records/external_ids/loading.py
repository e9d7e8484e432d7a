"""Load a file of external identifiers: read row by row, written at once.

In any format that imports accept: columns for code and value, optionally scheme, first and last
day. If a scheme gives each door one value, exceptions are reported as notices.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.database import driver_connection
from registry.core.days import day_after
from registry.core.messages import Message
from registry.core.schemes import SCHEME, SCHEMES, check_scheme
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
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.gazetteer_loading import load_gazetteer

SQL: Final = Statements(__file__, "queries.sql")

PROBLEMS: Final = {
    "code_missing": Message("row_has_no_code"),
    "code_unreadable": Message("row_code_malformed"),
    "code_unknown": Message("row_code_unknown"),
    "scheme_unreadable": Message("scheme_invalid"),
    "value_missing": Message("row_has_no_value"),
    "scheme_draft": Message("scheme_is_draft"),
    "scheme_of_units": Message("identifier_of_units"),
    "value_unreadable": Message("value_not_of_scheme"),
    "value_contradicts_commune": Message("value_of_other_commune"),
    "value_taken": Message("value_of_another_record"),
    "record_has_other": Message("record_has_another_value"),
    "date_unreadable": Message("row_day_invalid"),
    "dates_swapped": Message("day_range_reversed"),
    "row_repeated": Message("row_repeated"),
    "value_shared": Message("value_of_several_codes"),
    "record_has_several": Message("code_has_several_values"),
}
"""Code → message of a row's error or notice."""
WIDE: Final = tuple(
    each.scheme for each in SCHEMES.values() if each.of == "record" and each.pattern
)
"""Schemes with a column of their own, also in lists of households."""
_TABLE: Final = ProblemTable(
    PROBLEMS, notices=("value_shared", "record_has_several"), identifiers=frozenset(PROBLEMS)
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of loading a file: its identifiers are new, changed, unchanged or rejected."""

    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    problems: tuple[RowProblem, ...]


def load_external_ids(
    session: Session,
    path: Path,
    scheme: str | None = None,
    sheet: str | None = None,
    *,
    drafts: bool = False,
) -> Loaded:
    """Read the file's identifiers into the session, which the caller commits or rolls back.

    `scheme` applies to rows without one; with `drafts` it may be from a draft law. A wrong
    identifier is rejected and reported. Raises UnreadableFileError for a file that cannot be
    read or lacks the columns, InvalidInputError for a malformed scheme.
    """
    if scheme is not None:
        check_scheme(scheme)
    read: dict[tuple[str, str, str], tuple[int, ExternalId]] = {}
    problems: list[RowProblem] = []
    count = 0
    for count, row in enumerate(TABLE.rows(path, opened_table(path, sheet)), start=1):
        for cells in _identifiers(row, scheme or ""):
            values, wrong = TABLE.read(cells)
            found = wrong[0] if wrong else _of_scheme(_external_id(values), drafts=drafts)
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


def _identifiers(row: dict[str, str], scheme: str) -> Iterator[dict[str, str]]:
    """Yield the identifiers of a row: from `value`, and from columns of known schemes, whose cells
    may have several, separated by semicolons.
    """
    wide = [(name, value) for name in WIDE for value in row[name].split(";") if value.strip()]
    if row["value"] or not wide:
        yield row | {"scheme": row["scheme"] or scheme}
    for name, value in wide:
        yield row | {"scheme": name, "value": value.strip()}


def _external_id(values: Mapping[str, Any]) -> ExternalId:
    return ExternalId(**{name: values[name] for name in ExternalId.__dataclass_fields__})


def _scheme(values: Mapping[str, Any], cells: Mapping[str, str]) -> Wrong | None:
    is_scheme = re.fullmatch(SCHEME, values["scheme"] or "")
    return None if is_scheme else ("scheme_unreadable", cells["scheme"])


def _of_scheme(identifier: ExternalId, *, drafts: bool) -> ExternalId | Wrong:
    """Return the identifier in its scheme's canonical form, or its error."""
    value = read_value(identifier.scheme, identifier.value, drafts=drafts)
    return replace(identifier, value=value) if isinstance(value, str) else value


def read_value(scheme: str, value: str, *, drafts: bool) -> str | Wrong:
    """Return the value in its scheme's canonical form, or its error.

    With `drafts`, schemes of draft laws are accepted.
    """
    if (known := SCHEMES.get(scheme)) is None:
        return value
    if known.of == "unit":
        return "scheme_of_units", scheme
    if known.draft and not drafts:
        return "scheme_draft", scheme
    try:
        return known.read(value)
    except ValueError:
        return "value_unreadable", value


TABLE: Final = TableFile(
    "external_ids",
    (("code",), ("value", *WIDE)),
    rules=(_scheme, in_order("valid_from", "valid_to", "dates_swapped")),
)


def _write(session: Session, rows: list[tuple[int, ExternalId]]) -> dict[str, Any]:
    connection = session.connection()
    connection.exec_driver_sql(SQL.driver("stage"))
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy("COPY external_row FROM STDIN") as copy,
    ):
        for place, (number, each) in enumerate(rows):
            days = each.valid_from, day_after(each.valid_to)
            copy.write_row((place, number, *each.key, *days, None))
    unknown = [tuple(row) for row in session.execute(SQL.text("unknown"))]
    unknown += [(number, *details) for number, _scheme, *details in refuse_rows(session)]
    new, changed, unchanged = session.execute(SQL.text("counts")).one()
    session.execute(SQL.text("upsert"))
    noticed = [tuple(row) for row in session.execute(SQL.text("noticed"))]
    connection.exec_driver_sql("DROP TABLE external_row")
    problems = [*unknown, *noticed]
    return {"new": new, "changed": changed, "unchanged": unchanged, "problems": problems}


def refuse_rows(session: Session) -> list[tuple[int, str, str, str]]:
    """Remove from `external_row` what another record or commune has; row, scheme, problem, value.

    A value begins with what a scheme of units calls the record's commune, and of some schemes a
    record has one value and a value one record.
    """
    session.execute(text("ANALYZE external_row"))
    begins = {each.scheme: each.begins for each in SCHEMES.values() if each.begins}
    known = load_gazetteer(session)
    allowed = [
        (scheme, unit_id, beginning)
        for scheme, unit_id in session.execute(SQL.text("communes"), {"schemes": list(begins)})
        if (unit := known.units.get(unit_id or 0)) is not None
        for beginning in _beginnings(known, unit, begins[scheme])
    ]
    columns = [[row[at] for row in allowed] for at in range(3)]
    given = dict(zip(("schemes", "units", "beginnings"), columns, strict=True))
    wrong = [tuple(row) for row in session.execute(SQL.text("contradict"), given)]
    sole = [each.scheme for each in SCHEMES.values() if each.sole]
    taken = session.execute(SQL.text("taken"), {"schemes": sole}).all()
    session.execute(SQL.text("remove"), {"ids": [row[0] for row in taken]})
    return wrong + [tuple(row[1:]) for row in taken]


def _beginnings(known: Gazetteer, unit: Unit, scheme: str) -> list[str]:
    """What the scheme calls the unit, and those that it continues."""
    had = (unit, *(step.predecessor for step in known.predecessors(unit)))
    return [each.value for one in had for each in one.identifiers if each.scheme == scheme]
