"""Fills a scratch register with made-up households, set by set: streets that recur, alleys, flats.

    python -m bench.made_register DATABASE_URL [HOUSEHOLDS [UNITS [STREETS]]]

UNITS are codes of provinces or communes, as 01,79: all households lie in these, as dense as a city.
A commune has 20 STREETS. The database is prepared first. The same arguments make the same register,
apart from its codes.
"""

import sys
import time
from collections.abc import Iterable
from itertools import product

from sqlalchemy import Connection, text

from geo.street import parse_street
from registry.core.database import driver_connection, make_engine
from registry.core.events import Cause, write_scope
from registry.ops.prepare import prepare_database
from registry.records.codes import issue_codes

SURNAMES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Phan",
    "Vũ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
GIVEN = [
    "Trãi",
    "Thị Minh Khai",
    "Hưng Đạo",
    "Văn Trỗi",
    "Đình Phùng",
    "Hữu Thọ",
    "Quang Khải",
    "Văn Cừ",
    "Thái Học",
    "Bá Trác",
    "Công Trứ",
    "Đức Cảnh",
    "Khắc Nhu",
    "Văn Linh",
    "Thánh Tông",
    "Ngọc Hân",
    "Chí Thanh",
    "Xuân Soạn",
    "Duy Tân",
    "Sĩ Liên",
]
OTHERS = [
    "Láng",
    "Quốc lộ 1A",
    "Đường số 7",
    "30/4",
    "Cách Mạng Tháng 8",
    "Bạch Đằng",
    "Lạc Long Quân",
    "Huế",
]
STREETS_PER_COMMUNE = 20

STREETS = """
    INSERT INTO place (class, unit_id, former_unit_id, key, name, kind)
    SELECT 'street', u.id, f.ids[1 + g % cardinality(f.ids)], n.key, n.name, n.kind
    FROM admin_unit u
    CROSS JOIN LATERAL (
        SELECT array_agg(s.predecessor_id ORDER BY s.predecessor_id) AS ids
        FROM admin_unit_succession s JOIN admin_unit p ON p.id = s.predecessor_id
        WHERE s.successor_id = u.id AND p.level = 'commune'
    ) f
    CROSS JOIN generate_series(1, :per_commune) g
    JOIN made_name n ON n.number = (u.id * 31 + (g + 1) / 2 * 17) % (SELECT count(*) FROM made_name)
    WHERE u.level = 'commune' AND u.lifetime @> current_date AND (
        CAST(:units AS text[]) IS NULL OR u.code = ANY (:units) OR EXISTS (
            SELECT FROM admin_unit_version v JOIN admin_unit p ON p.id = v.province_id
            WHERE v.unit_id = u.id AND v.valid @> current_date AND p.code = ANY (:units)))
    ON CONFLICT DO NOTHING
"""
LOCALITIES = """
    INSERT INTO place (class, unit_id, key, name, kind)
    SELECT 'locality', u.id, 'thon ' || g, g::text, 'thôn'
    FROM admin_unit u CROSS JOIN generate_series(1, 6) g
    WHERE u.level = 'commune' AND u.lifetime @> current_date
    ON CONFLICT DO NOTHING
"""
# Street by street, so that neighbours lie side by side; a tenth have no street and no number.
DOORS = """
    CREATE TEMPORARY TABLE made_door ON COMMIT DROP AS
    WITH street AS (
        SELECT t.id, t.unit_id, t.former_unit_id, u.seat, count(*) OVER () AS streets,
            row_number() OVER (ORDER BY t.id) AS n
        FROM place t JOIN admin_unit u ON u.id = t.unit_id AND t.class = 'street'
    )
    SELECT row_number() OVER (ORDER BY s.id, g) AS place, s.unit_id, s.former_unit_id,
        CASE WHEN g % 10 <> 9 THEN s.id END AS street_id,
        CASE WHEN g % 10 = 9 THEN (
            SELECT l.id FROM place l WHERE l.class = 'locality' AND l.unit_id = s.unit_id
            ORDER BY l.id OFFSET g % 6 LIMIT 1) END AS locality_id,
        CASE WHEN g % 10 <> 9 THEN
            CASE WHEN g % 4 = 0 THEN g / 4 + 1 || '/' || g % 17 + 1
                WHEN g % 14 = 1 THEN g || 'A' ELSE g::text END END AS number,
        ST_SetSRID(ST_MakePoint(
            ST_X(s.seat) + 0.02 * sin(s.id * 7.7) + 0.0001 * (g % 100) * cos(s.id * 1.3),
            ST_Y(s.seat) + 0.02 * cos(s.id * 5.3) + 0.0001 * (g % 100) * sin(s.id * 1.3)), 4326)
            AS point
    FROM street s CROSS JOIN LATERAL generate_series(1, (:households / s.streets + 1)::int) g
    ORDER BY s.id, g
    LIMIT :households
"""
HOUSEHOLDS = """
    INSERT INTO household (code, kind, status, unit_id, former_unit_id, street_id,
        locality_id, house_number, house_number_key, point, position_method, position_accuracy_m)
    SELECT c.code, 'household', 'active', d.unit_id, d.former_unit_id, d.street_id,
        d.locality_id, d.number, d.number, d.point, 'gps', 5
    FROM made_door d JOIN made_code c USING (place)
    ORDER BY d.place
"""


def fill(
    url: str, households: int, units: list[str] | None = None, streets: int = STREETS_PER_COMMUNE
) -> None:
    """Streets, localities and so many households, in one transaction under one event."""
    engine = make_engine(url, pool_size=2)
    with write_scope(engine, Cause("bench", "bench")) as session:
        connection = session.connection()
        columns = "number int, key text, name text, kind text"
        copy(connection, "made_name", columns, names())
        chosen = {"per_commune": streets, "units": units}
        connection.execute(text(STREETS), chosen)
        connection.execute(text(LOCALITIES))
        connection.execute(text("ANALYZE place"))
        connection.execute(text(DOORS), {"households": households})
        codes = issue_codes(connection, households)
        copy(connection, "made_code", "place bigint, code text", enumerate(codes, start=1))
        connection.execute(text(HOUSEHOLDS))
    engine.dispose()


def names() -> Iterable[tuple[object, ...]]:
    """Names of streets as they recur all over the country, each with its number and key."""
    people = [f"{surname} {given}" for surname, given in product(SURNAMES, GIVEN)]
    for number, name in enumerate([*people, *OTHERS]):
        street = parse_street(name)
        if street is None:
            raise ValueError(name)
        yield number, street.key, street.name, street.kind or "đường"


def copy(
    connection: Connection, table: str, columns: str, rows: Iterable[tuple[object, ...]]
) -> None:
    """Make a temporary table and fill it."""
    connection.execute(text(f"CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP"))
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copying,
    ):
        for row in rows:
            copying.write_row(row)
    connection.execute(text(f"ANALYZE {table}"))


def main() -> None:
    if len(sys.argv) not in (2, 3, 4, 5):
        sys.exit(__doc__)
    url, households = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    units = sys.argv[3].split(",") if len(sys.argv) > 3 else None
    streets = int(sys.argv[4]) if len(sys.argv) > 4 else STREETS_PER_COMMUNE
    prepare_database(url, print)
    started = time.perf_counter()
    fill(url, households, units, streets)
    print(f"{households:,} households in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
