"""The desk of imports in a real browser: a clerk delivers, an approver publishes and takes back."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from playwright.sync_api import Locator, Page, expect

from geo.code import format as code_display
from registry.core.settings import Settings
from tests.support.browser import Visit, chromium, in_both_sizes
from tests.support.intake import checksum
from tests.support.keys import bearer, office
from tests.support.lifecycle import COMMUNE, ELSEWHERE
from tests.support.serving import served
from tests.support.uploads import Desk, row, table

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
DESK = "/desk/import"
NOWHERE = row("", "R9", street="Phố Láng")


@pytest.fixture(scope="module")
def desk(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"))
    with office(admin_url, f"desk_{worker_id}", settings) as made:
        yield Desk(made, settings)


@pytest.fixture(scope="module")
def url(desk: Desk) -> Iterator[str]:
    with served(desk.office.app) as found:
        yield found


@pytest.fixture(scope="module")
def window() -> dict[str, Any]:
    return {"accept_downloads": True}


@in_both_sizes
def test_button_beside_the_key_fits_on_one_line(visit: Visit) -> None:
    page = visit.open("/desk/sign-in")
    button = page.get_by_role("button", name="Đăng nhập", exact=True)
    lines = button.evaluate(
        "own => { const range = document.createRange(); range.selectNodeContents(own);"
        " return new Set([...range.getClientRects()].map((box) => box.top)).size; }"
    )
    assert lines == 1


def choose(page: Page, file: bytes, name: str = "hộ dân.csv") -> None:
    page.get_by_label("Tệp", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": file}
    )


@pytest.mark.gate
def test_file_is_dry_run_approved_and_rolled_back_in_the_browser(
    visit: Visit, desk: Desk, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = request.node.name
    source = f"phường {place}"
    editor, approver = (
        desk.office.key(f"giao {place}"),
        desk.office.key(f"duyệt {place}", "approver"),
    )
    before = checksum(desk.office.place.engine)

    page = visit.enter(editor.secret, DESK)
    expect(page.locator(".sitting")).to_contain_text("người nhập")
    assert visit.is_sound()
    choose(page, table(row("1", "R1"), row("2", "R2"), NOWHERE))
    page.get_by_label("Đơn vị gửi").fill(source)
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    desk.work()

    one = page.locator("#one")
    expect(one.locator("[data-count=new]")).to_have_text("2")
    expect(one.locator("[data-count=rejected]")).to_have_text("1")
    wrong = one.locator("[data-code=address_names_no_dwelling]")
    expect(wrong).to_contain_text("Không xác định được chỗ ở")
    expect(wrong).to_contain_text("dòng 4 của bảng tính")
    expect(one).to_contain_text("Bạn không có quyền duyệt đợt này")
    expect(one.get_by_role("button", name="Duyệt, ghi vào sổ")).to_have_count(0)
    assert visit.is_sound()
    with page.expect_download() as came:
        one.get_by_role("button", name="Tải dòng bị loại").click()
    came.value.save_as(tmp_path / "back.csv")
    assert "address_names_no_dwelling" in (tmp_path / "back.csv").read_text("utf-8-sig")
    assert checksum(desk.office.place.engine) == before
    number = page.url.rpartition("#")[2]

    page.get_by_role("button", name="Đăng xuất").click()
    page = visit.enter(approver.secret, DESK)
    page.locator("#recent").get_by_role("button", name=f"#{number}").click()
    one = page.locator("#one")
    one.get_by_role("button", name="Duyệt, ghi vào sổ").click()
    expect(one).to_contain_text("chờ đến lượt")
    desk.work()
    expect(one).to_contain_text("Đã ghi vào sổ")
    expect(one).to_contain_text("Còn 1 dòng bị loại chưa ghi")
    with page.expect_download() as came:
        one.get_by_role("button", name="Tải mã từng dòng").click()
    came.value.save_as(tmp_path / "codes.csv")
    codes = re.findall(r"[0-9A-Z]{8}(?=,)", (tmp_path / "codes.csv").read_text("utf-8-sig"))
    assert desk.office.get(f"/v1/addresses/{code_display(codes[0])}").status_code == 200
    assert visit.is_sound()

    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    one.get_by_role("button", name="Huỷ đợt này").click()
    expect(one).to_contain_text("đang huỷ")
    assert "Sẽ huỷ " in asked[-1]
    desk.work()
    expect(one).to_contain_text("Đã huỷ: mã do đợt này cấp không dùng được nữa")
    assert checksum(desk.office.place.engine) == before


def test_invalid_or_insufficient_key_is_reported(visit: Visit, desk: Desk) -> None:
    visit.allowed = ("401", "403")
    page = visit.enter("dcs_" + "x" * 36, DESK)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Khoá của đơn vị")).to_be_visible()
    carrier = desk.office.key(f"phát thư {visit.page.viewport_size}", "carrier")
    page = visit.enter(carrier.secret, DESK)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("không thuộc quyền hãng chuyển phát")
    assert visit.is_sound()


def test_unreadable_file_is_reported_with_the_reason(visit: Visit, desk: Desk) -> None:
    editor = desk.office.key(f"giao hỏng {visit.page.viewport_size}")
    page = visit.enter(editor.secret, DESK)
    choose(page, b"%PDF-1.4 ...", "danh sach.pdf")
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    desk.work()
    expect(page.locator("#one")).to_contain_text("Không đọc được")
    expect(page.locator("#one .wrong")).not_to_be_empty()
    assert visit.is_sound()
    page.locator("#one").get_by_role("button", name="Bỏ đợt này").click()
    expect(page.locator("#one")).to_contain_text("Đã bỏ")


def test_commune_of_a_whole_file_is_chosen_and_its_template_offered(
    visit: Visit, desk: Desk, tmp_path: Path
) -> None:
    editor = desk.office.key(f"giao mẫu {visit.page.viewport_size}")
    page = visit.enter(editor.secret, DESK)
    with page.expect_download() as came:  # a key of one commune determines it
        page.get_by_role("button", name="Tải mẫu trống").click()
    assert came.value.suggested_filename == f"mau-{COMMUNE}.xlsx"
    page.get_by_label("Xã, phường ghi ở đâu trong tệp").select_option(index=1)
    page.get_by_label("Cả tệp thuộc").select_option(COMMUNE)
    with page.expect_download() as came:
        page.get_by_role("button", name="Tải mẫu trống").click()
    assert came.value.suggested_filename == f"mau-{COMMUNE}.xlsx"
    houses = [{"so nha": number, "duong": "Phố Láng"} for number in ("31", "33")]
    choose(page, table(*houses))
    page.get_by_label("Đơn vị gửi").fill(f"không xã {visit.page.viewport_size}")
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    desk.work()
    expect(page.locator("[data-count=new]")).to_have_text("2")


def test_zone_suggested_by_the_points_is_confirmed_on_the_page(visit: Visit, desk: Desk) -> None:
    """Points in metres: dry run in the likeliest zone, question, dry run in the chosen zone."""
    editor = desk.office.key(f"giao vn2000 {visit.page.viewport_size}")
    page = visit.enter(editor.secret, DESK)
    # In Phường Láng by one zone alone: VN-2000, 105°45' (EPSG:9210).
    houses = [
        row(str(2 * n), f"V{n}", longitude=str(505_600 + n), latitude=str(2_325_280 + n))
        for n in range(1, 31)
    ]
    choose(page, table(*houses))
    page.get_by_label("Đơn vị gửi").fill(f"đo đạc {visit.page.viewport_size}")
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    desk.work()
    one = page.locator("#one")
    confirm = one.get_by_role("button", name="Đúng, toạ độ theo EPSG:9210")
    expect(confirm).to_be_visible()
    page.reload()  # the file need not be chosen again
    first = page.url
    confirm.click()
    expect(one).to_contain_text("chờ đến lượt")
    assert page.url == first
    desk.work()
    expect(page.locator("[data-count=new]")).to_have_text("30")
    expect(confirm).to_have_count(0)
    expect(page.locator("#one .notes")).not_to_contain_text("nếu đúng")


def try_it(page: Page, desk: Desk) -> None:
    before = page.url
    page.get_by_role("button", name="Chạy thử", exact=True).click()
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    assert page.url != before
    desk.work()
    expect(page.locator("#one [role=status]")).to_have_count(0)


def test_delivery_continues_its_source_whoever_delivers(visit: Visit, desk: Desk) -> None:
    """Else the approver's key would make new houses of those that the editor's delivered."""
    visit.allowed = ("401",)  # the page may be looking at what is tried when the session ends
    place = str(visit.page.viewport_size)
    page = visit.enter(desk.office.key(f"giao nguồn {place}").secret, DESK)
    choose(page, table(row("61", f"N{place}")))
    page.get_by_label("Đơn vị gửi").fill(f"nguồn {place}")
    try_it(page, desk)
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_label("Khoá của đơn vị")).to_be_visible()
    visit.enter(desk.office.key(f"duyệt nguồn {place}", "approver").secret, DESK)
    expect(page.get_by_label("Đơn vị gửi")).to_have_value(f"nguồn {place}")


def test_file_with_nothing_to_publish_is_not_sent_to_an_approver(visit: Visit, desk: Desk) -> None:
    visit.allowed = ("422",)
    page = visit.enter(desk.office.key(f"giao loại {visit.page.viewport_size}").secret, DESK)
    choose(page, table(NOWHERE))
    try_it(page, desk)
    one = page.locator("#one")
    expect(one).to_contain_text("Không có gì để ghi")
    expect(one).not_to_contain_text("cho người duyệt")
    expect(one).not_to_contain_text("Các dòng khác")
    choose(page, b"")
    page.get_by_role("button", name="Chạy thử", exact=True).click()
    expect(page.locator("#complaint")).to_contain_text("tệp rỗng")
    expect(page.locator("#complaint")).to_be_in_viewport()
    expect(one).to_be_hidden()


def test_file_without_a_commune_uses_the_commune_of_the_key(visit: Visit, desk: Desk) -> None:
    page = visit.enter(desk.office.key(f"giao thiếu xã {visit.page.viewport_size}").secret, DESK)
    choose(page, table({"so nha": "71", "duong": "Phố Láng"}))
    page.get_by_label("Đơn vị gửi").fill(f"thiếu xã {visit.page.viewport_size}")
    try_it(page, desk)
    assert visit.is_sound()
    expect(page.locator("[data-count=new]")).to_have_text("1")


def test_answers_to_several_questions_are_kept_together(visit: Visit, desk: Desk) -> None:
    """A file that names no commune, in metres, with a column that is not known by its name."""
    place = str(visit.page.viewport_size)
    key = desk.office.key(f"giao nhiều câu hỏi {place}", units=(COMMUNE, ELSEWHERE))
    page = visit.enter(key.secret, DESK)
    houses = [
        {"so nha": str(2 * n), "duong": "Phố Láng", "kinh do": str(505_600 + n)}
        | {"vi do": str(2_325_280 + n)}
        for n in range(1, 31)
    ]
    choose(page, table(*houses), "đo đạc.csv")
    page.get_by_label("Đơn vị gửi").fill(f"nhiều câu hỏi {place}")
    try_it(page, desk)
    one = page.locator("#one")
    one.get_by_label("Cả tệp thuộc một xã").select_option(COMMUNE)
    expect(one).to_contain_text("chờ đến lượt")
    desk.work()
    one.get_by_role("button", name="Đúng, toạ độ theo EPSG:9210").click()
    expect(one).to_contain_text("chờ đến lượt")
    desk.work()
    expect(page.locator("[data-count=new]")).to_have_text("30")
    assert visit.is_sound()
    # One delivery, however many dry runs; none after it was discarded.
    mine = page.locator("#recent tr", has_text=f"nhiều câu hỏi {place}")
    expect(mine).to_have_count(1)
    one.get_by_role("button", name="Bỏ đợt này").click()
    expect(mine).to_have_count(0)


def test_columns_are_mapped_by_hand(visit: Visit, desk: Desk) -> None:
    """Also after a reload; the choice is shown and can be changed."""
    place = str(visit.page.viewport_size)
    page = visit.enter(desk.office.key(f"giao chọn cột {place}").secret, DESK)
    choose(page, table({"Cột A": "61 Phố Láng", "Cột B": COMMUNE}))
    page.get_by_label("Đơn vị gửi").fill(f"chọn cột {place}")
    try_it(page, desk)
    one = page.locator("#one")
    expect(one).to_contain_text("Cần trả lời")
    page.reload()
    again = "Đọc các cột như đã chọn: chạy thử lại"
    one.get_by_label("Cột “Cột A”").select_option(label="địa chỉ")
    one.get_by_label("Cột “Cột B”").select_option(label="mã xã, phường")
    assert visit.is_sound()
    one.get_by_role("button", name=again).click()
    expect(one).to_contain_text("chờ đến lượt")
    desk.work()
    expect(page.locator("[data-count=new]")).to_have_text("1")
    page.reload()
    one.get_by_text("Chọn nội dung của từng cột").click()
    expect(one.get_by_label("Cột “Cột A”")).to_have_value("address")
    assert visit.is_sound()
    one.get_by_label("Cột “Cột B”").select_option(label="để máy tự nhận")
    one.get_by_role("button", name=again).click()
    expect(one).to_contain_text("chờ đến lượt")
    desk.work()
    expect(page.locator("[data-count=rejected]")).to_have_text("1")


def test_deliverer_is_not_offered_approval(visit: Visit, desk: Desk) -> None:
    place = str(visit.page.viewport_size)
    page = visit.enter(desk.office.key(f"giao và duyệt {place}", "approver").secret, DESK)
    choose(page, table(row("91", f"T{place}"), row("91", f"U{place}")))
    page.get_by_label("Đơn vị gửi").fill(f"tự duyệt {place}")
    try_it(page, desk)
    one = page.locator("#one")
    expect(one).to_contain_text("Người gửi tệp không tự duyệt")
    expect(one.get_by_role("button", name="Duyệt, ghi vào sổ")).to_have_count(0)
    # Two hộ at one door: the second row had no code before.
    expect(one.locator("[data-count=linked]")).to_have_count(0)
    expect(one.locator("[data-count=linked_in_file]")).to_have_text("1")
    assert visit.is_sound()
    with page.expect_download() as came:
        one.get_by_role("button", name="Tải mọi vấn đề (CSV)").click()
    number = page.url.rpartition("#")[2]
    assert came.value.suggested_filename == f"hộ dân-dot-{number}-van-de.csv"


def test_sheets_of_a_workbook_are_chosen_with_a_button(visit: Visit, desk: Desk) -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        for name, number in (("Tổ 1, KP 3", "81"), ("Tổ 2, KP 3", "83")):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["số nhà", "đường", "mã xã"])
            sheet.write_row(1, 0, [number, "Phố Láng", COMMUNE])
    page = visit.enter(desk.office.key(f"giao trang {visit.page.viewport_size}").secret, DESK)
    page.get_by_label("Đơn vị gửi").fill(f"trang {visit.page.viewport_size}")
    for button, houses in (("Chỉ đọc “Tổ 2, KP 3”", "1"), ("Đọc hết các trang", "2")):
        choose(page, made.getvalue(), "tổ.xlsx")
        try_it(page, desk)
        page.locator("#one").get_by_role("button", name=button).click()
        expect(page.locator("#one")).to_contain_text("chờ đến lượt")
        desk.work()
        expect(page.locator("[data-count=new]")).to_have_text(houses)


def opened_grid(visit: Visit, desk: Desk, name: str) -> tuple[Page, Locator]:
    """The rejected rows of a file of 40 houses, of which each tenth has no number and an unknown
    commune, as a grid.
    """
    editor = desk.office.key(f"sửa {name}")
    rows = [
        row("", f"R{n}", commune="99999") if n % 10 == 0 else row(f"{n}", f"R{n}")
        for n in range(1, 41)
    ]
    desk.tried(editor, table(*rows), source=f"phường {name}")
    page = visit.enter(editor.secret, DESK)
    page.locator("#recent").get_by_role("button", name="#").first.click()
    expect(page.locator("#one [data-count=rejected]")).to_have_text("4")
    page.get_by_role("button", name="Sửa ngay trên trang").click()
    grid = page.get_by_role("grid", name="Sửa từng dòng")
    expect(grid.get_by_role("rowheader")).to_have_text(["11", "21", "31", "41"])
    return page, grid


def cell(grid: Locator, at: int, column: str) -> Locator:
    headers = grid.get_by_role("columnheader").all_inner_texts()
    return grid.locator(f'[data-row="{at}"][data-column="{headers.index(column) - 2}"]')


def test_rejected_rows_are_edited_in_the_page(
    visit: Visit, desk: Desk, request: pytest.FixtureRequest
) -> None:
    page, grid = opened_grid(visit, desk, request.node.name)
    assert visit.is_sound()
    # The keyboard is the grid's at once, at the first cell that is wrong: a number, the next row.
    expect(grid).to_be_focused()
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    expect(cell(grid, 0, "house_number")).to_have_class(re.compile("grid-edited"))
    # What many rows share is offered for all that have it.
    cell(grid, 0, "house_number").click()
    page.keyboard.press("F8")
    expect(cell(grid, 0, "commune_code")).to_have_class(re.compile("grid-at"))
    page.keyboard.type(COMMUNE)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Còn 3 dòng cùng lỗi này")).to_be_visible()
    desk.work()
    expect(page.locator("#one [data-count=rejected]")).to_have_text("3")
    page.get_by_role("button", name=f"Ghi “{COMMUNE}” cho tất cả").click()
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    desk.work()
    expect(grid.locator(".grid-edited").filter(has_text=COMMUNE)).to_have_count(3)
    expect(page.locator("#one")).not_to_contain_text("chờ đến lượt")
    # Pasted from a spreadsheet, and taken back.
    cell(grid, 0, "house_number").click()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text/plain", "20\\n30\\n40");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste",
            { clipboardData: data, bubbles: true, cancelable: true })); }"""
    )
    expect(cell(grid, 2, "house_number")).to_have_text("40")
    page.keyboard.press("Control+z")
    expect(cell(grid, 2, "house_number")).to_have_text("")
    desk.work()
    expect(page.locator("#one [data-count=rejected]")).to_have_text("3")
    page.get_by_label("Hiện").select_option("edited")
    expect(grid.locator(".grid-edited").filter(has_text=COMMUNE)).to_have_count(4)
    assert visit.is_sound()


