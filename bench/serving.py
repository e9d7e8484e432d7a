"""Servers as `bin/run` starts them, and callers that keep them busy or keep an eye on them."""

import http.client
import os
import re
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, Final

import numpy as np
from flask import Flask, Response, jsonify, request
from psycopg_pool import ConnectionPool

from bench.harness import Figure, children, memory_mb, percentiles, processor_s
from geo import code as codes
from registry.core.settings import ROOT, Settings
from registry.records import lookup
from registry.search import reverse
from scripts.listening import web_server

BARE: Final = "bench.serving:bare"
_PAUSE_S: Final = 0.03
"""Between two questions of a watcher, which is to notice and not to load the machine."""


def bare() -> Flask:
    """The floor: one query, its columns, nothing else."""
    app = Flask("bare")
    options = "-c jit=off -c plan_cache_mode=force_generic_plan"  # as the service has it
    pool = ConnectionPool(
        os.environ["DATABASE_URL"],
        kwargs={"autocommit": True, "prepare_threshold": 0, "options": options},
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


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processor_s(self) -> list[float]:
        """Seconds of the processor that each of its processes has used."""
        return processor_s(self.pid)

    def memory(self, kind: str = "proportional") -> Iterator[Figure]:
        """Memory of the largest worker."""
        most = max(memory_mb(pid)[kind] for pid in children(self.pid) or [self.pid])
        yield Figure(f"memory of a server process, {kind}", most, "MB")


@contextmanager
def serving(
    url: str,
    target: str = "api.wsgi:server",
    *,
    workers: int = 2,
    by_wsgi: bool = False,
    factory: bool = False,
    **environment: str,
) -> Iterator[Server]:
    """Granian as `bin/run` starts it, or by WSGI: without limits unless the environment says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*web_server(target, "127.0.0.1", port, workers=workers), "--log-level", "error"]
    if by_wsgi:
        command += ["--interface", "wsgi", "--blocking-threads", str(Settings().pool_size)]
    command += ["--factory"] * factory
    ours = {"DATABASE_URL": url, "PYTHONPATH": str(ROOT), "DIACHISO_LIMITS": "off"}
    environment = {**os.environ, **ours, **environment}
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            _await_answer(port, process)
            yield Server(port, process.pid)
        finally:
            process.terminate()


def _await_answer(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1_200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"the server ended with {process.returncode}") from None
            time.sleep(0.1)
        else:
            time.sleep(1)  # every worker, with its gazetteer
            return
    raise SystemExit("the server does not answer")


@dataclass(frozen=True, slots=True)
class Load:
    """Paths asked one after the other over one connection, for so many seconds."""

    server: Server
    paths: Sequence[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a load over several connections."""

    rate: float
    processor_us: float
    """Of a request, of the server's processes."""
    seconds: list[float]
    failed: int
    """Requests that were not answered by 200."""

    def p(self, which: int) -> float:
        return float(np.percentile(self.seconds, which)) * 1_000


def loaded(load: Load, connections: int) -> Answered:
    """Ask over so many connections at once, each from a process of its own."""
    share = [load.paths[i::connections] for i in range(connections)]
    with get_context("fork").Pool(connections) as pool:
        pool.map(_ask, [Load(load.server, part, 1.0) for part in share])
        before = sum(load.server.processor_s())
        done = pool.map(_ask, [Load(load.server, part, load.seconds) for part in share])
        spent = sum(load.server.processor_s()) - before
    seconds = [each for part, _ in done for each in part]
    return Answered(
        rate=len(seconds) / load.seconds,
        processor_us=spent / len(seconds) * 1e6,
        seconds=seconds,
        failed=sum(failed for _, failed in done),
    )


def in_turns(loads: Sequence[Load], connections: int, rounds: int = 3) -> list[Answered]:
    """Each load in turn, so that other work disturbs all alike: the round of the median rate."""
    done = [[loaded(load, connections) for load in loads] for _ in range(rounds)]
    return [
        sorted(column, key=lambda each: each.rate)[rounds // 2]
        for column in zip(*done, strict=True)
    ]


def figures(
    name: str, found: Answered, floor: Answered | None = None, baseline: str = "bare view"
) -> Iterator[Figure]:
    """Rate, latency and processor time of a load, beside those of another."""
    for measure, unit, value, beside in (
        ("rate", "/s", found.rate, floor and floor.rate),
        ("processor time", "µs", found.processor_us, floor and floor.processor_us),
    ):
        yield Figure(name, value, unit, measure, baseline if floor else "", beside)
    yield from percentiles(name, found.seconds)
    if found.failed:
        yield Figure(name, found.failed, "requests", "failed")


def _ask(load: Load) -> tuple[list[float], int]:
    """Seconds of each request, and how many failed."""
    requests = [f"GET {p} HTTP/1.1\r\nHost: b\r\n\r\n".encode() for p in load.paths]
    times, failed = [], 0
    with socket.create_connection(("127.0.0.1", load.server.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + load.seconds
        while (started := time.perf_counter()) < end:
            connection.sendall(requests[len(times) % len(requests)])
            failed += not _receive(connection).startswith(b"HTTP/1.1 200")
            times.append(time.perf_counter() - started)
    return times, failed


def _receive(connection: socket.socket) -> bytes:
    """The head of one response, whose body is read by the length that the head gives."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = int((re.search(rb"(?i)content-length: *(\d+)", head) or (0, 0))[1])
    read = len(body)
    while read < length:
        read += len(connection.recv(65536))
    return head


@dataclass
class Waited:
    """By kind of question: seconds of each, and answers other than 200."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)

    def figures(self, when: str) -> Iterator[Figure]:
        for kind, seconds in self.seconds.items():
            yield from percentiles(f"{kind} {when}", seconds, 50, 99, 100)
        yield Figure(f"failed {when}", self.failed.total(), "requests")
        if self.failed:
            print(f"  failed: {dict(self.failed)}")

    def ask(self, connection: http.client.HTTPConnection, kind: str, *asked: Any) -> None:
        """One request, counted; the connection is opened again after a failure."""
        started = time.perf_counter()
        try:
            connection.request(*asked)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                self.failed[f"{kind} {answer.status}"] += 1
        except (OSError, http.client.HTTPException) as error:
            self.failed[f"{kind} {type(error).__name__}"] += 1
            connection.close()
        self.seconds.setdefault(kind, []).append(time.perf_counter() - started)


@contextmanager
def watching(port: int, paths: Mapping[str, Sequence[str]]) -> Iterator[Waited]:
    """A caller for each kind of question, for as long as the block takes."""
    waited, ended = Waited(), threading.Event()

    def watch(kind: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        at = 0
        while not ended.wait(_PAUSE_S):
            waited.ask(connection, kind, "GET", paths[kind][at % len(paths[kind])])
            at += 1
        connection.close()

    threads = [threading.Thread(target=watch, args=(kind,)) for kind in paths]
    for thread in threads:
        thread.start()
    try:
        yield waited
    finally:
        ended.set()
        for thread in threads:
            thread.join()
