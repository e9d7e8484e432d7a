"""A town for the tests of one module: each test uses streets or numbers of its own."""

from collections.abc import Iterator

import pytest

from tests.support.lifecycle import Town, town


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The town of a module."""
    name = request.module.__name__.rpartition(".")[2]
    with town(admin_url, f"{name}_{worker_id}") as made:
        yield made
