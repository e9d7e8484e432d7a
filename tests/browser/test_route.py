"""A route on a phone: pasted, ordered, and ticked offline."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from geo.code import format as code_display
from tests.support.browser import Visit, chromium, visiting
from tests.support.search_world import World
from tests.support.serving import serving_here

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with serving_here(world.url) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Visit]:
    with visiting(browser, url, "phone", service_workers="allow") as made:
        made.allowed = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
        yield made
        assert made.complaints() == []


def opened(visit: Visit) -> Page:
    page = visit.open("/route")
    page.wait_for_selector("#round-page[data-ready]")
    return page


def in_the_shell(page: Page) -> None:
    """The page is cached for offline use."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def restarted(visit: Visit) -> Page:
    """The browser is closed and opened again."""
    visit.page.close()
    visit.page = visit.context.new_page()
    visit.page.on("dialog", lambda asked: asked.accept())
    return opened(visit)


def test_stops_ticked_offline_stay_ticked_after_a_restart(visit: Visit, world: World) -> None:
    page = opened(visit)
    lines = [
        code_display(world.codes["129 Láng"]),
        "27 Láng, phường Láng, Hà Nội",
        world.codes["27 Láng"],
        "9 Nguyễn Trãi, Phường Láng, Hà Nội",
        "12/34/7 Láng, phường Láng, Hà Nội",
        "!!!",
    ]
    page.get_by_label("Dán mỗi dòng").fill("\n".join(lines))
    page.get_by_role("radio", name="Ngắn nhất").check()
    page.get_by_role("button", name="Xếp tuyến", exact=True).click()
    expect(page.locator("#sum")).to_contain_text("0/3 điểm")
    expect(page.locator("#sum")).to_contain_text("theo đường thẳng")
    expect(page.locator(".round-unplaced li")).to_have_count(2)
    visit.is_sound()

    # Choices made offline are kept, and ordered once online.
    in_the_shell(page)
    page = opened(visit)
    visit.context.set_offline(True)
    page = opened(visit)
    unclear = page.locator(".round-unplaced li[data-line='4']")
    page.locator(".round-unplaced > summary").click()
    unclear.get_by_role("button").first.click()
    expect(unclear).to_contain_text("✓ Đã chọn")
    page = restarted(visit)
    expect(page.locator(".round-unplaced li[data-line='4']")).to_contain_text("✓ Đã chọn")
    visit.context.set_offline(False)
    expect(page.locator(".round-stops li")).to_have_count(4)
    expect(page.locator(".round-unplaced li")).to_have_attribute("data-line", "6")

    # The list is ordered in another way without being pasted again; nothing of it is lost.
    page.locator("#new-round > summary").click()
    expect(page.get_by_label("Dán mỗi dòng")).to_have_value("\n".join(lines))
    expect(page.get_by_role("radio", name="Ngắn nhất")).to_be_checked()
    page.get_by_role("radio", name="Theo đường").check()
    page.locator("#ends > summary").click()
    page.get_by_label("Quay về nơi đi").check()
    visit.context.set_offline(True)
    page.get_by_role("button", name="Xếp tuyến", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("vẫn ở đây")
    page = restarted(visit)
    expect(page.get_by_label("Quay về nơi đi")).to_be_checked()
    visit.context.set_offline(False)
    page.get_by_role("button", name="Xếp tuyến", exact=True).click()
    expect(page.locator("#new-round")).not_to_have_attribute("open", "")
    expect(page.locator(".round-stops li")).to_have_count(4)
    # A line more: what was chosen is not asked again.
    page.locator("#new-round > summary").click()
    page.get_by_label("Dán mỗi dòng").fill("\n".join([*lines, world.codes["40B"]]))
    page.get_by_role("button", name="Xếp tuyến", exact=True).click()
    expect(page.locator(".round-stops li")).to_have_count(5)
    expect(page.locator(".round-unplaced li")).to_have_attribute("data-line", "6")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Phiếu đi phát").click()
    assert taken.value.suggested_filename == "tuyen.pdf"

    visit.context.set_offline(True)
    page = opened(visit)
    expect(page.locator("#network")).to_be_visible()
    first = page.locator(".round-next h3").inner_text()
    page.get_by_role("button", name="Đã phát").click()
    expect(page.locator("#sum")).to_contain_text("1/5 điểm")
    expect(page.locator(".round-next h3")).not_to_have_text(first)
    code = world.codes["27 Láng"]
    line = page.locator(f".round-stops li[data-code='{code}']")
    expect(line).to_contain_text("dòng 2, dòng 3")
    line.get_by_role("checkbox").check()
    link: Any = line.get_by_role("link").get_attribute("href")
    assert link.startswith("geo:21.0")
    done = page.locator(".round-stops li[data-done]").count()

    # The browser is closed and opened again, still without a network.
    page = restarted(visit)
    expect(page.locator(".round-stops li[data-done]")).to_have_count(done)
    expect(
        page.locator(f".round-stops li[data-code='{code}']").get_by_role("checkbox")
    ).to_be_checked()
    expect(page.locator(".round-unplaced li")).to_have_attribute("data-line", "6")
    visit.is_sound()


def test_stops_with_one_match_are_accepted_together(visit: Visit, world: World) -> None:
    page = opened(visit)
    lines = [
        world.codes["129 Láng"],
        "12/34/7 Láng, Hà Nội",
        "3/5 Láng, Hà Nội",
        "9 Nguyễn Trãi, Phường Láng, Hà Nội",
    ]
    page.get_by_label("Dán mỗi dòng").fill("\n".join(lines))
    page.get_by_role("button", name="Xếp tuyến", exact=True).click()
    expect(page.locator(".round-next")).to_be_in_viewport()
    expect(page.locator(".round-unplaced li")).to_have_count(3)
    expect(page.locator(".round-unplaced li").first).to_be_hidden()
    expect(page.get_by_role("region", name="Bản đồ các điểm phát")).to_have_attribute(
        "data-ready", "yes"
    )
    visit.is_sound()
    page.get_by_role("button", name="Chọn nhà cho mọi dòng chắc chắn (2)").click()
    expect(page.locator(".round-stops li")).to_have_count(3)
    expect(page.locator(".round-unplaced li")).to_have_attribute("data-line", "4")
    expect(page.get_by_role("button", name="Nhận tất cả")).to_have_count(0)
