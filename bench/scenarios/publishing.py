"""What goes out: exports, the feed, features, transfers, paper, routes, a commune's pack."""

import http.client
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import requests
from flask import Request
from sqlalchemy import Engine, text

from api.app import create_app
from api.core.access import Caller
from api.core.logs import configure_logs
from api.server import Pace, Server
from bench.harness import (
    Bench,
    Clock,
    Figure,
    Scenario,
    calls,
    command,
    compare,
    percentiles,
    timed,
)
from bench.registers import CAUSE, COMMUNE, key
from bench.serving import serving
from geo.label import named
from registry.core.database import make_engine, session_scope
from registry.core.events import move_pending_events, open_event
from registry.core.reads import Reads
from registry.core.settings import Settings, from_environment
from registry.files import kept
from registry.lifecycle.requests import Doors
from registry.publish.batch.pasted import read_pasted
from registry.publish.changes import IDENTITY
from registry.publish.changes.cursor import Cursor, Read, Walk
from registry.publish.changes.entries import following
from registry.publish.changes.snapshot import export_snapshot
from registry.publish.changes.unit_serials import FeedUnits, note_units
from registry.publish.pack.run import make_pack
from registry.publish.paper.certificates import issue_certificate
from registry.publish.paper.lists import print_list
from registry.publish.paper.plates import PlateForm, print_plates
from registry.publish.paper.site import Site
from registry.publish.route.distances import Point, straight_m
from registry.publish.route.listing import OPERATION, lines_of
from registry.publish.route.run import Route, RouteOptions, plan_route
from registry.publish.route.way import Way
from registry.register import Register
from registry.units.gazetteer_loading import load_gazetteer
from scripts.follow import load_snapshot
from scripts.follow_copy import Copy

MIDDLE: Final = (105.80, 21.02)
STOPS: Final = 200
CERTIFICATES: Final = 20


def export(bench: Bench) -> Iterator[Figure]:
    """A part beside the whole shows whether memory grows with the rows."""
    with tempfile.TemporaryDirectory() as folder:
        for form in ("geoparquet", "csv"):
            for of, unit in (("one province", ["--unit", "79"]), ("all", [])):
                out = Path(folder) / f"{of}.{form}"
                words = ["export", "--force", "--out", str(out), "--format", form, *unit]
                printed, spent, most = command(bench.register(), *words)
                rows = int(printed.rsplit(": ", 1)[1].split()[0].replace(".", ""))
                name = f"{form}, {of}"
                yield Figure(name, rows / spent.wall, "rows/s", "rate")
                yield Figure(name, spent.program, "s", "processor")
                yield Figure(name, most, "MB", "memory")


def transfer(bench: Bench) -> Iterator[Figure]:
    """Out, into an empty database, and out again: both files must be equal."""
    url = bench.register()
    with (
        tempfile.TemporaryDirectory() as folder,
        bench.registers.copy(bench.registers.empty()) as new,
    ):
        went, again = (Path(folder) / name for name in ("went", "again"))
        sums = set()
        for name, source, words in (
            ("out", url, ("out", str(went))),
            ("in", new, ("in", str(went))),
            ("out again", new, ("out", str(again))),
        ):
            printed, spent, most = command(source, "transfer", *words)
            sums.add(printed.splitlines()[-1])
            yield Figure(f"transfer {name}", spent.wall, "s", "time")
            yield Figure(f"transfer {name}", most, "MB", "memory")
        yield Figure("the file", went.stat().st_size / 1e6, "MB")
        yield Figure("checksums that differ", len(sums) - 1, "")


def box(degrees: float) -> str:
    """A box around the middle of Hà Nội."""
    lon, lat = MIDDLE
    return f"bbox={lon - degrees},{lat - degrees},{lon + degrees},{lat + degrees}"


def features(bench: Bench) -> Iterator[Figure]:
    url, doors = bench.register(), "households/items?limit=1000"
    pages = {
        "1,000 households": doors,
        "1,000 from the middle": f"{doors}&after=80000000",
        **{f"box of {d} degrees": f"{doors}&{box(d)}" for d in (0.002, 0.02, 0.2, 2.0)},
        "a commune": f"{doors}&unit={COMMUNE}",
        "in VN-2000": f"{doors}&crs=http://www.opengis.net/def/crs/EPSG/0/3405",
        "a day of the past": f"{doors}&datetime=2026-11-27",
        "1,000 streets": "streets/items?limit=1000",
        "100 communes": "communes/items?limit=100",
        "provinces": "provinces/items?limit=100",
    }
    with serving(url) as server, requests.Session() as session:
        session.headers["X-Api-Key"] = key(url, "carrier")

        def ask(path: str) -> None:
            session.get(f"{server.url}/ogc/collections/{path}", timeout=60).raise_for_status()

        for name, path in pages.items():
            yield from percentiles(name, calls(ask, [path] * 15), 50, 100)


