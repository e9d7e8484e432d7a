"""Opens a file or URL and reads its text, plain or gzipped, of any size.

Reads in chunks up to limits, so that neither a large file nor a decompression bomb does harm. Every
failure is an UnreadableFileError of one line, or an InvalidInputError for a malformed URL.
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
    """Limits of reading a source."""

    download_bytes: int = 512 << 20
    text_bytes: int = 2 << 30
    """Bytes of uncompressed text."""
    feature_characters: int = 64 << 20
    features: int = 100_000
    silence_s: float = 30.0
    """Longest silence of a server."""
    download_s: float = 600.0


LIMITS: Final = Limits()


def is_url(source: str) -> bool:
    """Whether a source is a URL, not a path."""
    return "://" in source


def source_name(source: str) -> str:
    """Return the name of a source for records: a URL without query and password, or a file name."""
    if not is_url(source):
        return shown(Path(source).name, 200)
    try:
        parts = urlsplit(source)
    except ValueError:
        return "the URL"  # it may contain a password at an unknown place
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def shown(value: object, longest: int = 40) -> str:
    """Shorten text from a file for one line of a message, without control characters."""
    text = str(value)
    cut = text[:longest] + ("…" if len(text) > longest else "")
    return "".join(character if character.isprintable() else "?" for character in cut)


@contextmanager
def open_source(source: str, limits: Limits = LIMITS) -> Iterator[ByteStream]:
    """Open the raw bytes of a path or URL.

    A URL is downloaded into a temporary file first: a slow server must keep no transaction open.
    """
    if is_url(source):
        with tempfile.TemporaryFile() as spool:
            _download(source, spool, limits)
            spool.seek(0)
            yield spool
        return
    with _translated_errors(source):
        file = Path(source).open("rb")  # noqa: SIM115 - errors of the block are not translated
    with file:
        yield file


def _download(url: str, spool: ByteStream, limits: Limits) -> None:
    name = source_name(url)
    deadline = time.monotonic() + limits.download_s
    request = _request(url)
    try:
        with _opener().open(request, timeout=limits.silence_s) as answer:
            stated = answer.headers.get("Content-Length")
            # read1 returns after one packet, so the deadline applies to a slow server.
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
    """Make an opener for HTTP only: urllib's default would follow a redirection to ftp."""
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
    """Yield the text of a plain or gzipped file in chunks."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    size = 0
    with _translated_errors(name):
        start = file.peek(4)  # not seek: the file may be a pipe
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
def _translated_errors(name: str) -> Iterator[None]:
    """Raise errors of reading as UnreadableFileError of one line."""
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
