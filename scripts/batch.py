"""`diachiso lookup | geocode | reverse | validate | recheck`: questions of a file, row by row."""

import datetime
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Final, Literal, TextIO

import click

from registry.core.errors import UnreadableFileError
from registry.core.messages import Message, _, not_written, number
from registry.files.formats.formats import WORKBOOKS
from registry.files.whole_file import whole_file
from registry.ops import cluster
from registry.publish.batch import RECHECK
from registry.publish.batch.flat import extra_columns, flat_columns
from registry.publish.batch.rows import SUFFIXES, Layout, Stated, Table, read_table
from registry.publish.batch.words import CHANGES, VERDICTS
from registry.publish.batch.work import Work, answer_rows
from registry.publish.batch.workbooks import WRITTEN, reading_workbook, write_workbook
from registry.publish.changes.since import Since, read_since
from registry.register import Register
from registry.units import check_scheme_known, label_day
from scripts.command import command
from scripts.mapping import read_mapping
from scripts.options import FILE_OR_STREAM, STREAM, Wording
from scripts.progress import counting, say
from scripts.settings import read_settings

_TEXT: Final = "csv"
_BOOK: Final = "workbook"
_HELP: Final = {
    "lookup": "The address of each code in IN.",
    "geocode": "The door of each address in IN, or its place.",
    "reverse": "The door nearest to each position in IN, or its commune.",
    "validate": "A verdict on each address in IN, and what to ask.",
    RECHECK: "Which codes and addresses in IN changed since a day, and why.",
}
_MORE: Final = """

    IN and OUT are CSV, NDJSON or workbook by suffix; - is standard input or output. Every row comes
    back in order with known columns, your reference (`source_ref` in --mapping) and its result,
    without people. Exit status 1 if a row has no answer.
    """
_MORE_OF_CHANGES: Final = """

    Files as of lookup; unchanged rows are left out. Prints the next --since. Exit status 1 if a row
    names no door.
    """
_In = Annotated[Path, "IN", FILE_OR_STREAM]
_Out = Annotated[Path, "OUT", FILE_OR_STREAM]


@dataclass(frozen=True, slots=True)
class _Files:
    """Formats of the files."""

    form: Annotated[Literal["csv", "ndjson"] | None, "--format", "Form of both files."] = None
    mapping: Annotated[
        str | None,
        "--mapping FILE.json",
        'JSON object, header → field: {"Nơi đến": "address"}.',
    ] = None
    sheet: Annotated[str | None, "Sheet; `*`: all with the same columns."] = None


_Processes = Annotated[int | None, click.IntRange(1, 64), "By default one per processor."]


def _command(operation: str) -> click.Command:
    def answer(
        source: _In,
        target: _Out,
        *,
        files: _Files,
        on: Annotated[datetime.date | None, "Columns with the labels of that day."] = None,
        wording: Wording = None,
        scheme: Annotated[
            str | None, "--scheme NAME", "Columns with unit ids of this scheme."
        ] = None,
        processes: _Processes = None,
    ) -> int:
        day = label_day(on, wording)
        return _answer(operation, source, target, files, processes, on=day, scheme=scheme)

    def recheck(
        source: _In,
        target: Annotated[Path, "[OUT]", FILE_OR_STREAM] = STREAM,
        *,
        files: _Files,
        since: Annotated[str, "--since DAY|CURSOR", "Day, or cursor of the last run."],
        processes: _Processes = None,
    ) -> int:
        return _answer(operation, source, target, files, processes, since=since)

    function, more = (recheck, _MORE_OF_CHANGES) if operation == RECHECK else (answer, _MORE)
    function.__doc__ = _HELP[operation] + more
    return command(name=operation)(function)


lookup, geocode, reverse, validate, recheck = map(_command, _HELP)


