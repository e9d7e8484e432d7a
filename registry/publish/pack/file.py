"""The file format of a pack: a signed header line, then the compressed content."""

import gzip
import hashlib
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from registry.publish.pack.keys import sign

FORMAT: Final = "diachiso-pack"
VERSION: Final = 1
"""Raised for changes that current readers would misread; new members do not raise it."""
MEDIA_TYPE: Final = "application/vnd.diachiso.pack"
SUFFIX: Final = ".pack"
_LEVEL: Final = 6
"""Level of gzip: 9 takes four times as long for a hundredth less."""

JsonObject = dict[str, Any]


def pack_file(keys: Path, header: JsonObject, content: JsonObject) -> bytes:
    """Return the file; equal headers and contents give equal bytes. Raises SigningKeyError."""
    packed = gzip.compress(to_json(content), _LEVEL, mtime=0)
    digest = {"bytes": len(packed), "sha256": hashlib.sha256(packed).hexdigest()}
    signed = {"format": FORMAT, "version": VERSION, **header, "content": digest}
    return sign(keys, to_json(signed)).encode() + b"\n" + packed
