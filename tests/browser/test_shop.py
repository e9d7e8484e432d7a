"""The field for an address, on pages of another site than the register: those of docs/shop.md."""

import gzip
import json
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from registry.core.settings import ROOT
from tests.support.browser import Visit, chromium, gate_on_phones, in_both_sizes, visiting
from tests.support.demo import first_demo
from tests.support.serving import serving_here
from tests.system.test_docs import SERVER

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
SHOP = (ROOT / "docs" / "shop.md").read_text(encoding="utf-8")
PLAIN, SHOPIFY = re.findall(r"```html\n(.+?)```", SHOP, re.DOTALL)
(WOO,) = re.findall(r"\?>\n(.+?)<\?php", SHOP, re.DOTALL)
NOWHERE = "http://127.0.0.1:1"
FIELD = ROOT / "clients" / "web" / "dia-chi-input.js"
MOST_BYTES = 15_000
DOOR = "82/10/2 Đường Lê Thị Hồng Gấm, Phường Nhiêu Lộc, Thành phố Hồ Chí Minh"
# The fields of a checkout of WooCommerce 9, and of a cart of Shopify's theme Dawn.
WOO_PAGE = f"""<!doctype html><html lang="vi"><meta charset="utf-8"><title>Thanh toán</title>
<script src="{SERVER}/static/dia-chi-input.js"></script>
<form name="checkout" class="checkout woocommerce-checkout">{WOO}
<label>Địa chỉ <input name="billing_address_1" id="billing_address_1"></label>
<label>Căn hộ <input name="billing_address_2" id="billing_address_2"></label>
<label>Thành phố <input name="billing_city" id="billing_city"></label>
<label>Tỉnh <select name="billing_state" id="billing_state"><option value="">…</option>
<option value="HN">Hà Nội</option><option value="HCM">Hồ Chí Minh</option></select></label>
<label>Mã bưu chính <input name="billing_postcode" id="billing_postcode"></label>
<button id="place_order">Đặt hàng</button></form></html>"""
# A shop whose carrier still uses the map before July 2025, with separate fields for it.
CARRIER_PAGE = PLAIN.replace(
    "<dia-chi-input>", '<dia-chi-input wording="before:2025-07-01" fill-old-district-name="#quan">'
).replace("<button>", '<label>Quận <input id="quan" name="quan"></label><button>')
SHOPIFY_PAGE = f"""<!doctype html><html lang="vi"><meta charset="utf-8"><title>Giỏ hàng</title>
<form id="cart">{SHOPIFY}<button name="checkout">Thanh toán</button></form></html>"""


class Quiet(SimpleHTTPRequestHandler):
    """A shop with the strictest policy that lets the field work."""

    register = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass

    def end_headers(self) -> None:
        own = f"default-src 'none'; script-src {self.register}; connect-src {self.register}"
        self.send_header("Content-Security-Policy", f"{own} {NOWHERE}; form-action 'self'")
        super().end_headers()


@pytest.fixture(scope="module")
def register_url(admin_url: str, worker_id: str) -> Iterator[str]:
    with first_demo(admin_url, f"shop_{worker_id}") as url, serving_here(url) as found:
        yield found


