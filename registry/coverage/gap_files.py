"""Gaps as files: a form for field teams (CSV, XLSX), and a map layer (GeoJSON).

The form is filled in at the door and loaded back by `diachiso import`: it has headers that an
import knows, and directions have headers that it ignores. A hole has a row for each number. A row
without a house number names no dwelling, and an import rejects it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from registry.core.labels import number
from registry.core.messages import in_vietnamese
from registry.coverage.answers import gap_answer
from registry.coverage.gaps import KINDS, Gap, Gaps
from registry.files.csv_cells import Writer
from registry.files.new_workbook import new_workbook

# Header, width, and content; blank columns are filled in by the team.
FORM: Final = (
    ("Mã hồ sơ", 20, ""),
    ("Việc", 22, ""),
    ("Cần tìm", 26, "Số nhà còn thiếu, hoặc số hộ còn thiếu."),
    ("Chỗ cần đến", 22, "Vĩ độ, kinh độ gần đúng, để mở bản đồ."),
    (
        "Kết quả",
        18,
        "Điền: có nhà, không có nhà, đất trống … Không có nhà thì dòng không được nhập.",
    ),
    ("Số nhà", 14, "Điền khi có nhà, như ghi trên cửa. Để trống thì dòng không được nhập."),
    ("Toà nhà", 12, "Điền khi là căn hộ: tên toà, chung cư."),
    ("Căn hộ", 9, "Điền khi là căn hộ, phòng trọ."),
    ("Tên đường", 28, ""),
    ("Thôn/Tổ dân phố", 26, ""),
    ("Số hộ", 8, "Điền khi nhiều hộ chung một cửa."),
    ("Kinh độ", 13, "Điền: toạ độ tại cửa, WGS 84."),
    ("Vĩ độ", 13, "Điền: toạ độ tại cửa, WGS 84."),
    ("Độ chính xác (m)", 9, "Điền: máy định vị cho biết; thiếu thì điểm không tính là giao được."),
    ("Mã xã", 9, ""),
    ("Tên xã", 24, ""),
    ("Mã xã cũ", 9, ""),
)
FILLED_IN: Final = (
    *("Kết quả", "Số nhà", "Toà nhà", "Căn hộ", "Số hộ", "Kinh độ", "Vĩ độ", "Độ chính xác (m)"),
)
"""Columns that the team fills in."""

Place = tuple[str, str, int | None]
"""Level, code, and number of a locality or street."""


def form_rows(gaps: Gaps) -> Iterator[list[str]]:
    """Yield the rows of the form; a unit or locality with two gaps is one row with both reasons.

    A province has no row of its own, only its communes.
    """
    reasons: dict[Place, list[str]] = defaultdict(list)
    for gap in gaps.found:
        reasons[_place(gap)].append(in_vietnamese(KINDS[gap.kind]))
    written_places: set[Place] = set()
    for gap in gaps.found:
        if gap.level == "province":
            continue
        place = _place(gap)
        if gap.level != "street" and place in written_places:
            continue
        written_places.add(place)
        if gap.kind == "street_holes":
            for missing in gap.numbers:
                reference = f"thieu-{gap.place_id}-{missing}"
                yield _row(gap, reference, str(missing), [in_vietnamese(KINDS[gap.kind])])
        elif gap.missing is None:
            yield _row(gap, "", "mọi hộ", reasons[place])
        else:
            counted = gap.target.counted_label if gap.target else "hộ"
            estimate = " (theo số ước tính)" if gap.is_estimate else ""
            wanted = f"còn {number(gap.missing)} {counted}{estimate}"
            yield _row(gap, "", wanted, reasons[place])


def _place(gap: Gap) -> Place:
    return gap.level, gap.code, gap.place_id


def _row(gap: Gap, reference: str, wanted: str, reasons: Sequence[str]) -> list[str]:
    street = gap.place if gap.level == "street" else None
    locality = gap.place if gap.level == "locality" else None
    where = "" if gap.point is None else f"{gap.point[1]:.6f}, {gap.point[0]:.6f}"
    known = {
        "Mã hồ sơ": reference,
        "Việc": "; ".join(reasons),
        "Cần tìm": wanted,
        "Chỗ cần đến": where,
        "Tên đường": street or "",
        "Thôn/Tổ dân phố": locality or "",
        "Mã xã": gap.code,
        "Tên xã": gap.name,
        "Mã xã cũ": gap.former_code or "",
    }
    return [known.get(header, "") for header, _, _ in FORM]


def write_form_csv(gaps: Gaps, out: TextIO) -> None:
    """Write the form as CSV."""
    writer = Writer(out, lineterminator="\n")
    writer.writerow(header for header, _, _ in FORM)
    writer.writerows(form_rows(gaps))


def write_form_xlsx(gaps: Gaps, path: Path) -> None:
    """Write the form as a workbook; its cells are text, so that `3/2` is not read as a date."""
    with new_workbook(path) as book:
        sheet = book.add_worksheet("Việc cần làm")
        head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
        given = book.add_format({"num_format": "@", "font_color": "#3d4853"})
        open_ = book.add_format({"num_format": "@", "bg_color": "#FFF8DC", "border": 1})
        open_.set_border_color("#C9C2A0")
        for column, (header, width, note) in enumerate(FORM):
            sheet.set_column(column, column, width)
            sheet.write(0, column, header, head)
            if note:
                sheet.write_comment(0, column, note)
        sheet.freeze_panes(1, 3)
        last = 0
        for last, row in enumerate(form_rows(gaps), start=1):
            for column, value in enumerate(row):
                filled_in = FORM[column][0] in FILLED_IN
                sheet.write_string(last, column, value, open_ if filled_in else given)
        sheet.autofilter(0, 0, max(last, 1), len(FORM) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)


def write_geojson(gaps: Gaps, out: TextIO) -> None:
    """Write gaps as features in WGS 84; a gap without a point has a null geometry."""
    features = [_feature(gap) for gap in gaps.found]
    json.dump({"type": "FeatureCollection", "features": features}, out, ensure_ascii=False)
    out.write("\n")


def _feature(gap: Gap) -> dict[str, Any]:
    properties = dict(gap_answer(gap))
    lon, lat = properties.pop("lon"), properties.pop("lat")
    point = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": point, "properties": properties}
