"""Requests of the current minute, counted across the processes of one server.

Counts of other machines are in `registry.access.rates`. The processes share a table in memory
through a mapped file. A counter of sixteen bytes is a caller's hash, the minute and a number, in a
bucket of eight chosen by the hash. In a full bucket the smallest counter is evicted, so frequent
callers keep theirs. The hash is keyed with a secret that lives as long as the file, so the file
identifies nobody.
"""

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import threading
import time
from pathlib import Path
from typing import Final

from api.core.shared_files import reserved

WINDOW_S: Final = 60
_BUCKETS: Final = 8_192
_IN_BUCKET: Final = 8
_COUNTER: Final = struct.Struct("<QII")
"""Hash, minute, requests."""
_SECRET_BYTES: Final = 64
_SIZE: Final = _SECRET_BYTES + _BUCKETS * _IN_BUCKET * _COUNTER.size


class Counters:
    """Counts of the current minute by caller; exact on one machine."""

    def __init__(self, path: Path | None = None) -> None:
        """Share counters through the file `path`, created if missing; without one count this
        process.

        Raises OSError if the disk has no room for the file.
        """
        self._lock = threading.Lock()
        self._file = reserved(path, _SIZE) if path else -1
        with self._lock, self._locked_file(_BUCKETS):
            if self._file >= 0 and os.fstat(self._file).st_size != _SIZE:
                os.ftruncate(self._file, _SIZE)
            self._memory = mmap.mmap(self._file, _SIZE)
            if not any(self._memory[:_SECRET_BYTES]):
                self._memory[:_SECRET_BYTES] = secrets.token_bytes(_SECRET_BYTES)
        self._secret = self._memory[:_SECRET_BYTES]
        self.name = hashlib.blake2b(b"", key=self._secret, digest_size=8).hexdigest()
        """Identifies this table among those of other machines."""

    def count(self, who: str, requests: int = 1) -> int:
        """Add requests of `who`; return its total of this minute, these included."""
        return self._add(who, requests)

    def look(self, who: str) -> int:
        """Return the requests of `who` in this minute."""
        return self._add(who, 0)

    def close(self) -> None:
        """Unmap the memory."""
        self._memory.close()
        if self._file >= 0:
            os.close(self._file)

    def _add(self, who: str, more: int) -> int:
        hashed = int.from_bytes(
            hashlib.blake2b(who.encode(), key=self._secret, digest_size=8).digest(), "little"
        )
        minute = this_minute()
        bucket = hashed % _BUCKETS
        # The file lock excludes other processes only, not threads of this one.
        with self._lock, self._locked_file(bucket):
            at, count = self._find(bucket, hashed, minute)
            if more:
                _COUNTER.pack_into(self._memory, at, hashed, minute, count + more)
        return count + more

    def _find(self, bucket: int, hashed: int, minute: int) -> tuple[int, int]:
        """Return the offset of the counter, existing or to be created, and its count."""
        start = _SECRET_BYTES + bucket * _IN_BUCKET * _COUNTER.size
        free, least = start, 1 << 32
        for at in range(start, start + _IN_BUCKET * _COUNTER.size, _COUNTER.size):
            owner, of_minute, count = _COUNTER.unpack_from(self._memory, at)
            current = count if of_minute == minute else 0
            if owner == hashed:
                return at, current
            if current < least:
                free, least = at, current
        return free, 0

    def _locked_file(self, bucket: int) -> "_LockedFile":
        return _LockedFile(self._file, bucket)


class _LockedFile:
    """Locks one byte of the file; `contextlib` would take as long as everything else here."""

    __slots__ = ("_byte", "_file")

    def __init__(self, file: int, byte: int) -> None:
        self._file = file
        self._byte = byte

    def __enter__(self) -> None:
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._byte)

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._byte)


def this_minute() -> int:
    """Return minutes since 1970."""
    return int(time.time()) // WINDOW_S


def seconds_left() -> int:
    """Return seconds until the minute ends."""
    return WINDOW_S - int(time.time()) % WINDOW_S
