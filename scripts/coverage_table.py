"""Coverage as a table for a terminal."""

from collections.abc import Iterator
from typing import IO, Final

from rich.console import Console
from rich.table import Column, Table

from registry.core.labels import percent
from registry.core.messages import N_, _, chosen_language, number
from registry.coverage.figures import (
    AUDIT_LABELS,
    COUNTED_LABELS,
    ESTIMATE_NOTE,
    LACKS_ACCURACY,
    QUALITY_LABELS,
    Coverage,
    UnitCoverage,
    late_label,
    use_line,
)

# Narrower than this, rich would break numbers; a pipe has no width of its own.
_PIPE_WIDTH: Final = 220
_LEAST: Final = 4
"""Minimum number of columns of numbers."""
_NONE: Final = "–"
_NAMES: Final = (N_("Unit"), N_("Province"))
_KIND: Final = N_("Kind of figure")
_HEADINGS: Final = (
    N_("Target"),
    _KIND,
    N_("With a code"),
    N_("Share"),
    N_("Missing"),
    N_("Dwellings"),
    N_("Deliverable"),
    N_("Point ≤ 20 m"),
    N_("Verified in 24 months"),
    N_("With a plate"),
    N_("Suspected twice"),
    N_("Without a number"),
)


def print_table(found: Coverage, out: IO[str]) -> None:
    """Print the units and their total, with notes below."""
    show_province = found.total.level == "country" and any(unit.province for unit in found.units)
    console = Console(file=out, width=None if out.isatty() else _PIPE_WIDTH, markup=False)
    count = len(_HEADINGS)
    table = _table(found, count, show_province=show_province)
    # A number is never cut: headings are folded, and columns that do not fit are left out.
    while count > _LEAST and _width(table, folded=True) > console.width:
        count -= 1
        table = _table(found, count, show_province=show_province)
    if _width(table, folded=False) > console.width:
        _keep_numbers_whole(table)
    console.print(table)
    left_out = ", ".join(map(_, _HEADINGS[count:]))
    narrow = N_("The window is narrow, left out: {columns}; --format csv has all of them.")
    notes = [_(narrow, columns=left_out)] if left_out else []
    for note in (*notes, *_notes(found)):
        console.print(note, soft_wrap=True)


def _table(found: Coverage, count: int, *, show_province: bool) -> Table:
    """Return the table with this many columns of numbers."""
    table = Table(highlight=False)
    table.add_column(_("Code"), no_wrap=True)
    for heading in _NAMES if show_province else _NAMES[:1]:
        table.add_column(_(heading))
    for heading in _HEADINGS[:count]:
        table.add_column(_(heading), justify="left" if heading == _KIND else "right")
    shown = len(table.columns)
    for unit in found.units:
        table.add_row(*_cells(unit, show_province=show_province)[:shown])
    if found.units != (found.total,):
        table.add_section()
        cells = _cells(found.total, show_province=show_province)[:shown]
        table.add_row(*cells, style="bold")
    return table


def _width(table: Table, *, folded: bool) -> int:
    """Return the width of the table in characters, unchanged or with everything folded."""
    inner = sum(max(_widths(column, folded=folded)) for column in table.columns)
    return inner + 3 * len(table.columns) + 1


def _widths(column: Column, *, folded: bool) -> Iterator[int]:
    for cell in (column.header, *column.cells):
        text = str(cell)
        # Text may wrap over two lines; a number with its unit may not.
        whole = not folded or text[:1].isdigit()
        yield max(map(len, [text] if whole else text.split() or [""]))


def _keep_numbers_whole(table: Table) -> None:
    """Fold the headings, and qualities of numbers, so that only names are shortened."""
    names = tuple(map(_, _NAMES))
    for column in table.columns:
        if column.header not in names:
            column.width = max(_widths(column, folded=True))


def _cells(unit: UnitCoverage, *, show_province: bool) -> list[str]:
    language = chosen_language()
    code, name = (unit.code, unit.name) if unit.level != "country" else ("", _("Country"))
    province = [unit.province[1] if unit.province else ""] if show_province else []
    target, quality = _NONE, _("none yet")
    if unit.target is not None:
        target = _number(unit.target.households)
        if unit.target.counted != "households":
            target += f" {_(COUNTED_LABELS[unit.target.counted])}"
        label = _(QUALITY_LABELS[unit.target.quality])
        quality = f"{label} {unit.target.reference_date:%d/%m/%Y}"
    return [
        code,
        name,
        *province,
        target,
        quality,
        _number(unit.counts.households),
        percent(unit.share, language),
        _number(unit.deficit),
        _number(unit.counts.dwellings),
        percent(unit.share_deliverable, language),
        percent(unit.share_positioned, language),
        percent(unit.share_verified, language),
        _number(unit.counts.plated),
        _number(unit.counts.suspected),
        _number(unit.counts.unnumbered),
    ]


def _notes(found: Coverage) -> list[str]:
    language = chosen_language()
    notes = [use_line(each, language) for each in found.total.uses]
    if found.former is not None:
        code, name = found.former
        heirs = ", ".join(f"{unit.name} ({unit.code})" for unit in found.units)
        notes.append(
            _(
                "{name} ({code}) is on an old map; today it is {heirs}.",
                name=name,
                code=code,
                heirs=heirs,
            )
        )
    notes += [
        _(
            "To be checked: {name} ({code}): {why}.",
            name=unit.name,
            code=unit.code,
            why=[_(AUDIT_LABELS[each]) for each in unit.audit],
        )
        for unit in found.units
        if unit.audit
    ]
    if found.total.without_accuracy:
        notes.append(_(LACKS_ACCURACY))
    if any(u.is_estimate for u in (*found.units, found.total)):
        notes.append(_(ESTIMATE_NOTE))
    if found.counted_at is not None:
        notes.append(late_label(found.counted_at, language))
    if found.demo:
        notes.append(_("Demonstration data (codes that begin with 0) are counted."))
    else:
        notes.append(
            _("Demonstration data (codes that begin with 0) are not counted; --demo counts them.")
        )
    return notes


def _number(value: int | None) -> str:
    return _NONE if value is None else number(value)