def served() -> Server:
    """The application as it is served, for which everybody is a carrier."""
    configure_logs()
    settings = from_environment()

    def carrier(_request: Request) -> Caller:
        return Caller("bench", "carrier")

    app = create_app(Register.open(settings, settings.database_url or ""), carrier)
    folder = partial(kept.incoming_folder, settings)
    return Server(app, threads=settings.pool_size, folder=folder, pace=Pace())


def feed(bench: Bench) -> Iterator[Figure]:
    """One follower reads page after page; then the register goes to files and into a copy."""
    with bench.registers.copy(bench.register()) as url:
        engine = make_engine(url, pool_size=2)
        move_pending_events(engine)
        begin = _starts(engine)
        small = _write_small_events(engine, 10 * bench.sample)
        with serving(url, "bench.scenarios.publishing:served", factory=True) as server:
            for name, cursor in begin.items():
                limit = small if name.startswith("events") else bench.households
                before = sum(server.processor_s())
                count, seconds = _read(server.port, cursor, limit)
                spent = sum(server.processor_s()) - before
                yield Figure(f"feed: {name}", count / seconds, "entries/s", "rate")
                yield Figure(f"feed: {name}", spent / count * 1e6, "µs", "server's processor")
        yield from _files_and_copy(engine)
        engine.dispose()


def _starts(engine: Engine) -> dict[str, str]:
    """What is read → the cursor where that begins."""
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        note_units(engine, known)
        identity, _, *units = session.connection().exec_driver_sql(IDENTITY).one()
        digest = following(known, None, demo=False).digest
        largest, last = session.execute(
            text(
                "SELECT (SELECT f.position FROM feed f JOIN household h USING (event_id)"
                "  GROUP BY 1 ORDER BY count(*) DESC LIMIT 1), max(position) FROM feed"
            )
        ).one()

    def at(mark: Read | Walk) -> str:
        return str(Cursor(identity, digest, FeedUnits(*units).serial, None, mark))

    return {
        "the records themselves": at(Walk(last)),
        "one large event": at(Read(largest - 1)),
        "events of one record each": at(Read(last)),
    }


def _write_small_events(engine: Engine, count: int) -> int:
    with engine.connect() as connection:
        query = text("SELECT code FROM household ORDER BY md5(code) LIMIT :count")
        codes = list(connection.scalars(query, {"count": count}))
    for code in codes:
        with session_scope(engine) as session:
            session.execute(text("SET LOCAL synchronous_commit = off"))
            open_event(session, CAUSE)
            statement = "UPDATE household SET verified_on = current_date WHERE code = :code"
            session.execute(text(statement), {"code": code})
    move_pending_events(engine)
    return len(codes)


def _read(port: int, cursor: str, entries: int) -> tuple[int, float]:
    """Entries read from a cursor on, and the seconds that took."""
    count = 0
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        started = time.perf_counter()
        while count < entries:
            path = f"/v1/changes?format=ndjson&limit=5000&after={cursor}"
            connection.request("GET", path)
            *lines, last = connection.getresponse().read().splitlines()
            end = json.loads(last)
            if "cursor" not in end:
                raise SystemExit(end)
            count, cursor = count + len(lines), end["cursor"]
            if not end["more"]:
                break
        return count, time.perf_counter() - started


def _files_and_copy(engine: Engine) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, closing(Copy(Path(folder) / "copy")) as copy:
        snapshot = Path(folder) / "snapshot"
        for name, work in (
            ("snapshot of the register to files", lambda: export_snapshot(engine, snapshot)),
            ("that snapshot into a copy", lambda: load_snapshot(copy, snapshot, None, demo=False)),
        ):
            spent = timed(work)
            yield Figure(name, spent.wall, "s", "time")
            yield Figure(name, spent.program, "s", "processor")