def test_cell_stays_selected_when_rows_are_redrawn(
    visit: Visit, desk: Desk, request: pytest.FixtureRequest
) -> None:
    page, grid = opened_grid(visit, desk, request.node.name)
    cell(grid, 2, "house_number").hover()
    page.mouse.down()
    grid.dispatch_event("scroll")
    page.mouse.up()
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    expect(cell(grid, 2, "house_number")).to_have_text("30")


def test_proposed_fix_is_applied_to_one_row_and_to_all(
    visit: Visit, desk: Desk, request: pytest.FixtureRequest
) -> None:
    editor = desk.office.key(f"sửa {request.node.name}")
    swapped = {"longitude": "21.0211", "latitude": "105.8061"}
    houses = [row(f"{n}", f"P{n}", **swapped) for n in range(1, 5)]
    desk.tried(editor, table(*houses), source=f"phường {request.node.name}")
    page = visit.enter(editor.secret, DESK)
    page.locator("#recent").get_by_role("button", name="#").first.click()
    page.get_by_role("button", name="Sửa ngay trên trang").click()
    grid = page.get_by_role("grid", name="Sửa từng dòng")
    expect(grid).to_be_focused()
    expect(page.get_by_role("button", name="Ghi “105.8061 21.0211”")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(cell(grid, 0, "longitude")).to_have_text("105.8061")
    expect(cell(grid, 0, "latitude")).to_have_text("21.0211")
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Sửa như đề nghị ở cả 4 dòng").click()
    expect(grid.locator(".grid-edited", has_text="21.0211")).to_have_count(4)
    expect(grid).to_be_focused()
    assert visit.is_sound()
    desk.work()
    expect(page.locator("#one [data-count=rejected]")).to_have_text("0")


def test_text_being_typed_survives_the_end_of_a_dry_run(
    visit: Visit, desk: Desk, request: pytest.FixtureRequest
) -> None:
    page, grid = opened_grid(visit, desk, request.node.name)
    cell(grid, 0, "commune_code").click()
    page.keyboard.type(COMMUNE)
    page.keyboard.press("Enter")
    expect(page.locator("#one")).to_contain_text("chờ đến lượt")
    cell(grid, 1, "house_number").click()
    page.keyboard.type("12")
    with page.expect_response(lambda answer: answer.request.url.endswith("limit=50")):
        desk.work()
    page.keyboard.type("34")
    page.keyboard.press("Enter")
    expect(cell(grid, 1, "house_number")).to_have_text("1234")
    expect(grid).to_be_focused()


def test_concurrently_edited_cell_is_shown_beside_the_typed_value(
    visit: Visit, desk: Desk, request: pytest.FixtureRequest
) -> None:
    visit.allowed = ("412",)
    page, grid = opened_grid(visit, desk, request.node.name)
    number = page.url.rpartition("#")[2]
    other = desk.office.key(f"người khác {number}")
    found = desk.office.get(f"/v1/imports/{number}/rows", other).get_json()
    at = next(each["at"] for each in found["columns"] if each["field"] == "house_number")
    edit = {"place": found["rows"][0]["place"], "column": at, "value": "501", "version": 0}
    desk.office.client.patch(
        f"/v1/imports/{number}/rows", json={"edits": [edit]}, headers=bearer(other)
    )
    cell(grid, 0, "house_number").click()
    page.keyboard.type("502")
    page.keyboard.press("Enter")
    refused = page.locator("#rows [role=alert]")
    expect(refused).to_contain_text("501")
    expect(refused).to_contain_text("502")
    expect(cell(grid, 0, "house_number")).to_have_text("501")
