"""An importer that pauses before each phase until continued, so that it can be killed there.

`python -m tests.registry.intake.held_import URL FILE SOURCE` writes the name of each phase that it
comes to, and continues for each line that it reads. Exit status 1 if the register refuses.
"""

import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from registry.core.database import make_engine
from registry.core.errors import RegistryError
from registry.core.settings import ROOT
from registry.intake.result import ImportOptions
from registry.intake.row_reports import Handback
from registry.intake.run import import_file


@dataclass
class Importer:
    """One such process."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, url: str, path: Path, source: str) -> Self:
        """Start to import the file."""
        command = [
            sys.executable,
            "-m",
            "tests.registry.intake.held_import",
            url,
            str(path),
            source,
        ]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return cls(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def stops_at(self, phase: str) -> None:
        """Continue until just before this phase."""
        while (line := self.next()) != phase:
            assert line, self.process.communicate()[1]
            self.go_on()

    def next(self) -> str:
        """The phase that it comes to next; nothing when it ends."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        """Let it begin the phase that it has come to."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self) -> int:
        """Let it run to its end; return its exit status."""
        while self.process.poll() is None:
            try:
                self.go_on()
            except BrokenPipeError:
                break
            if not self.next():
                break
        return self.process.wait(60)

    def kill(self) -> None:
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)


def _stop_before(phase: str) -> None:
    sys.stdout.write(f"{phase}\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main() -> int:
    """Import as the command line does, with files of its own for what is handed back."""
    url, path, source = sys.argv[1:]
    engine = make_engine(url)
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as problems:
        try:
            import_file(
                engine,
                Path(path),
                ImportOptions(source),
                lambda _rows: None,
                Handback(answers, problems),
                entering=_stop_before,
            )
        except RegistryError as error:
            sys.stderr.write(f"{error.code}\n")
            return 1
        finally:
            engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
