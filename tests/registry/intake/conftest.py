"""A register of the test's own, and deliveries into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.database import make_engine
from tests.support.intake import Deliver, deliveries


@pytest.fixture
def engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    made = make_engine(fresh_database())
    yield made
    made.dispose()


@pytest.fixture
def deliver(engine: Engine, tmp_path: Path) -> Deliver:
    return deliveries(engine, tmp_path)
