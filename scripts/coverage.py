"""`diachiso coverage`: how many households have a code, against how many there are."""

import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from registry import cluster
from registry.coverage.figures import AUDIT_LABELS, Coverage, UnitCoverage
from registry.coverage.localities import coverage_below
from registry.coverage.measure import coverage_of_level
from registry.coverage.moved import Moved, what_moved
from registry.coverage.series import record_day
from registry.coverage.table import write_csv
from registry.database import make_engine, session_scope
from registry.gazetteer import Gazetteer, load_gazetteer
from registry.messages import number, percent
from registry.register import Register
from scripts.coverage_moved import show_moved
from scripts.options import DAY
from scripts.settings import read_settings

# Narrower than this, rich would break numbers; a pipe has no width of its own.
_PIPE_WIDTH: Final = 220
_NONE: Final = "–"
_HEADINGS: Final = (
    "Tổng số hộ",
    "Số liệu",
    "Hộ có mã",
    "Tỷ lệ",
    "Còn thiếu",
    "Chỗ ở",
    "Giao được",
    "Toạ độ ≤ 20 m",
    "Xác minh 24 tháng",
    "Có biển",
    "Nghi trùng",
    "Không số",
)


class _RefusedError(click.ClickException):
    """A question that the data cannot answer: one line, status 2."""

    exit_code = 2


@click.command()
@click.option(
    "--level",
    type=click.Choice(["province", "commune", "locality"]),
    help="Liệt kê cấp nào (what to list). Default: provinces; with --unit the unit alone.",
)
@click.option(
    "--unit", "code", metavar="CODE", help="Chỉ tỉnh hoặc xã này (only this province or commune)."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="Cách in kết quả (how to print the result).",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(min=0),
    metavar="PCT",
    help="Mã thoát 1 khi thấp hơn tỷ lệ này, % (exit 1 when the unit asked for, or the country, is"
    " below this share).",
)
@click.option(
    "--accept-estimate", is_flag=True, help="Chấp nhận số ước tính (let --fail-under measure it)."
)
@click.option(
    "--demo", is_flag=True, help="Tính cả mã thử, bắt đầu bằng 0 (demonstration codes too)."
)
@click.option(
    "--since",
    type=DAY,
    metavar="DAY",
    help="Thay đổi từ ngày này, theo độ phủ đã ghi hằng ngày (what moved since then).",
)
@click.option(
    "--until", type=DAY, metavar="DAY", help="Đến ngày này; mặc định bây giờ (by default now)."
)
@click.option(
    "--record", is_flag=True, help="Ghi độ phủ hôm nay vào chuỗi ngày (write today's counts)."
)
@click.pass_context
def coverage(
    context: click.Context,
    level: str | None,
    code: str | None,
    form: str,
    *,
    fail_under: float | None,
    accept_estimate: bool,
    demo: bool,
    since: datetime.date | None,
    until: datetime.date | None,
    record: bool,
) -> None:
    """Tỷ lệ hộ đã có mã, theo tỉnh hoặc xã (households with a code).

    Of the provinces, or with --level commune of the communes.
    With --unit of one unit; with --unit PROVINCE --level commune of its communes, with --unit
    COMMUNE --level locality of its hamlets. A unit of an old map is answered by its successors.
    Exit status 1 when --fail-under is not reached, 2 when it cannot be decided: without a target,
    or against an estimate unless --accept-estimate.
    With --since what moved, by the counts of each evening; --record writes today's, as the worker
    does at 23:50.
    """
    if record:
        _record()
        return
    if until is not None and since is None:
        raise click.UsageError("--until cần --since (needs it)")
    if since is not None:
        if demo or level == "locality":
            raise click.UsageError(
                "--since không đi với --demo và --level locality: không ghi (not recorded)"
            )
        show_moved(_moved(level, code, since, until), form)
        return
    found = _measure(level, code, demo=demo)
    if fail_under is not None:
        _check_decidable(found.total, accept_estimate=accept_estimate)
    if form == "json":
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    elif form == "csv":
        write_csv(found, sys.stdout)
    else:
        _print_table(found)
    context.exit(1 if fail_under is not None and _is_below(found.total, fail_under) else 0)


def _record() -> None:
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        with session_scope(engine) as session:
            day, units = record_day(session, load_gazetteer(session))
    finally:
        engine.dispose()
    click.echo(f"Đã ghi độ phủ ngày {day:%d/%m/%Y}: {number(units)} đơn vị (units recorded)")