@pytest.fixture(scope="module")
def shop(register_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("shop")
    alone = PLAIN.replace("<dia-chi-input", f'<dia-chi-input register="{NOWHERE}"')
    without = PLAIN.replace(SERVER, NOWHERE)
    pages = {
        "shop": PLAIN,
        "alone": alone,
        "without": without,
        "ids": PLAIN.replace("<dia-chi-input", '<dia-chi-input scheme="postcode"'),
        "woo": WOO_PAGE,
        "carrier": CARRIER_PAGE,
        "scheme": CARRIER_PAGE.replace(" wording=", ' scheme="iso_3166_2" wording='),
        "shopify": SHOPIFY_PAGE,
    }
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page.replace(SERVER, register_url), encoding="utf-8")
    kind = type("Shop", (Quiet,), {"register": register_url})
    handler = partial(kind, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def url(shop: str) -> str:
    return shop


@pytest.fixture(scope="module")
def window(register_url: str) -> dict[str, Any]:
    # The page of an order is not there: what matters is what was sent to it.
    return {"also": (register_url, NOWHERE), "allowed": ("favicon", "404")}


def typing(page: Page) -> Any:
    return page.get_by_role("combobox", name="Địa chỉ giao hàng")


def fill(page: Page, address: str) -> None:
    """Type it and leave the field, so that no list of suggestions covers the page."""
    typing(page).press_sequentially(address)
    typing(page).press("Tab")
    expect(page.get_by_role("listbox")).to_have_count(0)


def ordered(page: Page, press: Any) -> dict[str, list[str]]:
    """What the form sends."""
    with page.expect_navigation():
        press()
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


@pytest.mark.gate
def test_field_is_a_small_file_and_a_complete_package() -> None:
    assert len(gzip.compress(FIELD.read_bytes(), 9)) <= MOST_BYTES
    package = json.loads((FIELD.parent / "package.json").read_text())
    written = set(package["files"]) - {"sbom.cdx.json"}  # which bin/release makes
    assert all((FIELD.parent / name).is_file() for name in (*written, package["types"]))


@gate_on_phones
def test_shopper_chooses_a_suggestion_by_keyboard(visit: Visit) -> None:
    page = visit.open("/shop.html")
    field = typing(page)
    field.press_sequentially("82/10/2 le thi hong g")
    option = page.get_by_role("option", name=DOOR)
    expect(option).to_be_visible()
    assert visit.barriers() == []
    assert not visit.overflows()
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(page.get_by_text("0001-551X")).to_be_visible()
    expect(page.get_by_role("listbox")).to_have_count(0)
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert sent == {
        "address": [DOOR],
        "address_code": ["0001551X"],
        "address_commune": ["27142"],
        "address_province": ["79"],
        "address_verdict": ["accept"],
    }


def test_shopper_is_asked_until_the_address_is_accepted(visit: Visit) -> None:
    page = visit.open("/shop.html")
    field = typing(page)
    page.get_by_role("button", name="Đặt hàng").click()
    assert "?" not in page.url  # it is required
    # A partial address is returned under its current name, to be completed.
    field.fill("le thi hong gam p11 q3 tphcm")
    field.press("Enter")
    expect(page.get_by_text("Nhà số mấy")).to_be_visible()
    expect(field).to_have_value(DOOR.removeprefix("82/10/2 "))
    assert visit.barriers() == []
    field.press_sequentially("82/10/2 ")
    sent = ordered(page, lambda: field.press("Enter"))
    assert sent["address_code"] == ["0001551X"]


def test_shopper_answers_a_question_or_insists(visit: Visit) -> None:
    page = visit.open("/shop.html")
    field = typing(page)
    field.fill("82/10/2 Lê Thị Hồng Gấm")
    field.press("Enter")
    expect(page.get_by_text("Địa chỉ có phải là")).to_be_visible()
    page.get_by_role("button", name=DOOR).click()
    expect(field).to_have_value(DOOR)
    field.fill("Rue de Rivoli, Paris")
    field.press("Enter")
    expect(page.get_by_text("Không phải địa chỉ ở Việt Nam")).to_be_visible()
    assert "?" not in page.url
    page.get_by_role("button", name="Dùng địa chỉ tôi đã gõ").click()
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert (sent["address"], sent["address_code"]) == (["Rue de Rivoli, Paris"], [""])
    assert sent["address_verdict"] == ["reject"]


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("82/10/2 Lê Thị Hồng Gấm", "Địa chỉ có phải là"),
        ("le thi hong gam p11 q3 tphcm", "Nhà số mấy"),
        ("82/10/2 le thi hong gam p11 q3 tphcm", "Địa chỉ đã viết lại"),
    ],
)
def test_address_kept_as_typed_sends_no_parts_of_a_guess(
    visit: Visit, address: str, asked: str
) -> None:
    page = visit.open("/shop.html")
    typing(page).fill(address)
    typing(page).press("Enter")
    expect(page.get_by_text(asked)).to_be_visible()
    assert "?" not in page.url
    page.get_by_role("button", name="Dùng địa chỉ tôi đã gõ").click()
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert sent.pop("address_verdict") != [""]
    assert sent == {
        "address": [address],
        "address_code": [""],
        "address_commune": [""],
        "address_province": [""],
    }


