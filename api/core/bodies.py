"""Request bodies: size limits by endpoint, and buffering in memory or in a file."""

import asyncio
import io
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Self

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from api.core.endpoint import Facts
from api.core.hooks import Before
from api.core.requests import Request
from registry.core.errors import RegistryError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.files import kept

REFUSED: Final = "diachiso.refused"
"""Environ key: the error with which a body was refused; raised by the application."""
BODY: Final = "diachiso.body"
"""Environ key: path of the file that holds the body; None if it is in memory."""
DEFAULT_MAX_BYTES: Final = 1_000_000
"""Largest body of an endpoint that declares no limit."""
SMALL: Final = 65_536
"""Bodies up to this size are read before the caller is identified."""
_IN_MEMORY: Final = 262_144


def max_body_bytes(facts: Facts, settings: Settings) -> int:
    """Return the largest body that an endpoint accepts, in bytes."""
    setting = "import_bytes" if facts.upload else facts.body_limit
    return getattr(settings, setting) if setting else DEFAULT_MAX_BYTES


def prepare_body(settings: Settings, facts: Facts | None) -> Before:
    """Make a hook that limits the body; it raises the error with which reading the body ended."""
    most = DEFAULT_MAX_BYTES if facts is None else max_body_bytes(facts, settings)

    def prepare(asked: Request) -> None:
        asked.max_content_length = most
        if asked.content_encoding not in (None, "identity"):
            raise UnsupportedMediaType(str(Message("content_encoding_unsupported")))
        error: HTTPException | RegistryError | None = asked.environ.get(REFUSED)
        if error is not None:
            raise error

    return prepare


class Body:
    """The part of a body received so far: in memory while small, else in a temporary file."""

    def __init__(self, folder: Callable[[], Path], length: int | None) -> None:
        """Take `length` from Content-Length; None for a chunked body."""
        self.length = length
        self.size = 0
        self.path: Path | None = None
        self._folder = folder
        self._pending = bytearray()
        self._file: BinaryIO | None = None
        self._empty = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk fails again; nobody needs the content
                self._file.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)  # unless it was renamed to be kept

    def check_space(self) -> None:
        """Raise StorageFullError if the body would fill the disk."""
        if self.length is not None and self.length > _IN_MEMORY:
            with kept.refusals():
                kept.check_space(self._folder(), self.length)

    async def add(self, chunk: bytes, most: int) -> None:
        """Append a chunk. Raises RequestEntityTooLarge, and what `kept.refusals` raises."""
        self._pending += chunk
        self.size += len(chunk)
        self._empty += not chunk
        if self.size > most:
            raise RequestEntityTooLarge
        if len(self._pending) > _IN_MEMORY:
            await asyncio.to_thread(self._write)

    def check_complete(self) -> None:
        """Raise BadRequest if the connection broke before the end.

        Granian yields one empty chunk at the end of a body, and two for a broken connection.
        """
        if self._empty > 1 or self.length not in (None, self.size):
            raise BadRequest("the body did not arrive as a whole")

    def rewound(self) -> BinaryIO:
        """Return the whole body as a file positioned at its start."""
        if self._file is None:
            return io.BytesIO(self._pending)
        with kept.refusals():
            self._file.write(self._pending)
            self._file.seek(0)
        return self._file

    def _write(self) -> None:
        with kept.refusals():
            if self._file is None:
                handle, name = tempfile.mkstemp(dir=self._folder())
                self._file, self.path = os.fdopen(handle, "w+b"), Path(name)
            self._file.write(self._pending)
            self._pending.clear()
