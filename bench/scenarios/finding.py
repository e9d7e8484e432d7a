"""Units in texts, communes at points: how fast, and how often right on lists of the shared data."""

import csv
import datetime
import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from shapely.geometry import shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.harness import Bench, Figure, Scenario, calls, percentiles
from registry.core.database import driver_connection, make_engine, session_scope
from registry.core.reads import Reads
from registry.files.spellings.communes import CommuneReader
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.search.read.address_reader import read_address
from registry.units import UnitQuery, convert_text, find_units
from registry.units.boundaries import SQL, communes_at
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer

DAY: Final = datetime.date(2026, 10, 1)
SAME_COMMUNE: Final = {"06978": "06970", "23737": "23938"}
"""Codes of the list of boundaries that are other ones in the register."""
COMMON: Final = (
    "Tân Thành, Tân Phú, Tân An, Tân Lập, Hòa Bình, Tân Hòa, Bình Thạnh, Tân Tiến, Tân Bình"
)
HARD: Final = (
    f"{COMMON}, Tân Hưng, Thanh Sơn, Hồ Chí Minh",
    ", ".join(["Tân Thành"] * 12),
    ", ".join(["Tân Phú"] * 4 + ["Quận Tân Phú"] * 4 + ["HCM"] * 4),
    ("Tân Thành - " * 200)[:2000],
    ("Phường Tân Phú " * 200)[:2000],
    ("tp " * 700)[:2000],
)
AMONG: Final = 5
SURE: Final = 0.5


def shares(name: str, outcomes: Counter[str]) -> Iterator[Figure]:
    """Each outcome in per cent, and how many were asked."""
    asked = outcomes.total()
    yield Figure(name, asked, "", "asked")
    for outcome, count in outcomes.most_common():
        yield Figure(name, 100 * count / asked, "%", outcome)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def units(bench: Bench) -> Iterator[Figure]:
    engine = make_engine(bench.registers.empty(bench.shared))
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    engine.dispose()

    def convert(text: str) -> None:
        convert_text(known, text, written_on=None, day=DAY)

    asked = ("ba dinh", "Ba Đình", "hn", "tân", "quan", "00004", "xã tân phú") * 10
    yield from percentiles("units found by a name", calls(_find_in(known), asked))
    yield from percentiles("hard texts to communes", calls(convert, HARD * 3), 100)
    if bench.shared is None:
        return
    before = [
        f"{row['commune']}, {row['district']}, {row['province']}"
        for row in rows_of(bench.shared / "units_before_2025-07.csv")
    ]
    current = rows_of(bench.shared / "units_current.csv")
    provinces = {row["code"]: row["full_name"] for row in current if row["level"] == "province"}
    now = [
        f"{row['full_name']}, {provinces[row['province_code']]}"
        for row in current
        if row["level"] == "commune"
    ]
    for name, texts in (("communes of the old map", before), ("communes of today", now)):
        yield from percentiles(f"text to communes: {name}", calls(convert, texts))
    yield from _real(known, bench.shared)


def _find_in(known: Gazetteer):  # type: ignore[no-untyped-def]
    return lambda q: find_units(known, UnitQuery(DAY, q=q))


