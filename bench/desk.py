"""How long the list of a commune's records takes at the desk, by each filter, and its points; and
when each page of the desk is first painted.

    python -m bench.desk DATABASE_URL [http://127.0.0.1:8000]

DATABASE_URL names a register of `bench.made_register`, as with 2000000 households in the provinces
12,04: its largest commune has 21,000 records. Of a server over it pages are opened with the key of
that commune in DIACHISO_KEY. The promise: 200 ms, whatever is filtered; 1 s to the first paint.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

from sqlalchemy import text

from registry.core.database import make_engine, session_scope
from registry.records.desk_records import Wanted, list_records, list_spots
from tests.support.browser import browsing, visiting

REPEATS = 9
HREFS = "links => links.map((link) => link.getAttribute('href'))"
FIRST_PAINT = """() => new Promise((found) => {
    const seen = (list) => found(list.getEntries().at(-1).startTime);
    new PerformanceObserver(seen).observe({ type: 'paint', buffered: true });
})"""
LARGEST = text(
    "SELECT unit_id, max(street_id), max(locality_id) FROM household"
    " GROUP BY unit_id ORDER BY count(*) DESC LIMIT 1"
)


def milliseconds(asked: Callable[..., object], *arguments: object) -> float:
    """The median of several runs."""
    took = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        asked(*arguments)
        took.append((time.perf_counter() - begun) * 1_000)
    return statistics.median(took)


def first_paints(url: str) -> None:
    """Print when each page is first painted in a browser, the median of several visits."""
    with browsing() as browser, visiting(browser, url, "desktop") as visit:
        page = visit.enter(os.environ["DIACHISO_KEY"], "/desk")
        paths = page.locator(".rooms a").evaluate_all(HREFS)
        visit.open("/desk/records")
        paths += page.locator(".records a.code").first.evaluate_all(HREFS)
        paths += [
            f"{paths[-1]}/correct",
            "/desk/records?doubled=1",
            "/desk/records?q=12+nguyen+trai",
        ]
        visit.open("/desk/streets")
        paths += page.locator(".listed a").first.evaluate_all(HREFS)
        for path in paths:
            took = []
            for _ in range(REPEATS):
                visit.open(path)
                took.append(page.evaluate(FIRST_PAINT))
            print(f"{path:40} {statistics.median(took):7.0f} ms  worst {max(took):7.0f} ms")


def main(url: str) -> None:
    """Print a line for each filter: how many records, the list, the page after, the points."""
    engine = make_engine(url, pool_size=1)
    with session_scope(engine) as session:
        unit, street, locality = session.execute(LARGEST).one()
        for name, wanted in {
            "all": Wanted(unit),
            "street": Wanted(unit, street_id=street),
            "locality": Wanted(unit, locality_id=locality),
            "no point": Wanted(unit, no_point=True),
            "not verified": Wanted(unit, unverified=True),
            "doubled": Wanted(unit, doubled=True),
            "number": Wanted(unit, number_key="12"),
            "name": Wanted(unit, place_keys=("%nguyen%",)),
        }.items():
            page = list_records(session, wanted)
            after = page.records[-1].code if page.records else None
            figures = (
                milliseconds(list_records, session, wanted),
                milliseconds(list_records, session, wanted, after),
                milliseconds(list_spots, session, wanted),
            )
            print(f"{name:13} {page.total:6,}  " + "  ".join(f"{each:6.1f} ms" for each in figures))
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
    for served in sys.argv[2:]:
        first_paints(served)
