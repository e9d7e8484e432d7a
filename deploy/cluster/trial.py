"""All of a cluster on one machine: for trials, and for whoever wants to see it fail."""

import json
import os
import pwd
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from deploy.cluster import network, processes
from deploy.cluster.processes import Part, Processes
from deploy.cluster.render import Trial, read_passwords, rendered
from deploy.cluster.settings import ClusterSettings, Node
from registry.ops.cluster import host
from registry.ops.cluster.host import Account

PARTS: Final = ("etcd", "patroni", "postgres", "room", "haproxy", "pgbouncer", "web", "worker")
"""In the order in which they start; what serves ends first."""
TRIAL: Final = Path(__file__).parent / "trial.toml"
OWN_SETTINGS: Final = "settings.toml"
"""In the folder of a trial that has other settings than these."""
_BY_ROLE: Final = {
    "etcd": ("etcd",),
    "database": ("patroni", "room"),
    "gate": ("haproxy", "pgbouncer"),
    "web": ("web",),
    "worker": ("worker",),
}
_START_S: Final = 120.0
_CLEAN: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

Report = Callable[[str], None]


def far_settings(folder: Path) -> Path:
    """Settings of a trial in `folder` whose nodes have networks of their own."""
    host.make_open_folder(folder)
    text = TRIAL.read_text(encoding="utf-8")
    own = folder / OWN_SETTINGS
    own.write_text(text.replace("127.0.0.", network.FAR), encoding="utf-8")
    return own


class TrialError(Exception):
    """A trial that does not come up, or a node or part that it has not; one line."""