def _real(known: Gazetteer, data: Path) -> Iterator[Figure]:
    """Whether the communes that a real address leads to hold its point."""
    with gzip.open(data / "commune_boundaries.geojson.gz", "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    polygons = [shapely.make_valid(shape(feature["geometry"])) for feature in features]
    addresses = rows_of(data / "real_addresses.csv")
    points = [shapely.Point(float(r["longitude"]), float(r["latitude"])) for r in addresses]
    holding = defaultdict(set)
    for point, polygon in zip(*shapely.STRtree(polygons).query(points, "within"), strict=True):
        code = features[polygon]["properties"]["code"]
        holding[point].add(SAME_COMMUNE.get(code, code))
    for column in ("address_before_2025", "address"):
        for how, ask in (("units", outcome), ("as an import reads them", imported_as)):
            found = Counter(
                ask(known, row[column], holding[at]) for at, row in enumerate(addresses)
            )
            yield from shares(f"{column}, {how}", found)


def imported_as(known: Gazetteer, text: str, truth: set[str]) -> str:
    """Through the grammar of addresses, a commune of today before its namesakes."""
    namings = read_address(known, text)[0].namings
    if not any(naming.commune for naming in namings):
        return "no commune named"
    reading = CommuneReader(known, DAY, ()).of_namings(namings)
    return judged({known.units[unit].code for unit in reading.candidates}, truth)


def outcome(known: Gazetteer, text: str, truth: set[str]) -> str:
    found = convert_text(known, text, written_on=None, day=DAY)
    if not any(conversion.naming.commune for conversion in found):
        return "no commune named" if found else "nothing"
    return judged({to.unit.code for conversion in found for to in conversion.to}, truth)


def judged(codes: Iterable[str], truth: set[str]) -> str:
    to = {SAME_COMMUNE.get(code, code) for code in codes}
    if not to & truth:
        return "wrong"
    return "right" if len(to) == 1 else "right, of several"


POINTS: Final = """
    SELECT ST_X(g.geom), ST_Y(g.geom), b.unit_id
    FROM boundary b JOIN admin_unit u ON u.id = b.unit_id,
        ST_Dump(ST_GeneratePoints(b.geom, 7, 1)) g
    WHERE u.level = 'commune' AND NOT b.approximate
"""


def point_in_commune(bench: Bench) -> Iterator[Figure]:
    """Points inside all real polygons, in random order, beside the bare statement by psycopg."""
    bench.shared_file("commune_boundaries.geojson.gz")
    engine = make_engine(bench.registers.empty(bench.shared), pool_size=1)
    with session_scope(engine) as session:
        found = session.execute(text(POINTS)).all()
        points = [found[at] for at in np.random.default_rng(1).permutation(len(found))]
        yield from _timed_points(session, points)
        right = sum(
            unit in communes_at(session, lon=lon, lat=lat) for lon, lat, unit in points[:2_000]
        )
        yield Figure("points in the right commune, of 2,000", right, "")
    engine.dispose()


def _timed_points(session: Session, points: list[tuple[float, float, int]]) -> Iterator[Figure]:
    connection, statement = driver_connection(session.connection()), SQL.driver("communes_at")

    def ask(point: tuple[float, float, int]) -> None:
        communes_at(session, lon=point[0], lat=point[1])

    def bare(point: tuple[float, float, int]) -> None:
        given = {"lon": point[0], "lat": point[1]}
        connection.execute(statement, given, prepare=True).fetchall()

    for work in (ask, bare):
        calls(work, points[:2_000])
    taken = {work: np.percentile(calls(work, points), [50, 99]) * 1e3 for work in (ask, bare)}
    for at, measure in enumerate(("p50", "p99")):
        found, floor = (float(taken[work][at]) for work in (ask, bare))
        yield Figure("which commune holds a point", found, "ms", measure, "psycopg alone", floor)


def places(bench: Bench) -> Iterator[Figure]:
    """Texts with a point: whether the commune of the point is among the answers."""
    url = bench.register()
    for file in ("charging_stations", "public_places"):
        rows = [row for row in rows_of(bench.shared_file(f"{file}.csv")) if row["longitude"]]
        random.Random(1).shuffle(rows)
        counts, asked = _places(url, rows[: bench.sample], bench.show)
        yield Figure(file, asked, "", "asked")
        for outcome_, count in counts.items():
            yield Figure(file, 100 * count / asked, "%", outcome_)


def _places(url: str, rows: list[dict[str, str]], show: int) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    asked, engine = 0, make_engine(url)
    with (
        closing(Reads(url, pool_size=1, statement_timeout_ms=60_000)) as reads,
        session_scope(engine) as session,
    ):
        known = load_gazetteer(session)
        for row in rows:
            held = communes_at(session, lon=float(row["longitude"]), lat=float(row["latitude"]))
            if not held:
                continue
            asked += 1
            found = geocode(known, reads, Question(row["address"], limit=MAX_LIMIT))
            right = [answer.unit is not None and answer.unit.id in held for answer in found]
            counts["first"] += right[:1] == [True]
            counts["among five"] += any(right[:AMONG])
            counts["surely wrong"] += right[:1] == [False] and found[0].confidence >= SURE
            if not any(right[:AMONG]) and show:
                show -= 1
                units = [answer.unit for answer in found[:AMONG]]
                names = [unit.version_on(today()).full_name for unit in units if unit]
                meant = known.units[held[0]].version_on(today()).full_name
                print(f"    {row['address']}: point in {meant}; answered {names or 'nothing'}")
    engine.dispose()
    return counts, asked


SCENARIOS = (
    Scenario("units", "units in texts: time, and right or wrong on real lists", units),
    Scenario(
        "point_in_commune", "which commune holds a point, all real polygons", point_in_commune
    ),
    Scenario("places", "public places and charging stations against their points", places),
)
