"""The process that loads the application for a server."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from registry.core.settings import ROOT

# As granian starts its processes: with a handler that only takes note of the signal.
LOADING = """
import signal
signal.signal(signal.SIGTERM, lambda *_: None)
import api.wsgi
"""


@pytest.mark.thorough
def test_signal_ends_a_process_that_is_still_loading() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        # A database that never answers: the process is certainly loading when it asks.
        url = f"postgresql://nobody@127.0.0.1:{port}/none"
        loading = subprocess.Popen(
            [sys.executable, "-c", LOADING],
            env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
        )
        try:
            silent.settimeout(60)
            with silent.accept()[0]:
                loading.send_signal(signal.SIGTERM)
                assert loading.wait(60) == -signal.SIGTERM
        finally:
            loading.kill()
            loading.wait()


@pytest.mark.thorough
def test_process_does_not_import_file_libraries() -> None:
    """Columns of files take 20 MB in each process of a server, which answers without them."""
    heavy = {"pyarrow", "duckdb", "opening_hours", "pyvrp"}
    program = f"import sys, api.app; sys.exit(len({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ran.returncode == 0
