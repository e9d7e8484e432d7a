"""Callers of a cluster, and what they were told: for `bench.failover`."""

import csv
import io
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from deploy.cluster.trial import TrialCluster

COMMUNE: Final = "00199"
STREET: Final = "Phố Láng"
IMPORTED: Final = "Phố Chùa Láng"
WRITERS, READERS = 2, 2


class Done:
    """When things came about, and the longest time without one."""

    def __init__(self) -> None:
        self._at: list[float] = []
        self._lock = threading.Lock()

    def note(self) -> None:
        with self._lock:
            self._at.append(time.monotonic())

    def gap_s(self, since: float, until: float) -> float:
        with self._lock:
            inside = [since, *(at for at in self._at if since < at < until), until]
        return max(after - before for before, after in itertools.pairwise(inside))

    def count(self, since: float, until: float) -> int:
        with self._lock:
            return sum(since < at < until for at in self._at)


@dataclass
class History:
    """What clients were told."""

    codes: dict[str, str] = field(default_factory=dict)
    """House number → the code that was acknowledged for it."""
    imported: set[str] = field(default_factory=set)
    """House numbers of imports of which somebody was told that they are published."""
    copy: dict[str, str] = field(default_factory=dict)
    """What the follower holds: code → house number."""
    begun_anew: int = 0
    stale: int = 0
    """Questions for a code that was acknowledged, of which the answer knew nothing."""
    refused: Counter[str] = field(default_factory=Counter)
    """Why questions were asked again."""
    odd: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    writes: Done = field(default_factory=Done)
    reads: Done = field(default_factory=Done)
    imports: Done = field(default_factory=Done)


class Client:
    """Somebody who asks either gate, and the other one where it does not answer."""

    def __init__(self, gates: list[str], key: str, history: History, timeout_s: float) -> None:
        self._gates = itertools.cycle(gates)
        self._gate = next(self._gates)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._history = history
        self._timeout_s = timeout_s

    def ask(self, method: str, path: str, **named: Any) -> requests.Response | None:
        """The answer; None where there was none, or one to come back for."""
        try:
            answer = self._session.request(
                method, self._gate + path, timeout=(1, self._timeout_s), **named
            )
        except requests.RequestException as error:
            self._history.refused[f"{method}: {type(error).__name__}"] += 1
            self._gate = next(self._gates)
            return None
        if answer.status_code in (429, 502, 503, 504):
            code = answer.headers.get("Content-Type") == "application/problem+json"
            answered = answer.json()["code"] if code else "no problem document"
            self._history.refused[f"{method}: {answer.status_code} {answered}"] += 1
            self._gate = next(self._gates)
            return None
        if answer.status_code >= 500:
            self._history.odd.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


@dataclass(frozen=True)
class Keys:
    """Of who writes, and of who only reads."""

    writes: str
    reads: str


