"""Shared truth in tests/vectors: CSV files that any language can run."""

import csv
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "vectors"


def read_vectors(name: str) -> list[dict[str, str]]:
    """The rows of one file, by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
