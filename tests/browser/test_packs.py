"""An offline phone: packs, searches in them, and queued reports."""

import base64
import csv
import datetime
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from geo import code as codes
from geo.code_writing import strip_announcement
from geo.text import fold
from registry.core.database import session_scope
from registry.core.settings import ROOT, Settings
from tests.support.browser import Visit, choose_in_menu, chromium, send_waiting, visiting
from tests.support.factories import make_event
from tests.support.search_world import LANG, World, search_world
from tests.support.serving import serving_here

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
HERE = {"longitude": LANG[0], "latitude": LANG[1], "accuracy": 5}
LOCKER: dict[str, Any] = {
    "kind": "locker",
    "lon": round(LANG[0] + 0.0005, 6),
    "lat": round(LANG[1] + 0.0006, 6),
    "note": "ở sảnh sau",
}
FULL = """void (IDBObjectStore.prototype.put = () => {
    throw new DOMException('full', 'QuotaExceededError');
})"""
OTHER_KEY = base64.urlsafe_b64encode(b'{"alg":"Ed25519","kid":"x"}').rstrip(b"=")
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "410")


@pytest.fixture(scope="module")
def world(admin_url: str, worker_id: str) -> Iterator[World]:
    with search_world(admin_url, f"hand_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def url(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    var = tmp_path_factory.mktemp("var")
    with serving_here(world.url, Settings(limits=False, open_packs=True, var=var)) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Visit]:
    options: dict[str, Any] = {"geolocation": HERE, "permissions": ["geolocation"]}
    with visiting(browser, url, "phone", service_workers="allow", **options) as made:
        made.allowed = OFFLINE
        yield made
        assert made.complaints() == []


def opened(visit: Visit) -> Page:
    page = visit.open("/packs")
    page.wait_for_selector(".hand[data-ready]")
    return page


def with_pack(visit: Visit) -> Page:
    """Phường Láng is on the phone, and the page with it."""
    page = opened(visit)
    page.get_by_label("Thêm xã, phường").fill("Phường Láng")
    page.get_by_role("button", name="Tìm", exact=True).click()
    row = page.locator("#communes li", has_text="Phường Láng, Thành phố Hà Nội")
    row.get_by_role("button", name="Tải gói").click()
    expect(page.locator("#packs-notice")).to_contain_text("Đã có Phường Láng")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return opened(visit)


def find(page: Page, text: str) -> Any:
    page.get_by_role("searchbox", name="Mã, số nhà").fill(text)
    return page.locator("#found")


