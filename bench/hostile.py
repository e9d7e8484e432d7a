"""What callers who mean harm do to the others, and what they take away.

    python -m bench.hostile slow URL [SECONDS] [CALLERS]
    python -m bench.hostile copy URL [SECONDS]
    python -m bench.hostile texts DATABASE_URL [TIMES [SEED [WAY...]]]
    python -m bench.hostile files [SECONDS]

URL is that of a service as `bin/run` starts it, on this machine. `slow`: the time of single calls
while nobody else is there, and while CALLERS send heads and bodies a byte at a time or ask for
large answers and do not read them. `copy`: how many codes one address without a key is told in so
many seconds, by each way of asking for many; the service has to be started with
DIACHISO_LIMITS=on. `texts`: what made-up texts cost in processor time of this process and in
statements of the database that DATABASE_URL names, by each way of having a text answered; what
costs more than any text may is shown. `files`: what reading each of some files takes that were made
to fetch something, or never to end; it is ended after SECONDS.
"""

import gc
import gzip
import http.client
import itertools
import json
import logging
import os
import random
import re
import select
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import structlog

from geo import code as codes
from tests.support.made_texts import made_texts
from tests.support.text_cost import WAYS, cost_of
from tests.support.units import open_app

PACE_S = 0.02
"""Between two calls of the caller who means well."""
BYTE_S = 3.0
"""Between two bytes of one who does not."""


@dataclass
class Calls:
    """Single calls, one after the other, and how long each took."""

    host: str
    port: int
    times: dict[str, list[float]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)

    def ask(self, name: str, method: str, path: str, body: bytes | None = None) -> None:
        """One call, over a connection of its own as a new caller has it."""
        started = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, headers)
            status = connection.getresponse().status
            self.failed[f"{name} {status}"] += status >= 500
        except OSError as error:
            self.failed[f"{name} {type(error).__name__}"] += 1
        finally:
            connection.close()
        self.times.setdefault(name, []).append(time.perf_counter() - started)

    def run(self, seconds: float) -> None:
        """The calls of shops and carriers by turns, for so long."""
        address = json.dumps({"address": "82/10/2 le thi hong gam p11 q3 tphcm"}).encode()
        turns = itertools.cycle(
            (
                ("healthz", "GET", "/healthz", None),
                ("lookup", "GET", "/v1/addresses/0000-0014", None),
                ("geocode", "GET", "/v1/geocode?q=19/10/2+hoang+sa+hoan+kiem", None),
                ("validate", "POST", "/v1/validate", address),
            )
        )
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.ask(*next(turns))
            time.sleep(PACE_S)

    def show(self, title: str) -> None:
        """A line a kind of call."""
        print(title)
        for name, times in self.times.items():
            p50, p99 = np.percentile(np.array(times) * 1000, [50, 99])
            print(f"  {name:<10} {len(times):5} calls  p50 {p50:7.2f}  p99 {p99:8.2f} ms")
        if failures := +self.failed:
            print("  failed:", dict(failures))


def slow(url: str, seconds: float, callers: int) -> None:
    """Prints the times of quiet seconds and of those under attack."""
    host, port = _place(url)
    quiet, attacked = Calls(host, port), Calls(host, port)
    quiet.run(3)
    quiet.times.clear()
    quiet.run(seconds)
    quiet.show(f"nobody else, {seconds:.0f} s")
    ended = threading.Event()
    told: Counter[str] = Counter()
    crowd = threading.Thread(target=_crowd, args=(host, port, callers, ended, told))
    crowd.start()
    attacked.run(seconds)
    ended.set()
    crowd.join()
    attacked.show(f"beside {callers} slow callers, {seconds:.0f} s")
    for name, times in attacked.times.items():
        before = np.percentile(quiet.times[name], 99)
        print(f"  {name}: p99 {np.percentile(times, 99) / before:.2f} of the quiet one")
    print("slow callers were told:", dict(told))


_HEAD = b"GET /v1/geocode?q=a HTTP/1.1\r\nHost: a\r\nX-Long: "
_POST = b"POST /v1/validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
_BODY = _POST + b"Content-Length: 900000\r\n\r\n"
_UNREAD = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 40
_SLOW = (("head", _HEAD), ("body", _BODY), ("reader", _UNREAD))


def _crowd(host: str, port: int, callers: int, ended: threading.Event, told: Counter[str]) -> None:
    """Slow callers of three kinds by turns; who is let go comes again."""
    kinds = itertools.cycle(_SLOW)
    open_now: dict[socket.socket, str] = {}
    while not ended.is_set():
        while len(open_now) < callers:
            kind, first = next(kinds)
            connection = socket.create_connection((host, port))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(first)
            open_now[connection] = kind
        ended.wait(BYTE_S)
        for connection, kind in list(open_now.items()):
            if _has_gone(connection, kind, told):
                del open_now[connection]
    for connection in open_now:
        connection.close()


