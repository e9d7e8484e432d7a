"""Signals that ask the service to end."""

import os
import signal
import subprocess
import sys

import pytest

from registry.core.settings import ROOT

PROGRAM = """
import os, select, signal, sys
from scripts.end_signal import EndSignal, SignalledError

class Dying:
    def __del__(self):
        os.kill(os.getpid(), number)

number = signal.Signals(int(sys.argv[1]))
ends = EndSignal()
ends.check()
Dying()  # an exception in here, Python forgets
started = []
for _ in range(2):
    os.kill(os.getpid(), number)
    started.append("noted")
assert select.select([ends.descriptor], [], [], 0)[0]
try:
    ends.check()
except SignalledError:
    print(*started)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_is_deferred_and_not_lost(how: signal.Signals) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(int(how))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("noted noted\n", "")
