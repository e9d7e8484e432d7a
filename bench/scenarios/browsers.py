"""Pages in Chromium over a real server, and tiles.

Bytes are as they travel, compressed. 3G is 1.6 Mbit/s down, 768 kbit/s up and 300 ms there and
back, as WebPageTest has it; a paint is the browser's own first-contentful-paint. A slow phone has
a quarter of this machine's speed.
"""

import base64
import statistics
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page

from bench.harness import Bench, Figure, Scenario, percentiles, timed
from bench.registers import COMMUNE, key
from bench.scenarios.asking import drawn
from bench.serving import serving
from geo.code import format as code_display
from registry.core.database import make_engine
from registry.core.settings import Settings
from registry.publish.drawing.refresh import refresh
from registry.publish.pack.keys import key_file, public_keys
from registry.publish.pack.run import make_pack
from registry.register import Register
from tests.support.browser import Visit, browsing, visiting
from tests.support.tiles import tile_at

NETWORK_3G: Final = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 768_000 / 8,
}
BETWEEN_KEYS_MS: Final = 150
REPORTS: Final = 500
SEARCHES: Final = (
    *("27 lang", "12/3 nguyen trai", "le thi minh khai", "thon 3", "9999", "so 5 duong tran"),
)
HREFS: Final = "links => links.map((link) => link.getAttribute('href'))"
KEY_TO_LIST: Final = """
    window.took = [];
    addEventListener('DOMContentLoaded', () => {
        const element = document.querySelector('dia-chi-input');
        const list = element
            ? element.shadowRoot.getElementById('list') : document.getElementById('suggestions');
        let pressed = 0;
        (element || document.getElementById('q')).addEventListener('input', () => {
            pressed = performance.now();
        }, true);
        new MutationObserver(() => requestAnimationFrame(() => {
            if (pressed && list.childElementCount) window.took.push(performance.now() - pressed);
            pressed = 0;
        })).observe(list, { childList: true });
    });
"""
PAINT: Final = """() => new Promise((found) => new PerformanceObserver((list) => {
    const [painted] = list.getEntriesByName('first-contentful-paint');
    if (painted) found(painted.startTime);
}).observe({ type: 'paint', buffered: true }))"""
OPEN: Final = """async ([part, body, keys]) => {
    const { openCommune } = await import(part);
    const bytes = Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0));
    const times = [];
    for (let run = 0; run < 3; run += 1) {
        const start = performance.now();
        window.commune = await openCommune([bytes], keys);
        times.push(performance.now() - start);
    }
    return times;
}"""
SEND: Final = """async ([part, many]) => {
    const { keepReport, sendReports } = await import(part);
    for (const { code } of window.commune.doors.slice(0, many)) {
        await keepReport({ kind: 'confirmed', code }, code);
    }
    const start = performance.now();
    await sendReports(() => null);
    return performance.now() - start;
}"""
ASK: Final = """([name, given]) => given.map((each) => {
    const start = performance.now();
    window.commune[name](each);
    return performance.now() - start;
})"""


def pages(bench: Bench) -> Iterator[Figure]:
    """A first visit on a phone, suggestions as they are typed, and each tile once."""
    url = bench.register()
    engine = make_engine(url)
    yield Figure("the map drawn anew", timed(lambda: refresh(engine)).wall, "s")
    engine.dispose()
    doors = drawn(url, 150)
    with serving(url, workers=1) as server, browsing() as browser:
        for path, ready in (
            (f"/a/{code_display(doors[0][0])}", "svg.qr-code"),
            ("/", "#map[data-ready]"),
            ("/try", "#try"),
            ("/coverage", ".choropleth"),
        ):
            name = f"page {path if path.count('/') == 1 else 'of an address'}"
            with visiting(browser, server.url, "phone") as visit:
                yield Figure(name, weigh(visit.page, server.url + path, ready) / 1e3, "kB", "size")
            paints = [paint_on_3g(browser, server.url, path) / 1e3 for _ in range(3)]
            yield from percentiles(name, paints, 50, 100)
        for when, path, field, ready in (
            ("the map opens", "/", "#q", "#q"),
            ("the map is there", "/", "#q", "#map[data-ready]"),
            ("<dia-chi-input>", "/try", "dia-chi-input input", "dia-chi-input input"),
        ):
            took = suggestions(browser, server.url, path, field, ready)
            yield from percentiles(f"key to list of suggestions, {when}", took, 50, 95)
        yield from _tiles(server.url, [(lon, lat) for _, lon, lat in doors])


def weigh(page: Page, url: str, ready: str) -> float:
    """Bytes that a first visit transfers until the selector is there."""
    total = [0.0]

    def count(event: Any) -> None:
        total[0] += event["encodedDataLength"]

    _network(page).on("Network.loadingFinished", count)
    page.goto(url)
    page.wait_for_selector(ready)
    page.wait_for_load_state("networkidle")
    return total[0]


def _network(page: Page, conditions: dict[str, Any] | None = None) -> CDPSession:
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    if conditions:
        client.send("Network.emulateNetworkConditions", conditions)
    return client