def _has_gone(connection: socket.socket, kind: str, told: Counter[str]) -> bool:
    try:
        if kind != "reader":
            connection.sendall(b"1")
            if not select.select([connection], [], [], 0)[0]:
                return False
            told[f"{kind}: {connection.recv(64)[9:12].decode() or 'closed'}"] += 1
            connection.close()
            return True
        # Nothing is read: that it was ended shows where more is sent.
        connection.sendall(b"G")
    except OSError as error:
        told[f"{kind}: {type(error).__name__}"] += 1
        connection.close()
        return True
    return False


def copy(url: str, seconds: float) -> None:
    """Prints how many different codes each way of asking for many has told, without a key."""
    host, port = _place(url)
    points = list(_points(host, port))
    everything: set[str] = set()
    for name, asked in _ways(points).items():
        time.sleep(61)  # requests are counted by the minute: each way has one of its own
        told, answers = set(), Counter[int]()
        end = time.perf_counter() + seconds
        for method, path, kind, body in itertools.islice(itertools.cycle(asked), 600):
            if time.perf_counter() > end:
                break
            status, answer = _ask(host, port, method, path, kind, body)
            answers[status] += 1
            told |= {code for code in map("".join, _CODE.findall(answer)) if codes.is_valid(code)}
        everything |= told
        print(f"  {name:<24} {len(told):6} codes, {sum(answers.values())} requests {dict(answers)}")
    print(f"  together {len(everything)} different codes")


_Asked = tuple[str, str, str, str]
_CODE = re.compile(r"\b([0-9A-Z]{4})-?([0-9A-Z]{4})\b")
_NDJSON = "application/x-ndjson"


def _ways(points: list[tuple[float, float]]) -> dict[str, list[_Asked]]:
    here = [f"lon={lon}&lat={lat}" for lon, lat in points]
    rows = [json.dumps({"lon": x, "lat": y, "limit": 20, "radius_m": 5000}) for x, y in points]
    texts = [json.dumps({"q": f"{y},{x}", "limit": 20}) for x, y in points]
    many = list(_in(500, rows))
    return {
        "reverse": [("GET", f"/v1/reverse?limit=20&radius_m=5000&{at}", "", "") for at in here],
        "rows of reverse": [
            ("POST", "/v1/batch/reverse", _NDJSON, "\n".join(some)) for some in many
        ],
        "rows of points as text": [
            ("POST", "/v1/batch/geocode", _NDJSON, "\n".join(some)) for some in _in(500, texts)
        ],
        "suggestions": [
            ("GET", f"/v1/autocomplete?limit=20&q={number}&{at}", "", "")
            for number in (10, 12, 15, 20)
            for at in here
        ],
    }


