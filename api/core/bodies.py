"""Bodies of requests: how large each endpoint takes them, and where they lie while they come."""

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
"""In the environ: the error with which a body was refused; the application tells it."""
BODY: Final = "diachiso.body"
"""In the environ: the path of the file that holds the body; None where it is in memory."""
MOST: Final = 1_000_000
"""Bytes of a body where the endpoint says nothing else."""
SMALL: Final = 65_536
"""Bytes of a body that is taken in before anybody asks whose it is."""
_IN_MEMORY: Final = 262_144


def most_bytes(facts: Facts, settings: Settings) -> int:
    """The largest body that an endpoint takes."""
    setting = "import_bytes" if facts.upload else facts.body_limit
    return getattr(settings, setting) if setting else MOST


def prepare_body(settings: Settings, facts: Facts | None) -> Before:
    """Before each request: how large its body may be; raises the error that the body ended with."""
    most = MOST if facts is None else most_bytes(facts, settings)

    def prepare(asked: Request) -> None:
        asked.max_content_length = most
        if asked.content_encoding not in (None, "identity"):
            raise UnsupportedMediaType(str(Message("content_encoding_unsupported")))
        error: HTTPException | RegistryError | None = asked.environ.get(REFUSED)
        if error is not None:
            raise error

    return prepare


class Body:
    """What has come of a body: in memory while it is small, else in a file that goes with it."""

    def __init__(self, folder: Callable[[], Path], length: int | None) -> None:
        """`length` as the head of the request says; None for a body in pieces (chunked)."""
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
            with suppress(OSError):  # a full disk refuses once more what nobody wants any longer
                self._file.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)  # unless somebody gave it another name

    def check_space(self) -> None:
        """Raises StorageFullError where it would leave the disk without room."""
        if self.length is not None and self.length > _IN_MEMORY:
            with kept.refusals():
                kept.check_space(self._folder(), self.length)

    async def add(self, chunk: bytes, most: int) -> None:
        """Raises RequestEntityTooLarge, and what `kept.refusals` raises."""
        self._pending += chunk
        self.size += len(chunk)
        self._empty += not chunk
        if self.size > most:
            raise RequestEntityTooLarge
        if len(self._pending) > _IN_MEMORY:
            await asyncio.to_thread(self._write)

    def check_whole(self) -> None:
        """Raises BadRequest where the connection broke before the end.

        The server tells the end of a body by one empty part, and a broken connection by two.
        """
        if self._empty > 1 or self.length not in (None, self.size):
            raise BadRequest("the body did not arrive as a whole")

    def rewound(self) -> BinaryIO:
        """All of it, from its beginning."""
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