STREET: Final = """
    SELECT u.code, f.code, t.kind, t.name FROM place t JOIN admin_unit u ON u.id = t.unit_id
    LEFT JOIN admin_unit f ON f.id = t.former_unit_id
    WHERE t.id = (SELECT street_id FROM household WHERE street_id IS NOT NULL
        AND status = 'active' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)
"""
CODES: Final = """
    SELECT code FROM household WHERE status = 'active' AND NOT restricted AND point IS NOT NULL
    ORDER BY md5(code) LIMIT :count
"""


def paper(bench: Bench) -> Iterator[Figure]:
    """Of the street of most doors. Nothing is written but the certificates."""
    with bench.registers.copy(bench.register()) as url:
        engine, reads = make_engine(url), Reads(url, pool_size=1, statement_timeout_ms=60_000)
        site = Site("https://diachiso.example.vn", True)
        with session_scope(engine) as session, closing(reads):
            known = load_gazetteer(session)
            commune, former, kind, name = session.execute(text(STREET)).one()
            codes = list(session.scalars(text(CODES), {"count": 1_000}))
            place = {"commune": commune, "former_commune": former, "street": named(kind, name)}
            street, form = Doors.model_validate(place), PlateForm("120x80")
            for what, make in (
                ("1,000 plates", lambda: print_plates(session, known, site, Doors(codes=codes))),
                ("plates of a street", lambda: print_plates(session, known, site, street, form)),
                ("list of a street", lambda: print_list(session, known, site, street, "field")),
            ):
                yield Figure(what, timed(make).wall, "s")

            def certify(code: str) -> None:
                issue_certificate(engine, reads, known, site, code)

            yield from percentiles("a certificate", calls(certify, codes[:CERTIFICATES]), 50)
        engine.dispose()


def route(bench: Bench) -> Iterator[Figure]:
    """Lengths are straight lines; the start of the solver is part of the time."""
    url = bench.register(units=[COMMUNE], streets=120)
    with closing(Register.open(Settings(limits=False), url)) as register:
        with session_scope(register.engine) as session:
            codes = list(session.scalars(text(CODES), {"count": STOPS}))
        random.Random(1).shuffle(codes)
        known = register.gazetteer.get()

        def planned(wish: RouteOptions) -> Route:
            lines = list(lines_of(read_pasted(OPERATION, "\n".join(codes), is_file=False)))
            return plan_route(known, register.reads, lines, wish)

        planned(RouteOptions())  # connections are open, statements prepared
        points = [visit.point for visit in planned(RouteOptions()).visits if visit.point]
        for round_trip in (False, True):
            name = f"{STOPS} stops, {'round trip' if round_trip else 'open'}"
            clock = Clock()
            best = planned(RouteOptions("shortest", round_trip=round_trip))
            yield Figure(name, clock.spent().wall, "s", "time")
            way = Way(points, round_trip=round_trip)
            for baseline, order in (
                ("always to the nearest", nearest(points)),
                ("walking order", range(len(points))),
            ):
                metres = way.measured(order).metres
                yield Figure(name, best.metres, "m", f"length, {baseline}", baseline, metres)


def nearest(points: Sequence[Point]) -> list[int]:
    """Always to the nearest stop that is left: what one does without a plan."""
    left, order = set(range(1, len(points))), [0]
    while left:
        here = points[order[-1]]
        order.append(min(left, key=lambda at: straight_m(here, points[at])))
        left.remove(order[-1])
    return order


def pack(bench: Bench) -> Iterator[Figure]:
    """A commune's pack; `browsers.packs` opens it on a slow phone."""
    url = bench.register(30_000, units=[COMMUNE], streets=120)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Register.open(Settings(var=Path(folder), limits=False), url)) as register,
    ):
        made = make_pack(register, COMMUNE, demo=False)
        yield Figure(f"pack of {made.doors:,} doors", len(made.body) / 1e3, "kB", "size")
        again = {"": lambda: make_pack(register, COMMUNE, demo=False)}
        yield from compare(f"pack of {made.doors:,} doors made", "s", again, url=url)


SCENARIOS = (
    Scenario("export", "exports of a province and of all, in processes of their own", export),
    Scenario("transfer", "the register into a transfer file and back", transfer),
    Scenario("features", "pages of OGC API Features", features),
    Scenario("feed", "the change feed over HTTP; a snapshot and a copy of it", feed),
    Scenario("paper", "plates, lists and certificates", paper),
    Scenario("route", "an order of stops beside going to the nearest, and by numbers", route),
    Scenario("pack", "a commune's pack", pack),
)