def _in(size: int, rows: list[str]) -> list[list[str]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _points(host: str, port: int) -> Iterator[tuple[float, float]]:
    """Where doors are likely: streets that are suggested for beginnings of names."""
    for pair in itertools.product("bcdhlnpqtv", "aeinghou"):
        answer = _ask(host, port, "GET", f"/v1/autocomplete?limit=20&q={''.join(pair)}", "", "")[1]
        for line in json.loads(answer).get("suggestions", []):
            if line["lon"] is not None:
                yield line["lon"], line["lat"]


def _ask(host: str, port: int, method: str, path: str, kind: str, body: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        headers = {"Content-Type": kind} if kind else {}
        connection.request(method, path, body.encode() or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def texts(database_url: str, times: int, seed: int, ways: Sequence[str]) -> None:
    """Prints for each way how much TIMES texts took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(f"{times} texts, seed {seed}")
    with open_app(database_url) as app:
        client = app.test_client()
        for way in ways:
            cost_of(client, way, "12 ngyuen trai, p. trucc bach, ba dinh")  # what is made once
        gc.collect()
        gc.freeze()  # as a server does
        for way in ways:
            costs = [cost_of(client, way, text) for text in made_texts(seed, times)]
            ms = np.percentile([cost.milliseconds for cost in costs], [50, 99, 100])
            asked = np.percentile([cost.questions for cost in costs], [50, 99, 100])
            dear = [cost for cost in costs if cost.is_too_much]
            print(
                f"  {way:<15} p50 {ms[0]:6.1f}  p99 {ms[1]:6.1f}  most {ms[2]:6.1f} ms; statements"
                f" {asked[0]:.0f}, {asked[1]:.0f}, {asked[2]:.0f}; too dear {len(dear)}",
                flush=True,
            )
            for cost in dear[:3]:
                print(f"    {cost.milliseconds:.0f} ms, {cost.questions}: {cost.text!r}")


_READ = """
import re, resource, sys
from pathlib import Path
from registry.core.errors import RegistryError
from registry.files.formats.any_file import read_file
try:
    table = read_file(Path(sys.argv[1]))
    with table.rows() as rows:
        print(f"{sum(1 for _ in rows)} rows")
except RegistryError as error:
    print(error.code)
own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1000, "MB")
"""


def files(seconds: float) -> None:
    """Prints for each file its size, what became of it, its cost, and how often it was fetched."""
    came: list[object] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        threading.Thread(target=_listen, args=(server, came), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        for path in _harmful_files(Path(folder), url):
            came.clear()
            reading = subprocess.Popen(
                [sys.executable, "-c", _READ, str(path)], stdout=subprocess.PIPE, text=True
            )
            ending = threading.Timer(seconds, reading.kill)
            ending.start()
            started = time.perf_counter()
            _, status, used = os.wait4(reading.pid, 0)
            ending.cancel()
            told = reading.stdout.read().splitlines() if reading.stdout else []
            what, memory = told if len(told) == 2 else (f"ended by {status}", "")
            print(
                f"  {path.name:<22} {path.stat().st_size / 1000:8.0f} kB"
                f"  {what:<22} {time.perf_counter() - started:6.1f} s,"
                f" processor {used.ru_utime + used.ru_stime:6.1f} s,"
                f" {memory:>7}, fetched {len(came)}",
                flush=True,
            )


def _listen(server: socket.socket, came: list[object]) -> None:
    while True:
        caller, address = server.accept()
        came.append(address)
        caller.close()


def _harmful_files(folder: Path, url: str) -> Iterator[Path]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyogrio.raw import write_arrow

    point = {"type": "Feature", "properties": {"so nha": "1"}, "geometry": None}
    layer = {"type": "FeatureCollection", "features": [point]}
    for kind, member in (("link", "href"), ("url", "url")):
        linked = json.dumps(layer | {"crs": {"type": kind, "properties": {member: url}}})
        (folder / f"{kind}.geojson").write_text(linked)
        yield folder / f"{kind}.geojson"
    (folder / "link.geojson.gz").write_bytes(gzip.compress(linked.encode()))
    yield folder / "link.geojson.gz"
    word = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000_000), ["x" * 120_000])
    for name, column in (("word", word), ("rows", pa.array(["1"] * 20_000_000))):
        pq.write_table(pa.table({"so nha": column}), folder / f"{name}.parquet")
        yield folder / f"{name}.parquet"
    for name, rest in (("endless_view", ""), ("endless_search", "WHERE n < 0")):
        path = folder / f"{name}.gpkg"
        write_arrow(pa.table({"a": ["1"]}), path, driver="GPKG", geometry_type=None)
        with closing(sqlite3.connect(path)) as made, made:
            made.execute(
                "CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
                f" SELECT n AS fid, n AS a FROM r {rest}"
            )
            made.execute("UPDATE gpkg_contents SET table_name = 'v', identifier = 'v'")
            made.execute("DELETE FROM gpkg_ogr_contents")
        yield path
    yield _workbook_of_one_text(folder / "text.xlsx")
    with gzip.open(folder / "lines.csv.gz", "wb") as packed:
        for _ in range(300):
            packed.write(b"1,a,00199\n" * 100_000)
    yield folder / "lines.csv.gz"
    for name, inner in (("brackets", b"[" * 5_000_000), ("points", b"[1,1]," * 3_000_000)):
        (folder / f"{name}.geojson").write_bytes(
            b'{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":['
            + inner
        )
        yield folder / f"{name}.geojson"
    yield from _harmful_texts(folder)


def _harmful_texts(folder: Path) -> Iterator[Path]:
    """Texts whose rows, or cells, are short and were dear."""
    names = json.dumps({f"k{at}": "" for at in range(16_000)})
    cell = b"1,'a" + b" " * 100_000 + b"'b,00199\n"
    for name, text in (
        ("names.ndjson", names.encode() + b"\n{}" * 1_000_000),
        ("columns.csv", b"so nha,duong,ma xa" + b"," * 16_000 + b"\n1" * 1_000_000),
        ("marks.csv", b"so nha,duong,ma xa\n" + cell * 20),
        ("lines.csv", b"so nha,duong,ma xa\n" + b'1,"a\nb",00199\n' * 500_000),
    ):
        (folder / name).write_bytes(text)
        yield folder / name


def _workbook_of_one_text(path: Path) -> Path:
    """A workbook of one text in each of a million rows."""
    from registry.files.formats.writing import write_sheet

    write_sheet(path, ["so nha"], [["x" * 30_000]], "S")
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    rows = b'<row><c t="inlineStr"><is><t>' + b"x" * 40 + b"</t></is></c></row>"
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(
        b"</sheetData>", rows * 1_000_000 + b"</sheetData>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return path


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1") or not parts.port:
        raise SystemExit("a service on this machine only: http://127.0.0.1:PORT")
    return parts.hostname, parts.port


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["slow", url, *rest]:
            seconds, callers = [*map(float, rest), *(60.0, 200.0)[len(rest) :]]
            slow(url, seconds, int(callers))
        case ["copy", url, *rest]:
            copy(url, float(rest[0]) if rest else 30.0)
        case ["texts", url, *rest]:
            given = [*map(int, rest[:2])]
            times, seed = [*given, *(5_000, random.SystemRandom().randrange(10**6))[len(given) :]]
            texts(url, times, seed, rest[2:] or list(WAYS))
        case ["files", *rest]:
            files(float(rest[0]) if rest else 120.0)
        case _:
            raise SystemExit(__doc__)
