"""Records at the desk in a real browser: a clerk moves a door, an approver decides on several."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from geo.code import format as code_display
from registry.core.database import session_scope
from registry.publish.paper.certificates import issue_certificate
from registry.publish.paper.site import Site
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.browser import SIZES, Visit, chromium, visiting
from tests.support.factories import make_street
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, LANG
from tests.support.serving import served

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
REFUSED = "Failed to load resource"


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"browsed_records_{worker_id}") as made:
        with session_scope(made.place.engine) as session:
            unit = made.place.row(made.place.house("1")).unit_id
            make_street(session, unit_id=unit, name="<script>alert(1)</script>", key="script")
        yield made


@pytest.fixture(scope="module")
def url(office: Office) -> Iterator[str]:
    with served(office.app) as found:
        yield found


@pytest.fixture(scope="module")
def window() -> dict[str, Any]:
    return {"allowed": (REFUSED,)}  # a conflict and what is not whose it is are errors of HTTP


def enter(visit: Visit, office: Office, role: Any, path: str) -> Page:
    # An approver's office has one person; of two: tests/api/test_pending.py.
    name = f"{role} {visit.page.viewport_size} {path}"
    key = office.key(name, role, approves_own=role == "approver")
    return visit.enter(key.secret, path)


def number(visit: Visit, start: int) -> str:
    """Of a house of this size of window alone."""
    size = visit.page.viewport_size
    return str(start + (size["width"] if size else 0))


def test_clerk_finds_a_door_and_drags_it_into_place(visit: Visit, office: Office) -> None:
    # As far as its point may be wrong an editor moves it alone.
    code = office.place.house(number(visit, 2000), **LANG, position_accuracy_m=200)
    page = enter(visit, office, "editor", f"/desk/records?unit={COMMUNE}")
    page.get_by_label("Số nhà, tên đường, mã").fill(number(visit, 2000))
    page.get_by_role("button", name="Lọc").click()
    page.wait_for_url("**q=*")
    found = page.url
    page.get_by_role("button", name="Xem trên bản đồ").click()
    page.wait_for_selector(".desk-map[data-ready]")
    expect(page.locator("[data-map-said]")).to_have_text("1 điểm")
    assert visit.is_sound()
    page.get_by_role("link", name=code_display(code)).click()
    expect(page.locator(".not-mine", has_text="Ngừng dùng")).to_contain_text("cần người duyệt")
    page.get_by_role("button", name="Bản đồ tương tác").click()
    page.wait_for_selector(".desk-map[data-ready]")
    assert visit.is_sound()
    page.get_by_role("link", name="Chuyển vị trí").click()
    page.wait_for_selector(".desk-map[data-ready]")
    assert visit.is_sound()
    page.locator(".maplibregl-marker").scroll_into_view_if_needed()
    box = page.locator(".maplibregl-marker").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=5)
    page.mouse.up()
    expect(page.get_by_label("Kinh độ")).not_to_have_value(str(LANG["lon"]))
    expect(page.get_by_label("Cách lấy toạ độ")).to_have_value("imagery")
    lon = float(page.get_by_label("Kinh độ").input_value())
    assert LANG["lon"] < lon < LANG["lon"] + 0.001
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator(".change")).to_contain_text("chấm trên bản đồ")
    # The way from the point on record to the new one.
    page.wait_for_selector(".desk-map[data-before][data-ready]")
    assert visit.is_sound()
    page.get_by_role("button", name="Thực hiện", exact=True).dblclick()
    expect(page.locator("#said")).to_contain_text("Đã")
    expect(page.locator(".steps li").first).to_contain_text("chuyển vị trí")
    assert office.place.record(code).lon == pytest.approx(lon)
    assert [step.operation for step in office.place.steps(code)].count("move") == 1
    # A wide window has the map open.
    width, height = SIZES["desktop"]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(found)
    page.wait_for_selector(".desk-map[data-ready]")
    expect(page.locator("[data-map-said]")).to_have_text("1 điểm")


def test_approver_sees_a_conflict_and_decides_on_several_records(
    visit: Visit, office: Office
) -> None:
    start = int(number(visit, 4000))
    codes = [office.place.house(str(start + at)) for at in range(3)]
    page = enter(visit, office, "approver", f"/desk/records/{code_display(codes[0])}/correct")
    page.get_by_label("Chỉ dẫn cho người giao").fill("=cmd()")
    office.place.do("correct", code=codes[0], households_count=3)
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_role("alert")).to_contain_text("đã có người sửa")
    expect(page.get_by_label("Chỉ dẫn cho người giao")).to_have_value("=cmd()")
    expect(page.get_by_label("Số hộ ở chung")).to_have_value("3")
    assert visit.is_sound()
    visit.open(f"/desk/records?unit={COMMUNE}&no_point=1")
    expect(page.locator("main")).to_contain_text("script>alert(1)</script")
    for code in codes:
        page.get_by_label(f"Chọn {code_display(code)}").check()
    expect(page.locator("#ticks")).to_have_text("Với 3 mã đã chọn:")
    # Another user changes it before the form is sent.
    office.place.do("verify", code=codes[2])
    page.get_by_role("button", name="Ngừng dùng").click()
    page.get_by_label("Lý do").fill("giải toả")
    assert visit.is_sound()
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator(".demo")).to_contain_text(code_display(codes[2]))
    expect(page.locator(".change")).to_have_count(2)
    assert visit.is_sound()
    page.get_by_role("button", name="Thực hiện", exact=True).click()
    expect(page.locator("#said")).to_contain_text("2 mã")
    states = [office.place.row(code).status for code in codes]
    assert states == ["retired", "retired", "active"]
    # After signing out nothing is shown again.
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_label("Khoá của đơn vị")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Khoá của đơn vị")).to_be_visible()


def test_plates_are_recorded_with_a_day_and_a_certificate_is_verified(
    visit: Visit, office: Office
) -> None:
    code = office.place.house(number(visit, 8000), **LANG)
    page = enter(visit, office, "editor", f"/desk/papers?code={code_display(code)}")
    assert visit.is_sound()
    page.get_by_role("button", name="Ghi: cấp biển").click()
    expect(page.locator(".notes")).to_contain_text("Phố Láng")
    page.get_by_label("Ngày").fill("2026-11-02")
    assert visit.is_sound()
    page.get_by_role("button", name="Ghi vào sổ").dblclick()
    expect(page.locator("#said")).to_contain_text("1 biển")
    page.get_by_label("Mã địa chỉ", exact=True).fill(code)
    page.get_by_role("button", name="Cấp giấy").click()
    expect(page.locator(".demo").first).to_contain_text("mã QR chỉ mở được ở đây")
    assert visit.is_sound()
    with session_scope(office.place.engine) as session:
        known = load_gazetteer(session)
    about = (office.place.reads, known, Site("https://diachi.example", True), code)
    certificate, _ = issue_certificate(office.place.engine, *about)
    visit.open("/verify")
    assert visit.is_sound()
    page.get_by_label("Số trên giấy").fill(certificate.shown.lower())
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Giấy còn giá trị")
    assert visit.is_sound()
    office.place.do("renumber", code=code, house_number=number(visit, 8500))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("địa chỉ đã đổi")
    visit.open("/verify/GXN-0000-0000-00")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Không có giấy")
    assert visit.is_sound()


def test_without_scripts_coordinates_are_typed(browser: Browser, url: str, office: Office) -> None:
    code = office.place.house("6001", **LANG)
    with visiting(browser, url, "phone", java_script_enabled=False) as visit:
        page = enter(visit, office, "approver", f"/desk/records/{code_display(code)}/move")
        page.get_by_label("Vĩ độ").fill("21,0213")
        page.get_by_role("button", name="Xem trước").click()
        page.get_by_role("button", name="Thực hiện", exact=True).click()
        expect(page.locator("#said")).to_contain_text("chuyển vị trí")
        assert office.place.record(code).lat == pytest.approx(21.0213)
        visit.open("/desk/records/new/reserve")
        page.get_by_label("Số mã cần giữ").fill("5")
        page.get_by_role("button", name="Xem trước").click()
        expect(page.locator("main")).to_contain_text("Giữ 5 mã mới")
        page.get_by_role("button", name="Thực hiện", exact=True).click()
        expect(page.locator(".records tbody tr")).to_have_count(5)


def test_operation_is_requested_by_one_person_and_approved_by_another(
    visit: Visit, office: Office
) -> None:
    code = office.place.house(number(visit, 9000), **LANG)
    size = visit.page.viewport_size
    first, second = (office.key(f"{who} {size}", "approver") for who in ("một", "hai"))
    page = visit.enter(first.secret, f"/desk/records/{code_display(code)}/retire")
    page.get_by_label("Lý do").fill("giải toả")
    page.get_by_role("button", name="Xem trước").click()
    assert visit.is_sound()
    page.get_by_role("button", name="Gửi duyệt").click()
    expect(page.locator("#said")).to_contain_text("chờ người thứ hai")
    assert visit.is_sound()
    waiting = page.url
    page.get_by_role("button", name="Đăng xuất").click()
    visit.enter(second.secret, "/desk/proposals")
    assert visit.is_sound()
    page.goto(waiting)
    expect(page.locator(".change")).to_contain_text(code_display(code))
    assert visit.is_sound()
    page.get_by_role("button", name="Duyệt", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Đã duyệt")
    assert office.place.row(code).status == "retired"
    visit.open(f"/desk/audit?code={code_display(code)}")
    expect(page.locator("tbody")).to_contain_text("đã duyệt: ngừng dùng")
    assert visit.is_sound()
