"""Hours of mixed work on one service: whether memory grows, anything fails, or answers get slower.

    python -m bench.soak URL KEY PID [MINUTES [QUESTIONS_A_SECOND]]

URL is that of a service over a filled register that may be changed, on this machine; KEY one with
the role approver who stands alone (`keys create … --role approver --alone`); PID that of `bin/run`.
All at once: questions of every kind at a steady pace, a door moved each second, a file of 2,000
rows delivered and published each five minutes (every second one taken back), and `diachiso follow`.
A line is printed for each tenth of the time: percentiles by kind, failures, memory that the
processes below PID have for themselves, by what they are. At the end the follower's copy is
compared with what was written last.
"""

import csv
import io
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import requests

ROOT: Final = Path(__file__).resolve().parents[1]
COMMUNE: Final = "00004"
IMPORT_EVERY_S: Final = 300.0
ROWS: Final = 2_000
PARTS: Final = 10


class Work:
    """What all threads share: the service, what was counted, and when it ends."""

    def __init__(self, url: str, key: str, seconds: float) -> None:
        self.url = url
        self.key = key
        self.end = time.monotonic() + seconds
        self.over = threading.Event()
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()
        self.moved: dict[str, tuple[float, float]] = {}
        self._local = threading.local()

    def ask(self, kind: str, method: str, path: str, **rest: Any) -> requests.Response | None:
        """One call; None, counted as failed, where it was not answered as hoped."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.headers["Authorization"] = f"Bearer {self.key}"
        started = time.perf_counter()
        try:
            answer = self._local.session.request(method, self.url + path, timeout=60, **rest)
        except requests.RequestException as error:
            self.failed[f"{kind} {type(error).__name__}"] += 1
            return None
        self.times[kind].append((time.perf_counter() - started) * 1000)
        if answer.status_code >= 400:
            self.failed[f"{kind} {answer.status_code}"] += 1
            return None
        return answer

    def paced(self, every_s: float) -> Iterator[int]:
        """Counts up at a steady pace until the time is over."""
        begun = time.monotonic()
        turn = 0
        while not self.over.wait(max(0.0, begun + turn * every_s - time.monotonic())):
            if time.monotonic() > self.end:
                return
            yield turn
            turn += 1


def doors(work: Work) -> list[dict[str, Any]]:
    """Records to ask for, as the OGC interface gives them."""
    answer = work.ask(
        "doors", "GET", f"/ogc/collections/households/items?limit=1000&unit={COMMUNE}"
    )
    if answer is None:
        sys.exit(f"no doors: {dict(work.failed)}")
    return [feature for feature in answer.json()["features"] if feature["geometry"]]


def questions(work: Work, known: list[dict[str, Any]], a_second: float) -> None:
    """All kinds of questions, by turns."""
    chosen = random.Random(threading.get_ident())
    for turn in work.paced(1 / a_second):
        door = chosen.choice(known)
        label = door["properties"]["address"]
        lon, lat = door["geometry"]["coordinates"]
        match turn % 5:
            case 0:
                work.ask("lookup", "GET", f"/v1/addresses/{door['id']}")
            case 1:
                work.ask("reverse", "GET", f"/v1/reverse?lon={lon}&lat={lat}")
            case 2:
                work.ask("geocode", "GET", f"/v1/geocode?q={quote(label)}")
            case 3:
                work.ask("validate", "POST", "/v1/validate", json={"address": label})
            case 4:
                work.ask("autocomplete", "GET", f"/v1/autocomplete?q={quote(label[:9])}")


def moves(work: Work, known: list[dict[str, Any]]) -> None:
    """A door is measured anew each second."""
    chosen = random.Random(3)
    for _ in work.paced(1.0):
        door = chosen.choice(known)
        lon, lat = (
            round(at + chosen.uniform(-1e-4, 1e-4), 6) for at in door["geometry"]["coordinates"]
        )
        body = {"code": door["id"], "lon": lon, "lat": lat, "position_method": "gps"}
        if work.ask("move", "POST", "/v1/operations/move", json=body):
            work.moved[door["id"]] = (lon, lat)


def delivered(turn: int) -> bytes:
    """A file of a street that nobody has: 2,000 rows."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["source_ref", "house_number", "street", "commune_code"])
    for number in range(1, ROWS + 1):
        rows.writerow([f"{turn}-{number}", number, f"Đường Thử {turn}", COMMUNE])
    return file.getvalue().encode()


