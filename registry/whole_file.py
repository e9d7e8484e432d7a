"""Files that are there when they are whole, and else are not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path: Path, *, by_name: bool = False) -> Iterator[Path]:
    """Where to write what is in `path` after the block, on the disk; an error leaves no file.

    What is written has no name before, so that nothing is left behind by a process that is killed;
    `by_name` gives it one, for writers that lay other files beside it, and where the disk knows no
    files without a name. Raises OSError where the file cannot be written.
    """
    named = path.with_name(f".{path.stem}.partial{path.suffix}")
    named.unlink(missing_ok=True)
    descriptor = None if by_name else _nameless(path.parent)
    try:
        if descriptor is None:
            yield named
        else:
            yield Path(f"/proc/self/fd/{descriptor}")
            os.fsync(descriptor)
            # A link cannot take the place of a file that is there.
            os.link(f"/proc/self/fd/{descriptor}", named, src_dir_fd=descriptor)
        named.replace(path)
    finally:
        if descriptor is not None:
            os.close(descriptor)
        named.unlink(missing_ok=True)


def _nameless(folder: Path) -> int | None:
    """A new file without a name in the folder; None where there are none such."""
    with suppress(AttributeError, OSError):
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    return None
