"""What people see: each page, in both sizes, in a real browser over a real server.

Other hosts are out of reach, an error in the console fails the test, and so does what axe calls
serious.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from api.pages.assets import has_map, has_viewer
from geo.code import format as code_display
from geo.code import spoken
from registry.core.database import session_scope
from registry.publish.drawing.refresh import refresh
from tests.support.browser import (
    SIZES,
    Visit,
    chromium,
    gate_on_phones,
    serving,
    visiting,
)
from tests.support.factories import make_household, make_street
from tests.support.search_world import LANG, World, search_world
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
needs_map = pytest.mark.skipif(not has_map(), reason="needs the browser parts of bin/bootstrap")
IS_KEPT = "caches.match(location.pathname).then(Boolean)"
SCRIPT = "<script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def world(admin_url: str, worker_id: str) -> Iterator[World]:
    with search_world(admin_url, f"pages_{worker_id}") as made:
        with session_scope(made.engine) as session:
            unit = (
                session.connection()
                .exec_driver_sql(
                    "SELECT unit_id FROM household WHERE code = %s", (made.codes["27 Láng"],)
                )
                .scalar_one()
            )
            street = make_street(session, unit_id=unit, name=SCRIPT, key="script")
            made.codes["script"] = make_household(
                session,
                unit_id=unit,
                street_id=street,
                house_number="1",
                house_number_key="1",
                delivery_hint=SCRIPT,
                point=f"SRID=4326;POINT({LANG[0]} {LANG[1] + 0.0003})",
                position_method="gps",
                position_accuracy_m=5,
            )
        refresh(made.engine)
        yield made


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with serving(world.url) as found:
        yield found


@pytest.fixture(scope="module")
def window() -> dict[str, Any]:
    return {"permissions": ["clipboard-read", "clipboard-write"]}


def is_sound(visit: Visit) -> None:
    """As any page, and nothing in it moves."""
    assert visit.page.evaluate("document.getAnimations().length") == 0
    assert visit.is_sound()


def map_ready(page: Page) -> None:
    page.wait_for_selector("#map[data-ready]")


@needs_map
@gate_on_phones
def test_map_is_searched_by_keyboard_and_shows_the_address_at_a_point(
    visit: Visit, world: World
) -> None:
    page = visit.open("/")
    map_ready(page)
    is_sound(visit)
    box = page.get_by_role("combobox")
    box.fill("27 lan")
    page.wait_for_selector("#suggestions li")
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    option = page.locator("#suggestions [aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert visit.barriers() == []
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    box.fill("27 Láng, P. Láng Hạ, Đống Đa, Hà Nội")
    box.press("Enter")
    code = code_display(world.codes["27 Láng"])
    expect(page.locator("#result .plate")).to_have_text(code)
    expect(page.locator("#result")).to_contain_text("Phường Láng Hạ, Quận Đống Đa")
    expect(page).to_have_url(re.compile(r"#18(\.\d+)?/"))
    is_sound(visit)
    # A click near the door finds it again.
    page.locator("#result .close").click()
    page.evaluate("document.querySelector('#map').dataset.ready = ''")
    middle = page.locator(".maplibregl-canvas").bounding_box()
    assert middle
    page.mouse.click(middle["x"] + middle["width"] * 0.6, middle["y"] + middle["height"] * 0.4)
    expect(page.locator("#result h2")).to_contain_text("Phường Láng")


@needs_map
@pytest.mark.parametrize("written", ["code", "spoken", "point", "plus code"])
def test_search_box_accepts_every_way_to_name_a_door(
    browser: Browser, url: str, world: World, written: str
) -> None:
    code = world.codes["27 Láng"]
    texts = {
        "code": code_display(code).lower(),
        "spoken": spoken(code),
        "point": f"{LANG[1]}, {LANG[0]}",
        "plus code": "7PH72RC4+CCQ",
    }
    with visiting(browser, url, "desktop") as visit:
        page = visit.open("/")
        page.get_by_role("combobox").fill(texts[written])
        page.get_by_role("combobox").press("Enter")
        expect(page.locator("#result h2, #result .plate").first).to_be_visible()
        if written in ("code", "spoken"):
            expect(page.locator("#result .plate")).to_have_text(code_display(code))
        assert visit.complaints() == []


@needs_map
def test_two_matching_doors_are_both_offered(visit: Visit, world: World) -> None:
    page = visit.open("/")
    page.get_by_role("combobox").fill("129 Láng")
    page.get_by_role("combobox").press("Enter")
    expect(page.locator("#result h2")).to_contain_text("129 Phố Láng")
    page.get_by_role("combobox").fill("27 Láng")
    page.get_by_role("combobox").press("Enter")
    expect(page.locator("#result h2")).to_contain_text("nhiều nơi phù hợp")
    expect(page.locator(".maplibregl-marker")).to_have_count(0)  # of the door before
    expect(page.locator("#result .plate")).to_have_count(0)
    is_sound(visit)
    first = page.get_by_role("button", name="27 Phố Láng, Phường Láng")
    expect(first).to_contain_text(code_display(world.codes["27 Láng"]))  # two may be equal
    first.click()
    expect(page.locator("#result .plate")).to_have_text(code_display(world.codes["27 Láng"]))


def test_shared_link_opens_the_same_view_and_archipelagos_are_labelled(visit: Visit) -> None:
    page = visit.open("/#7/16.6/112.1")
    with page.expect_response(re.compile(r"/tiles/\d+/\d+/\d+")) as tile:
        page.reload()
    assert tile.value.ok
    map_ready(page)
    assert page.evaluate("location.hash").startswith("#7/")


@needs_map
def test_place_without_a_code_is_shared_as_a_search(visit: Visit) -> None:
    page = visit.open("/?q=láng, P. Láng Hạ, Đống Đa, Hà Nội")
    expect(page.get_by_role("combobox")).to_have_value("láng, P. Láng Hạ, Đống Đa, Hà Nội")
    label = page.locator("#result h2").inner_text()
    assert label.startswith("Phố Láng, Phường Láng")
    page.get_by_role("button", name="Chia sẻ").click()
    expect(page.get_by_role("button", name="Đã chép")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page = visit.open(f"/{link.rpartition('/')[2]}")
    expect(page.locator("#result h2")).to_have_text(label)
    is_sound(visit)


@needs_map
def test_my_position_is_shown_and_a_place_is_shared(browser: Browser, url: str) -> None:
    here = {"longitude": LANG[0], "latitude": LANG[1], "accuracy": 5}
    allowed = ["geolocation", "clipboard-read", "clipboard-write"]
    with visiting(browser, url, "phone", geolocation=here, permissions=allowed) as visit:
        page = visit.open("/")
        map_ready(page)
        page.get_by_role("button", name="Vị trí của tôi").click()
        expect(page).to_have_url(re.compile(r"#1[3-8](\.\d+)?/21\.02\d*/105\.80\d*"))
        page.get_by_role("combobox").fill("27 Láng, P. Láng Hạ, Đống Đa, Hà Nội")
        page.get_by_role("combobox").press("Enter")
        page.get_by_role("button", name="Chia sẻ").click()
        expect(page.get_by_role("button", name="Đã chép")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{url}/a/")
        visit.open(link.removeprefix(url))
        page.locator("#report summary").click()
        page.get_by_role("button", name="dùng vị trí của tôi").click()
        expect(page.get_by_label("Vĩ độ")).to_have_value(f"{LANG[1]:.6f}")
        expect(page.get_by_label("Nhà ở chỗ khác")).to_be_checked()
        page.get_by_role("button", name="Chia sẻ").click()
        assert page.evaluate("navigator.clipboard.readText()") == link
        assert visit.complaints() == []


def test_pages_work_without_the_npm_packages(browser: Browser, world: World) -> None:
    bare = serving(world.url, "tests.support.without_parts:server")
    with bare as url, visiting(browser, url, "phone") as visit:
        visit.allowed = ("404",)  # letters are a part as well: the device's own are taken then
        page = visit.open("/")
        expect(page.locator("#map-message")).to_contain_text("Chưa có bản đồ")
        is_sound(visit)
        box = page.get_by_role("combobox")
        box.fill("27 lan")
        page.wait_for_selector("#suggestions li")
        box.fill("27 Láng, P. Láng Hạ, Đống Đa, Hà Nội")
        box.press("Enter")
        page.locator("#result a.plate").click()
        expect(page.locator("h1")).to_contain_text("27 Phố Láng")
        expect(page.locator("svg.sketch")).to_be_visible()
        assert visit.smallest_letters("svg.sketch") >= 12
        is_sound(visit)
        visit.open("/docs/try")
        expect(page.locator("main")).to_contain_text("GET /v1/geocode")
        is_sound(visit)
        assert visit.complaints() == []


def test_address_is_found_without_scripts(browser: Browser, url: str, world: World) -> None:
    with visiting(browser, url, "phone", java_script_enabled=False) as visit:
        page = visit.open("/")
        page.get_by_role("combobox").fill("27 Láng, P. Láng Hạ, Đống Đa, Hà Nội")
        page.get_by_role("button", name="Tìm").click()
        expect(page.locator(".result h2")).to_have_text(
            "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
        )
        page.get_by_role("link", name="Trang địa chỉ").click()
        expect(page.locator(".plate-large")).to_contain_text(code_display(world.codes["27 Láng"]))
    with visiting(browser, url, "phone") as visit:
        visit.open("/a?code=Phường+Láng")
        is_sound(visit)


def test_address_page_shows_all_its_parts(visit: Visit, world: World) -> None:
    code = code_display(world.codes["27 Láng"])
    page = visit.open(f"/a/{world.codes['27 Láng'].lower()}")
    assert page.url.endswith(f"/a/{code}")
    text = page.locator("main").inner_text()
    for part in (code, "27 Phố Láng, Phường Láng", "Quận Đống Đa", "Đang dùng", "Nhà nước"):
        assert part in text
    assert "".join(spoken(world.codes["27 Láng"])) in text.replace(" ", "")
    for drawn in ("svg.sketch", "svg.qr-code"):
        expect(page.locator(drawn)).to_be_visible()
    assert (
        page.locator("[data-geo]").get_attribute("href", timeout=1000).startswith(("geo:", "maps:"))
    )  # type: ignore[union-attr]
    is_sound(visit)
    page.get_by_role("button", name="Chép mã").click()
    expect(page.get_by_role("button", name="Đã chép")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code


@needs_map
def test_page_without_https_copies_and_explains_the_missing_position(
    browser: Browser, url: str, world: World
) -> None:
    plain = url.replace("127.0.0.1", "plain-http.example")
    with visiting(browser, plain, "phone", permissions=["geolocation"]) as visit:
        visit.allowed = ("Cross-Origin-Opener-Policy",)  # meaningless without https
        code = code_display(world.codes["27 Láng"])
        page = visit.open(f"/a/{code}")
        assert not page.evaluate("isSecureContext")
        page.get_by_role("button", name="Chép mã").click()
        expect(page.get_by_role("button", name="Đã chép")).to_be_visible()
        page.locator("summary").click()
        page.get_by_role("button", name="dùng vị trí của tôi").click()
        expect(page.locator("#where")).to_contain_text("trang https")
        # What was copied can be pasted.
        page.get_by_label("Vĩ độ").focus()
        page.keyboard.press("Control+V")
        expect(page.get_by_label("Vĩ độ")).to_have_value(code)
        assert visit.complaints() == []


def test_opened_addresses_are_available_offline(browser: Browser, url: str, world: World) -> None:
    opened, other = (code_display(world.codes[name]) for name in ("27 Láng", "129 Láng"))
    retired = code_display(world.codes["40 retired"])
    with visiting(browser, url, "phone", service_workers="allow") as visit:
        visit.allowed = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "410")
        page = visit.open(f"/a/{opened}")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        eventually(lambda: page.evaluate(IS_KEPT), "the page is kept")
        visit.open(f"/a/{retired}")
        visit.context.set_offline(True)
        visit.open(f"/a/{opened}")
        expect(page.locator(".plate-large")).to_contain_text(opened)
        expect(page.locator(".kept")).to_contain_text("Không có mạng")
        is_sound(visit)
        for path in (f"/a/{other}", f"/a/{retired}"):
            visit.open(path)
            expect(page.locator("#found")).to_contain_text("không có trong các gói")
        for path in ("/", "/try"):
            visit.open(path)
            expect(page.locator("h1")).to_have_text("Không có mạng")
            expect(page.locator(".codes .plate")).to_have_text([opened])
        is_sound(visit)
        page.locator(".codes .plate").click()
        expect(page.locator(".plate-large")).to_contain_text(opened)
        visit.context.set_offline(False)
        visit.open(f"/a/{opened}")
        expect(page.locator(".kept")).to_have_count(0)


def test_carrier_gets_directions_and_reports_on_the_first_screen_of_a_phone(
    browser: Browser, url: str, world: World
) -> None:
    small = {"width": 360, "height": 640}
    with visiting(browser, url, "phone") as visit:
        visit.page.set_viewport_size(small)  # type: ignore[arg-type]
        page = visit.open(f"/a/{code_display(world.codes['27 Láng'])}")
        for action in (page.locator("[data-geo]"), page.get_by_role("link", name="Báo sai")):
            box = action.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= small["height"]
        page.get_by_role("link", name="Báo sai").click()
        expect(page.get_by_label("Không có nhà này")).to_be_in_viewport()
        # Nothing is stated for a user who only continues, not even that all is right.
        expect(page.locator("#report input:checked")).to_have_count(0)
        # Above the QR code, which is meant for printing a plate.
        report, code = page.locator("#report").bounding_box(), page.locator(".qr").bounding_box()
        assert report is not None
        assert code is not None
        assert report["y"] < code["y"]


def test_map_of_an_address_opens_on_a_tap(visit: Visit, world: World) -> None:
    page = visit.open(f"/a/{code_display(world.codes['27 Láng'])}")
    page.locator("#open-map").click()
    page.wait_for_selector("#place-map[data-ready]")


def test_mistake_is_reported_and_thanked_for(visit: Visit, world: World) -> None:
    visit.allowed = ("422",)
    page = visit.open(f"/a/{code_display(world.codes['129 Láng'])}")
    page.locator("#report summary").click()
    is_sound(visit)
    page.get_by_label("Nhà ở chỗ khác").check()
    page.get_by_role("button", name="Gửi").click()
    expect(page.get_by_role("alert")).to_contain_text("Hãy cho biết nhà ở đâu")
    page.get_by_label("Vĩ độ").fill("21,0213")
    page.get_by_label("Kinh độ").fill("105.8066")
    page.get_by_role("button", name="Gửi").click()
    expect(page.locator(".thanks")).to_contain_text("giữ đường dẫn")
    expect(page.locator(".outcome")).to_have_text("Đang chờ cán bộ xem")
    is_sound(visit)
    with session_scope(world.engine) as session:
        kinds = session.connection().exec_driver_sql(
            "SELECT kind FROM field_report WHERE code = %s", (world.codes["129 Láng"],)
        )
        assert kinds.scalars().all() == ["wrong_point"]


def test_text_at_twice_the_size_fits_the_window(visit: Visit, world: World) -> None:
    code = code_display(world.codes["27 Láng"])
    for path in (
        "/",
        f"/a/{code}",
        "/a?code=Láng",
        "/try",
        "/coverage",
        "/desk/sign-in",
        "/new-house",
        "/offline",
        "/packs",
        "/route",
    ):
        page = visit.open(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            # Letters may come after the page, and are of another width.
            eventually(lambda: not visit.overflows(), f"{path} stays in {width}")


def test_retired_or_mistyped_code_leads_to_the_right_one(visit: Visit, world: World) -> None:
    visit.allowed = ("404", "410")
    page = visit.open(f"/a/{world.codes['40 retired']}")
    expect(page.locator(".codes .plate")).to_have_text(code_display(world.codes["40B"]))
    is_sound(visit)
    right = code_display(world.codes["27 Láng"])
    slip = right[:-1] + ("0" if right[-1] != "0" else "1")
    visit.open(f"/a/{slip}")
    expect(page.locator(".codes")).to_contain_text(right)
    visit.open("/khong-co-trang-nay")
    expect(page.locator("h1")).to_have_text("Không có trang này")
    is_sound(visit)


def test_street_named_like_a_script_tag_is_escaped_everywhere(visit: Visit, world: World) -> None:
    code = code_display(world.codes["script"])
    page = visit.open(f"/a/{code}")
    expect(page.locator("h1")).to_contain_text(SCRIPT)
    expect(page.locator(".facts")).to_contain_text(SCRIPT)
    is_sound(visit)
    if has_map():
        visit.open("/")
        page.get_by_role("combobox").fill(code)
        page.get_by_role("combobox").press("Enter")
        expect(page.locator("#result h2")).to_contain_text(SCRIPT)
        is_sound(visit)


def test_pasted_addresses_get_verdicts_and_a_file(visit: Visit, world: World) -> None:
    page = visit.open("/try")
    is_sound(visit)
    lines = ["27 Láng, P. Láng Hạ, Đống Đa, Hà Nội", "P. Láng Hạ, Q. Đống Đa", SCRIPT]
    page.get_by_label("Địa chỉ", exact=True).fill("\n".join(lines))
    page.get_by_role("button", name="Xem kết quả").click()
    rows = page.locator(".verdicts tbody tr")
    expect(rows).to_have_count(3)
    code = code_display(world.codes["27 Láng"])
    expect(rows.nth(0)).to_contain_text(code)
    expect(rows.nth(1)).to_contain_text("Phường Láng, Thành phố Hà Nội")
    expect(rows.nth(2)).to_contain_text("Không nhận ra")
    is_sound(visit)
    with page.expect_download() as download:
        page.get_by_role("button", name="Tải về CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["address"] for row in table] == lines
    assert table[0]["result_code"] == code


def test_old_addresses_are_converted(visit: Visit) -> None:
    page = visit.open("/try")
    lines = ["27 Láng, P. Láng Hạ, Đống Đa, Hà Nội", "P. Ngọc Hà, Q. Ba Đình, Hà Nội"]
    page.get_by_label("Địa chỉ", exact=True).fill("\n".join(lines))
    page.get_by_label("Đổi cũ sang mới").check(force=True)
    page.get_by_role("button", name="Xem kết quả").click()
    rows = page.locator(".verdicts tbody tr")
    expect(rows.nth(0)).to_contain_text("27 Phố Láng, Phường Láng, Thành phố Hà Nội")
    expect(rows.nth(1).locator(".choices li")).to_have_count(2)
    expect(page.get_by_label("Đổi cũ sang mới")).to_be_checked()
    is_sound(visit)


def test_file_is_read_by_its_column_and_too_many_rows_are_refused(visit: Visit) -> None:
    visit.allowed = ("413", "422")
    page = visit.open("/try")
    sheet = "mã đơn;địa chỉ\nA1;27 Láng, Hà Nội\nA2;\n"
    page.get_by_label("hoặc tệp Excel, CSV").set_input_files(
        {"name": "don.csv", "mimeType": "text/csv", "buffer": sheet.encode("utf-16")}
    )
    page.get_by_role("button", name="Xem kết quả").click()
    expect(page.locator(".verdicts tbody tr")).to_have_count(2)
    page.get_by_label("Địa chỉ", exact=True).fill("Hà Nội\n" * 501)
    page.get_by_role("button", name="Xem kết quả").click()
    expect(page.locator("h1")).to_have_text("Gửi quá nhiều")
    is_sound(visit)


def test_board_leads_from_the_country_to_localities(visit: Visit) -> None:
    page = visit.open("/coverage")
    is_sound(visit)
    expect(page.locator(".choropleth")).to_contain_text("Quần đảo Hoàng Sa")
    page.locator(".ranking").get_by_role("link", name="Thành phố Hà Nội").click()
    page.locator(".ranking").get_by_role("link", name="Phường Láng", exact=True).click()
    expect(page.locator(".ranking")).to_contain_text("Thôn 3")
    is_sound(visit)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = {row["name"]: row["households"] for row in csv.DictReader(io.StringIO(text))}
    # The same numbers as the API and the command line.
    answer = page.request.get(f"{visit.url}/v1/coverage/00199?level=locality").json()
    assert {unit["name"]: str(unit["households"]) for unit in answer["units"]} == rows


@pytest.mark.skipif(not has_viewer(), reason="needs the browser parts of bin/bootstrap")
def test_api_can_be_read_and_tried(visit: Visit) -> None:
    visit.allowed = ("404",)  # no record has the code of the example
    page = visit.open("/docs/try")
    page.wait_for_selector("#viewer[data-ready]")
    is_sound(visit)
    for tag, path in (("search", "/v1/validate"), ("addresses", "{address_code}")):
        page.locator(f".opblock-tag[data-tag={tag}]").click()
        entry = page.locator(".opblock").filter(has_text=path).first
        entry.locator(".opblock-summary-control").click()
        entry.get_by_role("button", name="Execute").click()
        status = entry.locator(".live-responses-table .response-col_status").nth(1)
        expect(status).to_contain_text("200" if tag == "search" else "404")
    is_sound(visit)


def test_documentation_open_data_and_board_are_read(visit: Visit) -> None:
    page = visit.open("/docs")
    is_sound(visit)
    page.get_by_role("searchbox").fill("bien so nha")
    page.get_by_role("searchbox").press("Enter")
    page.locator(".finds a").first.click()
    expect(page.locator("article")).to_be_visible()
    for path in ("/docs/api", "/docs/desk", "/data", "/board"):
        visit.open(path)
        is_sound(visit)


def test_language_is_switched_and_remembered(visit: Visit, world: World) -> None:
    page = visit.open(f"/a/{code_display(world.codes['27 Láng'])}")
    page.locator(".language").click()
    expect(page.get_by_role("button", name="Copy code")).to_be_visible()
    (cookie,) = visit.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("lang", True, "Lax")
    visit.open("/try")
    expect(page.locator("h1")).to_have_text("Try your addresses")
    is_sound(visit)
