"""A pack as a file: what is signed on the first line, what it holds behind it, compressed."""

import gzip
import hashlib
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from registry.publish.pack.keys import sign

FORMAT: Final = "diachiso-pack"
VERSION: Final = 1
"""Raised where a reader of today would read a pack wrongly; new members do not raise it."""
MEDIA_TYPE: Final = "application/vnd.diachiso.pack"
SUFFIX: Final = ".pack"
_LEVEL: Final = 6
"""Of gzip: the ninth takes four times as long for a hundredth less."""

JsonObject = dict[str, Any]


def pack_file(keys: Path, header: JsonObject, content: JsonObject) -> bytes:
    """The file; the same header and content make the same bytes. Raises SigningKeyError."""
    packed = gzip.compress(to_json(content), _LEVEL, mtime=0)
    digest = {"bytes": len(packed), "sha256": hashlib.sha256(packed).hexdigest()}
    told = {"format": FORMAT, "version": VERSION, **header, "content": digest}
    return sign(keys, to_json(told)).encode() + b"\n" + packed
