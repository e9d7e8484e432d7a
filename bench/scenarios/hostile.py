"""What callers who mean harm do to the others, and what they take away."""

import gc
import gzip
import http.client
import itertools
import json
import re
import select
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from bench.harness import Bench, Figure, Scenario, child, percentiles
from bench.scenarios.asking import drawn
from bench.serving import Server, Waited, serving
from geo import code as codes
from tests.support.made_texts import made_texts
from tests.support.text_cost import WAYS, cost_of
from tests.support.units import open_app

PACE_S = 0.02
"""Between two calls of the caller who means well."""
BYTE_S = 3.0
"""Between two bytes of one who does not."""
CALLERS = 200
SEED = 41
FILE_S = 120.0
"""After which reading a file is ended."""


def slow(bench: Bench) -> Iterator[Figure]:
    """Single calls while nobody else is there, and while callers send heads and bodies a byte at a
    time, or ask for large answers and do not read them.
    """
    url = bench.register()
    with serving(url) as server:
        code = drawn(url, 1)[0][0]
        _calls(server, code, 3)
        quiet = _calls(server, code, bench.seconds)
        ended, answers = threading.Event(), Counter[str]()
        given = ("127.0.0.1", server.port, CALLERS, ended, answers)
        crowd = threading.Thread(target=_crowd, args=given)
        crowd.start()
        attacked = _calls(server, code, bench.seconds)
        ended.set()
        crowd.join()
    for name, seconds in attacked.seconds.items():
        found, alone = (
            float(np.percentile(each, 99)) * 1e3 for each in (seconds, quiet.seconds[name])
        )
        yield Figure(name, found, "ms", "p99", "nobody else", alone)
    yield Figure("calls that failed", attacked.failed.total(), "")
    for what, count in answers.items():
        yield Figure(f"slow callers: {what}", count, "")


def _calls(server: Server, code: str, seconds: float) -> Waited:
    """The calls of shops and carriers in turn, each over a connection of its own."""
    address = json.dumps({"address": "82/10/2 le thi hong gam p11 q3 tphcm"}).encode()
    turns = itertools.cycle(
        (
            ("healthz", "GET", "/healthz"),
            ("lookup", "GET", f"/v1/addresses/{code}"),
            ("geocode", "GET", "/v1/geocode?q=19/10/2+hoang+sa+hoan+kiem"),
            ("validate", "POST", "/v1/validate", address, {"Content-Type": "application/json"}),
        )
    )
    waited, end = Waited(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        with closing(
            http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        ) as connection:
            waited.ask(connection, *next(turns))
        time.sleep(PACE_S)
    return waited


_HEAD = b"GET /v1/geocode?q=a HTTP/1.1\r\nHost: a\r\nX-Long: "
_POST = b"POST /v1/validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
_BODY = _POST + b"Content-Length: 900000\r\n\r\n"
_UNREAD = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 40
_SLOW = (("head", _HEAD), ("body", _BODY), ("reader", _UNREAD))


def _crowd(
    host: str, port: int, callers: int, ended: threading.Event, answers: Counter[str]
) -> None:
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
            if _has_gone(connection, kind, answers):
                del open_now[connection]
    for connection in open_now:
        connection.close()


def _has_gone(connection: socket.socket, kind: str, answers: Counter[str]) -> bool:
    try:
        if kind != "reader":
            connection.sendall(b"1")
            if not select.select([connection], [], [], 0)[0]:
                return False
            answers[f"{kind}: {connection.recv(64)[9:12].decode() or 'closed'}"] += 1
            connection.close()
            return True
        # Nothing is read: that it was ended shows where more is sent.
        connection.sendall(b"G")
    except OSError as error:
        answers[f"{kind}: {type(error).__name__}"] += 1
        connection.close()
        return True
    return False


def copying(bench: Bench) -> Iterator[Figure]:
    """Different codes that each way of asking for many gives to one address without a key."""
    with serving(bench.register(), DIACHISO_LIMITS="on") as server:
        host, port = "127.0.0.1", server.port
        everything: set[str] = set()
        for name, asked in _ways(list(_points(host, port))).items():
            time.sleep(61)  # requests are counted by the minute: each way has one of its own
            collected = set()
            end = time.perf_counter() + bench.seconds
            for method, path, kind, body in itertools.islice(itertools.cycle(asked), 600):
                if time.perf_counter() > end:
                    break
                answer = _ask(host, port, method, path, kind, body)[1]
                found = map("".join, _CODE.findall(answer))
                collected |= {code for code in found if codes.is_valid(code)}
            everything |= collected
            yield Figure(f"codes by {name}", len(collected), "")
        yield Figure("codes in all ways together", len(everything), "")


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


def texts(bench: Bench) -> Iterator[Figure]:
    """Processor time and statements of made-up texts, by each way of having a text answered."""
    with open_app(bench.register()) as app:
        client = app.test_client()
        for way in WAYS:
            cost_of(client, way, "12 ngyuen trai, p. trucc bach, ba dinh")  # what is made once
        gc.collect()
        gc.freeze()  # as a server does
        for way in WAYS:
            costs = [cost_of(client, way, text) for text in made_texts(SEED, bench.sample)]
            yield from percentiles(way, [cost.milliseconds / 1e3 for cost in costs], 50, 99, 100)
            yield Figure(way, max(cost.questions for cost in costs), "", "statements at most")
            dear = [cost for cost in costs if cost.is_too_much]
            yield Figure(way, len(dear), "", "above the bounds")
            for cost in dear[: bench.show]:
                print(f"    {cost.milliseconds:.0f} ms, {cost.questions}: {cost.text!r}")


_READ = """
import resource, sys
from pathlib import Path
from registry.core.errors import RegistryError
from registry.files.formats.any_file import read_file
try:
    table = read_file(Path(sys.argv[1]))
    with table.rows() as rows:
        print(f"{sum(1 for _ in rows)} rows")
except RegistryError as error:
    print(error.code)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def files(_bench: Bench) -> Iterator[Figure]:
    """Reading files that were made to fetch something, or never to end."""
    came: list[object] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        threading.Thread(target=_listen, args=(server, came), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        for path in _harmful_files(Path(folder), url):
            came.clear()
            size = path.stat().st_size / 1e3
            try:
                read, spent, own = child([sys.executable, "-c", _READ, str(path)], within_s=FILE_S)
            except SystemExit:
                yield Figure(path.name, FILE_S, "s", "ended by hand")
                continue
            what, of_children = read.splitlines()  # some formats are read by a process below
            name = f"{path.name}, {size:,.0f} kB: {what}"
            yield Figure(name, spent.program, "s", "processor")
            yield Figure(name, max(own, float(of_children)), "MB", "memory")
            yield Figure(name, len(came), "", "requests that it made")


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


SCENARIOS = (
    Scenario("slow_callers", "latency beside callers who send and read slowly", slow),
    Scenario("copying", "codes that one address without a key can collect", copying),
    Scenario("made_texts", "processor time and statements of odd texts, by way", texts),
    Scenario("harmful_files", "reading files that were made to do harm", files),
)
