"""What a web process holds after so many requests of every kind: whether it grows, and by which.

    python -m bench.memory URL KEY PID [REQUESTS [each]]

URL is that of a service with one web process over a filled register, on this machine, that limits
nobody; KEY one with the role admin; PID that of `bin/run`. One client asks, of all kinds by turns.
The start is the process when it is ready and has answered each kind once. With `each` kinds are
asked one behind the other instead, and the growth is printed for each.
"""

import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import requests

_PARTS: Final = 20
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

Ask = Callable[[], requests.Response]


class Client:
    """Asks of every kind, each time for another door."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._random = random.Random(36)
        self._keyed, self._desk = requests.Session(), requests.Session()
        self._keyed.headers["Authorization"] = f"Bearer {key}"
        self._desk.post(f"{self._url}/desk/sign-in", {"key": key}).raise_for_status()
        self._doors = [door for unit in ("01", "79") for door in self._of(unit)]
        self._communes = sorted({door["properties"]["commune_code"] for door in self._doors})

    def _of(self, unit: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        path: str | None = f"{self._url}/ogc/collections/households/items?limit=1000&unit={unit}"
        while path and len(found) < 20_000:
            page = self._keyed.get(path).json()
            found += [feature for feature in page["features"] if feature["geometry"]]
            path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        return found

    def kinds(self) -> dict[str, Callable[[], requests.Response]]:
        """A call for each kind of request."""
        return {
            "lookup": lambda: self._get(f"/v1/addresses/{self._door()['id']}"),
            "geocode": lambda: self._get(f"/v1/geocode?q={quote(self._written())}"),
            "reverse": lambda: self._get("/v1/reverse?lon={}&lat={}".format(*self._point())),
            "autocomplete": lambda: self._get(f"/v1/autocomplete?q={quote(self._typed())}"),
            "validate": lambda: self._post("/v1/validate", {"address": self._written()}),
            "batch": lambda: self._post("/v1/batch/geocode", {"rows": self._items()}),
            "units": lambda: self._get(f"/v1/units/{self._commune()}"),
            "coverage": lambda: self._get(f"/v1/coverage/{self._commune()}"),
            "history": lambda: self._get(f"/v1/addresses/{self._door()['id']}/history"),
            "ogc": lambda: self._get(
                f"/ogc/collections/households/items?limit=200&unit={self._commune()}"
            ),
            "tile": lambda: self._get("/tiles/{}/{}/{}".format(*self._tile())),
            "pack": lambda: self._get(f"/v1/packs/{self._commune()}"),
            "export": lambda: self._get(
                f"/v1/export?unit={self._commune()}&format={self._random.choice(_FORMATS)}"
            ),
            "changes": lambda: self._get("/v1/changes?limit=500"),
            "openapi": lambda: self._get("/openapi.json"),
            "page": lambda: self._get(self._random.choice(_PAGES)),
            "door page": lambda: self._get(f"/a/{self._door()['id']}"),
            "docs search": lambda: self._get(f"/docs?q={quote(self._random.choice(_WORDS))}"),
            "desk": lambda: self._desk.get(self._url + self._random.choice(_DESK)),
            "desk record": lambda: self._desk.get(f"{self._url}/desk/records/{self._door()['id']}"),
            "mcp": lambda: self._post("/mcp", self._tool()),
        }

    def _get(self, path: str) -> requests.Response:
        return self._keyed.get(self._url + path)

    def _post(self, path: str, body: object) -> requests.Response:
        return self._keyed.post(self._url + path, json=body)

    def _door(self) -> dict[str, Any]:
        return self._random.choice(self._doors)

    def _commune(self) -> str:
        return self._random.choice(self._communes)

    def _point(self) -> tuple[float, float]:
        return tuple(
            at + self._random.uniform(-1e-3, 1e-3) for at in self._door()["geometry"]["coordinates"]
        )

    def _written(self) -> str:
        """An address as people write it, and as a rule nobody has before."""
        label: str = self._door()["properties"]["address"]
        words = label.split()
        match self._random.randrange(4):
            case 0:
                words[self._random.randrange(len(words))] += self._random.choice("aeiouyt")
            case 1:
                words.insert(0, f"Số {self._random.randrange(2_000)}")
            case 2:
                words = [word.lower() for word in words]
        return " ".join(words)

    def _typed(self) -> str:
        return self._written()[: self._random.randrange(3, 25)]

    def _items(self) -> list[dict[str, Any]]:
        return [{"q": self._written()} for _ in range(50)]

    def _tile(self) -> tuple[int, int, int]:
        zoom = self._random.randrange(5, 17)
        lon, lat = self._point()
        y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
        return zoom, int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)

    def _tool(self) -> object:
        asked = {"name": "geocode", "arguments": {"text": self._written()}}
        return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}


def main() -> None:
    """Asks, and prints what the process holds."""
    if not 4 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    pid, requests_ = int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 100_000
    print(f"ready: {_told(_held(pid))}", flush=True)
    client = Client(sys.argv[1], sys.argv[2])
    kinds, answered, failed = client.kinds(), Counter[str](), Counter[str]()

    def ask(kind: str) -> None:
        answer = kinds[kind]()
        answered[kind] += 1
        if answer.status_code >= 400:
            failed[f"{kind} {answer.status_code} {answer.text[:200]}"] += 1

    for kind in kinds:
        ask(kind)
    start = _held(pid)
    print(f"start, each kind once: {_told(start)}", flush=True)
    turns = list(kinds)
    began = time.monotonic()
    per_part = requests_ // (len(kinds) if sys.argv[5:] else _PARTS)
    for part in range(len(kinds) if sys.argv[5:] else _PARTS):
        for turn in range(per_part):
            ask(turns[part] if sys.argv[5:] else turns[turn % len(turns)])
        held = _held(pid)
        print(
            f"{sum(answered.values()):7d} {turns[part] if sys.argv[5:] else ''} {_told(held)}"
            f" ({held[0] / start[0] - 1:+.1%}, {held[1] / start[1] - 1:+.1%}),"
            f" {time.monotonic() - began:.0f} s;"
            f" failed {dict(failed.most_common(5)) or 'none'}",
            flush=True,
        )


def _told(held: tuple[int, int]) -> str:
    return f"{held[0]} MB resident, {held[1]} of its own"


def _held(pid: int) -> tuple[int, int]:
    """Megabytes of the web process below the one: resident, and of them its own (no file's)."""
    found = (0, 0)
    for child in Path(f"/proc/{pid}/task").glob("*/children"):
        for one in map(int, child.read_text().split()):
            if "granian" in Path(f"/proc/{one}/cmdline").read_text():
                rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
                sizes = {
                    line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]
                }
                own = sizes["Rss"] // 1024, sizes["Anonymous"] // 1024
                found = max(found, own, _held(one))
    return found


if __name__ == "__main__":
    main()