def _answer(
    operation: str,
    source: Path,
    target: Path,
    files: _Files,
    processes: int | None,
    *,
    on: datetime.date | None = None,
    scheme: str | None = None,
    since: str | None = None,
) -> int:
    stated = tuple(read_mapping(files.mapping).items()) if files.mapping else ()
    # An output without a suffix has the format of the input.
    read_as = _form_of(source, files.form, WORKBOOKS)
    if target == STREAM:
        write_as = _TEXT if read_as == _BOOK else read_as
    else:
        write_as = _form_of(target, files.form, (WRITTEN,))
    settings = read_settings()
    database_url = cluster.database_url(settings)
    behind = None
    more: tuple[str, ...] = ()
    if since or scheme:
        with closing(Register.open(settings, database_url)) as register:
            behind = read_since(register, since) if since else None
            if scheme:
                known = register.gazetteer.get()
                check_scheme_known(known, scheme)
                more = extra_columns(known, on, ids=scheme, postal=False)
    rows = returned = unanswered = 0
    verdicts = Counter[str]()

    def answered(work: Work, table: Table) -> Iterator[str]:
        nonlocal rows, returned, unanswered
        with counting(_("rows done")) as count:
            for written in answer_rows(work, table.rows, processes=processes):
                rows += written.rows
                returned += written.returned
                unanswered += written.unanswered
                verdicts.update(written.verdicts)
                count(rows)
                yield written.text

    with _reading(source, read_as, operation, files.sheet, stated) as table:
        if table.unread:
            say(Message("columns_ignored", unread=", ".join(table.unread)))
        columns = flat_columns(operation, on) + more
        layout = Layout.of(_TEXT if write_as == _BOOK else write_as, table, columns)
        work = Work(settings, database_url, operation, layout, on, behind, more=more)
        texts = answered(work, table)
        if write_as == _BOOK:
            with _whole(target) as part:
                write_workbook(part, layout, texts)
        else:
            with _writing(target) as out:
                out.writelines(chain([layout.head()], texts))
    _sum_up(rows, returned, unanswered, verdicts, behind)
    return 1 if unanswered else 0


def _sum_up(
    rows: int, returned: int, unanswered: int, verdicts: Counter[str], behind: Since | None
) -> None:
    """Print the count of each kind."""
    if behind is None:
        words_of = VERDICTS
        say(_("{rows:n} rows, {lost:n} without an answer", rows=rows, lost=unanswered))
    else:
        words_of = CHANGES
        say(
            _(
                "{rows:n} rows, {changed:n} changed, {lost:n} without a door",
                rows=rows,
                changed=returned,
                lost=unanswered,
            )
        )
    for each, words in words_of.items():
        if count := verdicts[each]:
            say(f"  {number(count):>8}  {_(words)}  [{each}]")
    if behind is not None:
        say(Message("next_since", now=behind.now))


def _form_of(path: Path, stated: str | None, workbooks: tuple[str, ...]) -> str:
    suffix = path.suffix.lower()
    form = stated or (_BOOK if suffix in workbooks else SUFFIXES.get(suffix))
    if form is None:
        known = ", ".join((*SUFFIXES, *workbooks))
        raise click.UsageError(str(Message("suffix_unknown", path=path, known=known)))
    return form


@contextmanager
def _reading(
    path: Path, form: str, operation: str, sheet: str | None, stated: Stated
) -> Iterator[Table]:
    try:
        if form == _BOOK:
            with reading_workbook(path, sheet, operation, say, stated) as read:
                yield read
        else:
            with _lines(path) as lines:
                yield read_table(form, operation, lines, stated)
    except OSError as error:
        raise UnreadableFileError(
            Message("of_file", file=path, reason=error.strerror or error)
        ) from error


def _lines(path: Path) -> TextIO:
    # Bytes that are not UTF-8 are passed through unchanged.
    own = path != STREAM
    return open(
        path if own else sys.stdin.buffer.fileno(),
        encoding="utf-8",
        errors="surrogateescape",
        newline="",
        closefd=own,
    )


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """Open the output as text."""
    if path == STREAM:
        sys.stdout.flush()
        with open(
            sys.stdout.fileno(),
            "w",
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
            closefd=False,
        ) as stream:
            yield stream
        return
    with (
        _whole(path) as part,
        part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        yield file


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    try:
        with whole_file(path) as part:
            yield part
    except OSError as error:
        raise UnreadableFileError(not_written(path, error)) from error
