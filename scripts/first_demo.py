"""The demonstration of a first start, loaded by a separate process while the server runs."""

import signal
import sys
import tempfile
from dataclasses import dataclass
from typing import IO

from registry.core.database import make_engine, session_scope
from registry.core.messages import number
from registry.ops.demo.wanted import FIRST_HOUSEHOLDS, wants_demo
from scripts import children
from scripts.children import Child, Starter
from scripts.progress import say


@dataclass(frozen=True, slots=True)
class DemoLoader:
    """A running `diachiso demo`. Ended early it leaves nothing; the next start loads again."""

    process: Child
    output: IO[bytes]
    """What it writes: shown only where it fails by itself, since whoever ends it knows why."""

    def has_ended(self) -> bool:
        """Whether it has ended; prints the outcome."""
        if self.process.poll() is None:
            return False
        if self.process.returncode == 0:
            say("demo: loaded; README.md shows what to ask")
        else:
            self.output.seek(0)
            why = self.output.read().decode(errors="replace").strip()
            say(f"demo: not loaded, the next start tries again: {why}")
        self.output.close()
        return True

    def end(self) -> None:
        """End it now; it cancels its query in the database."""
        children.end(self.process, signal.SIGINT)
        self.output.close()


def start_loading(starter: Starter) -> DemoLoader | None:
    """Start to load demo households, with a message; None if the register is not empty."""
    engine = make_engine(starter.database_url, pool_size=1)
    try:
        with session_scope(engine) as session:
            if not wants_demo(session):
                return None
    finally:
        engine.dispose()
    say(
        f"demo: the register is empty; loading {number(FIRST_HOUSEHOLDS)} made-up households"
        " (--no-demo leaves them out)"
    )
    output = tempfile.TemporaryFile()  # noqa: SIM115 - DemoLoader closes it
    command = (sys.executable, "-m", "scripts.main", "demo", "--if-empty")
    return DemoLoader(starter.start(*command, output=output, dies_by=signal.SIGINT), output)
