"""The files of every machine, made of the settings."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.cluster.settings import ClusterSettings, Complaint, Node, Role, WrongSettingsError
from registry.ops.cluster.archive import settings_text

_PASSWORD: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""What needs no quotes in any of the files."""


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """One file of a machine: where it belongs, and who may read it there."""

    path: str
    template: str
    role: Role
    owner: str
    mode: int


FILES: Final = (
    RenderedFile("/etc/default/etcd", "etcd", "etcd", "root", 0o644),
    RenderedFile("/etc/patroni/config.yml", "patroni.yml", "database", "postgres", 0o600),
    RenderedFile("/etc/diachiso/roles.sql", "roles.sql", "database", "postgres", 0o600),
    RenderedFile("/etc/diachiso/pgbackrest.conf", "pgbackrest.conf", "database", "postgres", 0o600),
    RenderedFile("/etc/diachiso/backups.env", "backups.env", "database", "root", 0o600),
    RenderedFile(
        "/etc/systemd/system/diachiso-backups@.service",
        "backups.service",
        "database",
        "root",
        0o644,
    ),
    RenderedFile("/etc/diachiso/upgrade.sh", "upgrade.sh", "database", "postgres", 0o644),
    RenderedFile("/etc/diachiso/room.sh", "room.sh", "database", "postgres", 0o600),
    RenderedFile("/etc/haproxy/haproxy.cfg", "haproxy.cfg", "gate", "root", 0o644),
    RenderedFile("/etc/pgbouncer/pgbouncer.ini", "pgbouncer.ini", "gate", "postgres", 0o600),
    RenderedFile("/etc/pgbouncer/userlist.txt", "userlist.txt", "gate", "postgres", 0o600),
    RenderedFile("/etc/diachiso/web.env", "web.env", "web", "root", 0o600),
    RenderedFile("/etc/diachiso/worker.env", "worker.env", "worker", "root", 0o600),
    RenderedFile("/etc/diachiso/manager.env", "manager.env", "worker", "root", 0o600),
    RenderedFile(
        "/etc/systemd/system/diachiso-room.service", "room.service", "database", "root", 0o644
    ),
    RenderedFile("/etc/systemd/system/diachiso-web.service", "web.service", "web", "root", 0o644),
    RenderedFile(
        "/etc/systemd/system/diachiso-work.service", "work.service", "worker", "root", 0o644
    ),
)

_OF_BACKUPS: Final = ("pgbackrest.conf", "backups.env", "backups.service")
_SOCKETS: Final = "/var/run/postgresql"


@dataclass(frozen=True, slots=True)
class Trial:
    """Where all machines of a trial lie side by side: each below a folder of its own."""

    folder: Path

    def root(self, node: Node) -> Path:
        """What stands for `/` of a machine."""
        return self.folder / node.name


def read_passwords(settings: ClusterSettings, root: Path = Path("/")) -> dict[str, str]:
    """The passwords by their names; WrongSettingsError where a file is missing, open or odd."""
    found, missing, complaints = {}, [], []
    for name, place in settings.passwords:
        path = root / place.lstrip("/")
        try:
            found[name] = path.read_text(encoding="ascii").strip()
            is_open = bool(path.stat().st_mode & 0o077)
        except (OSError, UnicodeDecodeError):
            missing.append(str(path))
            continue
        if is_open:
            complaints.append(
                Complaint("open_password", f"{path} can be read by others", f"chmod 600 {path}")
            )
        elif not _PASSWORD.fullmatch(found[name]):
            complaints.append(
                Complaint(
                    "odd_password",
                    f"{path} does not hold 16 to 128 letters, digits, - and _",
                    f"openssl rand -hex 24 > {path}",
                )
            )
    if missing:
        paths = " ".join(missing)
        make = (
            f"for file in {paths}; do mkdir -p $(dirname $file); openssl rand -hex 24 > $file; done"
        )
        complaints.insert(
            0, Complaint("no_password", f"cannot be read: {paths}", f"(umask 077; {make})")
        )
    if complaints:
        raise WrongSettingsError(complaints)
    return found


def rendered(
    settings: ClusterSettings, node: Node, secret: dict[str, str], trial: Trial | None = None
) -> Iterator[tuple[RenderedFile, str]]:
    """The files of one machine with their text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no page; what is put in is checked by the settings
    )

    def at(path: str) -> str:
        return str(trial.root(node) / path.lstrip("/")) if trial else path

    context = {
        **dict(settings),
        "node": node,
        "secret": secret,
        "trial": trial is not None,
        "at": at,
        "sockets": at(_SOCKETS),
        "pgbackrest": _pgbackrest(settings, at),
        "shared": _shared(trial),
        "having": settings.having,
        "scheme": "https" if settings.tls else "http",
        "tls": settings.tls and {name: at(path) for name, path in settings.tls},
        "allowed": _allowed(settings),
        "least_room": _bytes(settings.postgresql.least_room),
    }
    for file in FILES:
        if file.role in node.roles and (settings.backups or file.template not in _OF_BACKUPS):
            yield file, environment.get_template(file.template).render(context)


def _pgbackrest(settings: ClusterSettings, at: Callable[[str], str]) -> str:
    """pgBackRest's settings on a machine."""
    return settings_text(
        head="# Written by bin/cluster render.",
        store="\n".join(settings.backups.store if settings.backups else ()),
        data_dir=Path(at(settings.paths.data)),
        socket_dir=Path(at(_SOCKETS)),
        port=settings.ports.postgresql,
    )


def _shared(trial: Trial | None) -> Callable[[str], str]:
    return lambda path: str(trial.folder / "shared" / path.lstrip("/")) if trial else path


def _bytes(size: str) -> int:
    return int(size[:-2]) * {"kB": 1024, "MB": 1024**2, "GB": 1024**3}[size[-2:]]


def _allowed(settings: ClusterSettings) -> list[str]:
    """Networks from which PostgreSQL is asked: every machine, and those of the operator."""
    own = [f"{node.address}/{node.address.max_prefixlen}" for node in settings.nodes]
    # Whoever asks an address of the loopback comes from the first one.
    loopback = ["127.0.0.1/32"] if settings.nodes[0].address.is_loopback else []
    return [*own, *loopback, *map(str, settings.networks)]


def write_files(settings: ClusterSettings, secret: dict[str, str], folder: Path) -> list[Path]:
    """Write every machine's files below `folder`, with a script that installs them there."""
    written = []
    for node in settings.nodes:
        install = ["#!/bin/sh", "# Run as root on this machine, in this folder.", "set -eu"]
        for file, text in rendered(settings, node, secret):
            path = folder / node.name / file.path.lstrip("/")
            _write(path, text, 0o600)
            install.append(
                f"install -D -o {file.owner} -g {file.owner} -m {file.mode:o}"
                f" {file.path.lstrip('/')} {file.path}"
            )
            written.append(path)
        for owner, place, role in (
            ("postgres", settings.paths.data, "database"),
            ("etcd", settings.paths.etcd, "etcd"),
            ("diachiso", settings.paths.var, "web"),
        ):
            if role in node.roles:
                # Patroni makes the folder of the data anew, and so writes into the one above it.
                above, own = Path(place).parent, f"install -d -o {owner} -g {owner}"
                install.append(f"[ -d {above} ] || {own} -m 755 {above}")
                install.append(f"{own} -m 700 {place}")
        script = folder / node.name / "install.sh"
        _write(script, "\n".join(install) + "\n", 0o700)
        written.append(script)
    return written


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text, encoding="utf-8")
