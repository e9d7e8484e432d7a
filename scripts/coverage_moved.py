"""`diachiso coverage --since DAY`: what moved between two days, as people or programs read it."""

import sys
from typing import Final

from rich.console import Console
from rich.table import Table

from registry.core.messages import _, number
from registry.coverage.moved import MOVED_LABELS, Moved, Movement
from registry.coverage.table import write_moved_csv
from scripts.progress import show_json

_PIPE_WIDTH: Final = 160


def show_moved(moved: Moved, form: str) -> None:
    """Print it."""
    if form == "json":
        show_json(moved.to_dict())
    elif form == "csv":
        write_moved_csv(moved, sys.stdout)
    else:
        _print_table(moved)


def _print_table(moved: Moved) -> None:
    table = Table(highlight=False)
    table.add_column(_("Code"), no_wrap=True)
    table.add_column(_("Unit"))
    for heading in map(_, MOVED_LABELS.values()):
        table.add_column(heading, justify="right")
    for unit in moved.units:
        table.add_row(unit.unit.code, unit.unit.name, *_cells(unit))
    if len(moved.units) + moved.unmoved > 1:
        table.add_section()
        name = _("Country") if moved.total.unit.level == "country" else moved.total.unit.name
        table.add_row("", name, *_cells(moved.total), style="bold")
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, markup=False)
    since, until = (f"{day:%d/%m/%Y}" for day in (moved.since, moved.until))
    console.print(_("Changes from {since} to {until}", since=since, until=until))
    console.print(table)
    console.print(_("{count:n} units did not change.", count=moved.unmoved), soft_wrap=True)


def _cells(movement: Movement) -> list[str]:
    change = movement.change
    after = movement.to_dict()["after"] or {}
    if change is None:
        return [_("not on record") if movement.before is None else "–"] + ["–"] * (
            len(MOVED_LABELS) - 1
        )
    return [
        f"{'+' if change[name] > 0 else ''}{number(change[name])} → {number(after[name])}"
        if change[name]
        else "0"
        for name in MOVED_LABELS
    ]