def test_doors_are_found_offline_and_after_a_restart(visit: Visit, world: World) -> None:
    page = with_pack(visit)
    visit.context.set_offline(True)
    page = opened(visit)
    expect(page.locator("#network")).to_be_visible()
    code = codes.format(world.codes["27 Láng"])
    label = "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
    of_old = "27 Láng, P. Láng Hạ, Q. Đống Đa, Hà Nội"
    written = ("27 lang", "số 27 phố Láng phường Láng", label, of_old, code.lower(), f"mã {code}")
    for text in (*written, codes.spoken(code)):
        first = find(page, text).locator(".hand-card").first
        expect(first.locator("h3")).to_have_text(label)
        expect(first.locator(".plate")).to_have_text(code)
    expect(find(page, code)).to_contain_text("Phường Láng Hạ, Quận Đống Đa")
    alley = codes.format(world.codes["12/34/5A Láng"])
    for text in ("12/34/5a lang", "số 5A ngách 34 ngõ 12 phố Láng"):
        expect(find(page, text).locator(".plate").first).to_have_text(alley)
    flat = codes.format(world.codes["flat 1205"])
    whole = "Căn hộ 1205, Toà CT1, 1 Đường Huỳnh Thúc Kháng, Phường Láng, Thành phố Hà Nội"
    for text in (whole, "1205 ct1 1 huynh thuc khang", "số 1 huỳnh thúc kháng phòng 1205"):
        expect(find(page, text).locator(".plate")).to_have_text([flat])
    within = codes.format(world.codes["6 Tổ 7 Khu phố 2"])
    expect(find(page, "6, Tổ 7, Khu phố 2, Phường Láng").locator(".plate").first).to_have_text(
        within
    )
    several = codes.format(world.codes["131-133 Láng"])
    for text in ("131 Láng", "133 láng, P. Láng Hạ, Q.Đống Đa", "131-133 lang"):
        expect(find(page, text).locator(".plate").first).to_have_text(several)
    other = find(page, "Căn hộ 1299, Toà CT1, 1 Huỳnh Thúc Kháng")
    expect(other).to_contain_text("Không thấy “Căn hộ 1299 Toà CT1” ở số này")
    other.get_by_role("button", name="Căn hộ 1205").click()
    expect(other.locator(".plate")).to_have_text(flat)
    for number in ("12/34/9", "9 ngách 34 ngõ 12"):
        first = find(page, f"số {number} láng").locator(".hand-card").first
        expect(first).to_contain_text(f"Chưa có số {number} ở đường này")
    slip = code[:-1] + ("0" if code[-1] != "0" else "1")
    expect(find(page, slip)).to_contain_text("Mã gõ sai một chút?")
    # Another code may be as near.
    expect(page.locator("#found")).to_contain_text(code)
    retired = find(page, world.codes["40 retired"])
    expect(retired).to_contain_text("đã ngừng dùng; nay là")
    expect(retired.locator(".plate")).to_have_text(codes.format(world.codes["40B"]))
    expect(find(page, "khong co duong nay")).to_contain_text("Không thấy")
    assert visit.barriers() == []
    assert not visit.overflows()
    first = find(page, code).locator(".hand-card").first
    dots = first.get_by_label("Sơ đồ và báo cáo về", exact=False)
    dots.focus()
    page.keyboard.press("Enter")
    expect(first.get_by_role("button", name="Không có nhà")).to_be_visible()
    assert visit.barriers() == []
    assert not visit.overflows()
    page.keyboard.press("Escape")
    expect(first.get_by_role("button", name="Không có nhà")).to_be_hidden()
    expect(dots).to_be_focused()
    choose_in_menu(first, "Sơ đồ")
    expect(page.locator("#found svg text", has_text="Phố Láng")).to_be_visible()
    assert visit.smallest_letters("#found svg.sketch") >= 12
    assert page.locator("#found .sketch-row").count() > 0
    page.get_by_role("button", name="Gần tôi").click()
    expect(page.locator("#found .hand-card .metres").first).to_have_text(" 0 m")
    expect(page.locator("#found .plate").first).to_have_text(code)


