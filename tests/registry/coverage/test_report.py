"""The report: one self-contained, complete file that marks estimates."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, text

from registry.core.errors import NotFoundError
from registry.coverage.choropleth import NOT_A_BOUNDARY
from registry.coverage.measure import coverage_of_level
from registry.coverage.report import html_report
from registry.coverage.series import record_day, series_of
from registry.coverage.shapes import ARCHIPELAGOS
from registry.coverage.workbook import write_workbook
from registry.units.gazetteer import today
from tests.support.factories import make_household, make_locality
from tests.support.tables import Target
from tests.support.units import unit_named

MOST_BYTES = 3_000_000


class _Reader(HTMLParser):
    """Every element's address, and the rows of tables as text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "src", "srcset", "data", "action"):
                self.asked.append(value or "")
            if name == "id":
                self.ids.add(value or "")


def rows_of(html: str) -> list[str]:
    return [
        re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>(?!<th)(.*?)(?=<tr>|</t)", html)
    ]


@pytest.mark.thorough
def test_country_report_contains_every_province_and_commune(session, gazetteer):
    unit = unit_named(gazetteer, "Phường Ba Đình", "00004")
    target = {"unit_id": unit.id, "households": 8, "quality": "declared", "source": "UBND"}
    session.execute(insert(Target).values(target | {"reference_date": today()}))
    make_household(session, unit_id=unit.id, households_count=10)
    record_day(session, gazetteer)

    html = html_report(session, gazetteer, None)

    assert len(html.encode()) < MOST_BYTES
    read = _Reader(html)
    assert not read.tags & {"script", "link", "img", "iframe", "object"}
    assert {address[:2] for address in read.asked} == {"#t"}  # from the map to a province
    assert {address[1:] for address in read.asked} <= read.ids
    assert "url(http" not in html
    assert "@import" not in html
    rows = rows_of(html)
    assert len(rows) == 34 + 3_321
    assert sum("ước tính" in row for row in rows) == 34
    assert "Số “ước tính” không phải số liệu địa phương công bố" in html
    (ba_dinh,) = [row for row in rows if "Phường Ba Đình" in row]
    assert "⚑" in ba_dinh
    assert "125,0 %" in ba_dinh
    assert "-2" in ba_dinh
    assert html.count(NOT_A_BOUNDARY) == 2 * (1 + 34)  # for phones as well
    assert all(html.count(name) >= 2 for name in ARCHIPELAGOS.values())  # country and province
    assert "Chưa dự báo ngày hoàn thành: tổng số hộ là số ước tính." in html
    assert 'class="trend"' in html


def test_report_of_a_province_a_commune_and_an_old_map(session, gazetteer):
    unit = unit_named(gazetteer, "Phường Ba Đình", "00004")
    place = make_locality(session, unit_id=unit.id, name="<i>Đông", kind="thôn")
    make_household(session, unit_id=unit.id, locality_id=place)
    province = html_report(session, gazetteer, "01")
    assert len(rows_of(province)) == 126
    assert province.count("data-code") >= 126
    commune = html_report(session, gazetteer, "00004", demo=True)
    assert "Thôn &lt;i&gt;Đông" in commune
    assert "không phải độ phủ thật" in commune
    assert "Xu hướng" not in commune
    old = html_report(session, gazetteer, "02")
    assert "Tỉnh Hà Giang (02) thuộc địa giới cũ" in old
    split = html_report(session, gazetteer, "00016")
    assert "Phường Ngọc Hà" in split
    assert len(rows_of(split)) == 2
    with pytest.raises(NotFoundError):
        html_report(session, gazetteer, "99999")


def test_workbook_round_trips(session, gazetteer, tmp_path: Path):
    unit = unit_named(gazetteer, "Phường Ba Đình", "00004")
    make_household(session, unit_id=unit.id, households_count=3)
    record_day(session, gazetteer)
    session.execute(text("UPDATE coverage_day SET day = day - 1"))
    found = coverage_of_level(session, gazetteer, "province")
    path = tmp_path / "a.xlsx"

    write_workbook(found, series_of(session, gazetteer, "VN"), path)

    book = CalamineWorkbook.from_path(str(path))
    units = book.get_sheet_by_name("Độ phủ").to_python()
    assert len(units) == 35
    row = dict(zip(units[0], units[1], strict=True))
    assert (row["Mã"], row["Tổng số"], row["Số liệu"]) == ("01", 2_271_806, "ước tính")
    assert (row["Hộ có mã"], row["Còn thiếu"]) == (3, 2_271_803)
    days = book.get_sheet_by_name("Chuỗi ngày").to_python()
    assert days[1][1:4] == [3, 1, 0]
    assert len(days) == 2
    assert "ước tính" in str(book.get_sheet_by_name("Ghi chú").to_python())
