"""The real reforms replayed: a million households on the map of 2024, carried to that of today.

    python -m bench.reforms URL STRAIGHT_URL --boundaries FILE --real CSV [--households N]

Both databases are empty, of one scratch cluster, and reached as its superuser. The file has the
real polygons of today's communes, the CSV real addresses with their wording from before July 2025
(`bench.map_of_2024` says what else there is). Each reform is the command itself, in a process of
its own, while readers ask a server and after it a follower catches up. Then it is counted what
became of codes, doors, labels, keys, targets and counts; and the files are imported into the second
database, onto today's map, to tell how that differs.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from sqlalchemy import Engine, create_engine, make_url, text

from bench import reform_checks as checks
from bench.clock import Clock
from bench.http import ROOT, server
from bench.map_of_2024 import (
    make_keys,
    turn_back,
    write_households,
    write_polygons,
    write_targets,
    write_texts,
)
from bench.readers import reading
from registry.core.database import make_engine, session_scope
from registry.coverage.count_cache import count_anew
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.ops.prepare import prepare_database
from registry.publish.changes.snapshot import export_snapshot
from registry.reform.from_seeds import resolution_of_day
from registry.units.boundaries import load_boundaries
from registry.units.gazetteer_loading import load_gazetteer
from scripts.follow import LIMIT, load_snapshot, next_page
from scripts.follow_copy import Copy

DAYS: Final = ("2025-01-01", "2025-07-01", "2026-04-30", "2026-08-04", "2026-08-24")
_TIMES_SEEN: Final = 20
"""Answers one after the other, of whichever of the server's processes."""
_ASKED: Final = 3_000
"""Doors that readers ask for, and whose labels are asked afterwards."""


@dataclass
class Stage:
    """What is measured on."""

    url: str
    engine: Engine
    admin: Engine
    folder: Path


def opened(url: str, folder: Path) -> Stage:
    """A database, prepared."""
    prepare_database(url, print)
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    return Stage(url, make_engine(url), admin, folder)


def write_resolutions(stage: Stage) -> dict[str, Path]:
    """What the seeds say of each day."""
    with session_scope(stage.engine) as session:
        known = load_gazetteer(session)
    files = {day: stage.folder / f"{day}.yaml" for day in DAYS}
    for day, path in files.items():
        named = "communes.geojson" if day == "2025-07-01" else None
        said = resolution_of_day(known, datetime.date.fromisoformat(day), named)
        path.write_text(said, encoding="utf-8")
    return files


def import_files(stage: Stage, files: dict[str, Path]) -> None:
    """Each under its name as a source."""
    for source, path in files.items():
        started = time.perf_counter()
        done = import_file(stage.engine, path, ImportOptions(source), lambda _count: None)
        told = {code: rows for code, rows in done.problems.items() if rows > done.rows / 1_000}
        print(
            f"import of {done.rows:,} rows ({source}): {done.new:,} new, {done.linked:,} linked,"
            f" {done.rejected:,} rejected, {time.perf_counter() - started:.0f} s; {told}",
            flush=True,
        )


def carry(stage: Stage, day: str, file: Path) -> dict[str, Any]:
    """The command in a process of its own; its report."""
    folder = stage.folder / day
    command = [sys.executable, "-m", "scripts.main", "reform", str(file), "--format", "json"]
    command += ["--undecided", "nearest", "--report", str(folder), "--actor", "bench"]
    clock, phases, most = Clock(stage.admin), [], 0
    with (stage.folder / f"{day}.json").open("w+", encoding="utf-8") as out:
        environment = os.environ | {"DATABASE_URL": stage.url}
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=out, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            phases.append((time.perf_counter(), line.strip()))
            # `wait4` tells no less than what this process had when it began that one.
            most = highest(process.pid) or most
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{day}: " + "\n".join(line for _, line in phases))
        out.seek(0)
        report: dict[str, Any] = json.load(out)
    spent, ended = clock.spent(), time.perf_counter()
    settled = sum(report["settled_by"].values())
    print(
        f"{day}: {settled:,} settled {report['settled_by']}, {report['undecided']:,} undecided;"
        f" {spent.wall:.1f} s; processors: program {used.ru_utime + used.ru_stime:.1f}, server"
        f" {spent.server:.1f}; program {most / 1024:.0f} MB"
    )
    times = [at for at, _ in phases[1:]] + [ended]
    for (begun, phase), end in zip(phases, times, strict=True):
        print(f"   {phase:<24}{end - begun:7.1f} s")
    return report


