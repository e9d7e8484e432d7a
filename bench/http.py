"""Requests per second over HTTP, beside a bare Flask view on the same server.

    python -m bench.http DATABASE_URL [SECONDS]

DATABASE_URL names a filled register (`bench.made_register`). Lookup and reverse are compared with a
view that runs the same one query by psycopg and returns its columns (promise: 60 %); geocode is
timed at one connection and at four. The bare view is called by WSGI; `no hand-over` is our lookup
called so too, without a loop that takes the body in first (`api.server`). Client, server and
database share the machine, so only what is measured in one run compares; `cpu` is what a request
costs the server's processes, which other work on the machine disturbs less. Which of the server's
processes takes a connection is chance: where one has three of four, the other core is idle at
times, and the rate is lower at the same `cpu`.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from flask import Flask, Response, jsonify, request
from psycopg_pool import ConnectionPool

from geo import code as codes
from registry.core.reads import Reads
from registry.core.settings import Settings
from registry.records import lookup
from registry.search import reverse
from scripts.listening import web_server

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
CONNECTIONS = 4
SAMPLE = 8_000
"""Doors; one half is asked for, the other fills what the server remembers of units and streets."""
ROUNDS = 3
BARE = "bench.http:bare"


def bare() -> Flask:
    """The floor: one query, its columns, nothing else."""
    app = Flask("bare")
    options = "-c jit=off -c plan_cache_mode=force_generic_plan"  # as the service has it
    arguments = {"autocommit": True, "prepare_threshold": 0, "options": options}
    pool = ConnectionPool(
        os.environ["DATABASE_URL"],
        kwargs=arguments,
        min_size=1,
        max_size=Settings().pool_size,
        open=True,
    )

    def rows(statement: str, parameters: dict[str, object]) -> list[Any]:
        with pool.connection() as connection:
            return connection.execute(statement, parameters).fetchall()

    @app.get("/nothing")
    def nothing() -> Response:
        return Response("ok")

    @app.get("/lookup/<code>")
    def by_code(code: str) -> Response:
        (row,) = rows(lookup.SQL.driver("by_code"), {"code": codes.validate(code)})
        return jsonify(row)

    @app.get("/reverse")
    def near() -> Response:
        point = {"lon": float(request.args["lon"]), "lat": float(request.args["lat"])}
        return jsonify(rows(reverse.SQL.driver("nearest_few"), {**point, "reach_m": 300.0})[0])

    return app


@contextmanager
def server(
    target: str, url: str, *, by_wsgi: bool = False, factory: bool = False
) -> Iterator[tuple[int, int]]:
    """Granian as `bin/run` starts it, or by WSGI: its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*web_server(target, "127.0.0.1", port, workers=WORKERS), "--log-level", "error"]
    if by_wsgi:
        command += ["--interface", "wsgi", "--blocking-threads", str(Settings().pool_size)]
    command += ["--factory"] * factory
    ours = {"DATABASE_URL": url, "PYTHONPATH": str(ROOT), "DIACHISO_LIMITS": "off"}
    environment = os.environ | ours
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            wait(port)
            yield port, process.pid
        finally:
            process.terminate()


