"""`diachiso coverage --since DAY`: what moved between two days, as people or programs read it."""

import json
import sys
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from registry.coverage.moved import Moved, Movement
from registry.csv_cells import Writer
from registry.messages import number

_PIPE_WIDTH: Final = 160
_SHOWN: Final = (
    ("households", "Hộ có mã"),
    ("dwellings", "Chỗ ở"),
    ("deliverable", "Giao được"),
    ("positioned", "Toạ độ ≤ 20 m"),
    ("verified", "Xác minh 24 tháng"),
    ("suspected_duplicates", "Nghi trùng"),
)


def show_moved(moved: Moved, form: str) -> None:
    """Print it."""
    if form == "json":
        click.echo(json.dumps(moved.to_dict(), ensure_ascii=False, indent=2))
    elif form == "csv":
        _print_csv(moved)
    else:
        _print_table(moved)


def _print_csv(moved: Moved) -> None:
    """A row a unit that moved: each count before, after, and the change."""
    rows = [unit.to_dict() for unit in moved.units]
    counts = list(moved.total.to_dict()["after"] or moved.total.to_dict()["before"] or ())
    of_counts = [f"{count}_{when}" for count in counts for when in ("before", "after", "change")]
    fields = ["code", "level", "name", "province_code", "since", "until", *of_counts]
    writer = Writer(sys.stdout, lineterminator="\n")
    writer.writerow(fields)
    for row in rows:
        flat = {name: row[name] for name in ("code", "level", "name")}
        flat |= {"since": moved.since, "until": moved.until}
        flat["province_code"] = (row["province"] or {}).get("code", "")
        for when in ("before", "after", "change"):
            flat |= {f"{count}_{when}": value for count, value in (row[when] or {}).items()}
        writer.writerow(map(flat.get, fields))


def _print_table(moved: Moved) -> None:
    table = Table(highlight=False)
    table.add_column("Mã", no_wrap=True)
    table.add_column("Đơn vị")
    for _, heading in _SHOWN:
        table.add_column(heading, justify="right")
    for unit in moved.units:
        table.add_row(unit.unit.code, unit.unit.name, *_cells(unit))
    if len(moved.units) + moved.unmoved > 1:
        table.add_section()
        name = "Cả nước" if moved.total.unit.level == "country" else moved.total.unit.name
        table.add_row("", name, *_cells(moved.total), style="bold")
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, markup=False)
    console.print(f"Thay đổi từ {moved.since:%d/%m/%Y} đến {moved.until:%d/%m/%Y}")
    console.print(table)
    console.print(f"{number(moved.unmoved)} đơn vị không thay đổi.", soft_wrap=True)


def _cells(movement: Movement) -> list[str]:
    change = movement.change
    after = movement.to_dict()["after"] or {}
    if change is None:
        return ["chưa ghi" if movement.before is None else "–"] + ["–"] * (len(_SHOWN) - 1)
    return [
        f"{'+' if change[name] > 0 else ''}{number(change[name])} → {number(after[name])}"
        if change[name]
        else "0"
        for name, _ in _SHOWN
    ]