def _slow_down(page: Page) -> None:
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setCPUThrottlingRate", {"rate": 4})


def paint_on_3g(browser: Browser, url: str, path: str) -> float:
    """Milliseconds to the first paint with something in it, nothing cached."""
    with visiting(browser, url, "phone") as visit:
        _network(visit.page, NETWORK_3G)
        visit.open(path)
        return float(visit.page.evaluate(PAINT))


def suggestions(browser: Browser, url: str, path: str, field: str, ready: str) -> list[float]:
    """Seconds from a key to its list on the screen, typed as soon as the selector is there."""
    took: list[float] = []
    for _ in range(3):
        with visiting(browser, url, "phone") as visit:
            _slow_down(visit.page)
            visit.page.add_init_script(KEY_TO_LIST)
            page = visit.open(path)
            page.wait_for_selector(ready)
            for text in ("nguyen tr", "12 le loi", "ba dinh", "27 lang"):
                page.fill(field, "")
                page.locator(field).press_sequentially(text, delay=BETWEEN_KEYS_MS)
                page.wait_for_timeout(2 * BETWEEN_KEYS_MS)
            took += [each / 1e3 for each in page.evaluate("window.took")]
    return took


def _tiles(url: str, points: list[tuple[float, float]]) -> Iterator[Figure]:
    """One after the other, around doors, each once."""
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for zoom in range(19):
        for x, y in {tile_at(zoom, lon, lat) for lon, lat in points}:
            asked = urllib.request.Request(f"{url}/tiles/{zoom}/{x}/{y}")
            asked.add_header("Accept-Encoding", "gzip")
            started = time.perf_counter()
            with urllib.request.urlopen(asked) as answer:
                body = answer.read()
            found[zoom].append((time.perf_counter() - started, len(body)))
    every = [each for of_zoom in found.values() for each in of_zoom]
    for name, each in (
        *((f"tiles of zoom {zoom:02}", each) for zoom, each in found.items()),
        ("tiles of all zooms", every),
    ):
        seconds, sizes = zip(*each, strict=True)
        yield from percentiles(name, seconds, 50, 95)
        yield Figure(name, max(sizes) / 1e3, "kB", "largest")


def desk_pages(bench: Bench) -> Iterator[Figure]:
    """First paints of the desk's pages, on the machine's own processors."""
    url = bench.register(units=["12", "04"])
    with bench.registers.copy(url) as copied, serving(copied, workers=1) as server:
        secret = key(copied, "admin")
        with browsing() as browser, visiting(browser, server.url, "desktop") as visit:
            for path in _desk_paths(visit, secret):
                took = [_painted(visit, path) / 1e3 for _ in range(5)]
                yield from percentiles(f"first paint of {path}", took, 50, 100)


def _desk_paths(visit: Visit, secret: str) -> list[str]:
    page = visit.enter(secret, "/desk")
    paths: list[str] = page.locator(".rooms a").evaluate_all(HREFS)
    return [*paths, "/desk/records?doubled=1", "/desk/records?q=12+nguyen+trai"]


def _painted(visit: Visit, path: str) -> float:
    return float(visit.open(path).evaluate(PAINT))


def packs(bench: Bench) -> Iterator[Figure]:
    """A commune's pack on a slow phone; reports of its outbox over 3G."""
    url = bench.register(30_000, units=[COMMUNE], streets=120)
    with (
        tempfile.TemporaryDirectory() as folder,
        bench.registers.copy(url) as copied,
        closing(Register.open(Settings(var=Path(folder), limits=False), copied)) as register,
        serving(copied, workers=1, DIACHISO_VAR=folder) as server,
        browsing() as browser,
        visiting(browser, server.url, "phone") as visit,
    ):
        made = make_pack(register, COMMUNE, demo=False)
        keys = public_keys(key_file(register.settings))["keys"]
        page = visit.open("/packs")
        part = page.evaluate("document.querySelector('script[src*=packs]').src")
        _slow_down(page)
        body = base64.b64encode(made.body).decode()
        opened = page.evaluate(OPEN, [part.replace("packs.js", "pack.js"), body, keys])
        yield Figure("pack opened", statistics.median(opened), "ms")
        codes = page.evaluate("window.commune.doors.slice(0, 20000).map((door) => door.code)")
        for name, given in (
            ("lookup", codes[::200]),
            ("search", SEARCHES * 3),
            ("nearest", [[105.81, 21.02]] * 5),
        ):
            took = [each / 1e3 for each in page.evaluate(ASK, [name, list(given)])]
            yield from percentiles(f"{name} in a pack", took, 50, 100)
        _network(page, NETWORK_3G)
        sent = page.evaluate(SEND, [part.replace("packs.js", "outbox.js"), REPORTS])
        yield Figure(f"{REPORTS} reports sent over 3G", sent / 1e3, "s")


SCENARIOS = (
    Scenario("pages", "weight and paint of pages on a phone, suggestions, tiles", pages),
    Scenario("desk_pages", "first paints of the desk's pages", desk_pages),
    Scenario("packs", "a commune's pack on a slow phone", packs),
)
