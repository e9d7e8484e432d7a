"""How long coverage takes on a full register: kept, after a write, and counted as a whole.

    python -m bench.coverage DATABASE_URL [--rows 2000000]

DATABASE_URL names a scratch database of a superuser: it is prepared, and filled once with rows on
the communes of today, unless it holds households. The promises: the country and one unit under
20 ms, and after a write what counting its commune takes; all communes counted under 1 s.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from geo.code import PAYLOAD_END, PAYLOAD_FIRST
from geo.code_bulk import codes_from_serials
from registry.core.database import driver_connection, make_engine, session_scope
from registry.core.events import Cause, write_scope
from registry.coverage.count_cache import count_anew, count_for_readers
from registry.coverage.figures import Coverage
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.ops.prepare import prepare_database
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer

LARGEST_PROVINCE = "79"
REPEATS = 9
REPEATED_COUNTS = 3
EDIT = (
    "UPDATE household SET households_count = 3 - households_count WHERE code ="
    " (SELECT min(code) FROM household WHERE unit_id = :unit AND status = 'active'"
    " AND kind = 'household' AND households_count < 3)"
)

# Households by commune as they are spread in life: more in wards, more where it is dense.
SPREAD = """
    CREATE TEMPORARY TABLE spread AS
    SELECT unit_id, floor((sum(w) OVER (ORDER BY unit_id) - w) / sum(w) OVER () * :rows) AS first,
        floor(sum(w) OVER (ORDER BY unit_id) / sum(w) OVER () * :rows) AS next
    FROM (
        SELECT v.unit_id, CASE v.kind WHEN 'phuong' THEN 2 WHEN 'xa' THEN 1 ELSE 0.4 END
            * power(greatest(coalesce(u.area_km2, 60), 1)::float8 / 60, -0.3) AS w
        FROM admin_unit u JOIN admin_unit_version v ON v.unit_id = u.id
        WHERE u.level = 'commune' AND u.lifetime @> current_date AND v.valid @> current_date
    ) weighted
"""
# About eighty doors a street; six hamlets.
STREETS = """
    INSERT INTO place (class, unit_id, key, name, kind)
    SELECT 'street', s.unit_id, 'pho ' || g, g::text, 'phố'
    FROM spread s CROSS JOIN generate_series(0, ((s.next - s.first) / 80)::int) g
"""
HAMLETS = """
    INSERT INTO place (class, unit_id, key, name, kind)
    SELECT 'locality', s.unit_id, 'thon ' || g, g::text, 'thôn'
    FROM spread s CROSS JOIN generate_series(0, 5) g
"""
# Nine of ten are in a street, with a number; in one street of fifty a door has that of the one
# before it. The others are in a hamlet, two of three without a number.
DOORS = """
    CREATE TEMPORARY TABLE door AS
    SELECT i, unit_id, CASE WHEN i % 10 <> 9 THEN 'pho ' || place / 80 END AS street,
        CASE WHEN i % 10 = 9 THEN 'thon ' || i % 6 END AS hamlet,
        CASE WHEN i % 10 <> 9
            THEN (place % 80 + CASE WHEN place % 4000 = 40 THEN 0 ELSE 1 END)::text
            WHEN i % 30 = 9 THEN place::text
        END AS number
    FROM (
        SELECT i, s.unit_id, i - s.first::int AS place
        FROM spread s CROSS JOIN LATERAL generate_series(s.first::int, s.next::int - 1) i
    ) d
"""
ROWS = """
    INSERT INTO household (code, kind, status, unit_id, street_id, locality_id, house_number,
        house_number_key, point, position_method, position_accuracy_m, households_count,
        verified_on)
    SELECT c.code, 'household', 'active', d.unit_id, t.id, l.id, d.number, d.number,
        ST_SetSRID(ST_MakePoint(105 + random(), 10 + random() * 10), 4326), 'gps',
        (ARRAY[5, 10, 15, 30])[1 + floor(random() * 4)::int],
        CASE WHEN random() < 0.93 THEN 1 ELSE 2 + floor(random() * 4)::int END,
        CASE WHEN random() < 0.4 THEN current_date - floor(random() * 1200)::int END
    FROM door d JOIN code c USING (i)
    LEFT JOIN place t ON t.unit_id = d.unit_id AND t.key = d.street
    LEFT JOIN place l ON l.unit_id = d.unit_id AND l.key = d.hamlet
    ORDER BY d.i
