"""Whether a workbook can be opened at all, as a process of its own finds out.

Calamine ends the process in which memory fails it, and a file of a kilobyte may claim a sheet of a
terabyte: a process that answers others looks here first. Run as a program, it is that process.
"""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

_MOST_BYTES: Final = 1 << 29
"""Of memory: a workbook that comes with a request has a few ten thousand rows."""
_ENDED_S: Final = 20.0
"""After so long it is ended, whatever it does."""


def check_opening(path: Path) -> None:
    """Raises UnreadableFileError unless each sheet takes little memory and little time.

    Of a file that is broken, or is no workbook, who reads it says what is wrong.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", __file__, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_ENDED_S,
        )
        opened = done.returncode == 0
    except subprocess.TimeoutExpired:
        opened = False
    if not opened:
        # As a program it finds nothing of this package.
        from registry.intake.formats.table import TOO_FAR, unreadable

        raise unreadable(path, TOO_FAR)


def _open(path: str) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(CalamineError), CalamineWorkbook.from_path(path) as book:
        for name in book.sheet_names:
            # Of one that cannot be read, the others are still looked at.
            with contextlib.suppress(CalamineError):
                book.get_sheet_by_name(name)


if __name__ == "__main__":
    _open(sys.argv[1])
