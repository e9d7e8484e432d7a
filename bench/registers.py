"""Registers of made-up households, each made once: streets that recur, alleys, flats, hamlets."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from geo.street import parse_street
from registry.access.keys import NewKey, create_key
from registry.core.database import driver_connection, make_engine, session_scope
from registry.core.events import Cause, write_scope
from registry.ops import cluster
from registry.ops.prepare import prepare_database
from registry.records.codes import issue_codes
from registry.units.boundaries import load_boundaries

CAUSE: Final = Cause("bench", "bench")
SURNAMES: Final = (
    *("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô"),
    *("Dương", "Lý"),
)
GIVEN: Final = (
    *("Trãi", "Thị Minh Khai", "Hưng Đạo", "Văn Trỗi", "Đình Phùng", "Hữu Thọ", "Quang Khải"),
    *("Văn Cừ", "Thái Học", "Bá Trác", "Công Trứ", "Đức Cảnh", "Khắc Nhu", "Văn Linh"),
    *("Thánh Tông", "Ngọc Hân", "Chí Thanh", "Xuân Soạn", "Duy Tân", "Sĩ Liên"),
)
OTHERS: Final = (
    *("Láng", "Quốc lộ 1A", "Đường số 7", "30/4", "Cách Mạng Tháng 8", "Bạch Đằng"),
    *("Lạc Long Quân", "Huế"),
)
COMMUNE: Final = "00199"
"""Where registers of a single commune lie."""

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


@dataclass(frozen=True, slots=True)
class Registers:
    """Databases of one scratch server."""

    admin_url: str

    @classmethod
    @contextmanager
    def on(cls, admin_url: str | None) -> "Iterator[Registers]":
        """Those of the server; without one, of a new cluster, removed at the end."""
        if admin_url:
            yield cls(admin_url)
            return
        folder = Path(
            tempfile.mkdtemp(prefix="diachiso-bench-", dir="/tmp")
        )  # a socket's path is short
        made = replace(cluster.throwaway(folder), throwaway=False)
        try:
            made.initialise()
            process = made.start()
            yield cls(made.admin_url("postgres"))
            made.stop()
            process.wait()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def made(
        self,
        households: int,
        *,
        units: Sequence[str] = (),
        streets: int = 20,
        shared: Path | None = None,
    ) -> str:
        """URL of a register of so many households, made unless it is there.

        They lie in `units`, codes of provinces or communes (without any, in the whole country), and
        a commune has so many streets. The same arguments make the same register, but for its codes.
        """
        what = (households, *units, streets, bool(shared))

        def fill_it(url: str) -> None:
            fill(url, households, list(units) or None, streets)

        return self.kept("bench_" + "_".join(map(str, what)), fill_it, shared)

    def kept(self, name: str, fill_it: Callable[[str], None], shared: Path | None) -> str:
        """URL of a register that `fill_it` has filled, in this run or a former one."""
        name = name if len(name) < 60 else f"bench_{hashlib.sha256(name.encode()).hexdigest()[:20]}"
        if not self._has(name):
            template = str(make_url(self.empty(shared)).database)
            self._make(name, template, fill_it)
        return self._url(name)

    def empty(self, shared: Path | None = None) -> str:
        """URL of a register without households, to be copied: with real boundaries if shared."""

        def prepare(url: str) -> None:
            prepare_database(url, lambda _line: None)
            if shared:
                engine = make_engine(url)
                boundaries = shared / "commune_boundaries.geojson.gz"
                load_boundaries(engine, str(boundaries), actor="bench")
                engine.dispose()

        name = "bench_empty_boundaries" if shared else "bench_empty"
        if not self._has(name):
            self._make(name, "template0", prepare)
        return self._url(name)

    def _make(self, name: str, template: str, fill_it: Callable[[str], None]) -> None:
        """Under another name until it is complete, as a run may be broken off."""
        print(f"  making {name}", flush=True)
        self._create(unfinished := f"{name}_", template)
        fill_it(self._url(unfinished))
        with owner_of(self._url(unfinished)) as owner, autocommit(owner) as connection:
            connection.execute(text("VACUUM ANALYZE"))
        self._do("ALTER DATABASE {} RENAME TO {}", unfinished, name)

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """URL of a copy of a register, for scenarios that write; dropped at the end."""
        name = f"bench_copy_{os.getpid()}"  # other runs may use the same server
        self._create(name, str(make_url(url).database))
        try:
            yield self._url(name)
        finally:
            self._do("DROP DATABASE {} WITH (FORCE)", name)

    def _url(self, name: str) -> str:
        made = make_url(self.admin_url).set(database=name, drivername="postgresql")
        return made.render_as_string(hide_password=False)

    def _create(self, name: str, template: str) -> None:
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._do("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)

    def _has(self, name: str) -> bool:
        with psycopg.connect(self.admin_url) as connection:
            query = "SELECT FROM pg_database WHERE datname = %s"
            return connection.execute(query, [name]).fetchone() is not None

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def fill(url: str, households: int, units: list[str] | None, streets: int) -> None:
    """Streets, localities and so many households, in one transaction under one event."""
    engine = make_engine(url, pool_size=2)
    with write_scope(engine, CAUSE) as session:
        connection = session.connection()
        copy_rows(connection, "made_name", "number int, key text, name text, kind text", names())
        connection.execute(text(STREETS), {"per_commune": streets, "units": units})
        connection.execute(text(LOCALITIES))
        connection.execute(text("ANALYZE place"))
        connection.execute(text(DOORS), {"households": households})
        codes = issue_codes(connection, households)
        copy_rows(connection, "made_code", "place bigint, code text", enumerate(codes, start=1))
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


def copy_rows(
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


@contextmanager
def owner_of(url: str) -> Iterator[Engine]:
    """An engine of the superuser himself, not of the application's role."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        connect_args={"options": "-c jit=off"},
    )
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def autocommit(engine: Engine) -> Iterator[Connection]:
    """For VACUUM, CHECKPOINT and CREATE DATABASE."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def key(url: str, role: str, **more: object) -> str:
    """The secret of a new key."""
    engine = make_engine(url)
    try:
        with session_scope(engine) as session:
            made = NewKey("bench", role, rate_per_minute=1_000_000, **more)  # type: ignore[arg-type]
            return create_key(session, made).secret
    finally:
        engine.dispose()
