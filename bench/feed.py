"""How fast the change feed is read over HTTP, and the register written to files and taken in.

    python -m bench.feed DATABASE_URL [ENTRIES]

DATABASE_URL names a filled register (`bench.made_register`, then `bin/diachiso database prepare`);
this adds events of one record each, so do not give it one that matters. One follower reads one page
after the other, as followers do: the records themselves, one large event, many small ones. `cpu` is
what an entry costs the server's processes, without PostgreSQL's.
"""

import http.client
import json
import os
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from flask import Request
from sqlalchemy import Engine, text

from api.app import create_app
from api.core.access import Caller
from api.core.logs import configure_logs
from api.server import Pace, Server
from bench.http import cpu_s, server
from registry.core.database import make_engine, session_scope
from registry.core.events import Cause, move_pending_events, open_event
from registry.core.settings import from_environment
from registry.files import kept
from registry.publish.changes import IDENTITY
from registry.publish.changes.cursor import Cursor, Read, Walk
from registry.publish.changes.entries import following
from registry.publish.changes.snapshot import export_snapshot
from registry.publish.changes.told_units import UnitsTold, note_units
from registry.register import Register
from registry.units.gazetteer_loading import load_gazetteer
from scripts.follow import load_snapshot
from scripts.follow_copy import Copy

PAGE = 5_000
SMALL_EVENTS = 20_000


def served() -> Server:
    """The application as it is served, for which everybody is a carrier."""
    configure_logs()
    settings = from_environment()

    def carrier(_request: Request) -> Caller:
        return Caller("bench", "carrier")

    app = create_app(Register.open(settings, settings.database_url or ""), carrier)
    folder = partial(kept.incoming_folder, settings)
    return Server(app, threads=settings.pool_size, folder=folder, pace=Pace())


def starts(engine: Engine) -> dict[str, str]:
    """What is read → where that begins."""
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        note_units(engine, known)
        identity, _, *told = session.connection().exec_driver_sql(IDENTITY).one()
        digest = following(known, None, demo=False).digest
        first = Cursor(identity, digest, UnitsTold(*told).serial, None, Read(0))
        largest, last = session.execute(
            text(
                "SELECT (SELECT f.position FROM feed f JOIN household h USING (event_id)"
                "  GROUP BY 1 ORDER BY count(*) DESC LIMIT 1), max(position) FROM feed"
            )
        ).one()

    def at(mark: Read | Walk) -> str:
        return str(Cursor(first.register, first.following, first.units, None, mark))

    return {
        "records themselves": at(Walk(last)),
        "one large event": at(Read(largest - 1)),
        f"{SMALL_EVENTS:,} events of one record": at(Read(last)),
    }


def write_small_events(engine: Engine) -> None:
    """One record an event, without waiting for the disk each time."""
    with engine.connect() as connection:
        codes = connection.execute(
            text("SELECT code FROM household ORDER BY md5(code) LIMIT :n"), {"n": SMALL_EVENTS}
        ).scalars()
        for code in list(codes):
            with session_scope(engine) as session:
                session.execute(text("SET LOCAL synchronous_commit = off"))
                open_event(session, Cause("bench", "bench"))
                session.execute(
                    text("UPDATE household SET verified_on = current_date WHERE code = :code"),
                    {"code": code},
                )
    move_pending_events(engine)


def read(port: int, cursor: str, entries: int) -> tuple[int, float, int]:
    """Entries read from a cursor on, seconds, bytes."""
    told = size = 0
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        started = time.perf_counter()
        while told < entries:
            path = f"/v1/changes?format=ndjson&limit={PAGE}&after={cursor}"
            connection.request("GET", path)
            body = connection.getresponse().read()
            *lines, last = body.splitlines()
            end = json.loads(last)
            if "cursor" not in end:
                raise SystemExit(end)
            told, size, cursor = told + len(lines), size + len(body), end["cursor"]
            if not end["more"]:
                break
        return told, time.perf_counter() - started, size


def files_and_copy(engine: Engine) -> None:
    """The register to files, and those into a copy."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "snapshot"
        started, before = time.perf_counter(), time.process_time()
        made = export_snapshot(engine, snapshot)
        taken, spent = time.perf_counter() - started, time.process_time() - before
        records = sum(count for kind, count in made.counts.items() if kind != "unit")
        size = sum(file.bytes for file in made.files) / 1e6
        print(f"export: {records:,} records in {taken:.0f} s, {spent:.0f} s of processor, "
              f"{size:.0f} MB, {records / taken:,.0f}/s")  # fmt: skip
        with closing(Copy(Path(folder) / "copy")) as copy:
            started, before = time.perf_counter(), time.process_time()
            load_snapshot(copy, snapshot, None, demo=False)
            taken, spent = time.perf_counter() - started, time.process_time() - before
        print(f"taken in by follow: {taken:.0f} s, {spent:.0f} s of processor")


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    url, entries = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 200_000
    os.environ["DIACHISO_LIMITS"] = "off"
    engine = make_engine(url, pool_size=2)
    begin = starts(engine)
    write_small_events(engine)
    with server("bench.feed:served", url, factory=True) as (port, pid):
        for _ in range(3):
            for name, cursor in begin.items():
                before = sum(cpu_s(pid))
                told, taken, size = read(port, cursor, entries)
                cpu = (sum(cpu_s(pid)) - before) / told * 1e6
                print(f"{name:<32} {told:8,} entries {told / taken:8,.0f}/s  cpu {cpu:4.0f} us "
                      f"{size / told:4.0f} bytes")  # fmt: skip
    files_and_copy(engine)
    engine.dispose()


if __name__ == "__main__":
    main()
