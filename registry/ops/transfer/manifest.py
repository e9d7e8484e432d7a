"""The manifest of a transfer file: version, parts with checksums, the key of codes."""

import hashlib
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from geo.permutation import KEY_BYTES, N
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.ops.transfer.parts import PARTS

FORMAT: Final = "diachiso-transfer"
VERSION: Final = 1
"""Raised when older readers would misread a file; newer readers read every version."""
NAME: Final = "manifest.json"
_MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class PartSum:
    """One part: its members, number of lines, and their SHA-256."""

    members: list[str]
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Codes:
    """The state of code issuing, so that no code is issued twice."""

    key: str
    """Key of the permutation, hexadecimal. Secret: it makes codes predictable."""
    drawn: int
    """Drawn ordinals, including those of codes without a record."""
    demo_drawn: int
    """Drawn ordinals of demo codes."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of the file."""

    format: str
    version: int
    made_at: str
    """Moment of the snapshot, UTC."""
    program: str
    """Release that wrote it."""
    register: str
    """The `uuid` of the original register."""
    key_rules: str | None
    """Version of the rules of its search keys."""
    codes: Codes
    parts: dict[str, PartSum]

    @property
    def content(self) -> str:
        """Checksum of the whole register: SHA-256 over those of the parts."""
        lines = "".join(f"{n} {p.lines} {p.sha256}\n" for n, p in sorted(self.parts.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def to_json(self) -> str:
        """Return the manifest as in the file."""
        return json.dumps({**asdict(self), "content": self.content}, indent=1) + "\n"


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """Read the manifest of a transfer file. Raises UnreadableFileError."""
    given = _member(archive)
    if given.get("format") != FORMAT or not isinstance(version := given.get("version"), int):
        raise UnreadableFileError(Message("not_transfer_file", path=path))
    if version > VERSION:
        raise UnreadableFileError(
            Message("transfer_of_newer_version", path=path, version=version, known=VERSION)
        )
    try:
        stated = given.pop("content")
        parts = {name: PartSum(**each) for name, each in given.pop("parts").items()}
        made = Manifest(**given | {"codes": Codes(**given["codes"]), "parts": parts})
        is_valid = made.content == stated and _is_possible(made)
    except (KeyError, TypeError, ValueError, AttributeError):
        is_valid = False
    if not is_valid:
        raise UnreadableFileError(Message("transfer_manifest_changed", path=path))
    _check_parts(made, path)
    return made


def _member(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Return the archive's manifest; empty if it has none."""
    try:
        if archive.getinfo(NAME).file_size <= _MOST_BYTES:
            given = json.loads(archive.read(NAME))
            return given if isinstance(given, dict) else {}
    except (KeyError, ValueError, RuntimeError):
        pass
    return {}


def _is_possible(made: Manifest) -> bool:
    """Whether the state of code issuing is possible."""
    codes = made.codes
    return (
        len(bytes.fromhex(codes.key)) == KEY_BYTES
        and type(codes.drawn) is type(codes.demo_drawn) is int
        and 0 <= codes.drawn <= N
        and codes.demo_drawn >= 0
    )


def _check_parts(made: Manifest, path: Path) -> None:
    """Raise UnreadableFileError for parts or members that this program does not know."""
    known = {part.name: {member.name for member in part.members} for part in PARTS}
    foreign = [
        f"{name}.{member}"
        for name, part in made.parts.items()
        for member in part.members
        if member not in known.get(name, ())
    ]
    if foreign or not made.parts.keys() <= known.keys():
        raise UnreadableFileError(
            Message(
                "manifest_has_unknown_parts", path=path, foreign=", ".join(foreign[:5]) or "parts"
            )
        )
