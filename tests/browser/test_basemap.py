"""The operator's base map in a real browser: below the dots, from this server, under its policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from api.pages.assets import has_map
from registry.drawing.refresh import refresh
from tests.support.basemap import red_map
from tests.support.browser import browsing, chromium, serving, visiting
from tests.support.search_world import LANG, search_world

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it"),
    pytest.mark.skipif(not has_map(), reason="needs the browser parts of bin/bootstrap"),
]
HOME = f"/#7/{LANG[1]}/{LANG[0]}"


@pytest.fixture(scope="module")
def url(admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = red_map(tmp_path_factory.mktemp("base") / "nen.pmtiles")
    with search_world(admin_url, f"basemap_{worker_id}") as world:
        refresh(world.engine)
        with serving(world.url, DIACHISO_BASEMAP=str(path)) as found:
            yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as made:
        yield made


def test_streets_lie_below_the_dots_and_say_whose_they_are(browser: Browser, url: str) -> None:
    with visiting(browser, url, "phone") as visit:
        with visit.page.expect_response("**/tiles/base/**") as tile:
            visit.open(HOME)
        assert tile.value.headers["content-type"] == "image/png"
        visit.page.wait_for_selector("#map[data-ready]")
        visit.page.wait_for_selector("text=© Đỏ")
        assert visit.complaints() == []
        assert visit.is_sound()
