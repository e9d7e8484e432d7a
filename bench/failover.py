"""What a cluster loses, and for how long it is away, when a part of it fails.

    sudo python -m bench.failover [--only NAME …] [--seconds 20] [--seed 1] [--folder DIR]

Brings up a trial of its own (`deploy/cluster/trial.toml`, but `cut` on networks of their own), and
gives it writers, readers, an importer and a follower by HTTP at both gates. Each trouble is made,
lasts, and is mended; afterwards the history of what was acknowledged is replayed against the
register. Everything is ended and removed when it is over. As root: a full disk needs a file system
of its own, and a cut network namespaces.
"""

import argparse
import csv
import io
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import requests

from deploy.cluster.render import read_passwords
from deploy.cluster.settings import Node, read
from deploy.cluster.trial import TRIAL, TrialCluster, far_settings
from registry.settings import ROOT

COMMUNE: Final = "00199"
STREET: Final = "Phố Láng"
IMPORTED: Final = "Phố Chùa Láng"
WRITERS, READERS = 2, 2
WRITES_BACK_S, READS_GONE_S = 30.0, 2.0
DISK: Final = "900m"
HEADINGS: Final = (
    *(
        "trouble",
        "writes gone s",
        "reads gone s",
        "records written",
        "imported",
        "lost",
        "written twice",
    ),
    *("codes issued twice", "follower lacks", "follower has too much", "follower began anew"),
    *("questions answered from before", "odd answers"),
)


class Given(argparse.Namespace):
    """What the caller asks for."""

    only: list[str] | None
    seconds: float
    seed: int
    folder: Path


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

    codes: dict[str, set[str]] = field(default_factory=dict)
    """House number → every code that was acknowledged for it."""
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
            told = answer.json()["code"] if code else "no problem document"
            self._history.refused[f"{method}: {answer.status_code} {told}"] += 1
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
            told = answer.json()
            # Sent again it is refused by the address that the first one took: what the key of an
            # idempotent request would be.
            code = told["records"][0]["code"] if answer.ok else told.get("taken_by")
            if code is None:
                self.history.odd.append(f"propose: {answer.status_code} {answer.text[:200]}")
                continue
            self.history.codes.setdefault(number, set()).add(code)
            self.history.writes.note()

    def _read(self) -> None:
        client, chance = self.client(1.5, reads=True), random.Random(self._seed)
        while self._again(0.05):
            # A replica may be late by moments.
            known = list(self.history.codes.values())[:-20]
            if not known:
                continue
            (code, *_) = chance.choice(known)
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
            told = answer.json()
            if told["state"] == "published":
                return True
            if told["state"] == "reported" and told["progress"] is None:
                said = {"verdict": told["verdict"]}
                if self.until(client, "POST", f"/v1/imports/{number}/publish", json=said) is None:
                    return False
            elif told["state"] not in ("staged", "publishing", "reported"):
                self.history.odd.append(f"import {number}: {told['state']} {told.get('trouble')}")
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
        told = answer.json()
        for entry in told["entries"]:
            if entry["type"] == "put":
                self.history.copy[entry["code"]] = entry["house_number"]
            elif entry["type"] in ("remove", "retire", "transform"):
                self.history.copy.pop(entry["code"], None)
        self._cursor = told["cursor"]
        return bool(told["more"])

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


# ---- troubles --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """How a part fails, and is mended; `make` returns what mends it."""

    name: str
    says: str
    make: Callable[[TrialCluster], Callable[[], object]]
    apart: bool = False
    """Whether it takes networks of their own."""


def _nothing() -> None:
    """It mends itself."""


def _leader(trial: TrialCluster) -> Node:
    name = trial.primary()
    assert name, "no primary before the trouble"
    return trial.settings.node(name)


def _kill_machine(trial: TrialCluster) -> Callable[[], object]:
    node = _leader(trial)
    trial.signal(node, (), signal.SIGKILL)
    return lambda: trial.restart(node)


def _kill_postgres(trial: TrialCluster) -> Callable[[], object]:
    trial.signal(_leader(trial), ("postgres",), signal.SIGKILL)
    return _nothing


