"""Rows of a file, handed back to whoever delivered it: rejected ones with reasons, all with codes.

Rows come from the file itself and go nowhere but into the file that was asked for.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final, TextIO

from sqlalchemy import Connection

from geo import code as codes
from registry.database import driver_connection
from registry.intake.columns import ANSWER_COLUMNS, REPORT_COLUMNS
from registry.intake.problems import PROBLEMS, RowProblem
from registry.intake.reader import SourceFile, rows_of

# In order of the file's rows. A revived record is a change to whoever delivers.
_ANSWERS: Final = """
    COPY (
        SELECT CASE o.outcome WHEN 'revived' THEN 'changed'
                ELSE coalesce(o.outcome, 'rejected') END,
            coalesce(o.code, r.code, '')
        FROM judged j
        LEFT JOIN outcome o USING (row_number)
        LEFT JOIN door d USING (row_number)
        LEFT JOIN household_ref r ON r.source = %s AND r.source_ref = d.ref
        ORDER BY row_number
    ) TO STDOUT
"""


def copy_answers(connection: Connection, source: str, answers: BinaryIO) -> None:
    """Write outcome and code of every row into `answers`, for `write_codes` after the commit.

    A row that a dry run would make new has no code yet; a rejected one has none.
    """
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy(_ANSWERS, (source,)) as copy,
    ):
        for block in copy:
            answers.write(block)


def write_codes(file: SourceFile, answers: BinaryIO, out: TextIO) -> None:
    """Write every row of the file with `code`, `code_display` and `outcome`, as CSV.

    Columns about people, and those that we wrote ourselves into an earlier file, are left out.
    """
    kept = _kept(file, without=(*file.columns.own, *file.columns.about_people))
    writer = csv.writer(out, delimiter=file.delimiter)
    writer.writerow([*(file.headers[index] for index in kept), *ANSWER_COLUMNS])
    answers.seek(0)
    with rows_of(file) as rows:
        for row, line in zip(rows, answers, strict=False):
            outcome, code = line.decode().rstrip("\n").split("\t")
            display = codes.format(code) if code else ""
            writer.writerow([*_cells(row, kept), code, display, outcome])


def write_rejected(file: SourceFile, problems: Iterable[RowProblem], out: TextIO) -> None:
    """Write the rejected rows as they came, with what is wrong with each and the fix, as CSV.

    Corrected and delivered again, the file changes these rows and no others.
    """
    by_row: dict[int, list[RowProblem]] = {}
    for problem in problems:
        if problem.severity == "error":
            by_row.setdefault(problem.row_number, []).append(problem)
    kept = _kept(file, without=file.columns.own)
    writer = csv.writer(out, delimiter=file.delimiter)
    writer.writerow([*(file.headers[index] for index in kept), *REPORT_COLUMNS])
    with rows_of(file) as rows:
        for number, row in enumerate(rows, start=1):
            if number in by_row:
                surplus = row[len(file.headers) :]
                writer.writerow([*_cells(row, kept), *_reasons(by_row[number]), *surplus])


def _reasons(problems: Sequence[RowProblem]) -> Iterator[str]:
    """The cells of `REPORT_COLUMNS`: codes, reasons in words, and fixes."""
    found = list(dict.fromkeys(problem.code for problem in problems))
    yield " ".join(found)
    yield "; ".join(PROBLEMS[each].vi for each in found)
    yield "; ".join(dict.fromkeys(problem.fix_vi for problem in problems if problem.fix_vi))


def _kept(file: SourceFile, *, without: Sequence[int]) -> list[int]:
    return [index for index in range(len(file.headers)) if index not in without]


def _cells(row: list[str], kept: Iterable[int]) -> list[str]:
    return [row[index] if index < len(row) else "" for index in kept]
