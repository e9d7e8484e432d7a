"""A Debian of its own in a folder or a tar, of packages alone: no image is pulled for it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
_UNREAD = ("doc", "info", "locale", "man")
"""Of /usr/share: as the slim images of Debian."""


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skips where one of them is missing, or the tests do not run as root on Debian."""
    missing = [each for each in ("mmdebstrap", *programs) if shutil.which(each) is None]
    if os.geteuid() != 0 or not SOURCES.exists():
        missing.append("root on Debian 12 or later")
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def make_debian(to: Path, packages: Sequence[str] = ()) -> None:
    """This machine's release with `packages`, as a folder, or as a tar where `to` ends so.

    Skips if the mirror does not answer: that is unrelated to this program.
    """
    codename = _release()["VERSION_CODENAME"]
    excluded = (f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in _UNREAD)
    included = (f"--include={each}" for each in packages)
    command = ("mmdebstrap", "--quiet", "--variant=minbase", *excluded, *included)
    made = subprocess.run(
        [*command, codename, to, SOURCES], check=False, capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"no base of Debian packages: {made.stderr[-300:]}")


def _release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
