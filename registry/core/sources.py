"""Opening what a user names, a file or a URL, and reading its text: plain or gzipped, of any size.

It is read piece by piece and no further than the limits, so that neither a large file nor a small
one which unpacks to terabytes does harm. Whatever is wrong ends in one UnreadableFileError (or
InvalidInputError, for what is no URL) of one line.
"""

import codecs
import gzip
import http.client
import io
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.core.messages import Message

ByteStream = io.BufferedReader | io.BufferedRandom

_CHUNK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a source is read before it is refused."""

    download_bytes: int = 512 << 20
    text_bytes: int = 2 << 30
    """Of the text itself, unpacked."""
    feature_characters: int = 64 << 20
    features: int = 100_000
    silence_s: float = 30.0
    """How long a server may say nothing."""
    download_s: float = 600.0


LIMITS: Final = Limits()


def is_url(source: str) -> bool:
    """Whether a source is fetched over the network, and no path."""
    return "://" in source


def source_name(source: str) -> str:
    """How a source is called on record: a URL without its query and password, or a file's name."""
    if not is_url(source):
        return shown(Path(source).name, 200)
    try:
        parts = urlsplit(source)
    except ValueError:
        return "the URL"  # it may hold a password, and where is anybody's guess
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def shown(value: object, longest: int = 40) -> str:
    """What a file says, fit for one line of a message: cut, and without control characters."""
    said = str(value)
    cut = said[:longest] + ("…" if len(said) > longest else "")
    return "".join(character if character.isprintable() else "?" for character in cut)


@contextmanager
def open_source(source: str, limits: Limits = LIMITS) -> Iterator[ByteStream]:
    """The bytes of a path or URL as they are, from the beginning.

    A URL is fetched into a temporary file first: a slow server must keep no transaction open.
    """
    if is_url(source):
        with tempfile.TemporaryFile() as spool:
            _download(source, spool, limits)
            spool.seek(0)
            yield spool
        return
    with _refusals(source):
        file = Path(source).open("rb")  # noqa: SIM115 - what happens in the block is not ours to say
    with file:
        yield file


def _download(url: str, spool: ByteStream, limits: Limits) -> None:
    name = source_name(url)
    deadline = time.monotonic() + limits.download_s
    request = _request(url)
    try:
        with _opener().open(request, timeout=limits.silence_s) as answer:
            stated = answer.headers.get("Content-Length")
            # read1 comes back with what one packet brought: a slow server meets the deadline.
            while chunk := answer.read1(_CHUNK):
                spool.write(chunk)
                if spool.tell() > limits.download_bytes:
                    raise UnreadableFileError(
                        Message("source_too_large", name=name, limit=_size(limits.download_bytes))
                    )
                if time.monotonic() > deadline:
                    raise UnreadableFileError(
                        Message("download_too_slow", name=name, seconds=limits.download_s)
                    )
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableFileError(
            Message("server_answered", name=name, code=error.code, reason=error.reason)
        ) from None
    except (http.client.HTTPException, OSError) as error:
        raise UnreadableFileError(
            Message("download_failed", name=name, reason=_network_reason(error))
        ) from None
    if stated is not None and stated.isdecimal() and int(stated) != spool.tell():
        raise UnreadableFileError(
            Message("download_cut_off", name=name, received=spool.tell(), stated=stated)
        )


def _request(url: str) -> urllib.request.Request:
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise InvalidInputError(Message("url_scheme_invalid", url=repr(source_name(url))))
        return urllib.request.Request(url, headers={"User-Agent": "diachiso"})  # noqa: S310
    except ValueError as error:
        raise InvalidInputError(
            Message("url_malformed", url=source_name(url), reason=error)
        ) from None


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and nothing else: urllib's own opener would follow a redirection to ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _network_reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "the server does not answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return str(cause) or type(cause).__name__


def read_text(file: ByteStream, name: str, limits: Limits) -> Iterator[str]:
    """The text of a plain or gzipped file, piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    size = 0
    with _refusals(name):
        start = file.peek(4)  # and no seek: the file may be a pipe
        if start.startswith(_ZIP):
            raise UnreadableFileError(Message("source_is_zip", name=name))
        plain = gzip.GzipFile(fileobj=file) if start.startswith(_GZIP) else file
        while chunk := plain.read(_CHUNK):
            size += len(chunk)
            if size > limits.text_bytes:
                raise UnreadableFileError(
                    Message("source_too_large", name=name, limit=_size(limits.text_bytes))
                )
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
        if size == 0:
            raise UnreadableFileError(Message("source_empty", name=name))


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Say in one line why bytes cannot be had."""
    try:
        yield
    except FileNotFoundError:
        raise UnreadableFileError(Message("source_missing", name=name)) from None
    except IsADirectoryError:
        raise UnreadableFileError(Message("source_is_folder", name=name)) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(Message("gzip_damaged", name=name, reason=error)) from None
    except EOFError:
        raise UnreadableFileError(Message("gzip_truncated", name=name)) from None
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            Message("source_not_utf8", name=name, reason=error.reason)
        ) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnreadableFileError(Message("source_unreadable", name=name, reason=why)) from None
    except ValueError as error:  # a path with a NUL byte
        raise UnreadableFileError(
            Message("source_path_invalid", name=repr(name), reason=error)
        ) from None


def _size(number: int) -> str:
    return f"{number >> 20:,} MiB" if number >= 1 << 20 else f"{number:,} bytes"