def wait(port: int) -> None:
    """Until the server answers."""
    for _ in range(1_200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(1)  # every worker, with its gazetteer
            return
    raise SystemExit("the server does not answer")


@dataclass(frozen=True)
class Load:
    """Paths asked one after the other over one connection, for so many seconds."""

    server: tuple[int, int]
    """Port and process id."""
    paths: list[str]
    seconds: float


def ask(load: Load) -> tuple[list[float], int]:
    """Seconds of each request, and how many were not answered by 200."""
    requests = [f"GET {p} HTTP/1.1\r\nHost: b\r\n\r\n".encode() for p in load.paths]
    times, failed = [], 0
    with socket.create_connection(("127.0.0.1", load.server[0])) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + load.seconds
        at = 0
        while (started := time.perf_counter()) < end:
            connection.sendall(requests[at % len(requests)])
            failed += not receive(connection).startswith(b"HTTP/1.1 200")
            times.append(time.perf_counter() - started)
            at += 1
    return times, failed


def receive(connection: socket.socket) -> bytes:
    """One response whose length its header gives."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head


def measure(load: Load, connections: int) -> dict[str, float]:
    """Requests per second, percentiles in ms, microseconds of CPU of the server's processes."""
    share = [load.paths[i::connections] for i in range(connections)]
    with Pool(connections) as pool:
        pool.map(ask, [Load(load.server, part, 1.0) for part in share])
        before = cpu_s(load.server[1])
        done = pool.map(ask, [Load(load.server, part, load.seconds) for part in share])
        each = [now - then for now, then in zip(cpu_s(load.server[1]), before, strict=True)]
        spent = sum(each)
    times = np.array([t for part, _ in done for t in part]) * 1000
    p50, p99 = np.percentile(times, [50, 99])
    failed = sum(failed for _, failed in done)
    rate = len(times) / load.seconds
    cpu = spent / len(times) * 1e6
    busiest = max(each) / spent
    found = {"rate": rate, "p50": p50, "p99": p99, "failed": failed, "cpu": cpu}
    return found | {"busiest": busiest}


def show(name: str, found: dict[str, float], floor: dict[str, float] | None = None) -> None:
    share = ""
    if floor is not None:
        rate, cpu = found["rate"] / floor["rate"], floor["cpu"] / found["cpu"]
        share = f"  of the bare view: {rate:.0%} by rate, {cpu:.0%} by cpu"
    print(
        f"{name:<28} {found['rate']:7,.0f}/s  p50 {found['p50']:6.2f}  p99 {found['p99']:6.2f} ms"
        f"  cpu {found['cpu']:5.0f} us, {found['busiest']:.0%} of it by one process"
        f"  failed {found['failed']:.0f}{share}"
    )


def processes(pid: int) -> list[str]:
    """Ids of the server's workers."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [str(pid)]


def cpu_s(pid: int) -> list[float]:
    """Seconds of CPU that each worker has used."""
    found = []
    for child in processes(pid):
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        found.append((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
    return found


def memory_mb(pid: int) -> list[float]:
    """Memory of each worker: what is its own, and its share of what several have (PSS)."""
    found = []
    for child in processes(pid):
        rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
        pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
        found.append(int(pss.split()[1]) / 1024)
    return sorted(found)


def sample(url: str) -> list[Any]:
    """Doors in random order: code, lon, lat."""
    reads = Reads(url, pool_size=1, statement_timeout_ms=60_000)
    try:
        return reads.rows(
            f"SELECT code, ST_X(point), ST_Y(point) FROM household"
            f" WHERE status = 'active' AND house_number_key IS NOT NULL AND point IS NOT NULL"
            f" ORDER BY md5(code) LIMIT {SAMPLE}",
            {},
        )
    finally:
        reads.close()


def labels(port: int, doors: list[Any]) -> list[tuple[str, str]]:
    """Wordings of today and of the old map, as the service itself gives them."""
    import json
    import urllib.request

    found = []
    for code, _, _ in doors:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/addresses/{code}") as answer:
            body = json.load(answer)
        found.append((body["label"], body["label_before_2025_07"] or body["label"]))
    return found


def compare(name: str, bare: Load, ours: Load) -> None:
    """Both in turns, so that what else the machine does meets both; the median of each."""
    rounds = [[measure(load, CONNECTIONS) for load in (bare, ours)] for _ in range(ROUNDS)]
    floor, found = (
        sorted(column, key=lambda r: r["rate"])[ROUNDS // 2] for column in zip(*rounds, strict=True)
    )
    show(f"{name} (bare view)", floor)
    show(name, found, floor)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    url, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) == 3 else 5.0
    doors = sample(url)
    doors, others = doors[: SAMPLE // 2], doors[SAMPLE // 2 :]
    at = [f"lon={lon + 0.0003:.6f}&lat={lat + 0.0002:.6f}" for _, lon, lat in doors]
    with (
        server(BARE, url, by_wsgi=True, factory=True) as floor,
        server("api.wsgi:app", url, by_wsgi=True) as plain,
        server("api.wsgi:server", url) as ours,
    ):
        show("no database (bare)", measure(Load(floor, ["/nothing"] * 8, seconds), CONNECTIONS))
        compare(
            "lookup",
            Load(floor, [f"/lookup/{code}" for code, _, _ in doors], seconds),
            Load(ours, [f"/v1/addresses/{code}" for code, _, _ in doors], seconds),
        )
        compare(
            "lookup (no hand-over)",
            Load(plain, [f"/v1/addresses/{code}" for code, _, _ in doors], seconds),
            Load(ours, [f"/v1/addresses/{code}" for code, _, _ in doors], seconds),
        )
        compare(
            "reverse",
            Load(floor, [f"/reverse?{point}" for point in at], seconds),
            Load(ours, [f"/v1/reverse?{point}" for point in at], seconds),
        )
        for texts in ways_of_writing(labels(ours[0], others)).values():
            measure(Load(ours, [f"/v1/geocode?q={quote(text)}" for text in texts], 4), CONNECTIONS)
        for name, texts in ways_of_writing(labels(ours[0], doors)).items():
            paths = [f"/v1/geocode?q={quote(text)}" for text in texts]
            for connections in (1, CONNECTIONS):
                show(f"{name} ({connections})", measure(Load(ours, paths, seconds), connections))
        sizes = ", ".join(f"{size:.0f} MB" for size in memory_mb(ours[1]))
        print(f"memory of the processes: {sizes}")


def ways_of_writing(worded: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Name of a way → texts."""
    return {
        "geocode, today's text": [today for today, _ in worded],
        "geocode, the old map": [before for _, before in worded],
        "geocode, no commune": [
            f"{today.split(',')[0]}, {today.split(',')[-1]}" for today, _ in worded
        ],
    }


if __name__ == "__main__":
    assert threading.active_count() == 1  # Pool forks
    main()
