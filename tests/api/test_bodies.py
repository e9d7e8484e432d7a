"""Bodies of requests while they come."""

import asyncio
from pathlib import Path

import pytest

from api.core.bodies import Body
from registry.core.errors import StorageFullError
from tests.support.disk import file_limit


def test_full_disk_is_reported_and_leaves_no_partial_file(tmp_path: Path) -> None:
    with (
        file_limit(100_000),
        pytest.raises(StorageFullError),
        Body(lambda: tmp_path, None) as body,
    ):
        asyncio.run(body.add(bytes(300_000), 1_000_000))
    assert list(tmp_path.iterdir()) == []
