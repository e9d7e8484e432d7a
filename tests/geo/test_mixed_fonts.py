"""What the cells of a table are in: decided for the column, and for the file where it is silent."""

import pytest

from geo.legacy_fonts import Font
from geo.mixed_fonts import CellsInFonts, to_unicode

OLD = [
    ["Xãm §«ng", "Nguyễn Trãi", "Hµ Néi"],
    ["Khu Phè 1", "Phó Léc", "Hµ Néi"],
    ["Khu Phè 2", "TrÇn H­ng §¹o", "Hà Nội"],
    ["Khu Phè 3", "Bu«n Jó", "Hµ Néi"],
    ["Khu Phè 4", "12½", "Hµ Néi"],
    ["Khu Phè 5", "Lª Lîi", "Hµ Néi"],
]
OLD_READ = [
    ["Xóm Đông", "Nguyễn Trãi", "Hà Nội"],
    ["Khu Phố 1", "Phú Lộc", "Hà Nội"],
    ["Khu Phố 2", "Trần Hưng Đạo", "Hà Nội"],
    ["Khu Phố 3", "Buôn Jú", "Hà Nội"],
    ["Khu Phố 4", "12½", "Hà Nội"],
    ["Khu Phố 5", "Lê Lợi", "Hà Nội"],
]
NEW = [
    ["Xóm Đông", "Nguyễn Trãi", "Hà Nội"],
    ["Làng Láng", "Phó", "Hà Nội"],
    ["Xóm Phó", "Lê Đại Hành", "Hµ Néi"],
    ["Thôn Đoài", "Lý Thường Kiệt", "Hà Nội"],
]
NEW_READ = [[cell.replace("Hµ Néi", "Hà Nội") for cell in row] for row in NEW]
FILLED_LATER = [["Phó", "Hà Nội", "Hä tªn"], ["Phè", "Đà Nẵng", "NguyÔn Tr·i"]]
FILLED_READ = [["Phú", "Hà Nội", "Họ tên"], ["Phố", "Đà Nẵng", "Nguyễn Trãi"]]


@pytest.mark.parametrize(
    ("rows", "read"),
    [(OLD, OLD_READ), (NEW, NEW_READ), (FILLED_LATER, FILLED_READ)],
    ids=["old", "new", "one column in Unicode"],
)
def test_cells_use_the_font_of_their_column_or_file(
    rows: list[list[str]], read: list[list[str]]
) -> None:
    columns = [CellsInFonts(column) for column in zip(*rows, strict=True)]
    fonts: list[Font | None] = [column.font(columns) for column in columns]
    assert [to_unicode(row, fonts) for row in rows] == read