def _freeze(trial: TrialCluster) -> Callable[[], object]:
    node = _leader(trial)
    trial.signal(node, (), signal.SIGSTOP)
    return lambda: trial.signal(node, (), signal.SIGCONT)


def _kill_etcd(trial: TrialCluster) -> Callable[[], object]:
    (node, *_) = trial.settings.having("etcd")
    trial.signal(node, ("etcd",), signal.SIGKILL)
    return lambda: trial.restart(node, ["etcd"])


def _fill_disk(trial: TrialCluster) -> Callable[[], object]:
    node = _leader(trial)
    filler = trial.place.root(node) / "var/lib/postgresql/filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=1M"], check=False, stderr=-3)
    return filler.unlink


def _lag(trial: TrialCluster) -> Callable[[], object]:
    leader = _leader(trial)
    node = next(n for n in trial.settings.having("database") if n != leader)
    _sql(trial, node, "SELECT pg_wal_replay_pause()")
    return lambda: _sql(trial, node, "SELECT pg_wal_replay_resume()")


def _restart_web(trial: TrialCluster) -> Callable[[], object]:
    for node in trial.settings.having("web"):
        trial.stop(node, ("web",))
        trial.restart(node, ["web"])
        trial.wait_for_web(node)
    return _nothing


def _cut(trial: TrialCluster) -> Callable[[], object]:
    node = _leader(trial)
    trial.cut(node)
    return lambda: trial.join(node)


TROUBLES: Final = (
    Trouble("kill-machine", "kill -9 of all of the primary's machine", _kill_machine),
    Trouble("kill-postgres", "kill -9 of the primary's PostgreSQL alone", _kill_postgres),
    Trouble("freeze", "SIGSTOP of all of the primary's machine", _freeze),
    Trouble("kill-etcd", "kill -9 of an etcd member", _kill_etcd),
    Trouble("full-disk", "the primary's disk is full", _fill_disk),
    Trouble("lag", "one replica stands still", _lag),
    Trouble("restart-web", "all web nodes are restarted, one after the other", _restart_web),
    Trouble("cut", "the primary's machine is cut off the network", _cut, apart=True),
)


# ---- afterwards ------------------------------------------------------------------------------


def _sql(trial: TrialCluster, node: Node, statement: str) -> list[tuple[Any, ...]]:
    password = read_passwords(trial.settings, trial.folder / "passwords")["superuser"]
    with psycopg.connect(
        host=str(node.address),
        port=trial.settings.ports.postgresql,
        user="postgres",
        password=password,
        dbname="diachiso",
        autocommit=True,
    ) as connection:
        return connection.execute(statement).fetchall()


_RECORDS: Final = """
    SELECT t.name, h.house_number, h.code
    FROM household h JOIN thoroughfare t ON t.id = h.thoroughfare_id
    WHERE h.status IN ('active', 'proposed')
"""


def replay(trial: TrialCluster, load: Load) -> dict[str, int]:
    """What the register and the follower's copy say of what was acknowledged."""
    history = load.history
    rows = _sql(trial, _leader(trial), _RECORDS)
    written: dict[str, set[str]] = {}
    brought: dict[str, set[str]] = {}
    for street, number, code in rows:
        (written if street in STREET else brought).setdefault(number, set()).add(code)
    told_of: dict[str, set[str]] = {}
    for number, codes in history.codes.items():
        for code in codes:
            told_of.setdefault(code, set()).add(number)
    lost = [n for n, codes in history.codes.items() if not codes <= written.get(n, set())]
    lost += [n for n in history.imported if n not in brought]
    twice = [n for part in (written, brought) for n, codes in part.items() if len(codes) > 1]
    held = {code for _, _, code in rows}
    return {
        "written": len(history.codes),
        "imported": len(history.imported),
        "lost": len(lost),
        "written twice": len(twice),
        "codes issued twice": sum(len(numbers) > 1 for numbers in told_of.values()),
        "follower lacks": len(held - history.copy.keys()),
        "follower has too much": len(history.copy.keys() - held),
        "begun anew": history.begun_anew,
        "stale": history.stale,
        "odd answers": len(history.odd),
    }


