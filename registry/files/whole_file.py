"""Write files atomically: a file appears when it is complete, or not at all."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_BESIDE: Final = ".partial-"
"""Prefix of the folders for files that need a name while they are written."""


@contextmanager
def whole_file(path: Path, *, by_name: bool = False) -> Iterator[Path]:
    """A path to write to; after the block the content is at `path`, synced. No file on error.

    Until then the file has no name, so a killed process leaves nothing behind. `by_name` gives it
    one, for writers that create other files beside it; so does a file system without nameless
    files. It is then in a folder of its own, which the next write to the same folder removes if it
    was left behind. A pipe or a device such as `/dev/null` is written to directly. Raises OSError
    if the file cannot be written.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    _sweep(path.parent)
    descriptor = None if by_name else _nameless(path.parent)
    if descriptor is None:
        with _own_folder(path.parent) as folder:
            yield folder / path.name
            (folder / path.name).replace(path)
        return
    named = path.with_name(f".{path.stem}.partial{path.suffix}")
    named.unlink(missing_ok=True)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
        os.fsync(descriptor)
        # A link cannot replace an existing file.
        os.link(f"/proc/self/fd/{descriptor}", named, src_dir_fd=descriptor)
        named.replace(path)
    finally:
        os.close(descriptor)
        named.unlink(missing_ok=True)


def _nameless(folder: Path) -> int | None:
    """Descriptor of a new nameless file in the folder; None if not supported."""
    with suppress(AttributeError, OSError):
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    return None


@contextmanager
def _own_folder(parent: Path) -> Iterator[Path]:
    """A temporary folder, locked during the block and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=_BESIDE, dir=parent))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove the folders of killed processes."""
    for folder in parent.glob(f"{_BESIDE}*"):
        with suppress(OSError), _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder; raises OSError if another process has locked it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
