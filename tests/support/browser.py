"""Pages as people see them: a real server, a real register, the distribution's Chromium."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    Route,
    expect,
    sync_playwright,
)

from registry.core.settings import ROOT
from registry.ops.cluster.host import Account
from scripts.listening import reserve_port, server_url, wait_until_ready, web_server
from tests.support.running import clean_environment
from tests.support.waiting import eventually

# No sandbox, because the tests may run as root; the others keep it from asking its maker's hosts.
_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Maps alone are drawn by what stands in for a graphics card; it takes twice as long for pages.
    "--disable-gpu-compositing",
    "--disable-gpu-rasterization",
    # This machine under a name that is not its own: as a telephone on the same network sees it.
    "--host-resolver-rules=MAP plain-http.example 127.0.0.1",
)
# The first needs half the processor time of the others.
_BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
in_both_sizes = pytest.mark.parametrize("visit", SIZES, indirect=True)
gate_on_phones = pytest.mark.parametrize(
    "visit",
    [pytest.param(size, marks=pytest.mark.gate if size == "phone" else ()) for size in SIZES],
    indirect=True,
)
"""In both sizes, of which the gate takes the smaller one."""
PATIENCE_MS = float(os.environ.get("DIACHISO_BROWSER_MS", "60000"))
SERIOUS = ("serious", "critical")


@contextmanager
def serving(database_url: str, app: str = "api.wsgi:server", **environment: str) -> Iterator[str]:
    """The address of a server process over a register."""
    us = Account.by_uid(os.geteuid())
    with reserve_port("127.0.0.1", 0, us, patient=False, check=lambda: None) as reserved:
        port = reserved.getsockname()[1]
        url = server_url("127.0.0.1", port)
        settings = {"DATABASE_URL": database_url, "DIACHISO_LIMITS": "off", "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen(
            [*web_server(app, "127.0.0.1", port, workers=1), "--log-level=error"],
            env={**clean_environment(), **settings, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_ready(url, server, check=lambda: None)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def chromium() -> str | None:
    """The browser of this machine, without its own windows and menus where there is such a one."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


_IS_PAINTED = """
performance.constructor !== Performance || performance.getEntriesByType('paint').length > 0
"""
"""A test's own clock stands in for `performance`, and knows of no paint."""


def _when_shown(act: Callable[..., None]) -> Callable[..., None]:
    """The same on a page that has been painted and whose scripts have run: a browser drops the
    clicks that come before, and what moves under one loses it. A person waits as well.
    """

    def is_shown(page: Page) -> bool:
        page.wait_for_load_state()
        try:
            return bool(page.evaluate(_IS_PAINTED))
        except Error as error:
            if "context was destroyed" in str(error):
                return False  # it was just left for another
            raise

    def act_when_shown(where: Locator, **options: Any) -> None:
        eventually(lambda: is_shown(where.page), "the page is painted")
        act(where, **options)

    return act_when_shown


@contextmanager
def browsing() -> Iterator[Browser]:
    """The browser, once for all tests of a file."""
    expect.set_options(timeout=PATIENCE_MS)
    with ExitStack() as stack:
        for name in ("click", "dblclick", "check"):
            stack.enter_context(patch.object(Locator, name, _when_shown(getattr(Locator, name))))
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A window of one size, on one server; it records errors."""

    url: str
    page: Page
    context: BrowserContext
    wrong: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()
    """Parts of console errors that the test itself provokes."""

    def open(self, path: str) -> Page:
        """Go there."""
        self.page.goto(self.url + path)
        return self.page

    def complaints(self) -> list[str]:
        """Errors in the console, of scripts, and questions to other hosts."""
        return [each for each in self.wrong if not any(part in each for part in self.allowed)]

    def barriers(self) -> list[str]:
        """What axe finds serious."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found: dict[str, Any] = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
        ]

    def is_sound(self) -> bool:
        """No barrier and nothing beside the window, as it is and in the other size; nothing run
        that the register holds.
        """
        own = self.page.viewport_size
        assert own
        for width, height in sorted(SIZES.values(), key=lambda size: size[0] != own["width"]):
            if width != own["width"]:
                self.page.set_viewport_size({"width": width, "height": height})
            assert self.barriers() == [], width
            assert not self.overflows(), width
        self.page.set_viewport_size(own)
        return self.page.title() != "broken"

    def smallest_letters(self, drawing: str) -> float:
        """The height of the smallest text in a drawing, in pixels of the window."""
        heights = """
        drawn => [...drawn.querySelectorAll('text')]
            .filter(text => text.getBoundingClientRect().width)
            .map(text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize))
        """
        found: list[float] = self.page.locator(drawing).first.evaluate(heights)
        return min(found)

    def enter(self, secret: str, path: str) -> Page:
        """Go to a page of the desk, and sign in there with a key."""
        page = self.open(path)
        page.get_by_label("Khoá của đơn vị").fill(secret)
        page.get_by_role("button", name="Đăng nhập", exact=True).click()
        return page

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wider))


def choose_in_menu(card: Locator, name: str) -> None:
    """Press a button of the first menu in the card."""
    menu = card.locator(".menu").first
    menu.locator("summary").click()
    menu.get_by_role("button", name=name, exact=True).click()


def send_waiting(page: Page) -> None:
    """Press the outbox's button, hidden where the page itself has just sent everything."""
    page.locator("#send").dispatch_event("click")


@contextmanager
def visiting(
    browser: Browser,
    url: str,
    size: str,
    *,
    also: tuple[str, ...] = (),
    allowed: tuple[str, ...] = (),
    **options: Any,
) -> Iterator[Visit]:
    """A window; hosts other than that of `url` and `also` cannot be reached from it, what is asked
    in it is answered with yes, and nothing in it is seen half way.
    """
    width, height = SIZES[size]
    # What a page keeps for later is asked for beside the routes of the context.
    options = {"service_workers": "block", "reduced_motion": "reduce"} | options
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    hosts = {urlsplit(each).netloc for each in (url, *also)}
    visit = Visit(url, context.new_page(), context, allowed=allowed)

    def only_ours(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if asked.netloc in hosts or asked.scheme in ("data", "blob"):
            route.continue_()
        else:
            visit.wrong.append(f"asked {asked.netloc}")
            route.abort()

    context.route("**/*", only_ours)
    visit.page.on(
        "console",
        lambda expected: visit.wrong.append(expected.text) if expected.type == "error" else None,
    )
    visit.page.on("dialog", lambda asked: asked.accept())
    visit.page.on("pageerror", lambda error: visit.wrong.append(str(error)))
    visit.page.set_default_timeout(PATIENCE_MS)
    try:
        yield visit
    finally:
        context.close()
