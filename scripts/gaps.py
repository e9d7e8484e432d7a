"""`diachiso gaps`: what is missing where, for whoever goes out to find it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

import click
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table

from registry.core.database import session_scope
from registry.core.messages import N_, Message, _, not_written, number
from registry.coverage.answers import gaps_answer
from registry.coverage.count_cache import count_anew
from registry.coverage.figures import COUNTED_LABELS, ESTIMATE_NOTE, QUALITY_LABELS
from registry.coverage.gap_files import (
    form_rows,
    write_form_csv,
    write_form_xlsx,
    write_geojson,
)
from registry.coverage.gaps import KINDS, Gap, Gaps, find_gaps
from registry.files.whole_file import whole_file
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_engine
from scripts.options import FILE
from scripts.progress import say, show_json

_PIPE_WIDTH: Final = 160
_HEADINGS: Final = (N_("Code"), N_("Unit"), N_("Street, hamlet"), N_("Missing"))
_SHOWN: Final = 30
"""Rows of each kind in the table."""


@command()
def gaps(
    *,
    code: Annotated[str | None, "--unit CODE", "Only this province or commune."] = None,
    kinds: Annotated[
        tuple[str, ...],
        "--kind",
        click.Choice(list(KINDS)),
        "May be repeated; all by default.",
    ] = (),
    form: Annotated[
        Literal["table", "csv", "json", "geojson", "xlsx"] | None,
        "--format",
        "By default what --out ends in, or a table.",
    ] = None,
    out: Annotated[Path | None, FILE, "A form to fill in and import."] = None,
    demo: Annotated[bool, "Include demonstration records."] = False,
) -> None:
    """Units far below target, holes in streets, places never delivered.

    CSV and XLSX are forms for field teams, which `import` reads.
    """
    wanted = form or (out.suffix.lower().removeprefix(".") if out else "table")
    if wanted not in ("table", "csv", "json", "geojson", "xlsx"):
        raise click.UsageError(str(Message("format_unclear")))
    if wanted == "xlsx" and out is None:
        raise click.UsageError(str(Message("xlsx_needs_out_file")))
    with opened_engine() as engine:
        count_anew(engine)
        with session_scope(engine) as session:
            known = load_gazetteer(session)
            found = find_gaps(session, known, code, kinds or KINDS, demo=demo)
    if out is None:
        _print(found, wanted)
        return
    try:
        with whole_file(out) as part:
            _write(found, wanted, part)
    except OSError as error:
        raise click.ClickException(str(not_written(out, error))) from error
    say(f"{out}: {found.name}, {_counted(found)}")


def _write(found: Gaps, form: str, out: Path) -> None:
    if form == "xlsx":
        write_form_xlsx(found, out)
        return
    # Spreadsheets recognise UTF-8 in a CSV only by its BOM.
    encoding = "utf-8-sig" if form == "csv" else "utf-8"
    with out.open("w", encoding=encoding, newline="") as stream:
        if form == "csv":
            write_form_csv(found, stream)
        elif form == "geojson":
            write_geojson(found, stream)
        elif form == "json":
            stream.write(to_json(gaps_answer(found), indent=2).decode())
        else:
            _tables(found, Console(file=stream, width=_PIPE_WIDTH, markup=False))


def _print(found: Gaps, form: str) -> None:
    if form == "json":
        show_json(gaps_answer(found))
    elif form == "csv":
        write_form_csv(found, sys.stdout)
    elif form == "geojson":
        write_geojson(found, sys.stdout)
    else:
        width = None if sys.stdout.isatty() else _PIPE_WIDTH
        _tables(found, Console(width=width, markup=False))


def _tables(found: Gaps, console: Console) -> None:
    if found.former is not None:
        code, name = found.former
        console.print(
            _("{name} ({code}) is on an old map; these took its place.", name=name, code=code)
        )
    for kind, title in _titles():
        of_kind = found.of_kind(kind)
        if not of_kind:
            continue
        table = Table(
            title=f"{title}: {number(len(of_kind))}", highlight=False, title_justify="left"
        )
        for heading in _HEADINGS:
            table.add_column(_(heading), justify="left")
        for gap in of_kind[:_SHOWN]:
            table.add_row(gap.code, gap.name, gap.place or "", _missing(gap))
        console.print(table)
        if len(of_kind) > _SHOWN:
            left = number(len(of_kind) - _SHOWN)
            console.print(Message("gaps_left_out", left=left))
    console.print(f"{found.name}: {_counted(found)}", soft_wrap=True)
    if any(gap.is_estimate for gap in found.found):
        console.print(_(ESTIMATE_NOTE), soft_wrap=True)


def _missing(gap: Gap) -> str:
    if gap.kind == "street_holes":
        side = N_("odd side: {numbers}") if gap.side == "odd" else N_("even side: {numbers}")
        return _(side, numbers=gap.numbers)
    if gap.target is None or gap.missing is None:
        return _("no household imported yet")
    quality = gap.target.quality
    return _(
        "{missing:n} {counted} ({have:n} of {target:n}{quality})",
        missing=gap.missing,
        counted=_(COUNTED_LABELS[gap.target.counted]),
        have=gap.households or 0,
        target=gap.target.households,
        quality="" if quality == "declared" else f", {_(QUALITY_LABELS[quality])}",
    )


def _counted(found: Gaps) -> str:
    shown = [
        f"{title} {number(len(found.of_kind(kind)))}"
        for kind, title in _titles()
        if kind in found.kinds
    ]
    rows = _("{rows:n} rows to fill in", rows=sum(1 for _row in form_rows(found)))
    return "; ".join([*shown, rows])


def _titles() -> Iterator[tuple[str, str]]:
    """Yield each kind of gap with its label."""
    yield from ((kind, _(title)) for kind, title in KINDS.items())
