"""How fast pages of OGC API Features come, over HTTP with a key.

    python -m bench.features http://127.0.0.1:8000 KEY

The server holds a filled register (`bench.made_register`). Boxes from a street to the country, a
ward, the middle of the register and a day of the past; the same page is asked for 15 times, and
the median and the slowest are told. The promise: 1,000 households in 150 ms.
"""

import statistics
import sys
import time
from typing import Final

import requests

TIMES: Final = 15
MIDDLE: Final = (105.80, 21.02)
DOORS: Final = "households/items?limit=1000"


def box(degrees: float) -> str:
    """A box around the middle of Hà Nội."""
    lon, lat = MIDDLE
    return f"{lon - degrees},{lat - degrees},{lon + degrees},{lat + degrees}"


PAGES: Final = {
    "1,000 households": DOORS,
    "1,000 from the middle": f"{DOORS}&after=80000000",
    **{f"box of {d} degrees": f"{DOORS}&bbox={box(d)}" for d in (0.002, 0.02, 0.2, 2.0)},
    "a ward": f"{DOORS}&unit=00199",
    "in VN-2000": f"{DOORS}&crs=http://www.opengis.net/def/crs/EPSG/0/3405",
    "a day of the past": f"{DOORS}&datetime=2026-11-27",
    "buildings": "buildings/items?limit=1000",
    "streets": "streets/items?limit=1000",
    "streets in a box": f"streets/items?limit=1000&bbox={box(0.02)}",
    "100 communes": "communes/items?limit=100",
    "communes in a box": f"communes/items?bbox={box(0.02)}",
    "provinces": "provinces/items?limit=100",
}


def main() -> None:
    """Ask for each page, and tell how long it took."""
    url, key = sys.argv[1:]
    with requests.Session() as session:
        session.headers["X-Api-Key"] = key
        for name, path in PAGES.items():
            times, rows, size = [], 0, 0
            for _ in range(TIMES):
                started = time.perf_counter()
                answer = session.get(f"{url}/ogc/collections/{path}", timeout=60)
                times.append((time.perf_counter() - started) * 1_000)
                answer.raise_for_status()
                rows, size = answer.json()["numberReturned"], len(answer.content)
            told = f"{statistics.median(times):7.1f} ms, at most {max(times):7.1f} ms"
            print(f"{name:24} {told}; {rows:5,} features, {size / 1e3:9,.0f} kB")


if __name__ == "__main__":
    main()
