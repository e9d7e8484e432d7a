"""A service under requests of every kind: whether it grows, fails or gets slower."""

import csv
import io
import math
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import requests

from bench.harness import Bench, Figure, Scenario, children, memory_mb, percentiles, postmaster
from bench.registers import key
from bench.serving import Server, serving
from registry.core.settings import ROOT

PARTS: Final = 10
COMMUNE: Final = "00004"
IMPORT_EVERY_S: Final = 300.0
ROWS: Final = 2_000
_PAGES: Final = (
    *("/", "/board", "/coverage", "/coverage/01", "/data", "/docs", "/try", "/packs", "/verify"),
    *("/docs/api", "/docs/import.md", "/docs/matching", "/llms.txt", "/route"),
)
_DESK: Final = (
    *("/desk", "/desk/records?unit=00004", "/desk/records?unit=00070&q=Le"),
    *("/desk/proposals", "/desk/reports", "/desk/streets?unit=00004", "/desk/papers", "/desk/keys"),
    *("/desk/audit", "/desk/targets", "/desk/services", "/desk/webhooks", "/desk/field"),
)
_WORDS: Final = ("khoá", "geocode", "nạp tệp", "mã", "webhook", "toạ độ", "budget", "đơn vị")
_FORMATS: Final = ("csv", "csv.gz", "ndjson", "geojson", "geoparquet")
_MAIN: Final = ("-m", "scripts.main")
_WORK: Final = """
import os
from registry.jobs.worker import Worker
Worker(os.environ["DATABASE_URL"], imports_at_once=1, say=print).run()
"""
_QUESTIONS: Final = ("lookup", "reverse", "geocode", "validate", "autocomplete")


class Client:
    """Asks of every kind, each time for another door of the capital; counts and times."""

    def __init__(self, server: Server, secret: str, unit: str = "01", seed: int = 36) -> None:
        self._url = server.url
        self.random = random.Random(seed)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {secret}"
        self._desk = requests.Session()
        self._desk.post(f"{self._url}/desk/sign-in", {"key": secret}).raise_for_status()
        self.doors = list(self._doors(unit))
        self._communes = sorted({door["properties"]["commune_code"] for door in self.doors})
        self.failed: Counter[str] = Counter()
        self.times: dict[str, list[float]] = defaultdict(list)

    def _doors(self, unit: str) -> Iterator[dict[str, Any]]:
        path: str | None = f"{self._url}/ogc/collections/households/items?limit=1000&unit={unit}"
        for _ in range(20):
            page = self._session.get(path or "").json()
            yield from (feature for feature in page["features"] if feature["geometry"])
            path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
            if path is None:
                return

    def ask(self, kind: str) -> None:
        """One request of a kind."""
        self.counted(kind, self.kinds()[kind])

    def call(self, kind: str, method: str, path: str, **body: Any) -> requests.Response | None:
        """A request with the key; None, counted as failed, unless it was answered as hoped."""
        return self.counted(
            kind, lambda: self._session.request(method, self._url + path, timeout=60, **body)
        )

    def counted(self, kind: str, send: Callable[[], requests.Response]) -> requests.Response | None:
        started = time.perf_counter()
        try:
            answer = send()
        except requests.RequestException as error:
            self.failed[f"{kind} {type(error).__name__}"] += 1
            return None
        self.times[kind].append(time.perf_counter() - started)
        if answer.status_code >= 400:
            self.failed[f"{kind} {answer.status_code} {answer.text[:200]}"] += 1
            return None
        return answer

    def kinds(self) -> dict[str, Callable[[], requests.Response]]:
        """A call for each kind of request."""
        door, commune = self.random.choice(self.doors), self.random.choice(self._communes)
        lon, lat = (at + self.random.uniform(-1e-3, 1e-3) for at in door["geometry"]["coordinates"])
        code, text, chosen = door["id"], self._written(door), self.random.choice
        get = {
            "lookup": f"/v1/addresses/{code}",
            "geocode": f"/v1/geocode?q={quote(text)}",
            "reverse": f"/v1/reverse?lon={lon}&lat={lat}",
            "autocomplete": f"/v1/autocomplete?q={quote(text[: self.random.randrange(3, 25)])}",
            "units": f"/v1/units/{commune}",
            "coverage": f"/v1/coverage/{commune}",
            "history": f"/v1/addresses/{code}/history",
            "ogc": f"/ogc/collections/households/items?limit=200&unit={commune}",
            "tile": "/tiles/{}/{}/{}".format(*_tile(self.random.randrange(5, 17), lon, lat)),
            "pack": f"/v1/packs/{commune}",
            "export": f"/v1/export?unit={commune}&format={chosen(_FORMATS)}",
            "changes": "/v1/changes?limit=500",
            "openapi": "/openapi.json",
            "page": chosen(_PAGES),
            "door page": f"/a/{code}",
            "docs search": f"/docs?q={quote(chosen(_WORDS))}",
        }
        tool = {"name": "geocode", "arguments": {"text": text}}
        rows = [{"q": self._written(chosen(self.doors))} for _ in range(50)]
        post = {
            "validate": ("/v1/validate", {"address": text}),
            "batch": ("/v1/batch/geocode", {"rows": rows}),
            "mcp": ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": tool}),
        }
        desk = {"desk": chosen(_DESK), "desk record": f"/desk/records/{code}"}
        return {
            **{k: lambda path=path: self._session.get(self._url + path) for k, path in get.items()},  # type: ignore[misc]
            **{
                k: lambda p=p: self._session.post(self._url + p[0], json=p[1])
                for k, p in post.items()
            },  # type: ignore[misc]
            **{k: lambda path=path: self._desk.get(self._url + path) for k, path in desk.items()},  # type: ignore[misc]
        }

    def _written(self, door: dict[str, Any]) -> str:
        """An address as people write it, and as a rule nobody has before."""
        words: list[str] = door["properties"]["address"].split()
        match self.random.randrange(4):
            case 0:
                words[self.random.randrange(len(words))] += self.random.choice("aeiouyt")
            case 1:
                words.insert(0, f"Số {self.random.randrange(2_000)}")
            case 2:
                words = [word.lower() for word in words]
        return " ".join(words)


