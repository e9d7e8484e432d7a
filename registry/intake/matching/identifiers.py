"""Identifiers of other schemes in a list of households: checked here, stored when published.

Their headers name the scheme, or the mapping does, or the cells of the column of an export do.
A wrong identifier is left out with a warning;
its row is still imported.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from registry.core.messages import Message
from registry.core.schemes import MAX_VALUE, OF_ANY_SCHEME, OF_RECORDS, scheme_and_value
from registry.core.settings import from_environment
from registry.core.sql import Statements
from registry.files.spellings.returned import clean_cell
from registry.intake.columns.reader import SourceFile, as_read, rows_of
from registry.intake.engine import Workbench
from registry.records.external_ids.loading import read_value, refuse_rows

SQL: Final = Statements(__file__)
_ROWS: Final = 50_000
HANDED: Final = {
    "external_row": "id int, number int, code text, scheme text, value text, first date,"
    " after date, unit_id int",
    "identified": "row_code text, code text",
}
"""Temporary tables of PostgreSQL → their columns."""


def check_identifiers(session: Session, bench: Workbench, file: SourceFile) -> None:
    """Create `identifier`, the file's identifiers by row, and `external_row` in PostgreSQL.

    `external_row` has the valid ones by code, or by `row` and the row's number for a record yet to
    be made. Others become warnings in `problem`.
    """
    names = (*OF_RECORDS, OF_ANY_SCHEME)
    columns = [(at, name) for at, name in file.columns.known.items() if name in names]
    if not columns:
        return
    bench.table("identifier", "row_number BIGINT, scheme VARCHAR, value VARCHAR, problem VARCHAR")
    found = _identifiers(file, columns)
    while rows := list(islice(found, _ROWS)):
        bench.add("identifier", rows)
    if not bench.has("identifier"):
        return
    bench.hand("external_row", HANDED["external_row"], SQL.written("identifiers"))
    refused = refuse_rows(session)
    bench.table(
        "refused_identifier", "row_number BIGINT, scheme VARCHAR, code VARCHAR, value VARCHAR"
    )
    bench.add("refused_identifier", refused)
    bench.duck.execute(SQL.written("problems"))
    stored = session.execute(SQL.text("count")).all()
    for scheme, count in stored:
        file.table.remarks.append(Message("identifiers_in_list", scheme=scheme, count=count))


def publish_identifiers(session: Session, bench: Workbench) -> None:
    """Store the result of `check_identifiers`, once new records have codes."""
    bench.hand("identified", HANDED["identified"], SQL.written("issued"))
    session.execute(SQL.text("name"))
    session.execute(SQL.text("store"), {"import_id": bench.import_id})


def _identifiers(
    file: SourceFile, columns: list[tuple[int, str]]
) -> Iterator[tuple[int, str, str, str | None]]:
    """Row, scheme, value in the scheme's form, and problem code or None."""
    drafts = from_environment().draft_schemes
    with rows_of(file) as rows:
        for number, row in enumerate(rows, 1):
            for at, column in columns:
                for cell in row[at].split(";") if at < len(row) else ():
                    if written := as_read(cell):
                        yield number, *_read(column, written, drafts=drafts)


def _read(column: str, written: str, *, drafts: bool) -> tuple[str, str, str | None]:
    """The scheme, the value in its form, and the code of its problem; None for none."""
    found = (column, written)
    if column == OF_ANY_SCHEME and (found := scheme_and_value(written) or found)[0] == column:
        return column, written[:MAX_VALUE], "value_unreadable"
    scheme, value = found
    if len(value) > MAX_VALUE or clean_cell(scheme, value) != value:
        return scheme, value[:MAX_VALUE], "value_unreadable"
    read = read_value(scheme, value, drafts=drafts)
    return (scheme, read, None) if isinstance(read, str) else (scheme, read[1], read[0])