class Load:
    """Writers, readers, an importer and a follower, each a thread, until the block ends."""

    def __init__(self, trial: TrialCluster, keys: Keys, seed: int, *, first: int) -> None:
        port = trial.settings.ports.web_entry
        self._gates = [f"http://{node.host}:{port}" for node in trial.settings.having("gate")]
        self._keys = keys
        self._seed = seed
        self._ending = threading.Event()
        self._first = first
        self._numbers = itertools.count(first)
        self._cursor: str | None = None
        self.history = History()

    def client(self, timeout_s: float, *, reads: bool = False) -> Client:
        key = self._keys.reads if reads else self._keys.writes
        return Client(self._gates, key, self.history, timeout_s)

    @contextmanager
    def running(self) -> Iterator[History]:
        work = [self._write] * WRITERS + [self._read] * READERS + [self._import, self._follow]
        threads = [threading.Thread(target=each) for each in work]
        for thread in threads:
            thread.start()
        try:
            yield self.history
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()

    def _again(self, pause_s: float) -> bool:
        return not self._ending.wait(pause_s)

    def until(self, client: Client, method: str, path: str, **named: Any) -> Any:
        """The answer, however often it takes; None when all is over."""
        while (answer := client.ask(method, path, **named)) is None:
            if not self._again(0.2):
                return None
        return answer

    def _write(self) -> None:
        client, chance = self.client(10), random.Random(self._seed)
        while self._again(0.05):
            number = str(next(self._numbers))
            lon, lat = 105.80 + chance.random() / 100, 21.02 + chance.random() / 100
            body = {"commune": COMMUNE, "street": STREET, "house_number": number}
            path = "/v1/operations/propose"
            answer = self.until(client, "POST", path, json={**body, "lon": lon, "lat": lat})
            if answer is None:
                return
            answered = answer.json()
            # Sent again it is refused by the address that the first one took: what the key of an
            # idempotent request would be.
            code = (
                answered["records"][0]["code"]
                if answer.ok
                else answered.get("taken_by", {}).get("code")
            )
            if code is None:
                self.history.odd.append(f"propose: {answer.status_code} {answer.text[:200]}")
                continue
            self.history.codes[number] = code
            self.history.writes.note()

    def _read(self) -> None:
        client, chance = self.client(1.5, reads=True), random.Random(self._seed)
        while self._again(0.05):
            # A replica may be late by moments.
            known = list(self.history.codes.values())[:-20]
            if not known:
                continue
            code = chance.choice(known)
            answer = client.ask("GET", f"/v1/addresses/{code}")
            if answer is not None and answer.ok:
                self.history.reads.note()
            elif answer is not None and answer.status_code == 404:
                self.history.stale += 1
            elif answer is not None:
                self.history.odd.append(f"GET {code}: {answer.status_code}")

    def _import(self) -> None:
        client = self.client(10)
        for number in itertools.count(self._first):
            if not self._again(0.5):
                return
            rows = [f"{number}/{row}" for row in range(1, 21)]
            path = f"/v1/imports?source=bench-{number}&file_name=rows.csv"
            headers = {"Idempotency-Key": f"bench-{self._seed}-{number}"}
            answer = self.until(client, "POST", path, data=_table(rows), headers=headers)
            if answer is None:
                return
            if not answer.ok:
                self.history.odd.append(f"import: {answer.status_code} {answer.text[:200]}")
                continue
            if self._published(client, answer.json()["id"]):
                self.history.imported |= set(rows)
                self.history.imports.note()

    def _published(self, client: Client, number: int) -> bool:
        while True:
            answer = self.until(client, "GET", f"/v1/imports/{number}")
            if answer is None:
                return False
            answered = answer.json()
            if answered["state"] == "published":
                return True
            if answered["state"] == "reported" and answered["progress"] is None:
                given = {"verdict": answered["verdict"]}
                if self.until(client, "POST", f"/v1/imports/{number}/publish", json=given) is None:
                    return False
            elif answered["state"] not in ("staged", "publishing", "reported"):
                self.history.odd.append(
                    f"import {number}: {answered['state']} {answered.get('trouble')}"
                )
                return False
            if not self._again(0.3):
                return False

    def _follow(self) -> None:
        client = self.client(10)
        while self._again(0.3):
            self._read_on(client)

    def _read_on(self, client: Client) -> bool:
        """One page of the feed; whether there is more."""
        answer = client.ask("GET", "/v1/changes", params={"after": self._cursor, "unit": COMMUNE})
        if answer is None:
            return True
        if answer.status_code == 410:
            self.history.copy.clear()
            self.history.begun_anew += 1
            self._cursor = None
            return True
        answered = answer.json()
        for entry in answered["entries"]:
            if entry["type"] == "put":
                self.history.copy[entry["code"]] = entry["house_number"]
            elif entry["type"] in ("remove", "retire", "transform"):
                self.history.copy.pop(entry["code"], None)
        self._cursor = answered["cursor"]
        return bool(answered["more"])

    def catch_up(self) -> None:
        """Let the follower read to the end from where it was."""
        client = self.client(10)
        time.sleep(2)  # a replica may be asked, which is late by moments
        while self._read_on(client):
            time.sleep(0.1)


def _table(numbers: list[str]) -> bytes:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["source_ref", "house_number", "street", "commune_code", "lon", "lat"])
    for number in numbers:
        rows.writerow([number, number, IMPORTED, COMMUNE, "105.8012", "21.0234"])
    return out.getvalue().encode()