def test_rewritten_address_is_shown_before_it_is_sent(visit: Visit) -> None:
    page = visit.open("/shop.html")
    typing(page).fill("82/10/2 le thi hong gam p11 q3 tphcm")
    page.get_by_role("button", name="Đặt hàng").click()
    expect(typing(page)).to_have_value(DOOR)
    expect(page.get_by_text("Địa chỉ đã viết lại")).to_be_visible()
    assert "?" not in page.url
    assert visit.barriers() == []
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert (sent["address"], sent["address_code"]) == ([DOOR], ["0001551X"])


def test_answered_question_does_not_count_as_a_refused_guess(visit: Visit) -> None:
    page = visit.open("/shop.html")
    typing(page).fill("82/10/2 Lê Thị Hồng Gấm")
    typing(page).press("Enter")
    page.get_by_role("button", name=DOOR).click()
    expect(page.get_by_text("0001-551X")).to_be_visible()
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert (sent["address"], sent["address_code"]) == ([DOOR], ["0001551X"])


def test_page_keeps_its_plain_field_when_the_script_is_blocked(visit: Visit) -> None:
    visit.allowed = ("Content Security Policy",)
    page = visit.open("/without.html")
    page.get_by_role("button", name="Đặt hàng").click()
    assert "?" not in page.url  # required
    page.get_by_role("textbox", name="Địa chỉ giao hàng").fill("12 Láng, Hà Nội")
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert sent == {"address": ["12 Láng, Hà Nội"]}


def test_shopper_can_switch_to_the_unit_pickers(visit: Visit) -> None:
    page = visit.open("/shop.html")
    page.get_by_role("button", name="Chọn tỉnh, xã").click()
    page.get_by_role("combobox", name="Tỉnh, thành phố").select_option("79")
    page.get_by_role("combobox", name="Xã, phường").select_option("27142")
    page.get_by_role("textbox", name="Đường, thôn").fill("lê thị hồng gấm")
    page.get_by_role("textbox", name="Số nhà").fill("82/10/2")
    assert visit.barriers() == []
    page.get_by_role("button", name="Dùng địa chỉ này").click()
    expect(typing(page)).to_have_value(DOOR)
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert sent["address_code"] == ["0001551X"]


def test_order_is_accepted_when_the_register_does_not_answer(visit: Visit) -> None:
    visit.allowed = ("ERR_CONNECTION_REFUSED", "ERR_UNSAFE_PORT", "ERR_FAILED", "Failed to load")
    page = visit.open("/alone.html")
    fill(page, "12 Láng, Hà Nội")
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert (sent["address"], sent["address_verdict"]) == (["12 Láng, Hà Nội"], ["unchecked"])


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "[]", "content_type": "application/json"},
        {"body": "<html>", "content_type": "text/html"},
        {"status": 500, "body": '{"verdict": "accept"}'},
        {"body": '{"verdict": 7, "label": {}, "suggestions": "no", "question": []}'},
        {"body": '{"suggestions": [null, {"label": "<img src=x onerror=alert(1)>"}, 7]}'},
    ],
)
def test_invalid_register_response_blocks_no_order(
    browser: Browser, shop: str, register_url: str, answer: dict[str, Any]
) -> None:
    with visiting(browser, shop, "phone", also=(register_url, NOWHERE)) as visit:

        def wrongly(route: Route) -> None:
            headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
            route.fulfill(**({"status": 200, "headers": headers} | answer))

        visit.allowed = ("404", "500", "favicon")
        visit.context.route("**/v1/**", wrongly)
        page = visit.open("/shop.html")
        fill(page, "12 Láng")
        sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
        assert (sent["address"], sent["address_verdict"]) == (["12 Láng"], ["unchecked"])
        assert visit.complaints() == []


