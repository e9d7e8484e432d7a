"""Folders for what is unpacked or read of a file, gone with whoever holds them."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """A folder that goes when nobody holds it any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="diachiso-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
