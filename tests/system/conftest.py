"""bin/run for the tests of this folder: on a var/ of their module, or on one of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Starter, own_var, starter


@pytest.fixture(scope="module")
def var(admin_url: str) -> Iterator[Path]:
    """One var/ for most tests of a module, with a copy of a prepared cluster."""
    with own_var(admin_url) as made:
        yield made


@pytest.fixture
def start(var: Path, tmp_path: Path) -> Iterator[Starter]:
    """Starts bin/run on a free port; whatever still runs after the test is ended."""
    with starter(var, tmp_path) as made:
        yield made


@pytest.fixture
def new_var() -> Iterator[Path]:
    """A var/ of the test's own: its first start is a first start."""
    with own_var() as made:
        yield made


@pytest.fixture
def start_anew(new_var: Path, tmp_path: Path) -> Iterator[Starter]:
    """Starts bin/run on `new_var`, with the demo if a test passes `demo=True`."""
    with starter(new_var, tmp_path) as made:
        yield made
