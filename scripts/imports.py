"""`diachiso import`: a file of households into the register, or the latest one out again."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from registry import cluster
from registry.database import make_engine, session_scope
from registry.intake.handback import write_codes, write_rejected
from registry.intake.history import ImportRecord, list_imports
from registry.intake.problems import PROBLEMS
from registry.intake.publish import DEMO_SOURCE
from registry.intake.reader import open_file
from registry.intake.rollback import roll_back
from registry.intake.run import ImportOptions, ImportResult, import_file
from registry.intake.vanished import TOO_MANY
from scripts.progress import say
from scripts.settings import read_settings

_COUNTS = {
    "rows": "dòng",
    "new": "mới",
    "changed": "thay đổi",
    "unchanged": "không đổi",
    "linked": "trùng chỗ ở đã có",
    "rejected": "bị loại",
    "warned": "có cảnh báo",
    "buildings": "toà nhà mới",
}
_SEVERITIES = {"error": "lỗi", "warning": "cảnh báo", "notice": "lưu ý"}
_STATES = {"published": "đã ghi", "rolled_back": "đã huỷ"}
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--source", help="Who delivers the file; a source's references are its own.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and leave nothing.")
@click.option(
    "--delivery",
    type=click.Choice(["partial", "full"]),
    default="partial",
    show_default=True,
    help="Whether the file holds all of the source's households.",
)
@click.option(
    "--accept-vanished",
    is_flag=True,
    help="Import a full delivery that lacks more than 80 % of what the source had.",
)
@click.option("--decision", metavar="NUMBER", help="Number of the legal decision.")
@click.option(
    "--report", type=_FILE, help="Write the rejected rows here, with their columns and problems."
)
@click.option("--codes", type=_FILE, help="Write every row here, with its code and outcome.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--rollback", type=int, metavar="ID", help="Take this import back instead.")
@click.option("--list", "listed", is_flag=True, help="List imports instead, the latest first.")
def import_(
    file: Path | None,
    source: str | None,
    *,
    dry_run: bool,
    delivery: str,
    accept_vanished: bool,
    decision: str | None,
    report: Path | None,
    codes: Path | None,
    form: str,
    rollback: int | None,
    listed: bool,
) -> int:
    """Import households from the CSV FILE. Exit status 1 when rows were rejected."""
    if (listed or rollback is not None) and (file is not None or (listed and rollback)):
        raise click.UsageError("--list and --rollback stand without a FILE, and one at a time")
    if not listed and rollback is None and (file is None or source is None):
        raise click.UsageError("name a FILE and its --source")
    if file is not None and source is not None and source.strip().casefold() == DEMO_SOURCE:
        raise click.UsageError("the source `demo` is made up; name whose households these are")
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        if listed:
            _list(engine, source, form)
        elif rollback is not None:
            _roll_back(engine, rollback, form)
        elif file is not None and source is not None:
            options = ImportOptions(
                source, delivery, decision, dry_run, accept_vanished=accept_vanished
            )
            result = _import(engine, file, options, report, codes)
            _show(result, form)
            return _status(result, report, accept_vanished=accept_vanished)
        return 0
    finally:
        engine.dispose()


def _import(
    engine: Engine, file: Path, options: ImportOptions, report: Path | None, codes: Path | None
) -> ImportResult:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with ExitStack() as stack:
        for path in filter(None, (report, codes)):
            stack.enter_context(_writable(path))
        answers = stack.enter_context(tempfile.TemporaryFile()) if codes else None
        console = Console(stderr=True)
        bar = stack.enter_context(
            Progress(
                *columns,
                TimeElapsedColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            )
        )
        task = bar.add_task("dòng / rows", total=None)
        result = import_file(
            engine, file, options, lambda n: bar.update(task, completed=n), answers
        )
        bar.update(task, total=result.rows, completed=result.rows)
        delivered = open_file(file)
        if report is not None:
            with _opened(report) as out:
                write_rejected(delivered, result.row_problems, out)
        if codes is not None and answers is not None:
            with _opened(codes) as out:
                write_codes(delivered, answers, out)
        return result


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Find out before anything is imported that `path` can be written; leave none on failure."""
    fresh = not path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise click.ClickException(f"không ghi được {path} ({error.strerror})") from error
    try:
        yield
    except BaseException:
        if fresh:
            path.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> TextIO:
    # With a BOM: spreadsheets take a CSV without one for another encoding.
    return path.open("w", encoding="utf-8-sig", newline="")


