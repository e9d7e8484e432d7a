"""A blank form for a commune's households: a workbook that its clerks fill in and deliver.

Cells are text, so that a spreadsheet does not turn `3/2` into a date. Registered streets and
hamlets are offered in drop-down lists; other names may be entered.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from geo.label import named
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.files.formats.blank_form import COMMUNE_CODE, LISTS
from registry.files.new_workbook import new_workbook
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer

ROWS: Final = 5_000
"""Prepared rows of the form."""
_SHEET: Final = "Hộ"
_RULES_SHEET: Final = "Hướng dẫn"

# Header, width, and instructions. The headers are those that an import reads.
_COLUMNS: Final = (
    ("Mã hồ sơ", 16, "Số của chỗ ở trong sổ của địa phương; mỗi dòng một số, giữ nguyên lần sau."),
    ("Số nhà", 14, "Như ghi trên cửa: 12, 5A, 12/34/5A, 12 ngách 5."),
    ("Đường", 28, "Tên đường, phố, ngõ có tên. Chọn trong danh sách hoặc gõ tên khác."),
    ("Thôn/Tổ dân phố", 28, "Thôn, ấp, bản, buôn, khu phố, tổ dân phố. Chọn hoặc gõ."),
    ("Toà nhà", 18, "Tên toà, chung cư, block."),
    ("Tầng", 8, ""),
    ("Căn hộ", 10, "Số căn hộ hoặc số phòng."),
    (
        "Kinh độ",
        14,
        "Độ, WGS 84: 105.8431. Để trống khi chưa đo. Có toạ độ VN-2000 (mét) thì ghi Y, hướng đông,"
        " vào đây.",
    ),
    ("Vĩ độ", 14, "Độ, WGS 84: 21.0285. Toạ độ VN-2000 thì ghi X, hướng bắc, vào đây."),
    (
        "Độ chính xác (m)",
        12,
        "Sai số của điểm đo, mét: 5. Máy định vị cho biết; thiếu thì điểm không tính là giao được.",
    ),
    ("Công năng", 18, "Để trống là nhà ở. Khác thì ghi: trụ sở, cửa hàng, trường học, công trình."),
    ("Tên cơ quan, tổ chức", 26, "Tên ghi trên biển. Không ghi tên người."),
    ("Số hộ", 8, "Số hộ ở chung chỗ này, ghi ở một dòng; để trống là 1."),
    (COMMUNE_CODE, 10, "Tự điền khi dòng có dữ liệu."),
)
_STREET, _LOCALITY, _COMMUNE = 2, 3, len(_COLUMNS) - 1
_RULES: Final = (
    "Mỗi dòng là một chỗ ở (nhà, căn hộ, phòng trọ có hộ ở).",
    "Một dòng cần ít nhất: số nhà, hoặc số căn hộ, hoặc thôn, tổ cùng toạ độ.",
    "Không ghi họ tên, số điện thoại, số căn cước: những cột như vậy bị bỏ, không lưu.",
    "Số nhà dạng 3/2 gõ thẳng vào ô: ô đã định dạng chữ nên không thành ngày tháng.",
    "Tên đường hoặc thôn, tổ chưa có trong danh sách thì cứ gõ, sẽ được thêm.",
    "Có toạ độ thì ghi cả cột Độ chính xác (m): điểm sai không quá 20 m mới tính là giao được.",
    "Toạ độ của cả tệp cùng một hệ: độ WGS 84, hoặc mét VN-2000 (khi nhập thêm --crs EPSG:…,"
    " chạy thử sẽ đề nghị hệ).",
    "Nộp lại cả tệp khi có thay đổi: dòng không đổi thì không có gì xảy ra.",
)


SQL: Final = Statements(__file__)


@dataclass(frozen=True, slots=True)
class Blank:
    """The content of a commune's form."""

    code: str
    name: str
    streets: tuple[str, ...]
    localities: tuple[str, ...]


