"""Weight and speed of the pages, in Chromium over a real server, and of tiles.

    python -m bench.pages DATABASE_URL [CODE]

DATABASE_URL names a filled register; its map is drawn first. CODE is the address whose page is
weighed, by default any. Bytes are as they travel, compressed. 3G is 1.6 Mbit/s down, 768 kbit/s up
and 300 ms there and back, as WebPageTest has it; the paint is the browser's own
first-contentful-paint. Tiles are asked for over HTTP, one after the other, around households picked
at random, each once.
"""

import random
import sys
import time
import urllib.request
from collections import defaultdict
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

from geo.code import format as code_display
from registry.core.database import make_engine
from registry.publish.drawing.refresh import refresh
from tests.support.browser import browsing, serving, visiting
from tests.support.tiles import tile_at

NETWORK_3G = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 768_000 / 8,
}
POINTS = 150
BETWEEN_KEYS_MS = 150
KEY_TO_LIST = """
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
PAINT = """() => new Promise((told) => new PerformanceObserver((list) => {
    const [painted] = list.getEntriesByName('first-contentful-paint');
    if (painted) told(painted.startTime);
}).observe({ type: 'paint', buffered: true }))"""


def weigh(page: Page, url: str, ready: str) -> float:
    """Bytes that a first visit transfers until the selector is there."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    total = [0.0]

    def count(event: Any) -> None:
        total[0] += event["encodedDataLength"]

    client.on("Network.loadingFinished", count)
    page.goto(url)
    page.wait_for_selector(ready)
    page.wait_for_load_state("networkidle")
    return total[0]


def paint_on_3g(browser: Browser, url: str, path: str) -> float:
    """Milliseconds to the first paint with something in it, nothing cached."""
    with visiting(browser, url, "phone") as visit:
        client = visit.context.new_cdp_session(visit.page)
        client.send("Network.enable")
        client.send("Network.emulateNetworkConditions", NETWORK_3G)
        visit.open(path)
        return float(visit.page.evaluate(PAINT))


def suggestions(browser: Browser, url: str, path: str, field: str, ready: str) -> list[float]:
    """Milliseconds from a key to its list on the screen, typed as soon as the selector is there.

    A phone with a quarter of this machine's speed.
    """
    took: list[float] = []
    for _ in range(3):
        with visiting(browser, url, "phone") as visit:
            client = visit.context.new_cdp_session(visit.page)
            client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
            visit.page.add_init_script(KEY_TO_LIST)
            page = visit.open(path)
            page.wait_for_selector(ready)
            for text in ("nguyen tr", "12 le loi", "ba dinh", "27 lang"):
                page.fill(field, "")
                page.locator(field).press_sequentially(text, delay=BETWEEN_KEYS_MS)
                page.wait_for_timeout(2 * BETWEEN_KEYS_MS)
            took += page.evaluate("window.took")
    return took


def tiles(url: str, points: list[tuple[float, float]]) -> dict[int, list[tuple[float, int]]]:
    """Zoom → (milliseconds, bytes compressed) of tiles around the points, each tile once."""
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for zoom in range(19):
        for x, y in {tile_at(zoom, lon, lat) for lon, lat in points}:
            asked = urllib.request.Request(f"{url}/tiles/{zoom}/{x}/{y}")
            asked.add_header("Accept-Encoding", "gzip")
            started = time.perf_counter()
            with urllib.request.urlopen(asked) as answer:
                body = answer.read()
            found[zoom].append(((time.perf_counter() - started) * 1000, len(body)))
    return found


def main() -> None:
    """Print everything."""
    database_url = sys.argv[1]
    engine = make_engine(database_url)
    started = time.perf_counter()
    done = refresh(engine)
    print(f"map drawn in {time.perf_counter() - started:.1f} s: {done}")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT code, ST_X(point), ST_Y(point) FROM household TABLESAMPLE SYSTEM (1)"
            " WHERE status = 'active' AND point IS NOT NULL LIMIT 20000"
        ).all()
    picked = random.Random(1).sample([tuple(row) for row in rows], min(POINTS, len(rows)))
    code = sys.argv[2] if len(sys.argv) > 2 else code_display(picked[0][0])
    with serving(database_url) as url, browsing() as browser:
        for name, path, ready in (
            ("address", f"/a/{code}", "svg.qr-code"),
            ("map", "/", "#map[data-ready]"),
            ("try", "/try", "#try"),
            ("coverage", "/coverage", ".choropleth"),
        ):
            with visiting(browser, url, "phone") as visit:
                print(f"{name}: {weigh(visit.page, url + path, ready) / 1000:.0f} kB", end="")
            paints = [paint_on_3g(browser, url, path) for _ in range(3)]
            print(f", first paint on 3G {min(paints):.0f} to {max(paints):.0f} ms")
        for when, path, field, ready in (
            ("map opens", "/", "#q", "#q"),
            ("map is there", "/", "#q", "#map[data-ready]"),
            ("<dia-chi-input>", "/try", "dia-chi-input input", "dia-chi-input input"),
        ):
            took = suggestions(browser, url, path, field, ready)
            p50, p95 = np.percentile(took, (50, 95))
            print(f"suggestions, key to list, {when}: p50 {p50:.0f} ms, p95 {p95:.0f}")
        measured = tiles(url, [(lon, lat) for _, lon, lat in picked])
        for zoom, each in measured.items():
            times, sizes = zip(*each, strict=True)
            print(
                f"zoom {zoom}: {len(each)} tiles, p50 {np.percentile(times, 50):.1f},"
                f" p95 {np.percentile(times, 95):.1f} ms, largest {max(sizes) / 1000:.0f} kB"
            )
        every = [t for each in measured.values() for t, _ in each]
        largest = max(size for each in measured.values() for _, size in each)
        print(f"tiles: p95 {np.percentile(every, 95):.1f} ms, largest {largest / 1000:.0f} kB gzip")
    engine.dispose()


if __name__ == "__main__":
    main()