@contextmanager
def _reading() -> Iterator[tuple[Session, Gazetteer]]:
    settings = read_settings()
    register = Register.open(settings, cluster.database_url(settings))
    try:
        known = register.gazetteer.get()
        with session_scope(register.read_engine) as session:
            yield session, known
    finally:
        register.close()


def _measure(level: str | None, code: str | None, *, demo: bool) -> Coverage:
    with _reading() as (session, known):
        return _coverage(session, known, level, code, demo=demo)


def _moved(
    level: str | None, code: str | None, since: datetime.date, until: datetime.date | None
) -> Moved:
    with _reading() as (session, known):
        now = _coverage(session, known, level, code, demo=False)
        return what_moved(session, known, now, since, until)


def _coverage(
    session: Session, known: Gazetteer, level: str | None, code: str | None, *, demo: bool
) -> Coverage:
    if code is not None:
        return coverage_below(session, known, code, level, demo=demo)
    if level == "locality":
        raise click.UsageError("--level locality cần --unit của một xã (and the code of a commune)")
    return coverage_of_level(session, known, level or "province", demo=demo)


def _check_decidable(unit: UnitCoverage, *, accept_estimate: bool) -> None:
    if unit.target is None or not unit.target.households:
        raise _RefusedError(
            f"--fail-under: {unit.name} chưa có tổng số hộ (has no target to measure against)"
        )
    if unit.target.quality == "estimate" and not accept_estimate:
        raise _RefusedError(
            f"--fail-under: tổng số hộ của {unit.name} là số ước tính; thêm --accept-estimate"
            " để vẫn so (the target is an estimate; with that it is measured against all the same)"
        )


def _is_below(unit: UnitCoverage, percent: float) -> bool:
    # By the counts: the share that is shown is cut.
    target = unit.target.households if unit.target else 0
    return unit.counts.households * 100 < percent * target


def _print_table(found: Coverage) -> None:
    show_province = found.total.level == "country" and any(unit.province for unit in found.units)
    table = Table(highlight=False)
    table.add_column("Mã", no_wrap=True)
    table.add_column("Đơn vị")
    if show_province:
        table.add_column("Tỉnh, thành phố")
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "Số liệu" else "right")
    for unit in found.units:
        table.add_row(*_cells(unit, show_province=show_province))
    if found.units != (found.total,):
        table.add_section()
        table.add_row(*_cells(found.total, show_province=show_province), style="bold")
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, markup=False)
    console.print(table)
    for note in _notes(found):
        console.print(note, soft_wrap=True)


def _cells(unit: UnitCoverage, *, show_province: bool) -> list[str]:
    code, name = (unit.code, unit.name) if unit.level != "country" else ("", "Cả nước")
    province = [unit.province[1] if unit.province else ""] if show_province else []
    target, quality = _NONE, "chưa có"
    if unit.target is not None:
        target = _number(unit.target.households)
        if unit.target.counted != "households":
            target += f" {unit.target.counted_label}"
        quality = f"{unit.target.quality_label} {unit.target.reference_date:%d/%m/%Y}"
    return [
        code,
        name,
        *province,
        target,
        quality,
        _number(unit.counts.households),
        percent(unit.share),
        _number(unit.deficit),
        _number(unit.counts.dwellings),
        percent(unit.share_deliverable),
        percent(unit.share_positioned),
        percent(unit.share_verified),
        _number(unit.counts.plated),
        _number(unit.counts.suspected),
        _number(unit.counts.unnumbered),
    ]


def _notes(found: Coverage) -> list[str]:
    notes = []
    if found.former is not None:
        code, name = found.former
        heirs = ", ".join(f"{unit.name} ({unit.code})" for unit in found.units)
        notes.append(f"{name} ({code}) thuộc bản đồ cũ; nay là {heirs}.")
    notes += [
        f"Cần kiểm tra: {unit.name} ({unit.code}):"
        f" {', '.join(AUDIT_LABELS[each] for each in unit.audit)}."
        for unit in found.units
        if unit.audit
    ]
    if any(u.target and u.target.quality == "estimate" for u in (*found.units, found.total)):
        notes.append("«ước tính» không phải số liệu công bố của địa phương.")
    if found.demo:
        notes.append("Có tính cả dữ liệu thử (mã bắt đầu bằng 0).")
    else:
        notes.append("Không tính dữ liệu thử (mã bắt đầu bằng 0); muốn tính, thêm --demo.")
    return notes


def _number(value: int | None) -> str:
    return _NONE if value is None else number(value)