def test_pack_is_updated_and_a_damaged_one_is_refused(visit: Visit, world: World, url: str) -> None:
    page = with_pack(visit)
    whole = page.request.get(f"{url}/v1/packs/00199").body()
    numbers = find(page, "phố láng").locator(".hand-card").first.locator(".chip").all_inner_texts()
    with session_scope(world.engine) as session:
        make_event(session)
        session.connection().exec_driver_sql(
            "UPDATE household SET delivery_hint = 'cổng xanh', entrances = %s WHERE code = %s",
            (json.dumps([LOCKER]), world.codes["129 Láng"]),
        )
        session.connection().exec_driver_sql(
            "UPDATE place SET name = 'Hàng Đào', key = 'hang dao' WHERE key = 'hang khay'"
        )
    page.locator("#packs").get_by_role("button", name="Cập nhật").click()
    expect(page.locator("#packs-notice")).to_contain_text("Đã có Phường Láng")
    visit.context.set_offline(True)
    page = opened(visit)
    chips = find(page, "phố láng").locator(".hand-card").first.locator(".chip")
    expect(chips).to_have_text(numbers)
    assert len(numbers) > 5
    card = find(page, "129 lang").locator(".hand-card[data-code]")
    expect(card).to_contain_text("Chỉ dẫn: cổng xanh")
    expect(card.locator(".ways li")).to_contain_text("Tủ nhận hàng cách cửa 67 m")
    expect(card.locator(".ways li")).to_contain_text("ở sảnh sau")
    choose_in_menu(card, "Sơ đồ")
    expect(card.locator("svg .sketch-mark")).to_have_text("1")
    choose_in_menu(card, "Lối vào")
    card.get_by_role("combobox", name="Lối vào").select_option(label="Lối xe vào")
    for note in ("gọi 0912345678", "nhà anh Hùng"):
        card.get_by_label("Cách vào nhà").fill(note)
        card.get_by_role("button", name="Báo lối vào ở chỗ tôi đang đứng").click()
        expect(card.get_by_role("alert")).to_contain_text("Xin đừng ghi tên người")
        expect(page.locator("#outbox li")).to_have_count(0)
    choose_in_menu(card, "Biển")
    card.get_by_role("button", name="Biển đã gắn").click()
    page.locator("#outbox").get_by_role("button", name="Bỏ").click()
    expect(page.locator("#outbox li")).to_have_count(0)
    card.get_by_label("Cách vào nhà").fill("cổng phía ngõ 34")
    assert visit.barriers() == []
    assert not visit.overflows()
    card.get_by_role("button", name="Báo lối vào ở chỗ tôi đang đứng").click()
    written = page.locator("#outbox [data-state=waiting]")
    expect(written).to_contain_text("Lối xe vào: cổng phía ngõ 34")
    # No point is there, but lockers of this door.
    page.context.set_geolocation({"longitude": LOCKER["lon"], "latitude": LOCKER["lat"]})
    page.get_by_role("button", name="Gần tôi").click()
    first = page.locator("#found .hand-card[data-code]").first
    expect(first).to_have_attribute("data-code", world.codes["129 Láng"])
    expect(first.locator(".metres")).to_have_text(" 0 m")
    expect(first.locator(".ways li")).to_contain_text("cách bạn 0 m")
    expect(find(page, "27 lang").locator(".plate").first).to_be_visible()
    expect(find(page, "20 hang dao").locator("h3").first).to_contain_text("20 Phố Hàng Đào")
    expect(find(page, "20 hang khay")).to_contain_text("tên cũ: Phố Hàng Khay")
    for name, body, expected in (
        ("cut", whole[:-100], "chưa tải hết"),
        ("altered", whole[:-100] + bytes(100), "đã bị sửa đổi"),
        (
            "other",
            re.sub(rb"^[^.]+", b"eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoieCJ9", whole),
            "nơi khác ký",
        ),
        ("none", b"PK\x03\x04", "không phải gói"),
    ):
        page.get_by_label("Hoặc mở tệp gói").set_input_files(
            {"name": f"{name}.pack", "mimeType": "application/octet-stream", "buffer": body}
        )
        expect(page.locator("#packs-notice")).to_contain_text(expected)
    expect(find(page, "27 lang").locator(".plate").first).to_be_visible()
    visit.context.set_offline(False)
    expect(page.locator("#outbox [data-state=sent]")).to_contain_text("Lối vào")
    with session_scope(world.engine) as session:
        found = session.connection().exec_driver_sql(
            "SELECT code, entrance, note, ST_Y(point) FROM field_report WHERE kind = 'entrance'"
        )
        gate = (world.codes["129 Láng"], "vehicles", "cổng phía ngõ 34", HERE["latitude"])
        assert found.all() == [gate]


def test_clock_and_disk_problems_of_the_phone_are_reported(visit: Visit) -> None:
    page = with_pack(visit)
    for days, expected in ((400, "đã cũ"), (-400, "đồng hồ máy này chậm")):
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        page.clock.set_fixed_time(at)
        expect(opened(visit).locator("#packs li")).to_contain_text(expected)
    page.evaluate(FULL)
    page.locator("#packs").get_by_role("button", name="Cập nhật").click()
    expect(page.locator("#packs-notice")).to_contain_text("Máy hết chỗ chứa")
    expect(find(page, "27 lang").locator(".plate").first).to_be_visible()


