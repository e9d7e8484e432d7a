"""A register of the test's own, and deliveries into it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.core.remedies import spoken_as_options
from tests.registry.intake.reused import Reused
from tests.support.intake import Deliver, deliveries


@pytest.fixture(scope="session")
def reused(admin_url: str, worker_id: str) -> Iterator[Reused]:
    with closing(Reused(admin_url, f"intake_{worker_id}")) as made:
        yield made


@pytest.fixture
def engine(reused: Reused) -> Iterator[Engine]:
    with reused.lent() as made:
        yield made


@pytest.fixture
def deliver(engine: Engine, tmp_path: Path) -> Deliver:
    return deliveries(engine, tmp_path)


@pytest.fixture(autouse=True)
def remedies_as_options() -> Iterator[None]:
    """Proposals are read in the wording of the command line."""
    with spoken_as_options():
        yield
