"""What a cluster loses, and for how long it is away, when a part of it fails.

    sudo python -m bench.failover [--only NAME …] [--seconds 20] [--seed 1] [--folder DIR]

Brings up a trial of its own (`deploy/cluster/trial.toml`, but `cut` on networks of their own), and
gives it writers, readers, an importer and a follower by HTTP at both gates. Each trouble is made,
lasts, and is mended; afterwards the history of what was acknowledged is replayed against the
register. Everything is ended and removed when it is over. As root: a full disk needs a file system
of its own, and a cut network namespaces.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.cluster_load import COMMUNE, IMPORTED, STREET, History, Keys, Load
from deploy.cluster.render import read_passwords
from deploy.cluster.settings import Node, read
from deploy.cluster.trial import TRIAL, TrialCluster, far_settings
from registry.core.settings import ROOT

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


# ---- troubles --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """How a part fails, and is mended; `make` returns what mends it."""

    name: str
    message: str
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


def _roll(trial: TrialCluster) -> Callable[[], object]:
    leader = _leader(trial)
    others = [node for node in trial.settings.having("database") if node != leader]
    for node in others:
        _restart(trial, node)
    _patronictl(trial, leader, "switchover", "--candidate", others[0].name)
    settle(trial)
    _restart(trial, leader)
    return _nothing


def _restart(trial: TrialCluster, node: Node) -> None:
    _patronictl(trial, node, "restart", node.name)
    settle(trial)


def _patronictl(trial: TrialCluster, node: Node, command: str, *arguments: str) -> None:
    config = trial.place.root(node) / "etc/patroni/config.yml"
    done = trial.database_account.run(
        *("patronictl", "-c", config, command), trial.settings.name, *arguments, "--force"
    )
    assert done.returncode == 0, done.stdout + done.stderr


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
    Trouble(
        "roll", "a minor release: replicas, a switchover, the former primary, restarted", _roll
    ),
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
    FROM household h JOIN place t ON t.id = h.street_id
    WHERE h.status IN ('active', 'proposed')
"""


def replay(trial: TrialCluster, load: Load, issued: dict[str, str]) -> dict[str, int]:
    """What the register and the follower's copy say of what was acknowledged; `issued` are the
    codes of all troubles so far with their house numbers.
    """
    history = load.history
    rows = _sql(trial, _leader(trial), _RECORDS)
    written: dict[str, set[str]] = {}
    brought: dict[str, set[str]] = {}
    for street, number, code in rows:
        (written if street in STREET else brought).setdefault(number, set()).add(code)
    again = sum(issued.setdefault(code, number) != number for number, code in history.codes.items())
    lost = [n for n, code in history.codes.items() if code not in written.get(n, ())]
    lost += [n for n in history.imported if n not in brought]
    twice = [n for part in (written, brought) for n, codes in part.items() if len(codes) > 1]
    held = {code for _, _, code in rows}
    return {
        "written": len(history.codes),
        "imported": len(history.imported),
        "lost": len(lost),
        "written twice": len(twice),
        "codes issued twice": again,
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
    started, deadline = time.monotonic(), time.monotonic() + within_s
    while not history.imports.count(started, time.monotonic()) and time.monotonic() < deadline:
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


def run(
    trial: TrialCluster, keys: Keys, trouble: Trouble, given: Given, issued: dict[str, str]
) -> bool:
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
    found = replay(trial, load, issued)
    gone = {
        "writes gone s": history.writes.gap_s(since, until),
        "reads gone s": history.reads.gap_s(since, until),
    }
    print(
        "| "
        + " | ".join(
            [trouble.message, *(f"{s:.1f}" for s in gone.values()), *map(str, found.values())]
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
                keys, issued = keys_of(trial), dict[str, str]()
                for trouble in chosen:
                    well &= run(trial, keys, trouble, given, issued)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
