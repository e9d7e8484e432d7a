"""Draws docs/img anew: the pages that documents show, of a server with the demonstration.

    python -m bench.screenshots http://127.0.0.1:8000 [PAGE ...]

Pages of the desk need an approver's key in DIACHISO_KEY, `import` a worker (`bin/run` starts one),
and `packs` DIACHISO_OPEN_PACKS.
Look at each picture afterwards: that is what it is for.
"""

import datetime
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import xlsxwriter
from playwright.sync_api import Page
from pyproj import Transformer

from registry.core.settings import ROOT
from registry.units.gazetteer import VIET_NAM
from tests.support.browser import SIZES, browsing, visiting

FOLDER: Final = ROOT / "docs" / "img"
SETTLING_MS: Final = 5_000
"""Tiles of where the map went, and their letters."""
PASTED: Final = """\
82/10/2 le thi hong gam p11 q3 tphcm
so 2 ngach 10 ngo 19 hoang sa, p. phan chu trinh, hoan kiem
19/10/9 Hoàng Sa, P. Phan Chu Trinh, Hoàn Kiếm
P. Ngọc Hà, Q. Ba Đình, Hà Nội
không có gì"""
LISTED: Final = """\
Mã đơn,Địa chỉ
VD-01,0000-0647
VD-02,"19/3 Hoàng Sa, phường Cửa Nam, Hà Nội"
VD-03,"11 Hoàng Sa, phường Cửa Nam, Hà Nội"
VD-04,0000-05X2
VD-05,"Số 2 ngõ 10 Hoàng Sa, phường Cửa Nam, Hà Nội"
VD-06,"19/10/2 Hoàng Sa, phường Cửa Nam, Hà Nội"
VD-07,0000-0674"""
DELIVERED: Final = """\
mã hồ sơ,họ tên chủ hộ,số nhà,tên đường,tổ dân phố,mã xã,kinh độ,vĩ độ,số hộ
BD-001,Nguyễn Văn A,12,Phố Quán Thánh,Tổ 3,00004,105.8403,21.0412,1
BD-002,Trần Thị B,"Số 5A, ngách 34, ngõ 12",Phố Quán Thánh,,00004,,,1
BD-003,Lê Văn C,,Phố Quán Thánh,,00004,,,1
BD-004,Phạm Thị D,14,Phố Quán Thánh,,00004,21.0412,105.8404,1
BD-005,Đỗ Văn E,3-Feb,Phố Quán Thánh,,00004,105.8405,21.0413,2
BD-006,Vũ Thị G,16,Phố Quán Thánh,,00004,105.8405,21.0413,0
,,Tổng cộng,,,,,,6
"""

_ANSWERS: Final = ("Đọc hết các trang", "Đúng, toạ độ theo EPSG:5897")


def _map(page: Page) -> None:
    page.wait_for_selector("#map[data-ready]")


def _found(page: Page) -> None:
    _map(page)
    page.fill("#q", PASTED.splitlines()[1])
    page.keyboard.press("Enter")
    page.wait_for_selector("#result .plate")
    page.wait_for_timeout(SETTLING_MS)


def _coverage(page: Page) -> None:
    page.wait_for_selector(".choropleth")


def _sign_in(page: Page) -> None:
    page.get_by_label("Khoá của đơn vị").fill(os.environ["DIACHISO_KEY"])
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    page.wait_for_load_state("networkidle")


def _import(page: Page) -> None:
    _sign_in(page)
    page.locator("#file").set_input_files(
        {"name": "ba-dinh.csv", "mimeType": "text/csv", "buffer": DELIVERED.encode()}
    )
    page.get_by_role("button", name="Chạy thử").click()
    page.wait_for_selector("[data-count=rows]")
    page.locator("#one").evaluate("one => one.scrollIntoView()")


def _messy() -> bytes:
    """A workbook of two hamlets, in TCVN3, with points of a survey in VN-2000 (X is north)."""
    to_survey = Transformer.from_crs("EPSG:4326", "EPSG:5897", always_xy=True)
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        for number, street in ((3, "Qu¸n Th¸nh"), (4, "Hoµng Hoa Th¸m")):
            sheet = book.add_worksheet(f"Tổ {number}")
            sheet.write(0, 0, "Danh s¸ch hé d©n")
            header = ["STT", "Hä tªn chñ hé", "Sè nhµ", "Tªn ®­êng", "X (m)", "Y (m)", "M· x·"]
            sheet.write_row(2, 0, header)
            for row in range(12):
                east, north = to_survey.transform(105.8403 + row / 5_000, 21.0412)
                cells = ["NguyÔn V¨n A", f"{40 + 2 * row}", street, round(north, 2), round(east, 2)]
                sheet.write_row(3 + row, 0, [row + 1, *cells, "00004"])
            sheet.write_row(15, 0, ["", "Tæng céng", "12"])
    return made.getvalue()


