"""Streets and reports at the desk in a real browser: a clerk decides, an approver renumbers."""

from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import expect

from api.pages.assets import has_map
from geo.code import format as code_display
from registry.access.keys import KeyMade
from registry.core.database import session_scope
from tests.support.browser import Visit, chromium
from tests.support.factories import make_street
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, LANG
from tests.support.serving import served

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
SCRIPT = "<script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"desk_streets_seen_{worker_id}") as made:
        code = made.place.house("1", **LANG)
        with session_scope(made.place.engine) as session:
            make_street(session, unit_id=made.place.row(code).unit_id, name=SCRIPT, key="script")
        yield made


@pytest.fixture(scope="module")
def url(office: Office) -> Iterator[str]:
    with served(office.app) as found:
        yield found


_numbers = count(101)


def new_house(office: Office, street: str = "Phố Láng") -> str:
    return office.place.house(str(next(_numbers)), street, **LANG)


def key(office: Office, role: str) -> KeyMade:
    return office.key(f"{role} {next(_numbers)}", role)  # type: ignore[arg-type] # a role


def test_clerk_decides_a_residents_report_and_the_receipt_shows_it(
    visit: Visit, office: Office
) -> None:
    code = new_house(office)
    page = visit.open(f"/a/{code_display(code)}")
    page.locator("#report summary").click()
    page.get_by_label("Nhà ở chỗ khác").check()
    page.get_by_label("Vĩ độ").fill("21.0215")
    page.get_by_label("Kinh độ").fill("105.8065")
    page.get_by_role("button", name="Gửi").click()
    expect(page.locator(".thanks")).to_be_visible()
    assert visit.is_sound()
    receipt = page.url

    page = visit.enter(key(office, "editor").secret, "/desk/reports")
    card = page.locator("li.box", has_text=code_display(code))
    expect(card).to_contain_text("1 người dân")
    expect(card).to_contain_text("chuyển vị trí của mã")
    if has_map():
        page.wait_for_selector("#points[data-ready]")
        assert page.locator(".map-pin").count() >= 1
    assert visit.is_sound()
    card.get_by_role("link", name="Xem báo cáo").click()
    expect(page.get_by_text("Khi chấp nhận", exact=True)).to_be_visible()
    assert visit.is_sound()
    page.get_by_label("Lời nhắn cho người báo").fill("đã đo lại, cảm ơn")
    # A double click is one decision.
    page.get_by_role("button", name="Chấp nhận", exact=True).dblclick()
    expect(page.locator("#said")).to_contain_text("Đã xử lý 1 báo cáo")
    page.goto(receipt)
    expect(page.locator(".outcome")).to_have_text("Đã chấp nhận")
    expect(page.locator(".word")).to_have_text("đã đo lại, cảm ơn")
    assert visit.is_sound()


def test_clerk_rejects_several_reports_by_keyboard(visit: Visit, office: Office) -> None:
    visit.allowed = ("422",)
    carrier = key(office, "carrier")
    for _ in range(2):
        body = {"kind": "no_such_house", "code": new_house(office)}
        headers = {"Authorization": f"Bearer {carrier.secret}"}
        assert office.client.post("/v1/reports", json=body, headers=headers).status_code == 200
    page = visit.enter(key(office, "editor").secret, "/desk/reports")
    page.get_by_label("Loại").select_option("no_such_house")
    page.get_by_role("button", name="Lọc").press("Enter")
    ticks = page.get_by_role("checkbox")
    expect(ticks).to_have_count(2)
    for tick in ticks.all():
        tick.press("Space")
    page.get_by_role("button", name="Không chấp nhận").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("hãy viết cho người báo")
    assert [tick.is_checked() for tick in ticks.all()] == [True, True]
    assert visit.is_sound()
    page.get_by_label("Lời nhắn cho người báo").fill("nhà ở trong ngõ")
    page.get_by_role("button", name="Không chấp nhận").press("Enter")
    expect(page.locator("#said")).to_contain_text("Đã xử lý 2 báo cáo")
    expect(page.locator(".empty")).to_be_visible()
    page.get_by_role("button", name="Đăng xuất").click()
    page = visit.enter(carrier.secret, "/desk/my-reports")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).to_contain_text("nhà ở trong ngõ")
    assert visit.is_sound()


def test_approver_renumbers_a_street_after_reviewing_each_door(
    visit: Visit, office: Office
) -> None:
    visit.allowed = ("422",)
    name = f"Phố Số {next(_numbers)}"
    office.place.street(name)
    codes = {n: office.place.house(n, name, **LANG) for n in ("2", "4")}
    page = visit.enter(key(office, "approver").secret, "/desk/streets")
    expect(page.locator("tbody")).to_contain_text(SCRIPT)
    assert visit.is_sound()
    page.get_by_label("Tên", exact=True).fill(name)
    page.get_by_role("button", name="Lọc").click()
    page.get_by_role("link", name=name).click()
    page.get_by_text("Đánh số lại", exact=True).click()
    assert visit.is_sound()
    pasted = page.get_by_label("Dán bảng hai cột")
    pasted.fill("2\t4\n4\t8\n6\t10")
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_role("alert")).to_contain_text("6: không có số nhà này ở đó")
    expect(pasted).to_have_value("2\t4\n4\t8\n6\t10")
    pasted.fill("2\t4\n4\t8")
    page.get_by_role("button", name="Xem trước").click()
    row = page.locator("tbody tr", has_text=code_display(codes["4"])).last
    expect(row.locator(".doubt")).to_contain_text(code_display(codes["2"]))
    if has_map():
        expect(page.locator("[data-map-said]")).to_have_text("2 điểm")
    assert visit.is_sound()
    page.get_by_role("button", name="Ghi vào sổ").click()
    expect(page.locator("#said")).to_contain_text("2 chỗ ở mang số mới")
    assert [office.place.row(codes[n]).house_number for n in ("2", "4")] == ["4", "8"]
    page.get_by_role("link", name="Hoàn tác").click()
    expect(page.locator(".lead")).to_contain_text("2 chỗ ở sẽ trở lại như trước")
    assert visit.is_sound()
    page.get_by_label("Lý do").fill("nhập nhầm bảng")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("#said")).to_contain_text("Đã hoàn tác: 2 chỗ ở")
    assert [office.place.row(codes[n]).house_number for n in ("2", "4")] == ["2", "4"]


def test_clerk_names_a_hamlet_and_sees_operations_reserved_for_approvers(
    visit: Visit, office: Office
) -> None:
    number = next(_numbers)
    page = visit.enter(key(office, "editor").secret, "/desk/hamlets")
    page.get_by_text("Đặt tên mới").click()
    page.get_by_label("Tên, có cả loại").fill(f"Tổ {number}")
    assert visit.is_sound()
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator(".lead")).to_contain_text("Chưa ghi gì")
    assert visit.is_sound()
    page.get_by_role("button", name="Ghi vào sổ").click()
    page.get_by_role("link", name=f"Tổ {number}").click()
    expect(page.locator(".seat")).to_contain_text("việc của người duyệt")
    assert visit.is_sound()
    office.place.do("propose", commune=COMMUNE, locality=f"Tổ {number}", house_number="1", **LANG)
    page.goto(f"{visit.url}/desk/proposals")
    expect(page.locator("tbody")).to_contain_text(f"Tổ {number}")
    assert visit.is_sound()