def settle(trial: TrialCluster, within_s: float = 180) -> None:
    """Wait until a primary is there, every other node follows it, and all web nodes answer."""
    deadline = time.monotonic() + within_s
    while not trial.is_whole():
        if time.monotonic() > deadline:
            raise SystemExit(f"it does not become whole again: {trial.states()}")
        time.sleep(0.5)


def await_import(history: History, within_s: float) -> None:
    """Wait until somebody is told that an import is published which was not before."""
    begun, deadline = time.monotonic(), time.monotonic() + within_s
    while not history.imports.count(begun, time.monotonic()) and time.monotonic() < deadline:
        time.sleep(0.5)


@contextmanager
def trial_of(folder: Path, *, apart: bool) -> Iterator[TrialCluster]:
    """A whole cluster with a street to write to; ended and removed afterwards."""
    trial = TrialCluster(read(far_settings(folder) if apart else TRIAL), folder, ROOT)
    disks = [trial.place.root(node) / "var/lib/postgresql" for node in trial.settings.nodes]
    for disk in disks:
        disk.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], check=True)
        os.chown(disk, trial.database_account.uid, trial.database_account.gid)
    try:
        trial.up(lambda line: print(line, file=sys.stderr))
        for street in (STREET, IMPORTED):
            trial.diachiso(
                ["operation", "name-street", "--commune", COMMUNE, "--street", street]
            ).check_returncode()
        yield trial
    finally:
        trial.down()
        for disk in disks:
            subprocess.run(["umount", disk], check=False)
        shutil.rmtree(folder)


def keys_of(trial: TrialCluster) -> Keys:
    """A key that may write and approve its own deliveries, and one that only reads."""

    def made(name: str, *rights: str) -> str:
        done = trial.diachiso(["keys", "create", name, "--rate", "1000000", *rights])
        done.check_returncode()
        return done.stdout.strip()

    writes = made("writes", "--role", "approver", "--unit", COMMUNE, "--alone")
    return Keys(writes, made("reads", "--role", "carrier"))


def run(trial: TrialCluster, keys: Keys, trouble: Trouble, given: Given) -> bool:
    """Make one trouble under load, print its line, and say whether all is well."""
    load = Load(trial, keys, given.seed, first=10_000 * (1 + TROUBLES.index(trouble)))
    with load.running() as history:
        time.sleep(5)
        since = time.monotonic()
        mend = trouble.make(trial)
        time.sleep(given.seconds)
        mend()
        settle(trial)
        await_import(history, within_s=60)
        until = time.monotonic()
    load.catch_up()
    found = replay(trial, load)
    gone = {
        "writes gone s": history.writes.gap_s(since, until),
        "reads gone s": history.reads.gap_s(since, until),
    }
    print(
        "| "
        + " | ".join(
            [trouble.says, *(f"{s:.1f}" for s in gone.values()), *map(str, found.values())]
        )
        + " |"
    )
    sys.stdout.flush()
    for why, count in history.refused.most_common():
        print(f"  {count} × {why}", file=sys.stderr)
    for line in history.odd[:10]:
        print(line, file=sys.stderr)
    wrong = (
        "lost",
        "written twice",
        "codes issued twice",
        "follower lacks",
        "follower has too much",
        "odd answers",
    )
    return (
        not any(found[name] for name in wrong)
        and gone["writes gone s"] <= WRITES_BACK_S
        and gone["reads gone s"] <= READS_GONE_S
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[t.name for t in TROUBLES])
    parser.add_argument("--seconds", type=float, default=20, help="how long each trouble lasts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("/var/lib/diachiso/failover"))
    given = parser.parse_args(namespace=Given())
    print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
    well = True
    for apart in (False, True):
        chosen = [
            trouble
            for trouble in TROUBLES
            if trouble.apart == apart and (not given.only or trouble.name in given.only)
        ]
        if chosen:
            with trial_of(given.folder, apart=apart) as trial:
                keys = keys_of(trial)
                for trouble in chosen:
                    well &= run(trial, keys, trouble, given)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