def _show(result: ImportResult, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
        return
    name = f"Đợt nhập {result.import_id}" if result.import_id else "Chạy thử, chưa ghi gì"
    click.echo(name)
    for key, label in _COUNTS.items():
        _line(label, getattr(result, key))
    if result.vanished:
        _line("không còn trong tệp", result.vanished, f"{result.vanished_share:.1%}")
        _line("mã ngừng dùng", result.retired)
    if result.demo_removed:
        _line("minh hoạ đã gỡ", result.demo_removed)
    for code, count in result.problems.items():
        kind = PROBLEMS[code]
        click.echo(f"  {_SEVERITIES[kind.severity]:<9} {count:>8,}  {kind.vi}  [{code}]")
    if result.vanished_warning:
        click.echo(f"  cảnh báo  {_vanished_warning(result)}")
    if result.columns_personal:
        click.echo(f"  bỏ, không lưu (thông tin cá nhân): {', '.join(result.columns_personal)}")
    if result.columns_unknown:
        click.echo(f"  cột không dùng: {', '.join(result.columns_unknown)}")


def _line(label: str, count: int, more: str = "") -> None:
    click.echo(f"  {label:<20} {count:>10,}  {more}".rstrip())


def _vanished_warning(result: ImportResult) -> str:
    shown = f"{result.vanished_share:.1%} mã hồ sơ của nguồn không còn trong tệp"
    if result.vanished_warning == TOO_MANY and not result.import_id:
        shown += "; nhập thật sẽ bị từ chối nếu không thêm --accept-vanished"
    return f"{shown}  [{result.vanished_warning}]"


def _status(result: ImportResult, report: Path | None, *, accept_vanished: bool) -> int:
    """The exit status; when it is 1, a line on stderr says why."""
    if result.vanished_warning == TOO_MANY and not accept_vanished:
        say(_vanished_warning(result))
        return 1
    if not result.rejected:
        return 0
    told = f"xem {report}" if report else "thêm --report FILE.csv để lấy các dòng đó về sửa"
    say(f"{result.rejected:,} trên {result.rows:,} dòng bị loại; {told}")
    return 1


def _list(engine: Engine, source: str | None, form: str) -> None:
    with session_scope(engine) as session:
        records = list_imports(session, source)
    if form == "json":
        listed = {"imports": [record.to_dict() for record in records]}
        click.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    if not records:
        say("chưa có đợt nhập nào")
    for record in records:
        click.echo(_described(record))


def _described(record: ImportRecord) -> str:
    counts = record.counts
    shown = [
        f"{counts[key]:,} {label}"
        for key, label in (_COUNTS | {"vanished": "không còn"}).items()
        if counts.get(key) and key not in ("warned", "buildings")
    ]
    state = _STATES.get(record.state, record.state)
    return (
        f"{record.import_id:>6}  {record.created_at:%d/%m/%Y %H:%M}  {state:<7} {record.source}"
        f"  {record.file_name}: {', '.join(shown)}"
    )


def _roll_back(engine: Engine, import_id: int, form: str) -> None:
    undone = roll_back(engine, import_id)
    if form == "json":
        members = {
            "import_id": undone.import_id,
            "source": undone.source,
            "removed": undone.removed,
            "restored": undone.restored,
        }
        click.echo(json.dumps(members, ensure_ascii=False))
        return
    click.echo(
        f"Đã huỷ đợt nhập {undone.import_id} của {undone.source}:"
        f" gỡ {undone.removed:,}, trả lại {undone.restored:,}"
    )
