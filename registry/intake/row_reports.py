"""Return the rows of a file to its sender, with their problems or their codes.

Only the cells that `spellings.returned` allows are returned, with the row number. Outcomes are
written to a stream until the import is committed: a national file has millions of rows.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TextIO

from pydantic_core import to_json

from geo import code as codes
from registry.core.database import driver_connection
from registry.core.errors import InvalidInputError
from registry.core.labels import SEVERITIES
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.files.csv_cells import Writer
from registry.files.fields import ANSWER_COLUMNS, REPORT_COLUMNS
from registry.files.formats.formats import FORMATS, Format, returned_as
from registry.files.formats.table import Numbering
from registry.files.formats.writing import Returned
from registry.intake.columns.edited import NO_EDITS, Edits
from registry.intake.columns.reader import SourceFile, rows_of
from registry.intake.engine import Workbench, as_csv
from registry.intake.judging.problems import PROBLEMS
from registry.intake.judging.row_problem import RowProblem

SQL: Final = Statements(__file__)
VANISHED_REF: Final = "source_ref text, code text, retires boolean"
"""Columns of the temporary table of vanished references."""
VANISHED_COLUMNS: Final = (
    *("source_ref", "code", "code_display", "retired", "commune_code", "house_number", "street"),
    "locality",
)
"""Columns of the list of vanished references."""
Which = Literal["rejected", "published"]
MOST_EDITABLE: Final = 20_000
"""Most rows that the page of a file shows for editing."""
REJECTED: Final = "rejected"
PUBLISHED: Final = "published"
_NO_HOUSEHOLDS: Final = ("row_skipped", "row_of_member", "row_of_building")
"""Codes of rows that are not returned: totals, signatures, members of a household,
buildings."""
_SHEETS: Final[dict[Which, str]] = {REJECTED: "Dòng bị loại", PUBLISHED: "Dòng cần xem lại"}


@dataclass(frozen=True, slots=True)
class Handback:
    """Streams that an import fills; None if not requested."""

    answers: BinaryIO | None = None
    """For `write_codes`."""
    problems: BinaryIO | None = None
    """For `write_problems`."""
    vanished: BinaryIO | None = None
    """For `write_vanished`."""


def copy_answers(bench: Workbench, answers: BinaryIO, *, published: bool) -> None:
    """Write outcome and code of every row to `answers`, for `write_codes` after the commit.

    New rows have no code before they are `published`; rejected rows have none.
    """
    for batch in bench.stream(SQL.written("answers", "given_codes" if published else "no_codes")):
        answers.write("".join(f"{line}\n" for line in batch.column(0).to_pylist()).encode())
    answers.flush()  # raises before the commit if the disk is full


def copy_problems(bench: Workbench, problems: BinaryIO) -> None:
    """Write all problems of all rows to `problems`, for `write_problems` after the commit."""
    for batch in bench.stream(SQL.written("problems")):
        problems.write(as_csv(batch))
    problems.flush()  # raises before the commit if the disk is full


def copy_vanished(bench: Workbench, vanished: BinaryIO) -> None:
    """Write the vanished references to `vanished`, for `write_vanished`."""
    bench.hand("vanished_ref", VANISHED_REF, SQL.written("vanished_refs"))
    with (
        driver_connection(bench.connection).cursor() as cursor,
        cursor.copy(f"COPY ({SQL.driver('vanished')}) TO STDOUT (FORMAT csv)", {}) as copy,
    ):
        for block in copy:
            vanished.write(block)
    vanished.flush()


def write_codes(
    file: SourceFile, answers: BinaryIO, out: TextIO, numbering: Numbering | None = None
) -> None:
    """Write every row of the file with `code`, `code_display`, `outcome` and its number, as CSV.

    A skipped row, such as a signature, has only its number.
    """
    returned = file.returned
    writer = Writer(out, delimiter=file.delimiter)
    writer.writerow([*returned.headers, *ANSWER_COLUMNS])
    answers.seek(0)
    with rows_of(file) as rows:
        for number, (row, line) in enumerate(zip(rows, answers, strict=False), 1):
            outcome, code = line.decode().rstrip("\n").split("\t")
            display = codes.format(code) if code else ""
            cells = returned.blank if outcome == "skipped" else returned.cells(row)
            writer.writerow([*cells, code, display, outcome, _place(number, numbering)])


def report_suffix(file: SourceFile, suffix: str) -> str:
    """The suffix of a report on a file with this suffix: the same, if rows can be written so.

    They cannot for archives, old spreadsheet formats, and map layers without shapes, such as
    records in JSON.
    """
    form = returned_as(suffix.lower())
    if form is None or (FORMATS[form].is_layer and file.table.features is None):
        return FORMATS[file.table.form].suffix
    return suffix


def report_form(file: SourceFile, path: Path) -> Format:
    """The format of the rows returned in `path`: by its suffix, else the file's own.

    Raises InvalidInputError for the format of a map layer if the file is not one.
    """
    form = FORMATS[returned_as(path.suffix.lower()) or file.table.form]
    if form.is_layer and file.table.features is None:
        raise InvalidInputError.of_field(
            "report",
            "no_layer",
            Message("not_returnable_as_layer", name=file.path.name, suffix=path.suffix),
        )
    return form


def write_problems(
    file: SourceFile,
    problems: BinaryIO,
    path: Path,
    which: Which,
    numbering: Numbering | None = None,
) -> None:
    """Write rows with their problems, fixes and numbers to `path`, in `report_form`.

    Either the rejected rows: corrected and delivered again, the report changes only these. Or the
    published rows with warnings or notices. `numbering` gives the row numbers.
    """
    form = report_form(file, path)
    reported = _reported(file, problems, which, numbering)
    shown = (file.table, file.returned, REPORT_COLUMNS, reported, _SHEETS[which], file.delimiter)
    form.write(path, Returned(*shown))


def write_rows(file: SourceFile, problems: BinaryIO, path: Path, edits: Edits = NO_EDITS) -> None:
    """Write rows that have problems or were edited into `path`, as lines of JSON.

    The first line has the columns that may be edited, each other a row: its place in the file,
    blank rows counted, its number, its cells in these columns, and its problems. At most
    `MOST_EDITABLE` rows.
    """
    returned = file.returned
    columns = [each for each in returned.columns if each.at < file.width]
    wanted = _by_row(problems)
    number, found = next(wanted, (0, ()))
    counted = written = 0
    with path.open("wb") as out, file.table.rows() as rows:
        out.write(_line({"columns": [each._asdict() for each in columns]}))
        for place, row in enumerate(rows):
            is_row = any(row)
            counted += is_row
            is_wanted = is_row and counted == number
            if is_wanted or place in edits:
                cells = returned.cells(row)[: len(columns)]
                listed = [_of_problem(each) for each in found] if is_wanted else []
                out.write(
                    _line({"place": place, "row": counted, "cells": cells, "problems": listed})
                )
                written += 1
            if is_wanted:
                number, found = next(wanted, (0, ()))
            if written == MOST_EDITABLE or (not number and place >= max(edits, default=0)):
                return


def _of_problem(problem: RowProblem) -> list[str | None]:
    """A problem as `RowProblem` takes it behind the number of its row."""
    return [*(problem.field, problem.code, problem.severity, problem.value, problem.proposed_fix)]


def _line(written: dict[str, Any]) -> bytes:
    return to_json(written) + b"\n"


def _reported(
    file: SourceFile, problems: BinaryIO, which: Which, numbering: Numbering | None
) -> Iterator[tuple[int, list[str], list[str]]]:
    """The rows that are wanted: place in the table, blank ones counted, cells, and reasons."""
    wanted = (
        (number, found)
        for number, found in _by_row(problems)
        if (which == REJECTED) == any(problem.severity == "error" for problem in found)
    )
    number, found = next(wanted, (0, ()))
    counted = 0
    with file.table.rows() as rows:
        for at, row in enumerate(rows):
            counted += any(row)
            if counted == number and any(row):
                yield at, row, [*_reasons(found, numbering), _place(number, numbering)]
                number, found = next(wanted, (0, ()))
                if not number:
                    return


def _place(number: int, numbering: Numbering | None) -> str:
    """Where the sender finds a row: as the spreadsheet counts it, else below the header."""
    return str(numbering.place(number) if numbering else number)


def _by_row(problems: BinaryIO) -> Iterator[tuple[int, Sequence[RowProblem]]]:
    """The problems of each row that is a household, in order."""
    for number, lines in groupby(_lines(problems), key=lambda line: line[0]):
        found = [
            RowProblem(int(number), place or None, code, severity, value or None, fix or None)
            for _, place, code, severity, value, fix in lines
        ]
        if not any(problem.code in _NO_HOUSEHOLDS for problem in found):
            yield int(number), found


def write_vanished(vanished: BinaryIO, out: TextIO) -> None:
    """Write the vanished references with code and door, as CSV.

    `retired` is 1 if no other reference names the record, so that its code is retired.
    """
    writer = Writer(out)
    writer.writerow(VANISHED_COLUMNS)
    for ref, code, *more in _lines(vanished):
        writer.writerow([ref, code, codes.format(code), *more])


def _lines(stream: BinaryIO) -> Iterator[list[str]]:
    """The CSV rows of a stream written by the database."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        yield from csv.reader(text)
    finally:
        # Keep the stream open: its owner may read it again.
        text.detach()


def _reasons(problems: Sequence[RowProblem], numbering: Numbering | None) -> Iterator[str]:
    """The cells of `REPORT_COLUMNS`: codes, worst severity, messages and fixes."""
    found = list(dict.fromkeys(problem.code for problem in problems))
    severities = {problem.severity for problem in problems}
    yield " ".join(found)
    yield next(word for severity, word in SEVERITIES.items() if severity in severities)
    yield "; ".join(PROBLEMS[each].vi for each in found)
    fixes = (problem.fix_vi(numbering) for problem in problems)
    yield "; ".join(dict.fromkeys(filter(None, fixes)))
