"""A file that a page carries from its preview to what is written, so that it is chosen once."""

import base64
import binascii
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flask import request

from registry.core.errors import InvalidInputError
from registry.core.messages import Message

MOST_CARRIED: Final = 350_000
"""Bytes of a file, packed, that a page carries."""


def sent_file(most: int, remedy: Message) -> tuple[str, bytes]:
    """Name and content of the file that was chosen, or that the page carried.

    Raises InvalidInputError where there is none, and for one of more than `most` bytes, with what
    is to be done then.
    """
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        name, content = sent.filename, sent.read(most + 1)
    else:
        name, content = request.form.get("name", ""), _unpacked(most)
    if not content:
        raise InvalidInputError(Message("choose_file"))
    if len(content) > most or len(_packed(content)) > MOST_CARRIED:
        raise InvalidInputError(
            Message("file_too_large_for_desk", kilobytes=most // 1_000, remedy=remedy)
        )
    return name.replace("\\", "/").rpartition("/")[2][-100:] or "tep.csv", content


def carried(content: bytes) -> str:
    """What the page's field `content` holds."""
    return base64.urlsafe_b64encode(_packed(content)).decode()


@contextmanager
def as_file(name: str, content: bytes) -> Iterator[Path]:
    """The content in a file of that name, which is gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        # How it is read hangs on the end of its name, and what is wrong with it is told by that.
        path = Path(folder) / (re.sub(r"[^\w .-]", "", name)[-60:].lstrip(". ") or "tep")
        path.write_bytes(content)
        yield path


def _packed(content: bytes) -> bytes:
    return zlib.compress(content)


def _unpacked(most: int) -> bytes:
    try:
        packed = base64.urlsafe_b64decode(request.form.get("content", ""))
        return zlib.decompressobj().decompress(packed, most + 1)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise InvalidInputError(Message("choose_file_again")) from error