def highest(pid: int) -> int:
    """The most memory that a process has had, in KiB; 0 of one that has ended."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) for line in told.splitlines() if "VmHWM" in line), 0)


def await_map(port: int, report: dict[str, Any]) -> None:
    """Until every process of the server has the other units in memory, and how long that was."""
    # `00199 Phường Láng Hạ`, or `00118 Phường A, Thành phố P → Phường B, Thành phố P`.
    code, _, said = [*report["altered"], *report["born"]][-1].partition(" ")
    name = said.rpartition(" → ")[2].partition(",")[0]
    started = time.perf_counter()
    has_it, seen = started, 0
    while seen < _TIMES_SEEN:
        asked = time.perf_counter()
        if name_told(port, code) == name:
            has_it = has_it if seen else asked
            seen += 1
        else:
            seen = 0
        time.sleep(0.05)
    print(f"   the server has its map after {has_it - started:.1f} s")


def name_told(port: int, code: str) -> str | None:
    """What one process of the server calls a unit; None where it has none of that code."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/v1/units/{code}") as answer:
            return str(json.load(answer)["full_name"])
    except HTTPError as refused:
        if refused.code == HTTPStatus.NOT_FOUND:
            return None
        raise


def catch_up(copy: Copy, port: int, secret: str) -> Counter[str]:
    """What a follower is told, by kind."""
    told: Counter[str] = Counter()
    while True:
        query = {"limit": str(LIMIT), "demo": "false", "after": copy.cursor() or ""}
        page = next_page(f"http://127.0.0.1:{port}", query, secret)
        end = page.pop()
        copy.apply(page, end["cursor"])
        told.update(entry["type"] for entry in page)
        if not end["more"]:
            return told


def questions(stage: Stage, copy: Copy) -> dict[str, list[str]]:
    """Kind → what readers ask."""
    with stage.admin.connect() as connection:
        codes = connection.execute(text(checks.ASKED), {"asked": _ASKED}).all()
    label = "SELECT label FROM label WHERE code = ?"
    texts = [copy.db.execute(label, [code]).fetchone()[0] for code, _, _ in codes[:500]]
    return {
        "lookup": [f"/v1/addresses/{code}" for code, _, _ in codes],
        "geocode": [f"/v1/geocode?q={quote(each)}" for each in texts],
        "reverse": [
            f"/v1/reverse?lon={lon:.6f}&lat={lat:.6f}" for _, lon, lat in codes if lon is not None
        ],
    }


def replay(stage: Stage, files: dict[str, Path], secret: str) -> Copy:
    """All reforms, one after the other; the follower's copy afterwards."""
    snapshot = stage.folder / "before"
    export_snapshot(stage.engine, snapshot)
    copy = Copy(stage.folder / "follower")
    load_snapshot(copy, snapshot, None, demo=False)
    checks.keep_labels(copy, "2024-12-31")
    asked = questions(stage, copy)
    with server("api.wsgi:server", stage.url) as (port, _):
        with reading(port, asked) as waited:
            time.sleep(20)
        print(f"readers before\n{waited}", flush=True)
        for day, file in files.items():
            with reading(port, asked) as waited:
                report = carry(stage, day, file)
                await_map(port, report)
            print(waited, flush=True)
            started = time.perf_counter()
            told = catch_up(copy, port, secret)
            took = time.perf_counter() - started
            print(f"   the feed told {sum(told.values()):,} entries in {took:.0f} s: {dict(told)}")
            checks.listed(stage.admin, stage.folder / day, report["undecided"])
            checks.keep_labels(copy, day)
    return copy


def built(stage: Stage, given: argparse.Namespace) -> tuple[dict[str, Path], str]:
    """The register of 2024: the files that were imported into it, and a carrier's key."""
    turn_back(stage.engine, stage.admin, given.boundaries)
    write_polygons(stage.admin, stage.folder / "communes.geojson")
    files = {"bench": stage.folder / "bench.csv", "real": stage.folder / "real.csv"}
    write_households(stage.admin, files["bench"], given.households)
    write_texts(given.real, files["real"])
    import_files(stage, files)
    write_targets(stage.engine, stage.admin, stage.folder / "targets.csv")
    secret = make_keys(stage.engine, stage.admin)
    count_anew(stage.engine)
    checks.keep_before(stage.admin)
    return files, secret


def look(stage: Stage, copy: Copy, before: dict[str, int]) -> None:
    """What became of all this."""
    started = time.perf_counter()
    count_anew(stage.engine)
    print(f"all communes counted anew: {time.perf_counter() - started:.1f} s")
    checks.print_sums(before, checks.sums(stage.engine))
    checks.print_counts(stage.admin)
    checks.doctor(stage.url)
    checks.compare_copies(stage.engine, copy, stage.folder)
    checks.ask_labels(stage.engine, stage.admin, stage.url, copy)


def main() -> None:
    """Replay the reforms and print what became of the households."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("straight")
    parser.add_argument("--boundaries", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--households", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="diachiso-reforms-") as name:
        stage = opened(given.url, Path(name))
        resolutions = write_resolutions(stage)
        files, secret = built(stage, given)
        before = checks.sums(stage.engine)
        with closing(replay(stage, resolutions, secret)) as copy:
            look(stage, copy, before)
        straight = opened(given.straight, stage.folder)
        load_boundaries(straight.engine, str(given.boundaries), actor="bench")
        import_files(straight, files)
        checks.compare_registers(stage.admin, straight.admin)


if __name__ == "__main__":
    main()