"""


def fill(owner: Engine, rows: int) -> None:
    """Fill an empty register with `rows` households."""
    with owner.begin() as connection:
        if connection.scalar(text("SELECT EXISTS (SELECT FROM household)")):
            return
        connection.execute(
            text('CREATE TEMPORARY TABLE code (i int PRIMARY KEY, code text COLLATE "C")')
        )
        _copy_codes(connection, rows)
        connection.execute(text(SPREAD), {"rows": rows})
        connection.execute(text("SELECT open_event('bench', 'bench')"))
        connection.execute(text(STREETS))
        connection.execute(text(HAMLETS))
        connection.execute(text(DOORS))
        connection.execute(text("ANALYZE code, door, place"))
        connection.execute(text(ROWS))
        connection.execute(text("DROP TABLE code, spread, door"))
    vacuum(owner)


def _copy_codes(connection: Connection, rows: int) -> None:
    step = (PAYLOAD_END - PAYLOAD_FIRST) // rows
    serials = PAYLOAD_FIRST + np.random.default_rng(1).permutation(rows) * step
    codes = codes_from_serials(serials)
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy("COPY code FROM STDIN") as copy,
    ):
        for number, code in enumerate(codes.tolist()):
            copy.write_row((number, code.decode()))


def vacuum(owner: Engine) -> None:
    """Without it an index-only scan still asks the table which rows are visible."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE household, place"))


def measure(
    name: str,
    ask: Callable[[], object],
    before: Callable[[], object] = lambda: None,
    repeats: int = REPEATS,
) -> None:
    """Print how long it takes; `before` each time is not counted."""
    taken = []
    for _ in range(repeats + 1):
        before()
        started = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - started) * 1000)
    del taken[0]  # the first one fills caches
    print(
        f"  {name:52} best {min(taken):7.1f} ms   median {statistics.median(taken):7.1f} ms"
        f"   worst {max(taken):7.1f} ms"
    )


def report(app: Engine) -> None:
    """Everything that the command line and the API ask, as they ask it."""
    with session_scope(app) as session:
        known = load_gazetteer(session)
        largest = max(
            coverage_of_level(session, known, "commune").units, key=lambda u: u.counts.dwellings
        )
    (commune,) = (u.id for u in known.with_code(largest.code) if u.alive_on(today()))

    def asked(question: Callable[[Session], Coverage]) -> Callable[[], Coverage]:
        def ask() -> Coverage:
            count_for_readers(app)
            with session_scope(app) as session:
                return question(session)

        return ask

    country = asked(lambda session: coverage_of_level(session, known, "province"))
    communes = asked(lambda session: coverage_of_level(session, known, "commune"))
    province = asked(lambda session: coverage_of_unit(session, known, LARGEST_PROVINCE))
    one = asked(lambda session: coverage_of_unit(session, known, largest.code))
    counts = largest.counts
    print(f"the largest commune: {largest.code}, {counts.dwellings:,} dwellings")
    print("kept")
    measure("the country by provinces", country)
    measure("the country by communes", communes)
    measure(f"the largest province ({LARGEST_PROVINCE})", province)
    measure("the largest commune", one)
    print("after a write in the largest commune")
    measure("the write", lambda: edit(app, commune))
    measure("the country by provinces", country, before=lambda: edit(app, commune))
    print("after a write in every commune")
    measure("count all", lambda: count_anew(app), lambda: touch(app), REPEATED_COUNTS)
    measure("the country, left to the job", country, lambda: touch(app))
    count_anew(app)


def edit(app: Engine, commune: int) -> None:
    """One household shares its door with one more hộ, or one less."""
    with write_scope(app, Cause("bench", "bench")) as session:
        session.execute(text(EDIT), {"unit": commune})


def touch(app: Engine) -> None:
    """Let every commune be counted anew."""
    with session_scope(app) as session:
        session.execute(
            text(
                "INSERT INTO coverage_touched (unit_id, records)"
                " SELECT unit_id, 0 FROM coverage_count WHERE NOT with_demo"
            )
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a superuser's URL of the scratch database")
    parser.add_argument("--rows", type=int, default=2_000_000)
    given = parser.parse_args()
    prepare_database(given.url, print)
    owner = create_engine(make_url(given.url).set(drivername="postgresql+psycopg"))
    app = make_engine(given.url, pool_size=2)
    fill(owner, given.rows)
    report(app)


if __name__ == "__main__":
    main()
