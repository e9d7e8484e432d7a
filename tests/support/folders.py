"""Folders for clusters in tests: short, and open to the account that a cluster of root's gets."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that every user may enter. pytest's tmp_path is closed to all but the caller."""
    folder = Path(tempfile.mkdtemp(prefix="diachiso-folder-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