def test_woocommerce_fields_are_filled(visit: Visit) -> None:
    page = visit.open("/woo.html")
    fill(page, "82/10/2 le thi hong gam p11 q3 tphcm")
    expect(typing(page)).to_have_value(DOOR)
    sent = ordered(page, page.locator("#place_order").click)
    assert sent == {
        "billing_address_1": [DOOR],
        "billing_address_2": ["0001551X"],
        "billing_city": ["Phường Nhiêu Lộc"],
        "billing_state": ["HCM"],
        "billing_postcode": ["72422"],
    }


@in_both_sizes
def test_order_includes_the_old_wording_for_carriers_that_need_it(visit: Visit) -> None:
    page = visit.open("/carrier.html")
    fill(page, "82/10/2 le thi hong gam p11 q3 tphcm")
    old = "82/10/2 Đường Lê Thị Hồng Gấm, Phường 11, Quận 3, Thành phố Hồ Chí Minh"
    expect(page.get_by_text(f"Cách viết cũ: {old}")).to_be_visible()
    expect(typing(page)).to_have_value(DOOR)
    assert visit.barriers() == []
    assert not visit.overflows()
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert sent["address"] == [DOOR]
    assert sent["quan"] == ["Quận 3"]
    parts = ("label", "commune", "district", "province", "known_by")
    found = [sent[f"address_old_{part}"] for part in parts]
    assert found == [[old], ["27133"], ["770"], ["79"], ["register"]]


@in_both_sizes
def test_shopper_chooses_the_former_ward(visit: Visit) -> None:
    page = visit.open("/carrier.html")
    address = "12 Đường Lạ Tên, Phường Nhiêu Lộc, Thành phố Hồ Chí Minh"
    fill(page, address)
    which = page.get_by_label("Phường, xã cũ")
    expect(which).to_be_visible()
    assert visit.barriers() == []
    assert not visit.overflows()
    which.select_option("Phường 11")
    expect(page.get_by_text("Phường 11, Quận 3, Thành phố Hồ Chí Minh")).to_be_visible()
    expect(which).to_have_count(0)
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    found = [sent[f"address_old_{part}"] for part in ("commune", "district", "known_by")]
    assert (found, sent["quan"]) == ([["27133"], ["770"], ["text"]], ["Quận 3"])


def test_old_unit_ids_are_those_of_the_carriers_scheme(visit: Visit) -> None:
    page = visit.open("/scheme.html")
    fill(page, "82/10/2 le thi hong gam p11 q3 tphcm")
    expect(typing(page)).to_have_value(DOOR)
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    found = [sent[f"address_old_{part}"] for part in ("commune", "district", "province")]
    assert found == [[""], [""], ["VN-SG"]]


def test_old_wording_is_dropped_when_the_address_changes(visit: Visit) -> None:
    page = visit.open("/carrier.html")
    fill(page, "82/10/2 le thi hong gam p11 q3 tphcm")
    expect(page.locator("#quan")).to_have_value("Quận 3")
    typing(page).fill("1 Không Có Đường Này")
    expect(page.locator("#quan")).to_have_value("")


def test_element_sends_the_ids_of_a_scheme(visit: Visit) -> None:
    page = visit.open("/ids.html")
    fill(page, "82/10/2 le thi hong gam p11 q3 tphcm")
    expect(typing(page)).to_have_value(DOOR)
    sent = ordered(page, page.get_by_role("button", name="Đặt hàng").click)
    assert (sent["address_commune_id"], sent["address_province_id"]) == (["72422"], [""])


def test_shopify_order_includes_the_code(visit: Visit) -> None:
    page = visit.open("/shopify.html")
    fill(page, "82/10/2 le thi hong gam p11 q3 tphcm")
    expect(typing(page)).to_have_value(DOOR)
    sent = ordered(page, page.get_by_role("button", name="Thanh toán").click)
    assert sent["attributes[Mã địa chỉ]"] == ["0001551X"]
    assert sent["attributes[Địa chỉ]"] == [DOOR]
    assert sent["checkout[shipping_address][address1]"] == [DOOR]
    assert sent["checkout[shipping_address][city]"] == ["Phường Nhiêu Lộc"]
    assert "checkout" in sent