def imports(work: Work) -> None:
    """A file each five minutes, published; every second one is taken back."""
    for turn in work.paced(IMPORT_EVERY_S):
        path = f"/v1/imports?source=soak-{turn}&file_name=soak-{turn}.csv"
        header = {"Content-Type": "text/csv"}
        answer = work.ask("deliver", "POST", path, data=delivered(turn), headers=header)
        if answer is None:
            continue
        number = answer.json()["id"]
        tried = _until(work, number, {"reported", "failed"})
        if tried is None or tried["state"] != "reported":
            work.failed["import tried"] += 1
            continue
        body = {"verdict": tried["verdict"]}
        work.ask("publish", "POST", f"/v1/imports/{number}/publish", json=body)
        done = _until(work, number, {"published", "failed", "reported"})
        if done is None or done["state"] != "published":
            work.failed["import published"] += 1
        elif turn % 2:
            work.ask("rollback", "POST", f"/v1/imports/{number}/rollback")


def _until(work: Work, number: int, states: set[str]) -> dict[str, Any] | None:
    """The import, once it is in one of the states."""
    for _ in work.paced(0.5):
        answer = work.ask("import", "GET", f"/v1/imports/{number}")
        found: dict[str, Any] = answer.json() if answer else {"state": None}
        if found["state"] in states:
            return found
    return None


def memory_mb(pid: int) -> Counter[str]:
    """Memory that processes below the one have for themselves, by what they are; and how many."""
    found: Counter[str] = Counter()
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
            command = Path(f"/proc/{one}/cmdline").read_text().replace("\0", " ")
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:  # it has just ended
            continue
        kind = next(
            (name for name in ("granian", "postgres", "scripts.main work") if name in command),
            "other",
        )
        own = (line.split() for line in rollup.splitlines() if line.startswith("Private_"))
        found[kind] += sum(int(size) for name, size, _ in own) // 1024
        found["processes"] += 1
    return found


def show(work: Work, pid: int, minutes: float) -> None:
    """A line for what came since the last one."""
    times, work.times = work.times, defaultdict(list)
    kinds = " ".join(
        f"{kind} {np.percentile(found, 50):.1f}/{np.percentile(found, 99):.0f}"
        for kind, found in sorted(times.items())
    )
    memory = " ".join(f"{name} {size}" for name, size in sorted(memory_mb(pid).items()))
    count = sum(map(len, times.values()))
    print(
        f"{minutes:5.0f} min  {count} calls, p50/p99 ms: {kinds}\n"
        f"           MB: {memory}; failed so far: {dict(work.failed) or 'none'}",
        flush=True,
    )


def differing(folder: Path, moved: dict[str, tuple[float, float]]) -> list[str]:
    """Codes whose point in the follower's copy is not the one that was written last."""
    with sqlite3.connect(folder / "copy.sqlite") as copy:
        held = {
            code: (lon, lat)
            for code, lon, lat in copy.execute("SELECT code, lon, lat FROM address")
        }
    return [
        code
        for code, point in moved.items()
        if np.abs(np.subtract(held.get(code, (0.0, 0.0)), point)).max() > 2e-7
    ]


def main() -> None:
    """Starts all, tells each tenth of the time, and compares at the end."""
    if not 4 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    url, key, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
    minutes = float(sys.argv[4]) if len(sys.argv) > 4 else 120.0
    a_second = float(sys.argv[5]) if len(sys.argv) > 5 else 20.0
    work = Work(url.rstrip("/"), key, minutes * 60)
    known = doors(work)
    jobs: list[Callable[[], None]] = [
        lambda: questions(work, known, a_second / 2),
        lambda: questions(work, known, a_second / 2),
        lambda: moves(work, known),
        lambda: imports(work),
    ]
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    with tempfile.TemporaryDirectory() as folder:
        follow = [sys.executable, "-m", "scripts.main", "follow", url, folder, "--key", key]
        follow += ["--unit", COMMUNE]
        with subprocess.Popen(
            [*follow, "--every", "5"], cwd=ROOT, stdout=subprocess.DEVNULL
        ) as follower:
            for thread in threads:
                thread.start()
            for part in range(1, PARTS + 1):
                work.over.wait(max(0.0, work.end - time.monotonic() - (PARTS - part) * minutes * 6))
                show(work, pid, part * minutes / PARTS)
            for thread in threads:
                thread.join(timeout=90)
            follower.terminate()
        subprocess.run([*follow, "--once"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        wrong = differing(Path(folder), work.moved)
    print(json.dumps({"doors moved": len(work.moved), "otherwise in the copy": wrong}))


if __name__ == "__main__":
    main()
