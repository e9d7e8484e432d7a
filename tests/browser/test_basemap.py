"""The operator's base map in a real browser: below the dots, from this server, under its policy;
and on a phone without a network.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from api.pages.assets import has_map
from registry.core.settings import Settings
from tests.support.basemap import red_map
from tests.support.browser import choose_in_menu, chromium, visiting
from tests.support.search_world import LANG, World
from tests.support.serving import serving_here

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it"),
    pytest.mark.skipif(not has_map(), reason="needs the browser parts of bin/bootstrap"),
]
HOME = f"/#7/{LANG[1]}/{LANG[0]}"


@pytest.fixture(scope="module")
def url(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = red_map(tmp_path_factory.mktemp("base") / "nen.pmtiles")
    var = tmp_path_factory.mktemp("var")
    settings = Settings(limits=False, open_packs=True, var=var, basemap=str(path))
    with serving_here(world.url, settings) as found:
        yield found


def test_base_map_is_below_the_dots_with_its_attribution(browser: Browser, url: str) -> None:
    with visiting(browser, url, "phone") as visit:
        with visit.page.expect_response("**/tiles/base/**") as tile:
            visit.open(HOME)
        assert tile.value.headers["content-type"] == "image/png"
        visit.page.wait_for_selector("#map[data-ready]")
        visit.page.wait_for_selector("text=© Đỏ")
        assert visit.complaints() == []
        assert visit.is_sound()


def test_phone_with_a_pack_shows_the_base_map_offline(browser: Browser, url: str) -> None:
    options: dict[str, Any] = {"service_workers": "allow"}
    with visiting(browser, url, "phone", **options) as visit:
        visit.allowed = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
        page = visit.open("/packs")
        page.get_by_label("Thêm xã, phường").fill("00199")
        page.get_by_role("button", name="Tìm", exact=True).click()
        page.locator("#communes").get_by_role("button", name="Tải gói").first.click()
        expect(page.locator("#packs li")).to_contain_text("bản đồ nền")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        # The page itself keeps what draws it; the letters come with its next opening.
        visit.open("/packs").wait_for_selector(".hand[data-ready]")
        visit.context.set_offline(True)
        page = visit.open("/packs")
        page.wait_for_selector(".hand[data-ready]")
        page.get_by_role("searchbox", name="Mã, số nhà").fill("27 lang")
        card = page.locator("#found .hand-card").first
        choose_in_menu(card, "Sơ đồ")
        expect(card.locator(".hand-map[data-ready]")).to_be_visible()
        expect(card.locator(".hand-map")).to_contain_text("© Đỏ")
        assert visit.complaints() == []
        assert visit.is_sound()
        # Removed with its pack; then the sketch is shown.
        choose_in_menu(card, "Sơ đồ")
        expect(card.locator(".hand-map")).to_have_count(0)
