"""The real reforms replayed: households on the map of 2024, carried to that of today.

Each reform is the command itself, in a process of its own, as the seeds describe it, while callers
ask a server. What became of the codes is counted afterwards.
"""

import datetime
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from sqlalchemy import text

from bench.harness import Bench, Figure, Scenario, command
from bench.registers import owner_of
from bench.scenarios.asking import drawn, labels
from bench.scenarios.importing import import_rows
from bench.scenarios.map_of_2024 import turn_back, write_households, write_polygons
from bench.serving import Server, serving, watching
from registry.core.database import make_engine, session_scope
from registry.reform.from_seeds import resolution_of_day
from registry.units.gazetteer_loading import load_gazetteer

_DAYS: Final = """
    SELECT DISTINCT lower(valid) FROM admin_unit_version
    WHERE lower(valid) BETWEEN '2025-01-01' AND current_date ORDER BY 1
"""
_BEFORE: Final = """
    CREATE TABLE bench_before AS
    SELECT h.code, h.unit_id, coalesce(s.parts > 1, false) AS splits FROM household h
    LEFT JOIN (SELECT old, count(*) AS parts FROM bench_line GROUP BY old) s ON s.old = h.unit_id
"""
_TIMES_SEEN: Final = 20
"""Answers in a row, of whichever of the server's processes."""
# Of split communes, doors with a point: in the polygon of their commune, or elsewhere.
_IN_POLYGON: Final = """
    SELECT count(*) FROM bench_before b JOIN household h USING (code)
    JOIN admin_unit u ON u.id = h.unit_id JOIN bench_polygon p ON p.code = u.code
    WHERE b.splits AND h.point IS NOT NULL AND {holds} ST_Covers(p.geom, h.point)
"""
COUNTS: Final = {
    "codes": "SELECT count(*) FROM household",
    "codes lost": "SELECT count(*) FROM bench_before b"
    " WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = b.code)",
    "codes new": "SELECT count(*) FROM household h"
    " WHERE NOT EXISTS (SELECT FROM bench_before b WHERE b.code = h.code)",
    "codes in another commune than in 2024": "SELECT count(*) FROM bench_before b"
    " JOIN household h USING (code) WHERE h.unit_id <> b.unit_id",
    "codes outside communes of today": "SELECT count(*) FROM household h"
    " JOIN admin_unit u ON u.id = h.unit_id WHERE NOT u.lifetime @> current_date",
    "doors on a street or in a hamlet of another commune": "SELECT count(*) FROM household h"
    " LEFT JOIN place t ON t.id = h.street_id LEFT JOIN place l ON l.id = h.locality_id"
    " WHERE t.unit_id <> h.unit_id OR l.unit_id <> h.unit_id",
    "of split communes, in the polygon of their commune": _IN_POLYGON.format(holds=""),
    "of split communes, elsewhere": _IN_POLYGON.format(holds="NOT"),
    "communes of today": "SELECT count(*) FROM admin_unit"
    " WHERE level = 'commune' AND lifetime @> current_date",
    "provinces of today": "SELECT count(*) FROM admin_unit"
    " WHERE level = 'province' AND lifetime @> current_date",
}


def measure(bench: Bench) -> Iterator[Figure]:
    bench.shared_file("commune_boundaries.geojson.gz")
    with (
        tempfile.TemporaryDirectory(prefix="diachiso-bench-") as name,
        bench.registers.copy(bench.registers.empty(bench.shared)) as url,
        owner_of(url) as admin,
    ):
        folder = Path(name)
        resolutions = _resolutions(url, folder)
        turn_back(admin)
        write_polygons(admin, folder / "communes.geojson")
        write_households(admin, folder / "households.csv", bench.households)
        engine = make_engine(url)
        import_rows(engine, folder / "households.csv", "bench")
        engine.dispose()
        with admin.begin() as connection:
            connection.execute(text(_BEFORE))
        with serving(url) as server:
            paths = _questions(server, url, bench.sample)
            with watching(server.port, paths) as waited:
                time.sleep(bench.seconds)
            yield from waited.figures("before the reforms")
            for day, file in resolutions.items():
                with watching(server.port, paths) as waited:
                    yield from _carry(url, day, file, server)
                yield from waited.figures(f"while {day} is carried")
        with admin.connect() as connection:
            for name, statement in COUNTS.items():
                yield Figure(name, connection.scalar(text(statement)), "")


def _resolutions(url: str, folder: Path) -> dict[str, Path]:
    """What the seeds say of each day."""
    engine, files = make_engine(url), {}
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        for day in session.scalars(text(_DAYS)):
            boundaries = "communes.geojson" if day == datetime.date(2025, 7, 1) else None
            files[str(day)] = folder / f"{day}.yaml"
            resolution = resolution_of_day(known, day, boundaries)
            files[str(day)].write_text(resolution, encoding="utf-8")
    engine.dispose()
    return files


def _questions(server: Server, url: str, count: int) -> dict[str, list[str]]:
    doors = drawn(url, count)
    return {
        "lookup": [f"/v1/addresses/{code}" for code, _, _ in doors],
        "geocode": [f"/v1/geocode?q={quote(today)}" for today, _ in labels(server, doors)],
        "reverse": [f"/v1/reverse?lon={lon:.6f}&lat={lat:.6f}" for _, lon, lat in doors],
    }


def _carry(url: str, day: str, file: Path, server: Server) -> Iterator[Figure]:
    """One reform; then until every process of the server has the other units in memory."""
    options = ["--undecided", "nearest", "--report", str(file.with_suffix("")), "--actor", "bench"]
    printed, spent, most = command(url, "reform", str(file), "--format", "json", *options)
    report: dict[str, Any] = json.loads(printed)
    yield Figure(day, sum(report["settled_by"].values()), "", "settled")
    yield Figure(day, report["undecided"], "", "undecided")
    yield Figure(day, spent.wall, "s", "time")
    yield Figure(day, spent.program, "s", "program's processor")
    yield Figure(day, most, "MB", "memory")
    # `00199 Phường Láng Hạ`, or `00118 Phường A, Thành phố P → Phường B, Thành phố P`.
    code, _, line = [*report["altered"], *report["born"]][-1].partition(" ")
    name = line.rpartition(" → ")[2].partition(",")[0]
    started = time.perf_counter()
    has_it, seen = started, 0
    while seen < _TIMES_SEEN:
        asked = time.perf_counter()
        if _name_of(server, code) == name:
            has_it, seen = has_it if seen else asked, seen + 1
        else:
            seen = 0
        time.sleep(0.05)
    yield Figure(day, has_it - started, "s", "until every process has the map")


def _name_of(server: Server, code: str) -> str | None:
    """What one process of the server calls a unit."""
    try:
        with urlopen(f"{server.url}/v1/units/{code}") as answer:
            return str(json.load(answer)["full_name"])
    except HTTPError as refused:
        if refused.code == 404:
            return None
        raise


SCENARIOS = (Scenario("reforms", "the reforms since 2025, carried while callers ask", measure),)
