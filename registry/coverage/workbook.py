"""Coverage as a workbook: the units with bars, the series with a line chart, and notes.

Changes between two days are a separate workbook of one sheet.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from registry.core.messages import in_vietnamese
from registry.coverage.figures import QUALITY_LABELS, Coverage, late_label
from registry.coverage.moved import Moved
from registry.coverage.series import Series
from registry.coverage.table import HEADINGS, MOVED_HEADINGS, cells, moved_cells
from registry.files.new_workbook import new_workbook

_SHARE: Final = 8
_OF_DAYS: Final = ("Ngày", "Hộ có mã", "Chỗ ở", "Giao được", "Tổng số", "Số liệu")
_NOTES: Final = (
    "Hộ có mã: hộ của các chỗ ở đang dùng; nhiều hộ có thể chung một chỗ ở.",
    "Tỷ lệ: so với tổng số hộ, hoặc chỗ ở khi tổng số đếm chỗ ở; cắt, không làm tròn lên.",
    "Số “ước tính” không phải số liệu địa phương công bố.",
    "Ngày không ghi độ phủ thì không có trong chuỗi ngày.",
)


def write_workbook(found: Coverage, series: Series | None, path: Path) -> None:
    """Write the workbook; `series` is of the total, None if demonstration codes are counted."""
    with new_workbook(path) as book:
        styles = _styles(book)
        _write_units(book, styles, found)
        if series is not None and series.days:
            _write_days(book, styles, series)
        _write_notes(book, found)


def write_moved_workbook(moved: Moved, path: Path) -> None:
    """Write the changes: each count before, after, and the difference."""
    with new_workbook(path) as book:
        styles = _styles(book)
        sheet = book.add_worksheet("Thay đổi")
        days = f"{moved.since:%d/%m/%Y} → {moved.until:%d/%m/%Y}"
        sheet.write_string(0, 0, f"{moved.total.unit.name}, {days}", styles["head"])
        for column, heading in enumerate(MOVED_HEADINGS):
            sheet.set_column(column, column, 30 if column in (1, 2) else 16)
            sheet.write_string(1, column, heading, styles["head"])
        for row, unit in enumerate(moved.units, start=2):
            _write_row(sheet, row, moved_cells(unit), styles)
        sheet.freeze_panes(2, 2)


def _styles(book: Any) -> dict[str, Any]:
    return {
        "head": book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1}),
        "count": book.add_format({"num_format": "#,##0"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "day": book.add_format({"num_format": "dd/mm/yyyy"}),
    }


def _write_units(book: Any, styles: dict[str, Any], found: Coverage) -> None:
    sheet = book.add_worksheet("Độ phủ")
    for column, (heading, width) in enumerate(HEADINGS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, styles["head"])
    for row, unit in enumerate(found.units, start=1):
        _write_row(sheet, row, cells(unit), styles)
    last = len(found.units)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(last, 1), len(HEADINGS) - 1)
    if last:
        bars = {"type": "data_bar", "bar_color": "#4bb0c4", "min_type": "num", "min_value": 0}
        bars |= {"max_type": "num", "max_value": 1, "bar_solid": True}
        sheet.conditional_format(1, _SHARE, last, _SHARE, bars)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_row(sheet: Any, row: int, cells: Sequence[Any], styles: dict[str, Any]) -> None:
    for column, value in enumerate(cells):
        if isinstance(value, str):
            sheet.write_string(row, column, value)
        elif isinstance(value, float):
            sheet.write_number(row, column, value, styles["share"])
        elif isinstance(value, int):
            sheet.write_number(row, column, value, styles["count"])
        elif value is not None:
            sheet.write_datetime(row, column, value, styles["day"])


def _write_days(book: Any, styles: dict[str, Any], series: Series) -> None:
    sheet = book.add_worksheet("Chuỗi ngày")
    sheet.set_column(0, len(_OF_DAYS) - 1, 13)
    for column, heading in enumerate(_OF_DAYS):
        sheet.write_string(0, column, heading, styles["head"])
    for row, day in enumerate(series.days, start=1):
        counts = day.counts
        quality = in_vietnamese(QUALITY_LABELS[day.quality]) if day.quality else None
        values = (day.day, counts.households, counts.dwellings, counts.deliverable)
        _write_row(sheet, row, (*values, day.target, quality), styles)
    last = len(series.days)
    chart = book.add_chart({"type": "scatter", "subtype": "straight"})
    chart.add_series(
        {
            "name": "Hộ có mã",
            "categories": ["Chuỗi ngày", 1, 0, last, 0],
            "values": ["Chuỗi ngày", 1, 1, last, 1],
            "line": {"color": "#26499d", "width": 2},
        }
    )
    chart.set_title({"name": series.name, "overlay": False})
    chart.set_x_axis({"num_format": "dd/mm/yyyy"})
    chart.set_legend({"none": True})
    sheet.insert_chart(1, len(_OF_DAYS) + 1, chart, {"x_scale": 1.4})


def _write_notes(book: Any, found: Coverage) -> None:
    sheet = book.add_worksheet("Ghi chú")
    sheet.set_column(0, 0, 100)
    notes = [f"{found.total.name}, {found.day:%d/%m/%Y}", *_NOTES]
    if found.demo:
        notes.append("Có tính cả dữ liệu minh hoạ (mã bắt đầu bằng 0): không phải độ phủ thật.")
    if found.counted_at:
        notes.append(late_label(found.counted_at))
    for row, note in enumerate(notes):
        sheet.write_string(row, 0, note)