def test_report_waits_for_a_network_and_is_filed_once(visit: Visit, world: World) -> None:
    page = with_pack(visit)
    visit.context.set_offline(True)
    page = opened(visit)
    choose_in_menu(find(page, "3/5 lang"), "Nhà ở đây")
    expect(page.locator("#outbox [data-state=waiting]")).to_contain_text("Nhà ở chỗ khác")
    page.get_by_text("Báo nhà chưa có mã").click()
    page.get_by_label("Địa chỉ ghi trên cửa").fill("999/4 Láng, 0912345678")
    page.get_by_role("button", name="Báo nhà ở chỗ tôi đang đứng").click()
    expect(page.locator("#new-notice")).to_contain_text("Xin đừng ghi tên người")
    page.get_by_label("Địa chỉ ghi trên cửa").fill("999/4 Láng")
    page.close()
    visit.page = page = visit.context.new_page()
    page.set_default_timeout(20_000)
    page = opened(visit)
    expect(page.locator("#waiting")).to_have_text("1 chờ gửi")

    losing = True

    def lose_the_answer(route: Route) -> None:
        if not losing:
            return route.fallback()
        route.fetch()
        return route.abort()

    page.route("**/v1/batch/reports", lose_the_answer)
    with page.expect_event("requestfailed", lambda each: each.url.endswith("/v1/batch/reports")):
        visit.context.set_offline(False)
        send_waiting(page)
    expect(page.locator("#outbox [data-state=waiting]")).to_be_visible()
    # Text only typed is kept as well and shown on the phone.
    expect(page.get_by_label("Địa chỉ ghi trên cửa")).to_have_value("999/4 Láng")
    with page.expect_event("requestfailed", lambda each: each.url.endswith("/v1/batch/reports")):
        page.get_by_role("button", name="Báo nhà ở chỗ tôi đang đứng").click()
    expect(page.locator("#waiting")).to_have_text("2 chờ gửi")
    losing = False
    send_waiting(page)
    expect(page.locator("#outbox [data-state=sent]")).to_have_count(2)
    with session_scope(world.engine) as session:
        rows = session.connection().exec_driver_sql(
            "SELECT f.reporters, (SELECT count(*) FROM field_report_receipt WHERE report_id = f.id)"
            " FROM field_report f WHERE code = %s",
            (world.codes["3/5 Láng"],),
        )
        assert rows.all() == [(1, 1)]
    assert visit.barriers() == []
    # A code retired meanwhile is reported with its successor, and the report is not lost.
    heir = codes.format(world.codes["40B"])
    page.evaluate(
        "async ([part, code]) => { const { keepReport } = await import(part);"
        " await keepReport({ kind: 'confirmed', code }, 'x'); }",
        [part_of(page, "outbox.js"), world.codes["40 retired"]],
    )
    page = opened(visit)
    expect(page.locator("#outbox [data-state=refused]")).to_contain_text(heir)
    page.get_by_role("link", name="Biên nhận").last.click()
    expect(page.locator(".outcome")).to_have_text("Đang chờ cán bộ xem")


def test_five_hundred_reports_survive_ten_network_failures(visit: Visit, world: World) -> None:
    page = with_pack(visit)
    visit.context.set_offline(True)
    page = opened(visit)
    code = world.codes["129 Láng"]
    page.evaluate(
        "async ([part, code]) => { const { keepReport } = await import(part); for (let many = 0;"
        " many < 500; many += 1) await keepReport({ kind: 'confirmed', code }, 'x'); }",
        [part_of(page, "outbox.js"), code],
    )
    sent: list[str] = []
    cuts = 0

    def cut(route: Route) -> None:
        """Every other request: half of those never come, of the others the answer is lost."""
        nonlocal cuts
        sent.append(route.request.url)
        if cuts < 10 and len(sent) % 2:
            cuts += 1
            if cuts % 2:
                route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/batch/reports", cut)
    page = opened(visit)
    visit.context.set_offline(False)
    for many in range(500, 0, -50):
        expect(page.locator("#waiting")).to_have_text(f"{many} chờ gửi")
        page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#outbox [data-state=sent]")).to_have_count(500)
    assert (cuts, len(sent)) == (10, 20)
    with session_scope(world.engine) as session:
        rows = session.connection().exec_driver_sql(
            "SELECT f.reporters, (SELECT count(DISTINCT token_hash) FROM field_report_receipt"
            " WHERE report_id = f.id) FROM field_report f WHERE code = %s AND kind = 'confirmed'",
            (code,),
        )
        assert rows.all() == [(1, 100)]


