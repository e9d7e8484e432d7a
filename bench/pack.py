"""How large a commune's pack is, how fast it is made, and how fast a slow phone opens and asks it.

    python -m bench.made_register DATABASE_URL 30000 00199 120
    python -m bench.pack DATABASE_URL [COMMUNE]

The browser is the distribution's Chromium, on a processor that is slowed down to a quarter. The
promises for 30,000 households: at most 1.2 MB, made in 2 s, opened in 1 s, a lookup in 20 ms and a
search in 100 ms; and 500 reports of the outbox sent in 30 s over 3G (1.6 Mbit/s, 300 ms). They stay
in the scratch register.
"""

import base64
import gzip
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import create_engine, make_url

from bench.clock import Clock
from registry.core.settings import Settings
from registry.publish.pack.keys import key_file, public_keys
from registry.publish.pack.run import make_pack
from registry.register import Register
from tests.support.browser import browsing, serving, visiting

RUNS = 5
SLOWER = 4
REPORTS = 500
SEARCHES = ("27 lang", "12/3 nguyen trai", "le thi minh khai", "thon 3", "9999", "so 5 duong tran")
OPEN = """async ([part, body, keys]) => {
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
SEND = """async ([part, many]) => {
    const { keepReport, sendReports } = await import(part);
    for (const { code } of window.commune.doors.slice(0, many)) {
        await keepReport({ kind: 'confirmed', code }, code);
    }
    const start = performance.now();
    await sendReports(() => null);
    return performance.now() - start;
}"""
ASK = """([name, given]) => given.map((each) => {
    const start = performance.now();
    window.commune[name](each);
    return performance.now() - start;
})"""


def sizes(body: bytes) -> None:
    """The file, and what each column takes by itself."""
    content = gzip.decompress(body.partition(b"\n")[2])
    print(f"file {len(body) / 1e3:,.0f} kB, content {len(content) / 1e6:.2f} MB")
    held: dict[str, Any] = json.loads(content)
    parts = {**{k: v for k, v in held.items() if k != "doors"}, **held["doors"]}
    for name, part in parts.items():
        packed = len(gzip.compress(json.dumps(part, ensure_ascii=False).encode(), 6))
        if packed > 1_000:
            print(f"  {name:16}{packed / 1e3:6.0f} kB")


def browse(page: Page, url: str, body: bytes, keys: list[dict[str, Any]]) -> None:
    """Open and ask it in the page."""
    page.goto(f"{url}/packs")
    part = page.evaluate("document.querySelector('script[src*=packs]').src")
    part = part.replace("packs.js", "pack.js")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    opened = page.evaluate(OPEN, [part, base64.b64encode(body).decode(), keys])
    print(f"opened in {', '.join(f'{each:,.0f}' for each in opened)} ms")
    codes = page.evaluate("window.commune.doors.slice(0, 20000).map((door) => door.code)")
    for name, given in (("lookup", codes[::200]), ("search", SEARCHES * 3)):
        times = page.evaluate(ASK, [name, list(given)])
        print(f"{name}: median {statistics.median(times):.1f} ms, longest {max(times):.1f} ms")
    near = page.evaluate(ASK, ["nearest", [[105.81, 21.02]] * 5])
    print(f"nearest: median {statistics.median(near):.1f} ms, longest {max(near):.1f} ms")


def send(page: Page) -> None:
    """Reports that waited, over a slow network."""
    part = page.evaluate("document.querySelector('script[src*=packs]').src")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 2e5, "uploadThroughput": 94e3}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    took = page.evaluate(SEND, [part.replace("packs.js", "outbox.js"), REPORTS])
    print(f"{REPORTS} reports sent in {took / 1e3:.1f} s")


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    url, commune = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "00199"
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder), limits=False)
        owner = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        register = Register.open(settings, url)
        try:
            for _ in range(RUNS):
                clock = Clock(owner)
                made = make_pack(register, commune, demo=False)
                print(f"{made.doors:,} doors in {clock.spent()}")
        finally:
            register.close()
            owner.dispose()
        sizes(made.body)
        keys = public_keys(key_file(settings))["keys"]
        with (
            serving(url, DIACHISO_VAR=folder) as served,
            browsing() as browser,
            visiting(browser, served, "phone") as visit,
        ):
            browse(visit.page, served, made.body, keys)
            send(visit.page)


if __name__ == "__main__":
    main()
