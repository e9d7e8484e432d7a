"""`diachiso lookup | geocode | reverse | validate`: a file of questions, answered row by row."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from registry import cluster
from registry.batch.flat import FLAT_COLUMNS
from registry.batch.rows import FORMATS, SUFFIXES, Layout, read_table
from registry.batch.work import Work, answer_rows
from registry.errors import UnreadableFileError
from registry.messages import number
from scripts.progress import say
from scripts.settings import read_settings

STREAM: Final = Path("-")
_HELP: Final = {
    "lookup": "Tra từng mã trong tệp IN (the address of each code).",
    "geocode": "Tìm mã của từng địa chỉ trong tệp IN (the door of each, or the place).",
    "reverse": "Tìm chỗ ở gần từng toạ độ trong tệp IN (the nearest door, or the commune).",
    "validate": "Kiểm tra từng địa chỉ trong tệp IN (a verdict on each, and what to ask).",
}
_MORE: Final = """

    IN and OUT are CSV or NDJSON by their suffix; - is standard input or output. Every row comes
    back in order, with all that it had, and its result. Exit status 1 when a row has no answer.
    """


def _command(operation: str) -> click.Command:
    @click.command(operation, help=_HELP[operation] + _MORE)
    @click.argument("source", metavar="IN", type=click.Path(path_type=Path, allow_dash=True))
    @click.argument("target", metavar="OUT", type=click.Path(path_type=Path, allow_dash=True))
    @click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        help="Dạng của cả hai tệp (of both, whatever suffix).",
    )
    @click.option(
        "--processes", type=click.IntRange(1, 64), help="Số tiến trình (default: one a processor)."
    )
    @click.pass_context
    def command(
        context: click.Context,
        source: Path,
        target: Path,
        form: str | None,
        processes: int | None,
    ) -> None:
        # An output without a suffix is written as the input is.
        forms = (
            form or _form_of(source),
            form or _form_of(source if target == STREAM else target),
        )
        settings = read_settings()
        database_url = cluster.database_url(settings)
        with _reading(source) as lines, _writing(target) as out:
            table = read_table(forms[0], operation, lines)
            layout = Layout.of(forms[1], table, FLAT_COLUMNS[operation])
            work = Work(settings, database_url, operation, layout)
            out.write(layout.head())
            rows = unanswered = 0
            with _progress() as (bar, task):
                for written in answer_rows(work, table.rows, processes=processes):
                    out.write(written.text)
                    rows += written.rows
                    unanswered += written.unanswered
                    bar.update(task, completed=rows)
        say(f"{number(rows)} dòng, {number(unanswered)} không có kết quả (rows, without an answer)")
        context.exit(1 if unanswered else 0)

    return command


lookup, geocode, reverse, validate = map(_command, _HELP)


def _form_of(path: Path) -> str:
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise click.UsageError(f"the suffix of {path} is none of {', '.join(SUFFIXES)}: --format")
    return form


# Bytes that are no UTF-8 are passed through as they came.
@contextmanager
def _reading(path: Path) -> Iterator[TextIO]:
    if path == STREAM:
        stream = sys.stdin.buffer.fileno()
        with open(
            stream, encoding="utf-8", errors="surrogateescape", newline="", closefd=False
        ) as f:
            yield f
        return
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield file
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from error


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """The output; a file appears under its name only when it is whole."""
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
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        yield bar, bar.add_task("dòng / rows", total=None)