def test_opened_address_is_found_offline_by_its_words(visit: Visit, world: World) -> None:
    code = codes.format(world.codes["8 30/4"])
    page = visit.open(f"/a/{code}")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    opened(visit)
    visit.context.set_offline(True)
    page = opened(visit)
    for text in ("duong 30/4", "8 30/4 ben thanh", code):
        expect(find(page, text).locator(".plate").first).to_have_text(code)
    # One that was not is looked for in the packs.
    other = codes.format(world.codes["129 Láng"])
    visit.open(f"/a/{other}")
    expect(page.locator("#found")).to_contain_text(f"Mã {other} viết đúng")

    # Reports from an address page or plate wait in the same outbox.
    visit.open(f"/a/{code}")
    page.locator("#report summary").click()
    page.get_by_label("Nhà ở chỗ khác").check()
    page.get_by_role("button", name="Gửi").click()
    expect(page.locator("#report-notice")).to_contain_text("Hãy cho biết nhà ở đâu")
    page.get_by_label("Biển mất hoặc hỏng").check()
    page.get_by_role("button", name="Gửi").click()
    expect(page.locator("#report-notice")).to_contain_text("đã lưu trong máy này")
    page.get_by_role("link", name="Chờ gửi").click()
    expect(page.locator("#outbox [data-state=waiting]")).to_contain_text("Biển mất hoặc hỏng")
    visit.context.set_offline(False)
    expect(page.locator("#outbox [data-state=sent]")).to_contain_text("Biển mất hoặc hỏng")


def test_phone_reads_codes_as_the_register_does(visit: Visit) -> None:
    page = opened(visit)
    texts = written()
    read = page.evaluate(
        "async ([part, texts]) => { const { readCode } = await import(part);"
        " return texts.map((text) => readCode(text)); }",
        [part_of(page, "code.js"), texts],
    )
    for text, expected in zip(texts, read, strict=True):
        assert (expected.get("code") or expected["error"]) == register_reads(text), text
        if "code" not in expected:
            assert expected["suggestions"] == list(codes.suggestions(strip_announcement(text))), (
                text
            )
    names = [row["text"] for row in vectors("addresses.csv")]
    folded = page.evaluate(
        "async ([part, names]) => { const { fold } = await import(part); return names.map(fold); }",
        [part_of(page, "fold.js"), names],
    )
    assert folded == [fold(name) for name in names]


def part_of(page: Page, name: str) -> str:
    """Where the page finds a script of ours."""
    src: str = page.evaluate("document.querySelector('script[src*=packs]').src")
    return src.replace("packs.js", name)


def vectors(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "vectors" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written() -> list[str]:
    """Every writing of the vectors, and slips: a symbol wrong, missing, doubled, swapped."""
    slips = random.Random(19)
    texts = [row["text"] for row in vectors("codes_written.csv")]
    texts += [row[form] for row in vectors("codes.csv") for form in ("display", "spoken")]
    for _ in range(300):
        code = codes.from_serial(slips.randrange(codes.PAYLOAD_END))
        text = list(slips.choice((code, codes.spoken(code))))
        at, other = slips.sample(range(len(text)), 2)
        match slips.randrange(4):
            case 0:
                text[at] = slips.choice(codes.ALPHABET + "OILSZBGE")
            case 1:
                text[at], text[other] = text[other], text[at]
            case 2:
                del text[at]
            case 3:
                text.insert(at, text[other])
        texts.append("".join(text))
    return [*texts, "mã: 1H6X-XH2V", "#1h6x xh2v", "https://x.vn/a/1H6X-XH2V?q=1"]


def register_reads(text: str) -> str:
    """As `registry.records.lookup.read_code`: the code, or why it is invalid."""
    text = strip_announcement(text)
    try:
        return codes.validate(text)
    except codes.WrongLengthError as error:
        try:
            return codes.from_spoken(text)
        except codes.WrongLengthError:
            return error.code
        except codes.CodeError as spoken:
            return spoken.code
    except codes.CodeError as error:
        return error.code
