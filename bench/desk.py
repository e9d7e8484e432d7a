"""How long the list of a commune's records takes at the desk, by each filter, and its points.

    python -m bench.desk DATABASE_URL

DATABASE_URL names a register of `bench.made_register`, as with 800000 households in province 12:
its largest commune has 21,640 records. The promise: 200 ms, whatever is filtered.
"""

import statistics
import sys
import time
from collections.abc import Callable

from sqlalchemy import text

from registry.database import make_engine, session_scope
from registry.desk_records import Wanted, list_records, list_spots

REPEATS = 9
LARGEST = text(
    "SELECT unit_id, max(thoroughfare_id), max(locality_id) FROM household"
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
