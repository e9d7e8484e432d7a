"""What each machine is asked before anything is changed on it: versions, clock, disks, certificate.

One shell script a machine, by `ssh` or whatever else runs a shell there. It only looks.
"""

import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from deploy.cluster.settings import ClusterSettings, Complaint, Node
from registry.ops.cluster.archive import PROGRAM

MOST_APART_S: Final = 1.0
"""Between clocks: the age of a replica, keys and days are judged by them."""
_ASK_S: Final = 20.0

_SCRIPT: Final = """
say() { printf '%s=%s\\n' "$1" "$2"; }
version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/^[0-9]*://; s/[+~-].*//'; }
say now "$(date +%s.%N)"
say postgresql "$(version postgresql-$MAJOR)"
say postgis "$(version postgresql-$MAJOR-postgis-3)"
for name in patroni etcd-server haproxy pgbouncer pgbackrest
do say "$name" "$(version $name)"; done
disk() { d=$1; while [ ! -e "$d" ]; do d=$(dirname "$d"); done; stat -c %d "$d"; }
ls /dev/watchdog >/dev/null 2>&1 && say watchdog yes
say disk_data "$(disk "$DATA")"
say disk_etcd "$(disk "$ETCD")"
cert() { openssl x509 -in "$CERTIFICATE" -noout "$@" 2>/dev/null; }
if [ -z "$CERTIFICATE" ]; then state=none
elif [ ! -r "$CERTIFICATE" ]; then state=unreadable
elif ! cert -checkend 0 >/dev/null; then state=expired
elif ! cert -checkend 1209600 >/dev/null; then state=ending
elif cert -checkip "$ADDRESS" | grep -q NOT; then state=other
else state=well; fi
say certificate "$state"
"""
_PACKAGES: Final = {
    "database": ("postgresql", "postgis", "patroni"),
    "etcd": ("etcd-server",),
    "gate": ("haproxy", "pgbouncer"),
}
_CERTIFICATE: Final = {
    "unreadable": "cannot be read",
    "expired": "has expired",
    "ending": "ends within 14 days",
    "other": "does not name the address of the node",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a machine says of itself."""

    facts: Mapping[str, str]
    apart_s: float
    """How far its clock is off ours, less what the question took."""


class SilentNodeError(Exception):
    """A machine that did not answer; why."""


def check_machines(settings: ClusterSettings, asker: str) -> list[Complaint]:
    """What stands in the way on the machines; `asker` and a node's address run a shell there."""
    with ThreadPoolExecutor(len(settings.nodes)) as pool:
        asked = {node: pool.submit(_ask, settings, node, asker) for node in settings.nodes}
    complaints, answers = [], {}
    for node, future in asked.items():
        try:
            answers[node] = future.result()
        except SilentNodeError as error:
            complaints.append(
                Complaint(
                    "node_does_not_answer",
                    f"{node.name} ({node.address}): {error}",
                    f"see that `{asker} {node.address} sh` works, or say by --ask what does",
                )
            )
    for node, answer in answers.items():
        complaints += _packages(settings, node, answer)
        complaints += _clock(node, answer)
        complaints += _disks(settings, node, answer)
        complaints += _certificate(settings, node, answer)
    return complaints + list(_differences(answers))


def _ask(settings: ClusterSettings, node: Node, asker: str) -> Answer:
    variables = {
        "MAJOR": str(settings.postgresql.version),
        "DATA": settings.paths.data,
        "ETCD": settings.paths.etcd,
        "CERTIFICATE": settings.tls.certificate if settings.tls else "",
        "ADDRESS": str(node.address),
    }
    head = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    before = time.time()
    try:
        done = subprocess.run(
            [*shlex.split(asker), str(node.address), "sh"],
            input=head + _SCRIPT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_ASK_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SilentNodeError(str(error)) from error
    after = time.time()
    facts = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if "now" not in facts:
        raise SilentNodeError((done.stderr.strip() or "no answer").splitlines()[-1])
    there = float(facts["now"])
    return Answer(facts, max(before - there, there - after, 0.0))


def _packages(settings: ClusterSettings, node: Node, answer: Answer) -> Iterator[Complaint]:
    major = settings.postgresql.version
    named = {"postgresql": f"postgresql-{major}", "postgis": f"postgresql-{major}-postgis-3"}
    for role, packages in _PACKAGES.items():
        if role == "database" and settings.backups:
            packages = (*packages, PROGRAM)
        for package in packages if role in node.roles else ():
            if not answer.facts.get(package):
                name = named.get(package, package)
                yield Complaint(
                    "not_installed", f"{node.name} has no {name}", f"apt-get install {name} there"
                )


def _clock(node: Node, answer: Answer) -> Iterator[Complaint]:
    if answer.apart_s > MOST_APART_S:
        yield Complaint(
            "clock_is_off",
            f"the clock of {node.name} is {answer.apart_s:.0f} s off this machine's",
            "set both by NTP: apt-get install chrony",
        )


def _disks(settings: ClusterSettings, node: Node, answer: Answer) -> Iterator[Complaint]:
    if (
        settings.watchdog == "required"
        and "database" in node.roles
        and "watchdog" not in answer.facts
    ):
        yield Complaint(
            "no_watchdog",
            f"{node.name} has no /dev/watchdog",
            "load a driver there: echo softdog > /etc/modules-load.d/watchdog.conf, and start anew",
        )
    if {"etcd", "database"} <= node.roles and answer.facts["disk_data"] == answer.facts[
        "disk_etcd"
    ]:
        yield Complaint(
            "etcd_shares_a_disk",
            f"on {node.name} {settings.paths.etcd} and {settings.paths.data} are on one disk",
            f"mount a disk of its own, small and fast, at {settings.paths.etcd}",
        )


def _certificate(settings: ClusterSettings, node: Node, answer: Answer) -> Iterator[Complaint]:
    if settings.tls and (wrong := _CERTIFICATE.get(answer.facts.get("certificate", ""))):
        yield Complaint(
            "wrong_certificate",
            f"{settings.tls.certificate} of {node.name} {wrong}",
            f"have one issued for IP:{node.address} and put it there",
        )


def _differences(answers: Mapping[Node, Answer]) -> Iterator[Complaint]:
    """PostgreSQL may differ in its minor version while it is upgraded; PostGIS is one with data."""
    bases = {node: answer for node, answer in answers.items() if "database" in node.roles}
    for package, parts, remedy in (
        ("postgresql", 1, "install the same major version on all"),
        ("postgis", 2, "install the same version on all before they hold data"),
        ("patroni", 1, "install the same version on all"),
    ):
        versions = {
            node.name: ".".join(version.split(".")[:parts])
            for node, answer in bases.items()
            if (version := answer.facts.get(package))
        }
        if len(set(versions.values())) > 1:
            listed = ", ".join(f"{name} {version}" for name, version in versions.items())
            yield Complaint("versions_differ", f"{package} differs: {listed}", remedy)