def blank_of(session: Session, gazetteer: Gazetteer, code: str, day: datetime.date) -> Blank:
    """The form of a commune, with its registered streets and hamlets.

    Raises NotFoundError for an unknown code, InvalidInputError for one of a province.
    """
    unit = unit_by_code(gazetteer, code, day)
    if unit.level != "commune":
        raise InvalidInputError.of_field("unit", "not_a_commune", Message("commune_code_required"))
    places = {"unit": unit.id}
    province = gazetteer.province_of(unit, day)
    names = [unit.version_on(day).full_name]
    if province is not None:
        names.append(province.version_on(day).full_name)
    return Blank(
        unit.code,
        ", ".join(names),
        tuple(
            name if kind == "đường" else named(kind, name)
            for kind, name in session.execute(SQL.text("places", "street"), places)
        ),
        tuple(
            named(kind, name)
            for kind, name in session.execute(SQL.text("places", "locality"), places)
        ),
    )


def write_blank(blank: Blank, path: Path) -> None:
    """Write the workbook: a sheet to fill in, the rules, and the lists behind the drop-downs."""
    with new_workbook(path) as book:
        _write_rows(book, blank)
        _write_rules(book, blank)
        _write_lists(book, blank)


def _write_rows(book: Any, blank: Blank) -> None:
    sheet = book.add_worksheet(_SHEET)
    as_text = book.add_format({"num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "text_wrap": True})
    quiet = book.add_format({"font_color": "#8A8F98", "num_format": "@"})
    for column, (header, width, note) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width, quiet if column == _COMMUNE else as_text)
        sheet.write(0, column, header, head)
        if note:
            sheet.write_comment(0, column, note)
    sheet.freeze_panes(1, 0)
    last = chr(ord("A") + _COMMUNE - 1)
    for row in range(1, ROWS + 1):
        filled = f'=IF(COUNTA(A{row + 1}:{last}{row + 1})=0,"","{blank.code}")'
        sheet.write_formula(row, _COMMUNE, filled, quiet, "")
    for column, names, letter in (
        (_STREET, blank.streets, "A"),
        (_LOCALITY, blank.localities, "B"),
    ):
        if names:
            sheet.data_validation(
                *(1, column, ROWS, column),
                {
                    "validate": "list",
                    "source": f"='{LISTS}'!${letter}$2:${letter}${len(names) + 1}",
                    # Other names are allowed.
                    "error_type": "information",
                    "error_title": "Tên chưa có trong danh sách",
                    "error_message": "Tên này sẽ được thêm khi nhập. Kiểm tra lại chính tả.",
                },
            )
    sheet.data_validation(
        *(1, _COMMUNE - 1, ROWS, _COMMUNE - 1),
        {"validate": "integer", "criteria": ">", "value": 0, "ignore_blank": True},
    )


def _write_rules(book: Any, blank: Blank) -> None:
    sheet = book.add_worksheet(_RULES_SHEET)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    bold = book.add_format({"bold": True, "font_size": 13})
    sheet.write(0, 0, f"Danh sách chỗ ở: {blank.name}", bold)
    rules = (*_RULES, *_without_lists(blank))
    for row, rule in enumerate(rules, start=2):
        sheet.write(row, 0, f"{row - 1}.")
        sheet.write(row, 1, rule)
    for row, (header, _, note) in enumerate(_COLUMNS, start=3 + len(rules)):
        sheet.write(row, 0, header)
        sheet.write(row, 1, note)


def _without_lists(blank: Blank) -> list[str]:
    """Instructions if there are no registered names to offer."""
    none = [
        word
        for word, names in (("đường", blank.streets), ("thôn, tổ", blank.localities))
        if not names
    ]
    if not none:
        return []
    return [
        f"Sổ chưa có tên {' và '.join(none)} nào của nơi này nên chưa có danh sách để chọn: cứ gõ"
        " tên đủ dấu, mỗi nơi một cách viết; lấy mẫu lại sau lần nhập đầu thì có danh sách."
    ]


def _write_lists(book: Any, blank: Blank) -> None:
    sheet = book.add_worksheet(LISTS)
    sheet.hide()
    for column, (title, names) in enumerate(
        (
            ("Đường đã có", blank.streets),
            ("Thôn đã có", blank.localities),
            (COMMUNE_CODE, (blank.code,)),
        )
    ):
        sheet.write(0, column, title)
        sheet.write_column(1, column, names)