@dataclass(frozen=True)
class TrialCluster:
    """The cluster of `settings`, with every machine below a folder of its own."""

    settings: ClusterSettings
    folder: Path
    program: Path
    """The checkout from which web nodes and workers run."""

    @cached_property
    def place(self) -> Trial:
        """Where the machines lie."""
        return Trial(self.folder)

    @cached_property
    def processes(self) -> Processes:
        """What was started."""
        return Processes(self.folder)

    @cached_property
    def database_account(self) -> Account:
        """As whom everything but the program runs: the caller; for root, PostgreSQL's account."""
        return host.account_for(self.folder / "nobody's")

    @cached_property
    def web_account(self) -> Account:
        """As whom the program runs."""
        if os.geteuid() != 0:
            return self.database_account
        return Account.by_uid(pwd.getpwnam(host.WEB_ACCOUNT).pw_uid)

    # ---- up ----------------------------------------------------------------------------------

    def up(self, report: Report) -> None:
        """Bring everything up that does not run; TrialError with what to look at."""
        if network.is_apart(self.settings):
            network.lay(self.settings)
        self._lay()
        self.processes.forget_ended()
        for node in self.settings.having("etcd"):
            self.start(node, ["etcd"])
        for node in self.settings.having("etcd"):
            self._await(f"etcd of {node.name}", partial(self._etcd_is_well, node))
        report("etcd: a majority agrees")
        self._start_databases(report)
        for node in self.settings.having("gate"):
            self.start(node, ["haproxy", "pgbouncer"])
        self._await("the writer's gate", lambda: self._prepare(report))
        for part in ("web", "worker"):
            for node in self.settings.having(part):
                self.start(node, [part])
        for node in self.settings.having("database"):
            self._await(f"replica {node.name}", partial(self._streams, node))
        report("PostgreSQL: all replicas follow")
        for node in self.settings.having("web"):
            self.wait_for_web(node)
            report(f"web node: http://{node.host}:{self.settings.ports.web}")
        for node in self.settings.having("gate"):
            report(f"all web nodes: http://{node.host}:{self.settings.ports.web_entry}")

    def _start_databases(self, report: Report) -> None:
        """Where the register begins first, unless it has begun: then any may be the primary."""
        first, *others = self.settings.having("database")
        data = self.place.root(first) / self.settings.paths.data.lstrip("/")
        exists = (data / "PG_VERSION").exists()
        for node in [first, *others] if exists else [first]:
            self.start(node, _BY_ROLE["database"])
        self._await("a primary", self.primary)
        report(f"PostgreSQL: {self.primary()} is the primary")
        for node in others:
            self.start(node, _BY_ROLE["database"])

    def start(self, node: Node, parts: Iterable[str]) -> None:
        """Start these parts of a node, those that do not run."""
        root = self.place.root(node)
        for part in parts:
            command, environment = self._command(node, part)
            if network.is_apart(self.settings):
                command = ["ip", "netns", "exec", network.space_of(self.settings, node), *command]
            self.processes.start(
                node.name,
                part,
                command,
                account=self.web_account if part in ("web", "worker") else self.database_account,
                environment=environment,
                log=root / "log" / f"{part}.log",
            )

    def _command(self, node: Node, part: str) -> tuple[list[str], dict[str, str]]:
        etc = self.place.root(node) / "etc"
        ports = self.settings.ports
        match part:
            case "etcd":
                return ["etcd"], {**_CLEAN, **_variables(etc / "default/etcd")}
            case "patroni":
                return ["patroni", str(etc / "patroni/config.yml")], _CLEAN
            case "room":
                return ["/bin/sh", str(etc / "diachiso/room.sh")], _CLEAN
            case "haproxy":
                return ["haproxy", "-db", "-f", str(etc / "haproxy/haproxy.cfg")], _CLEAN
            case "pgbouncer":
                return ["pgbouncer", str(etc / "pgbouncer/pgbouncer.ini")], _CLEAN
            case "web":
                where = ["--host", str(node.address), "--port", str(ports.web), "--workers", "1"]
                kind = ["--no-demo", "--no-prepare", "--no-worker"]
                return self._program("serve", *kind, *where), self.variables(node, "web")
            case _:
                # As systemd does on a real machine: it ends when it loses the database for long.
                again = ["/bin/sh", "-c", 'while :; do "$@"; sleep 2; done', "sh"]
                return [*again, *self._program("work")], self.variables(node, "worker")

    @staticmethod
    def _program(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "scripts.main", *arguments]

    def variables(self, node: Node, kind: str) -> dict[str, str]:
        """The environment of the program on a node: `web`, `worker` or `manager`."""
        own = {"PYTHONPATH": str(self.program), "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
        written = _variables(self.place.root(node) / f"etc/diachiso/{kind}.env")
        return {**_CLEAN, **own, **written}

    def _lay(self) -> None:
        """Folders, passwords and files of every machine; what is there already stays."""
        host.make_open_folder(self.folder)
        for _name, place in self.settings.passwords:
            path = self.folder / "passwords" / place.lstrip("/")
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)
                path.write_text(secrets.token_hex(24), encoding="ascii")
        secret = read_passwords(self.settings, self.folder / "passwords")
        self._own(self.folder / "shared" / self.settings.paths.files.lstrip("/"), self.web_account)
        for node in self.settings.nodes:
            root = self.place.root(node)
            for path, account in (
                (Path(self.settings.paths.etcd).parent, self.database_account),
                (Path("/var/lib/postgresql"), self.database_account),
                (Path(self.settings.paths.data).parent, self.database_account),
                (Path("/var/run/postgresql"), self.database_account),
                (Path(self.settings.paths.var), self.web_account),
            ):
                self._own(root / str(path).lstrip("/"), account)
            host.make_open_folder(root / "log")
            for file, text in rendered(self.settings, node, secret, self.place):
                target = root / file.path.lstrip("/")
                host.make_open_folder(target.parent)
                target.touch(mode=0o640)
                os.chown(target, -1, self.database_account.gid)
                target.write_text(text, encoding="utf-8")

    @staticmethod
    def _own(folder: Path, account: Account) -> None:
        if not folder.exists():
            host.make_open_folder(folder.parent)
            folder.mkdir(mode=0o700)
            os.chown(folder, account.uid, account.gid)

    def _prepare(self, report: Report) -> bool:
        """Whether the register has been prepared, through the gate."""
        node = self.settings.having("worker")[0]
        done = self.diachiso(["database", "prepare"], node)
        for line in done.stderr.splitlines():
            report(line)
        return done.returncode == 0

    def diachiso(
        self, arguments: Sequence[str], node: Node | None = None, *, capture: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """The program's command line, as the manager of the register, by a gate that lives."""
        node = node or self._living_gate()
        return subprocess.run(
            self.web_account.command(*self._program(*arguments)),
            env=self.variables(node, "manager"),
            capture_output=capture,
            text=True,
            check=False,
        )

    def _living_gate(self) -> Node:
        nodes = self.settings.having("worker")
        return next((node for node in nodes if self.parts(node, ["haproxy"])), nodes[0])

    # ---- what can be seen --------------------------------------------------------------------

    def patroni(self, node: Node) -> dict[str, Any]:
        """What a node's Patroni says of it; empty when it does not answer."""
        found = self._ask(node, self.settings.ports.patroni, "patroni")
        return json.loads(found) if found else {}

    def primary(self) -> str | None:
        """The node that takes writes, as its own Patroni says."""
        for node in self.settings.having("database"):
            if self._ask(node, self.settings.ports.patroni, "primary", ok=True):
                return node.name
        return None

    def _etcd_is_well(self, node: Node) -> bool:
        return b'"true"' in self._ask(node, self.settings.ports.etcd_client, "health", ok=True)

    def _streams(self, node: Node) -> bool:
        """Whether it is the primary, or may become it: it is in the quorum."""
        return bool(self._ask(node, self.settings.ports.patroni, "quorum", ok=True)) or (
            self.primary() == node.name
        )

    def _answers(self, node: Node) -> bool:
        return bool(_ask(f"http://{node.host}:{self.settings.ports.web}/readyz", None, ok=True))

    def _ask(self, node: Node, port: int, path: str, *, ok: bool = False) -> bytes:
        """What a part of a node answers, as one of the cluster's machines would ask it."""
        scheme = "https" if self.settings.tls else "http"
        return _ask(f"{scheme}://{node.host}:{port}/{path}", self._context, ok=ok)

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        if self.settings.tls is None:
            return None
        root, tls = self.place.root(self.settings.nodes[0]), self.settings.tls
        context = ssl.create_default_context(cafile=root / tls.authority.lstrip("/"))
        context.load_cert_chain(root / tls.certificate.lstrip("/"), root / tls.key.lstrip("/"))
        return context

    def wait_for_web(self, node: Node) -> None:
        """Wait until a web node takes requests."""
        self._await(f"web node {node.name}", lambda: self._answers(node))

    def is_whole(self) -> bool:
        """Whether there is a primary, every other node follows it, and all else runs."""
        nodes = self.settings.nodes
        alive = all(part.is_alive() for part in self.processes.parts().values())
        return (
            alive
            and self.primary() is not None
            and all(self._streams(node) for node in nodes if "database" in node.roles)
            and all(self._answers(node) for node in nodes if "web" in node.roles)
        )

    def _await(self, what: str, is_so: Callable[[], object]) -> None:
        deadline = time.monotonic() + _START_S
        while not is_so():
            for part in self.processes.parts().values():
                if not part.is_alive():
                    log = self.folder / part.node / "log" / f"{part.name}.log"
                    raise TrialError(
                        f"{part.name} of {part.node} has ended; {_last_line(log)} (see {log})"
                    )
            if time.monotonic() > deadline:
                raise TrialError(
                    f"{what} is not there after {_START_S:.0f} s; see {self.folder}/*/log"
                )
            time.sleep(0.2)

    def states(self) -> list[dict[str, str]]:
        """A line for each node: its parts, and what its PostgreSQL is."""
        parts = self.processes.parts()
        lines = []
        for node in self.settings.nodes:
            line = {"node": node.name}
            for name in self._names(node):
                if name != "postgres":
                    line[name] = _state(parts.get((node.name, name)))
            found = self.patroni(node) if "database" in node.roles else {}
            if found:
                line["postgres"] = f"{found.get('role')}, timeline {found.get('timeline')}"
            elif "database" in node.roles:
                line["postgres"] = _state(self._postmaster(node))
            lines.append(line)
        return lines

    # ---- trouble -----------------------------------------------------------------------------

    def parts(self, node: Node, names: Sequence[str] = ()) -> list[Part]:
        """The living parts of a node, or some of them, Patroni before its PostgreSQL."""
        known = self.processes.parts()
        found = []
        for name in names or self._names(node):
            if name not in self._names(node):
                raise TrialError(
                    f"{node.name} has no {name}; it has {', '.join(self._names(node))}"
                )
            part = self._postmaster(node) if name == "postgres" else known.get((node.name, name))
            if part is not None and part.is_alive():
                found.append(part)
        return found

    def _names(self, node: Node) -> list[str]:
        has = {part for role in node.roles for part in _BY_ROLE[role]}
        return [part for part in PARTS if part in has or (part == "postgres" and "patroni" in has)]

    def _postmaster(self, node: Node) -> Part | None:
        data = self.place.root(node) / self.settings.paths.data.lstrip("/")
        try:
            pid = int((data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        if str(data) not in host.command_line(pid):
            return None
        return processes.found(node.name, "postgres", pid)

    def signal(self, node: Node, names: Sequence[str], how: signal.Signals) -> list[Part]:
        """Send a signal to all processes of some parts of a node at once."""
        parts = self.parts(node, names)
        processes.signal_all(processes.family(parts), how)
        return parts

    def restart(self, node: Node, names: Sequence[str] = ()) -> None:
        """Start what was ended of a node, as after a boot."""
        self.start(node, [name for name in names or self._names(node) if name != "postgres"])

    def stop(self, node: Node, names: Sequence[str]) -> None:
        """End some parts of a node in order."""
        processes.end(self.parts(node, names))

    def cut(self, node: Node) -> None:
        """Cut a node off the network; TrialError where it has none of its own."""
        self._plug(node, into=False)

    def join(self, node: Node) -> None:
        """Connect a node that was cut off."""
        self._plug(node, into=True)

    def _plug(self, node: Node, *, into: bool) -> None:
        if not network.is_apart(self.settings):
            raise TrialError("all nodes are on the loopback; start them with `up --apart`, as root")
        network.plug(self.settings, node, into=into)

    def down(self, *, remove: bool = False) -> None:
        """End everything that was started here; with `remove` at once, and nothing stays."""
        nodes = self.settings.nodes
        if remove:
            everybody = [part for node in nodes for part in self.parts(node)]
            processes.signal_all(processes.family(everybody), signal.SIGKILL)
        for names in (("worker", "web"), ("pgbouncer", "haproxy"), ("room", "patroni"), ("etcd",)):
            processes.end(
                part
                for node in nodes
                for name in names
                if name in self._names(node)
                for part in self.parts(node, [name])
            )
        # A PostgreSQL whose Patroni was killed.
        processes.end(part for node in nodes if (part := self._postmaster(node)))
        if network.is_apart(self.settings):
            network.take_down(self.settings)
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)


def _variables(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _state(part: Part | None) -> str:
    if part is None:
        return "–"
    if part.is_frozen():
        return "frozen"
    return "runs" if part.is_alive() else "ended"


def _ask(url: str, context: ssl.SSLContext | None, *, ok: bool = False) -> bytes:
    """What is answered, with `ok` only with a 200; nothing when nobody answers soon."""
    try:
        with urllib.request.urlopen(url, timeout=2, context=context) as response:  # noqa: S310
            return bytes(response.read()) or b" "
    except urllib.error.HTTPError as error:
        with error:
            return b"" if ok else bytes(error.read())
    except OSError:
        return b""


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else "it said nothing"