def _asked(page: Page, answers: Sequence[str]) -> None:
    """The same workbook, until it asks what is not among the answers."""
    _sign_in(page)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    file = {"name": "hộ dân tổ 3, 4.xlsx", "mimeType": kind, "buffer": _messy()}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    for button in ("Chạy thử", *answers):
        page.get_by_role("button", name=button).first.click()
        page.wait_for_selector("#one [role=status]")
        page.wait_for_selector("#one [role=status]", state="detached", timeout=120_000)
    page.locator("#one").evaluate("one => one.scrollIntoView()")


def _route(page: Page) -> None:
    page.wait_for_selector("#round-page[data-ready]")
    page.get_by_label("Dán mỗi dòng").fill(LISTED)
    page.get_by_role("button", name="Xếp tuyến", exact=True).click()
    page.get_by_role("button", name="Đã phát").click()
    page.wait_for_selector(".round-stops [data-done]")
    page.locator(".round-unplaced summary").click()
    page.evaluate("scrollTo(0, 0)")


def _packs(page: Page) -> None:
    page.get_by_label("Thêm xã, phường").fill("Phường Cửa Nam")
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.get_by_role("button", name="Tải gói").first.click()
    page.locator("#packs-notice.thanks").scroll_into_view_if_needed()


def _packs_found(page: Page) -> None:
    _packs(page)
    page.context.set_offline(True)
    page.get_by_role("searchbox", name="Mã, số nhà").fill("19/10/2 hoang sa")
    page.wait_for_selector("#found .plate")
    page.evaluate("scrollTo(0, 0)")


def _field(page: Page) -> None:
    """A round of a street, opened at the desk, as a helper's phone shows it."""
    _sign_in(page)
    day = datetime.datetime.now(VIET_NAM) + datetime.timedelta(days=14)
    page.locator("details").first.evaluate("each => { each.open = true; }")
    page.get_by_label("Xã, phường").select_option(label="Phường Cửa Nam")
    page.get_by_label("Đi theo").select_option("street")
    page.get_by_label("Tên", exact=True).fill("Đường Hoàng Sa")
    page.get_by_label("Đến hết ngày").fill(f"{day:%d/%m/%Y}")
    page.get_by_role("button", name="Mở đợt").click()
    page.get_by_role("link", name="Đường dẫn có sẵn mã").click()
    page.wait_for_selector(".field[data-ready]")


def _field_list(page: Page) -> None:
    _field(page)
    rows = page.locator(".field-row")
    for at in range(2):
        rows.nth(at).click()
        page.locator(".field-door").nth(at).get_by_role("button", name="Đúng").click()
    rows.nth(2).click()
    page.evaluate("scrollTo(0, 0)")


def _field_new(page: Page) -> None:
    _field(page)
    page.get_by_text("Thêm nhà mới").click()
    page.get_by_label("Số nhà (bỏ trống").fill("21/4")
    page.locator("#new-house").get_by_role("button", name="Chấm trên sơ đồ").click()
    page.locator("#new-house svg.sketch").scroll_into_view_if_needed()


def _as_it_is(page: Page) -> None:
    page.wait_for_load_state("networkidle")


PAGES: Final[dict[str, tuple[str, Callable[[Page], None]]]] = {
    "found": ("/", _found),
    "address": ("/a/0000-0647", _as_it_is),
    "coverage": ("/coverage", _coverage),
    "import": ("/desk/import", _import),
    **{
        f"import-{number}": ("/desk/import", partial(_asked, answers=_ANSWERS[: number - 1]))
        for number in range(1, 4)
    },
    "route": ("/route", _route),
    "packs": ("/packs", _packs),
    "packs-found": ("/packs", _packs_found),
    "field-list": ("/desk/field", _field_list),
    "field-new": ("/desk/field", _field_new),
    "desk": ("/desk", _sign_in),
    **{
        f"desk-{room}": (f"/desk/{room}", _sign_in)
        for room in ("records", "proposals", "reports", "streets", "papers", "targets")
    },
    "desk-record": ("/desk/records/0000-05FX", _sign_in),
    "desk-correct": ("/desk/records/0000-05FX/correct", _sign_in),
}
"""Name of the picture → the page, and what is done on it."""


def main() -> None:
    """Draw all, or those that are named."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    url, names = sys.argv[1].rstrip("/"), sys.argv[2:] or list(PAGES)
    pages = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    documents = "".join(each.read_text("utf-8") for each in pages)
    with browsing() as browser:
        for size in SIZES:
            for name in names:
                if f"{name}-{size}.jpg" not in documents:
                    continue
                path, act = PAGES[name]
                with visiting(browser, url, size, is_mobile=size == "phone") as visit:
                    act(visit.open(path))
                    out = FOLDER / f"{name}-{size}.jpg"
                    visit.page.screenshot(path=out, type="jpeg", quality=62, animations="disabled")
                    print(out.name)


if __name__ == "__main__":
    main()
