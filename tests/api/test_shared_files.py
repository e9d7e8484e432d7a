"""Files mapped into memory: a hole in one ends the process that writes there on a full disk."""

import json
import os
from pathlib import Path

import pytest
from flask import Flask

from api.core.counters import Counters
from api.core.shared_files import METRICS, METRICS_BYTES, reserve_metrics
from api.metrics import _SECONDS


def _has_no_hole(path: Path, size: int) -> bool:
    found = path.stat()
    return found.st_size >= size and found.st_blocks * 512 >= size


def test_counters_file_is_not_sparse(tmp_path: Path) -> None:
    Counters(tmp_path / "counters").close()
    assert _has_no_hole(tmp_path / "counters", 1 << 20)


def test_metrics_file_is_not_sparse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(METRICS, str(tmp_path))
    reserve_metrics()
    for kind, size in METRICS_BYTES.items():
        assert _has_no_hole(tmp_path / f"{kind}_{os.getpid()}.db", size)


def test_process_counts_alone_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(METRICS, str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", _no_room)
    reserve_metrics()
    assert METRICS not in os.environ
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError, match="No space"):
        Counters(tmp_path / "counters")


def _no_room(*_: int) -> None:
    raise OSError(28, "No space left on device")


def test_metrics_of_all_endpoints_fit(app: Flask) -> None:
    times = len(_SECONDS._upper_bounds) + 1
    keys = [
        json.dumps(
            [
                f"{_SECONDS._name}_bucket",
                {"endpoint": each, "le": "0.0025"},
                _SECONDS._documentation,
            ]
        )
        for each in app.view_functions
    ]
    assert times * sum(len(key) + 80 for key in keys) < METRICS_BYTES["histogram"]
