"""`bin/cluster`: the settings of a cluster checked, its files written, and a trial of it."""

import json
import os
import signal
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import click

from deploy.cluster.check import check_machines
from deploy.cluster.render import read_passwords, write_files
from deploy.cluster.settings import ClusterSettings, Node, WrongSettingsError, read
from deploy.cluster.trial import (
    OWN_SETTINGS,
    PARTS,
    TRIAL,
    TrialCluster,
    TrialError,
    far_settings,
)
from registry.core.errors import ClusterError
from registry.core.settings import ROOT, Settings, from_environment
from registry.ops.cluster import FALLBACK, host

_FILE = click.Path(path_type=Path, dir_okay=False)
_NODE = click.argument("node")
_PARTS = click.argument("parts", nargs=-1, type=click.Choice(PARTS))


def _say(line: str) -> None:
    click.echo(line, err=True)


def _read(file: Path) -> ClusterSettings:
    try:
        return read(file)
    except WrongSettingsError as error:
        _refuse(error)


def _refuse(error: WrongSettingsError) -> NoReturn:
    for complaint in error.complaints:
        click.echo(str(complaint))
    sys.exit(1)


@click.group()
def main() -> None:
    """Cụm máy chủ (a cluster: check its settings, write its files, try it on one machine)."""


def _trial(*, new: bool = False) -> TrialCluster:
    folder = _folder(from_environment())
    if not (new or folder.exists()):
        raise TrialError(f"there is no trial in {folder}: begin with bin/cluster up")
    own = folder / OWN_SETTINGS
    program = Path(os.environ.get("CLUSTER_PROGRAM") or ROOT)
    return TrialCluster(_read(own if own.exists() else TRIAL), folder, program)


def _folder(settings: Settings) -> Path:
    """Where a trial lies: below var/, or where the accounts cannot go there, beside other data."""
    near = settings.var / "trial"
    if os.geteuid() == 0 and not host.account_for(near / "-").can_enter(near):
        name = sha256(os.fsencode(settings.var)).hexdigest()[:8]
        return FALLBACK / f"trial-{name}"
    return near


def _node(trial: TrialCluster, name: str) -> Node:
    try:
        return trial.settings.node(name)
    except KeyError:
        names = ", ".join(node.name for node in trial.settings.nodes)
        raise TrialError(f"there is no node {name}; there are {names}") from None


@main.command()
@click.option(
    "--apart",
    is_flag=True,
    help="Mỗi nút một mạng riêng, để cắt được (networks of their own, to be cut; as root).",
)
def up(*, apart: bool) -> None:
    """Dựng cả cụm trên máy này (all of a cluster on this machine, for trials)."""
    if apart:
        far_settings(_folder(from_environment()))
    _trial(new=True).up(_say)


@main.command()
@_NODE
def cut(node: str) -> None:
    """Cắt một nút khỏi mạng (pull a node's cable; after `up --apart`)."""
    trial = _trial()
    trial.cut(_node(trial, node))


@main.command()
@_NODE
def join(node: str) -> None:
    """Nối lại mạng (plug it in again)."""
    trial = _trial()
    trial.join(_node(trial, node))


@main.command()
@click.option("--format", "as_", type=click.Choice(["text", "json"]), default="text")
def status(as_: str) -> None:
    """Trạng thái từng nút (what runs, and which node is the primary)."""
    lines = _trial().states()
    if as_ == "json":
        click.echo(json.dumps(lines, indent=1))
        return
    for line in lines:
        click.echo(f"{line.pop('node')}: " + "; ".join(f"{k} {v}" for k, v in line.items()))


@main.command()
@_NODE
@_PARTS
def kill(node: str, parts: tuple[str, ...]) -> None:
    """Giết một nút, hay vài phần (kill -9 all of a node at once, or some parts)."""
    trial = _trial()
    killed = _node(trial, node)
    leads = trial.primary() == node and {"patroni", "postgres"} & set(parts or PARTS)
    _told(trial.signal(killed, parts, signal.SIGKILL), "killed")
    if leads:
        _say("it was the primary: a replica takes over within 30 s, writes get 503 until then")


@main.command()
@_NODE
@_PARTS
def freeze(node: str, parts: tuple[str, ...]) -> None:
    """Đóng băng một nút, hay vài phần (SIGSTOP)."""
    trial = _trial()
    _told(trial.signal(_node(trial, node), parts, signal.SIGSTOP), "frozen")


@main.command()
@_NODE
@_PARTS
def thaw(node: str, parts: tuple[str, ...]) -> None:
    """Cho chạy tiếp (SIGCONT)."""
    trial = _trial()
    _told(trial.signal(_node(trial, node), parts, signal.SIGCONT), "goes on")


@main.command()
@_NODE
@_PARTS
def start(node: str, parts: tuple[str, ...]) -> None:
    """Khởi động lại phần đã chết (start what has ended of a node)."""
    trial = _trial()
    trial.restart(_node(trial, node), parts)
    _say(f"{node} started")


@main.command()
@_NODE
@_PARTS
def stop(node: str, parts: tuple[str, ...]) -> None:
    """Dừng một nút, hay vài phần, theo thứ tự (end in order)."""
    trial = _trial()
    trial.stop(_node(trial, node), parts)
    _say(f"{node} stopped")


@main.command()
@click.option("--remove", is_flag=True, help="Xoá cả dữ liệu (remove its data as well).")
def down(*, remove: bool) -> None:
    """Dừng tất cả những gì đã dựng (end all that was started here)."""
    trial = _trial()
    trial.down(remove=remove)
    _say(f"all has ended; {trial.folder} {'is removed' if remove else 'stays'}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def diachiso(arguments: tuple[str, ...]) -> None:
    """Một lệnh bin/diachiso trên cụm thử (a command of the program, on the trial's register)."""
    sys.exit(_trial().diachiso(arguments, capture=False).returncode)


@main.command()
@click.argument("file", type=_FILE)
@click.option(
    "--ask",
    default="ssh -o BatchMode=yes",
    show_default=True,
    help="Cách chạy shell trên một máy (what runs a shell there, before its address).",
)
@click.option("--file-only", is_flag=True, help="Không hỏi máy nào (ask no machine).")
def check(file: Path, ask: str, *, file_only: bool) -> None:
    """Soát tệp thiết lập và các máy (look over the settings and the machines; changes nothing)."""
    settings = _read(file)
    complaints = [] if file_only else check_machines(settings, ask)
    try:
        read_passwords(settings)
    except WrongSettingsError as error:
        complaints = [*error.complaints, *complaints]
    for complaint in complaints:
        click.echo(str(complaint))
    if complaints:
        sys.exit(1)
    click.echo(f"{file}: {len(settings.nodes)} nodes, nothing stands in the way")


@main.command()
@click.argument("file", type=_FILE)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def render(file: Path, folder: Path) -> None:
    """Viết tệp cho từng máy (write the files of every machine below FOLDER)."""
    settings = _read(file)
    try:
        secret = read_passwords(settings)
    except WrongSettingsError as error:
        _refuse(error)
    for path in write_files(settings, secret, folder):
        click.echo(path)


def _told(parts: Iterable[object], what: str) -> None:
    for part in parts:
        _say(f"{part.name} of {part.node} {what}")  # type: ignore[attr-defined]


def run() -> None:
    """The commands, with what goes wrong in one line."""
    try:
        main(prog_name="bin/cluster")
    except (TrialError, ClusterError, ValueError) as error:
        _say(str(error))
        sys.exit(1)


if __name__ == "__main__":
    run()
