"""A round on foot: a code, a list, no network, a phone that is restarted, and the desk."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from registry.units.gazetteer import today
from tests.support.browser import Visit, chromium, send_waiting, visiting
from tests.support.keys import NO_LIMITS, Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import LANG
from tests.support.serving import served

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
HERE = {"longitude": LANG["lon"] + 0.0002, "latitude": LANG["lat"], "accuracy": 8}
ALLOWED = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "403")
UNTIL = f"{today() + datetime.timedelta(days=7):%d/%m/%Y}"


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"field_walk_{worker_id}", NO_LIMITS) as made:
        for at in range(6):
            made.place.house(str(2 * at + 1), lon=LANG["lon"] + at * 0.0001, lat=LANG["lat"])
        yield made


@pytest.fixture(scope="module")
def url(office: Office) -> Iterator[str]:
    with served(office.app) as found:
        yield found


@pytest.fixture
def phone(browser: Browser, url: str) -> Iterator[Visit]:
    options: dict[str, Any] = {"geolocation": HERE, "permissions": ["geolocation"]}
    with visiting(browser, url, "phone", service_workers="allow", **options) as made:
        made.allowed = ALLOWED
        yield made
        assert made.complaints() == []


@pytest.fixture
def desk(browser: Browser, url: str) -> Iterator[Visit]:
    with visiting(browser, url, "desktop") as made:
        yield made
        assert made.complaints() == []


def ready(phone: Visit) -> Page:
    page = phone.open("/field")
    page.wait_for_selector(".field[data-ready]")
    return page


def restarted(phone: Visit) -> Page:
    """Another window of the same phone."""
    phone.page.close()
    phone.page = page = phone.context.new_page()
    page.set_default_timeout(20_000)
    return ready(phone)


def door(page: Page, number: str) -> Any:
    return page.locator(
        ".field-door", has=page.locator(".field-row > b", has_text=re.compile(f"^{number}$"))
    )


def test_round_is_walked_offline_and_imported_at_the_desk(
    office: Office, phone: Visit, desk: Visit
) -> None:
    # The editor opens a round and hands out its code.
    secret = office.key("người duyệt", "approver", approves_own=True).secret
    page = desk.enter(secret, "/desk/field")
    page.get_by_label("Đi theo").select_option("street")
    page.get_by_label("Tên", exact=True).fill("Phố Láng")
    page.get_by_label("Đến hết ngày").fill(UNTIL)
    page.get_by_role("button", name="Mở đợt").click()
    code = page.locator(".secret").inner_text()
    assert desk.is_sound()
    page.get_by_role("link", name="Đã giao mã").click()
    round_url = page.url

    # The helper types it, once with a typo; afterwards the phone is offline.
    walk = ready(phone)
    walk.get_by_label("Mã 12 chữ số").fill(code[:-1] + str((int(code[-1]) + 1) % 10))
    walk.get_by_role("button", name="Mở danh sách nhà").click()
    expect(walk.locator("#notice")).to_contain_text("xem lại từng số")
    walk.get_by_label("Mã 12 chữ số").fill(code)
    walk.get_by_role("button", name="Mở danh sách nhà").click()
    expect(walk.locator("#count")).to_have_text("0 / 6 nhà")
    walk.evaluate("navigator.serviceWorker.ready.then(() => true)")
    walk.wait_for_function("navigator.serviceWorker.controller !== null")
    phone.context.set_offline(True)
    walk = ready(phone)
    expect(walk.locator("#network")).to_be_visible()

    # Door by door.
    # How far each is from the phone, which was asked where it is before.
    for number, away in (("1", "21 m"), ("3", "10 m"), ("5", "0 m")):
        expect(door(walk, number).locator(".field-away")).to_have_text(away)
    door(walk, "1").locator(".field-row").click()
    door(walk, "1").get_by_role("button", name="Đúng").click()
    expect(door(walk, "1").locator(".field-notice")).to_contain_text("Đúng")
    door(walk, "3").locator(".field-row").click()
    door(walk, "3").get_by_role("button", name="Nhà ở đây").click()
    expect(door(walk, "3").get_by_role("status")).to_contain_text("Nhà đã có vị trí")
    door(walk, "3").get_by_role("button", name="Vị trí máy").click()
    expect(door(walk, "3").get_by_role("status")).to_contain_text("± 8 m")
    expect(door(walk, "3").get_by_role("status")).to_contain_text("cách vị trí đang ghi 10 m")
    # Hidden where the phone has measured long enough by then.
    door(walk, "3").locator(".field-point .button", has_text="Dùng điểm này").dispatch_event(
        "click"
    )
    door(walk, "3").get_by_role("button", name="Ghi điểm này").click()
    door(walk, "5").locator(".field-row").click()
    door(walk, "5").get_by_role("button", name="Không còn").click()
    door(walk, "7").locator(".field-row").click()
    door(walk, "7").get_by_role("button", name="Số hộ").click()
    door(walk, "7").get_by_role("spinbutton").fill("3")
    # What was only typed is there after a restart as well.
    walk.get_by_text("Thêm nhà mới").click()
    walk.get_by_label("Số nhà (bỏ trống").fill("13/2")
    walk.get_by_label("Mốc dễ thấy").fill("nhà ông Bảy")
    assert phone.barriers() == []
    assert not phone.overflows()
    walk = restarted(phone)
    expect(walk.locator("#count")).to_have_text("3 / 6 nhà")
    door(walk, "7").locator(".field-row").click()
    door(walk, "7").get_by_role("button", name="Số hộ").click()
    expect(door(walk, "7").get_by_role("spinbutton")).to_have_value("3")
    door(walk, "7").get_by_role("button", name="Ghi", exact=True).click()
    expect(walk.get_by_label("Số nhà (bỏ trống")).to_have_value("13/2")
    walk.get_by_role("button", name="Ghi nhà mới").click()
    expect(walk.locator("#new-house [role=alert]")).to_contain_text("đừng ghi tên người")
    walk.get_by_label("Mốc dễ thấy").fill("cạnh giếng")
    walk.locator("#new-house").get_by_role("button", name="Chấm trên sơ đồ").click()
    walk.locator("#new-house svg.sketch").click(position={"x": 200, "y": 120})
    expect(walk.locator("#new-house").get_by_role("status")).to_contain_text("Điểm chấm tay")
    walk.get_by_role("button", name="Ghi nhà mới").click()
    expect(walk.locator("#waiting")).to_have_text("5 chờ gửi")

    # The first answer is lost on its way; what was filed is known the second time.
    losing = True

    def lose_the_answer(route: Route) -> None:
        if not losing:
            return route.fallback()
        route.fetch()
        return route.abort()

    walk.route("**/v1/field/records", lose_the_answer)
    with walk.expect_event("requestfailed", lambda each: each.url.endswith("/records")):
        phone.context.set_offline(False)
        send_waiting(walk)
    losing = False
    send_waiting(walk)
    expect(walk.locator("#waiting")).to_have_text("đã gửi hết")
    count = "SELECT count(*) FROM field_record"
    assert office.place.rows(count) == [(5,)]

    # The desk looks at it, takes it over, and back.
    page.goto(round_url)
    expect(page.locator("details.box").first).to_contain_text("13/2 Phố Láng")
    assert desk.is_sound()
    page.get_by_role("button", name="Xem trước khi tiếp nhận").click()
    page.get_by_role("button", name="Tiếp nhận cả đợt").click()
    expect(page.locator("#said")).to_contain_text("Đã tiếp nhận 5 kết quả")
    new = "SELECT status FROM household WHERE house_number = '13/2'"
    assert office.place.rows(new) == [("active",)]
    page.get_by_text("Huỷ lần tiếp nhận này").click()
    page.get_by_label("Lý do").fill("nhận nhầm")
    page.get_by_role("button", name="Huỷ lần tiếp nhận").click()
    expect(page.locator("#said")).to_contain_text("Đã huỷ lần tiếp nhận: huỷ 1 mã mới")
    assert office.place.rows(new) == []
    why = "SELECT reason FROM event WHERE kind = 'rollback'"
    assert office.place.rows(why) == [("nhận nhầm",)]
    assert desk.is_sound()

    # Its code expires: the phone keeps its data, and a new code of the place continues with it.
    door(walk, "9").locator(".field-row").click()
    phone.context.set_offline(True)
    door(walk, "9").get_by_role("button", name="Đúng").click()
    page.get_by_text("Đóng đợt này").click()
    page.get_by_role("button", name="Đóng đợt").click()
    phone.context.set_offline(False)
    expect(walk.locator("#ended")).to_contain_text("cán bộ đã đóng đợt này")
    expect(walk.locator("#waiting")).to_have_text("1 chờ gửi")
    with walk.expect_download() as file:
        walk.get_by_role("button", name="Tải tệp kết quả chưa gửi").click()
    page.get_by_text("Nhận tệp từ điện thoại").click()
    page.get_by_label("Tệp", exact=True).set_input_files(file.value.path())
    page.get_by_role("button", name="Nhận", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Đã nhận 1 kết quả mới")
    page.get_by_text("Mã của đợt", exact=True).click()
    page.get_by_role("button", name="Lấy mã mới").click()
    walk.goto(page.get_by_role("link", name="Đường dẫn có sẵn mã").get_attribute("href") or "")
    expect(walk.locator("#waiting")).to_have_text("đã gửi hết")
    assert office.place.rows(count) == [(6,)]


def test_denied_or_coarse_position_is_shown_and_several_are_averaged(phone: Visit) -> None:
    page = ready(phone)
    part = page.evaluate("document.querySelector('script[src*=field]').src")
    part = part.replace("field.js", "field_point.js")
    fixes = [
        {"longitude": 105.8, "latitude": 21.0, "accuracy": 5},
        {"longitude": 105.8001, "latitude": 21.0, "accuracy": 50},
    ]
    mean = page.evaluate("async ([part, fixes]) => (await import(part)).mean(fixes)", [part, fixes])
    # The better one counts a hundred times as much; they lie ten metres apart, and it is no better.
    assert abs(mean["lon"] - 105.800001) < 2e-7
    assert (mean["position_accuracy_m"], mean["spread_m"]) == (11, 10)
    # Doors without a number are distinguished by code.
    row = """async ([part, door]) => {
        const { item, showAway } = (await import(part)).doorRow({}, door);
        showAway([105.8, 21], 80);
        return item.textContent;
    }"""
    unnumbered = {"label": "Tổ dân phố 1", "number": None, "code_display": "1H6X-XH2V"}
    unnumbered |= {"lon": 105.8001, "lat": 21.0}
    found = page.evaluate(row, [part.replace("field_point", "field_door"), unnumbered])
    assert "Tổ dân phố 1 1H6X-XH2V" in found
    assert found.endswith("≈ 10 m")
    show = """async (part) => {
        const { pointing } = await import(part);
        const place = { nearest: () => [], middle: null };
        document.querySelector('main').replaceChildren(pointing({ place, near: null }).element);
    }"""
    page.evaluate(show, part)
    phone.context.set_geolocation(HERE | {"accuracy": 1500})
    page.get_by_role("button", name="Vị trí máy").click()
    expect(page.get_by_role("status")).to_contain_text("kém chính xác")
    page.get_by_role("button", name="Chấm trên sơ đồ").click()
    expect(page.get_by_role("status")).to_contain_text("chưa nhà nào có vị trí")
    phone.context.clear_permissions()
    page.evaluate(show, part)
    page.get_by_role("button", name="Vị trí máy").click()
    expect(page.get_by_role("status")).to_contain_text("trình duyệt chưa cho phép")
