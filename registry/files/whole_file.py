"""Files that are there when they are whole, and else are not."""

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
"""Beginning of the folders in which files are written that need a name."""


@contextmanager
def whole_file(path: Path, *, by_name: bool = False) -> Iterator[Path]:
    """Where to write what is in `path` after the block, on the disk; an error leaves no file.

    What is written has no name before, so that nothing is left behind by a process that is killed;
    `by_name` gives it one, for writers that lay other files beside it, and where the disk knows no
    files without a name. It lies in a folder of its own then, which the next file that is written
    beside it takes away. A pipe or a device, `/dev/null` say, stays what it is, and takes what is
    written as it comes. Raises OSError where the file cannot be written.
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
        # A link cannot take the place of a file that is there.
        os.link(f"/proc/self/fd/{descriptor}", named, src_dir_fd=descriptor)
        named.replace(path)
    finally:
        os.close(descriptor)
        named.unlink(missing_ok=True)


def _nameless(folder: Path) -> int | None:
    """A new file without a name in the folder; None where there are none such."""
    with suppress(AttributeError, OSError):
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    return None


@contextmanager
def _own_folder(parent: Path) -> Iterator[Path]:
    """A folder that is locked as long as somebody writes into it, and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=_BESIDE, dir=parent))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Take away the folders of processes that were killed."""
    for folder in parent.glob(f"{_BESIDE}*"):
        with suppress(OSError), _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder; raises OSError where another process does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
