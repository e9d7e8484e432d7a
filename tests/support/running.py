"""bin/run as people start it: a real process, its own cluster, real signals."""

import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry.core.settings import ROOT, Settings
from registry.ops import cluster
from registry.ops.cluster.host import make_open_folder, processes
from tests.support.folders import open_folder
from tests.support.postgis import lay_prepared
from tests.support.waiting import eventually


@dataclass
class Run:
    """One bin/run and what it prints."""

    process: subprocess.Popen[bytes]
    output: Path

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def url(self) -> str:
        """Its URL, once it reports that it serves."""

        def serving() -> str | None:
            assert self.process.poll() is None, self.text()
            lines = self.text().splitlines()
            return next(
                (x.removeprefix("serving on ") for x in lines if x.startswith("serv")), None
            )

        found = eventually(serving, "bin/run serves", within_s=120)
        assert found
        return found

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


Starter = Callable[..., Run]


@contextmanager
def own_var(prepared_like: str | None = None) -> Iterator[Path]:
    """A new var/, and so a new private cluster.

    Its first start is a second one, without a schema and seeds to make, where it is given the
    superuser's URL of the cluster of tests.
    """
    with open_folder() as folder:
        if prepared_like is not None:
            make_open_folder(folder / "var")
            lay_prepared(prepared_like, folder / "var/cluster")
        yield folder / "var"
        shutil.rmtree(private(folder / "var").socket_dir, ignore_errors=True)


@contextmanager
def starter(var: Path, outputs: Path) -> Iterator[Starter]:
    """Starts bin/run on a free port; anything still running at the end is stopped.

    Without demo and with one server process unless `demo` is given: most tests are about
    something else, and every process takes seconds to start.
    """
    runs: list[Run] = []

    def start(
        *arguments: str,
        cwd: Path = ROOT,
        checkout: Path = ROOT,
        demo: bool = False,
        **environment: str,
    ) -> Run:
        output = outputs / f"run{len(runs)}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [
                    *(checkout / "bin/run", "--port", "0"),
                    *([] if demo else ["--no-demo", "--workers", "1"]),
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**clean_environment(), "DIACHISO_VAR": str(var), **environment},
                start_new_session=True,
            )
        runs.append(Run(process, output))
        return runs[-1]

    try:
        yield start
    finally:
        for run in runs:
            if run.process.poll() is None:
                run.end()
        eventually(lambda: not left(var), "everything has ended")


def diachiso(
    *arguments: str, command: Path = ROOT / "bin/diachiso", cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [command, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env={**clean_environment(), **environment},
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without the operator's settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "DIACHISO_"))}


def private(var: Path) -> cluster.PrivateCluster:
    """The cluster of a var/."""
    return cluster.locate(Settings(var=var))


def left(var: Path) -> list[str]:
    """Command lines of what bin/run has started and is still there."""
    database = (str(private(var).data_dir), f"postgres: {private(var).name}: ")
    ours = {line for marker in database for line in processes(marker).values()}
    for marker in ("granian", "scripts.main demo", "scripts.main work", "registry.ops.perform"):
        found = processes(marker).items()
        ours |= {line for pid, line in found if str(var) in environment_of(pid)}
    return sorted(ours)


def environment_of(pid: int) -> str:
    """The environment of a process as one text, empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def status(url: str) -> int:
    """What the server answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)