def _tile(zoom: int, lon: float, lat: float) -> tuple[int, int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)


def memory(bench: Bench) -> Iterator[Figure]:
    """One web process: when it is ready, after each kind once, and after every part of --sample
    requests of all kinds in turn.
    """
    with bench.registers.copy(bench.register()) as url, serving(url, workers=1) as server:

        def held(when: str) -> Iterator[Figure]:
            sizes = [memory_mb(pid) for pid in children(server.pid)]
            for kind in ("resident", "own"):
                yield Figure(when, max(size[kind] for size in sizes), "MB", kind)

        yield from held("ready")
        client = Client(server, key(url, "admin"))
        kinds = list(client.kinds())
        for kind in kinds:
            client.ask(kind)
        yield from held("each kind once")
        for part in range(1, PARTS + 1):
            for turn in range(bench.sample // PARTS):
                client.ask(kinds[turn % len(kinds)])
            yield from held(f"after {part * (bench.sample // PARTS):,} requests")
        yield Figure("requests that failed", client.failed.total(), "")
        print(f"  failed: {dict(client.failed) or 'none'}")


def soak(bench: Bench) -> Iterator[Figure]:
    """For --seconds: ten questions a second twice, a door moved each second, a file delivered and
    published each five minutes (every second one taken back), and a follower of the feed.
    """
    with (
        bench.registers.copy(bench.register()) as url,
        tempfile.TemporaryDirectory() as folder,
        serving(url, DIACHISO_VAR=folder) as server,
        # `diachiso work` changes to the account of the cluster, which cannot read `folder`.
        _program(url, folder, "-c", _WORK),
    ):
        secret = key(url, "approver", approves_own=True, units=["01"])
        work = Soak(server, secret, bench.seconds)
        follow = ["follow", server.url, f"{folder}/copy", "--key", secret, "--unit", COMMUNE]
        with _program(url, folder, *_MAIN, *follow, "--every", "5"):
            threads = [threading.Thread(target=job, daemon=True) for job in work.jobs()]
            for thread in threads:
                thread.start()
            pids = {"server": server.pid, "PostgreSQL": postmaster(url)}
            for part in range(1, PARTS + 1):
                time.sleep(
                    max(0.0, work.end - time.monotonic() - (1 - part / PARTS) * bench.seconds)
                )
                yield from work.figures(f"tenth {part:02}", pids)
            for thread in threads:
                thread.join(timeout=90)
        with _program(url, folder, *_MAIN, *follow, "--once") as last:
            last.wait()
        yield Figure("doors moved", len(work.moved), "")
        yield Figure("doors elsewhere in the follower's copy", work.elsewhere(Path(folder)), "")


@contextmanager
def _program(url: str, folder: str, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {"DATABASE_URL": url, "DIACHISO_VAR": folder, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, *words]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(line, env=os.environ | environment, stdout=nowhere) as process:
        try:
            yield process
        finally:
            process.terminate()


class Soak:
    """The jobs of a soak, and what they count; each has a client of its own."""

    def __init__(self, server: Server, secret: str, seconds: float) -> None:
        self._clients = [Client(server, secret, COMMUNE, seed) for seed in range(4)]
        self.end = time.monotonic() + seconds
        self.moved: dict[str, tuple[float, float]] = {}

    def jobs(self) -> list[Callable[[], None]]:
        one, other, mover, deliverer = self._clients
        return [
            lambda: self._questions(one),
            lambda: self._questions(other),
            lambda: self._moves(mover),
            lambda: self._imports(deliverer),
        ]

    def _paced(self, every_s: float) -> Iterator[int]:
        """Counts up at a steady pace until the time is over."""
        started, turn = time.monotonic(), 0
        while time.monotonic() < self.end:
            yield turn
            turn += 1
            time.sleep(max(0.0, started + turn * every_s - time.monotonic()))

    def _questions(self, client: Client) -> None:
        for turn in self._paced(0.1):
            client.ask(_QUESTIONS[turn % len(_QUESTIONS)])

    def _moves(self, client: Client) -> None:
        answer = client.call("units", "GET", f"/v1/units/{COMMUNE}")
        assert answer is not None
        seat = answer.json()["seat"].values()
        for _ in self._paced(1.0):
            door = client.random.choice(client.doors)
            # Made-up doors may lie outside of their commune, whose seat does not.
            lon, lat = (round(at + client.random.uniform(-1e-4, 1e-4), 6) for at in seat)
            body = {"code": door["id"], "lon": lon, "lat": lat, "position_method": "gps"}
            if client.call("move", "POST", "/v1/operations/move", json=body):
                self.moved[door["id"]] = (lon, lat)

    def _imports(self, client: Client) -> None:
        for turn in self._paced(IMPORT_EVERY_S):
            path = f"/v1/imports?source=soak-{turn}&file_name=soak-{turn}.csv"
            headers = {"Content-Type": "text/csv"}
            answer = client.call("deliver", "POST", path, data=_file(turn), headers=headers)
            if answer is None:
                continue
            path = f"/v1/imports/{answer.json()['id']}"
            tried = self._until(client, path, {"reported", "failed"})
            if tried.get("state") == "reported":
                body = {"verdict": tried["verdict"]}
                client.call("publish", "POST", f"{path}/publish", json=body)
                done = self._until(client, path, {"published", "failed", "reported"})
                if done.get("state") == "published" and turn % 2:
                    client.call("rollback", "POST", f"{path}/rollback")
                client.failed["import published"] += done.get("state") != "published"
            else:
                client.failed[f"import tried, {tried.get('state')}"] += 1

    def _until(self, client: Client, path: str, states: set[str]) -> dict[str, Any]:
        """The import, once it is in one of the states."""
        for _ in self._paced(0.5):
            answer = client.call("import", "GET", path)
            found: dict[str, Any] = answer.json() if answer else {}
            if found.get("state") in states:
                return found
        return {}

    def figures(self, when: str, pids: dict[str, int]) -> Iterator[Figure]:
        """What came since the last ones."""
        times: dict[str, list[float]] = defaultdict(list)
        for client in self._clients:
            taken, client.times = client.times, defaultdict(list)
            for kind, seconds in taken.items():
                times[kind] += seconds
        for kind, seconds in sorted(times.items()):
            yield from percentiles(f"{when}: {kind}", seconds)
        for name, pid in pids.items():
            own = 0.0
            for each in (pid, *children(pid)):
                with suppress(OSError):  # it has just ended
                    own += memory_mb(each)["own"]
            yield Figure(f"{when}: memory of {name}", own, "MB")
        failed = sum((client.failed for client in self._clients), Counter[str]())
        yield Figure(f"{when}: failed so far", failed.total(), "")
        print(f"  failed so far: {dict(failed) or 'none'}")

    def elsewhere(self, folder: Path) -> int:
        """Doors that were moved, and whose point in the follower's copy is another one."""
        with sqlite3.connect(folder / "copy/copy.sqlite") as copy:
            rows = copy.execute("SELECT code, lon, lat FROM address")
            held = {code: (lon, lat) for code, lon, lat in rows}
        return sum(
            bool(np.abs(np.subtract(held.get(code, (0.0, 0.0)), point)).max() > 2e-7)
            for code, point in self.moved.items()
        )


def _file(turn: int) -> bytes:
    """A file of a street that is not registered."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["source_ref", "house_number", "street", "commune_code"])
    for number in range(1, ROWS + 1):
        rows.writerow([f"{turn}-{number}", number, f"Đường Thử {turn}", COMMUNE])
    return file.getvalue().encode()


SCENARIOS = (
    Scenario("memory", "what a web process holds after requests of every kind", memory),
    Scenario("soak", "mixed work for --seconds: memory, failures, latency, a follower", soak),
)
