"""The last release's own tests of reading and writing, on the schema of this checkout.

Nodes of that release serve it while they are upgraded one after the other.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from registry.core.settings import ROOT
from tests.support.running import clean_environment

READING_AND_WRITING = (
    *("tests/api/test_addresses.py", "tests/api/test_lifecycle.py", "tests/api/test_reports.py"),
    "tests/api/test_imports.py::test_file_is_tried_looked_at_published_and_taken_back",
)


def last_release() -> str:
    """The newest tag that differs from this checkout."""
    given = ["git", "-C", str(ROOT), "tag", "--list", "v*", "--sort=-version:refname"]
    tags = subprocess.run(
        [*given, "--no-contains", "HEAD"], capture_output=True, text=True, check=False
    )
    if not tags.stdout.split():
        pytest.skip("there is no release before this checkout, or its tags are not here")
    return tags.stdout.split()[0]


def test_last_release_reads_and_writes_on_this_schema(tmp_path: Path) -> None:
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", last_release()], capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(tmp_path)], input=archive.stdout, check=True)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *READING_AND_WRITING,
        ],
        cwd=tmp_path,
        env={
            **clean_environment(),
            "DIACHISO_PREPARED_BY": str(ROOT),
            "PYTHONPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-5_000:]
