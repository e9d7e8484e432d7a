"""Temporary folders for unpacked files, removed with the objects that own them."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """A folder that is removed when this object is garbage-collected."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="diachiso-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
