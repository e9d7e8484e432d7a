"""The page of docs/shop.md, from another site than the register, as it stands there."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from registry.settings import ROOT
from tests.support.browser import Visit, browsing, chromium, serving, visiting
from tests.support.demo import load_first_demo
from tests.support.postgis import clone
from tests.system.test_docs import SERVER

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
BLOCK = re.compile(r"```html\n(.+?)```", re.DOTALL)
NOWHERE = "http://127.0.0.1:1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture(scope="module")
def register_url(admin_url: str, worker_id: str) -> Iterator[str]:
    with clone(admin_url, f"shop_{worker_id}") as url:
        load_first_demo(url)
        with serving(url) as found:
            yield found


@pytest.fixture(scope="module")
def shop(register_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    (page,) = BLOCK.findall((ROOT / "docs" / "shop.md").read_text(encoding="utf-8"))
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "shop.html").write_text(page.replace(SERVER, register_url), encoding="utf-8")
    (folder / "alone.html").write_text(page.replace(SERVER, NOWHERE), encoding="utf-8")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as made:
        yield made


@pytest.fixture
def visit(browser: Browser, shop: str, register_url: str) -> Iterator[Visit]:
    with visiting(browser, shop, "desktop", also=(register_url, NOWHERE)) as made:
        yield made
        assert made.complaints() == []


def is_taken(visit: Visit, label: str, code: str) -> None:
    expect(visit.page.locator("#question")).to_contain_text("Đã nhận đơn")
    expect(visit.page.get_by_label("Địa chỉ giao hàng")).to_have_value(label)
    assert visit.page.locator("[name=address_code]").input_value() == code


DOOR = "82/10/2 Đường Lê Thị Hồng Gấm, Phường Nhiêu Lộc, Thành phố Hồ Chí Minh"


def test_shopper_chooses_a_suggestion(visit: Visit) -> None:
    page = visit.open("/shop.html")
    page.get_by_label("Địa chỉ giao hàng").press_sequentially("82/10/2 le thi hong g")
    page.locator("#suggestions").get_by_role("button", name=DOOR).click()
    page.get_by_role("button", name="Đặt hàng").click()
    is_taken(visit, DOOR, "0001551X")
    assert page.locator("[name=commune_code]").input_value() == "27142"


def test_shopper_is_asked_until_the_address_will_do(visit: Visit) -> None:
    page = visit.open("/shop.html")
    field = page.get_by_label("Địa chỉ giao hàng")
    field.fill("82/10/2 Lê Thị Hồng Gấm")
    field.press("Enter")
    expect(page.locator("#question")).to_contain_text("Có phải địa chỉ là")
    page.locator("#choices").get_by_role("button").click()
    is_taken(visit, DOOR, "0001551X")
    # Half an address comes back as it is called today, to be gone on with.
    field.fill("le thi hong gam p11 q3 tphcm")
    field.press("Enter")
    expect(page.locator("#question")).to_contain_text("Số nhà")
    expect(field).to_have_value(DOOR.removeprefix("82/10/2 "))
    field.press("Home")
    field.press_sequentially("82/10/2 ")
    field.press("Enter")
    is_taken(visit, DOOR, "0001551X")
    field.fill("Rue de Rivoli, Paris")
    field.press("Enter")
    expect(page.locator("#question")).to_contain_text("Không phải địa chỉ ở Việt Nam")


def test_order_is_taken_where_the_register_does_not_answer(visit: Visit) -> None:
    visit.allowed = ("ERR_CONNECTION_REFUSED", "ERR_UNSAFE_PORT", "ERR_FAILED", "Failed to load")
    page = visit.open("/alone.html")
    page.get_by_label("Địa chỉ giao hàng").fill("12 Láng, Hà Nội")
    page.get_by_role("button", name="Đặt hàng").click()
    is_taken(visit, "12 Láng, Hà Nội", "")
