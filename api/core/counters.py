"""Requests of this minute, counted by all processes of the server together.

Those of other machines are `registry.access.rates`.

A table in memory that the processes share through a file. A counter is a caller's hash and a
number; sixteen bytes, in a bucket of eight that its hash chooses. Where a bucket is full the
smallest counter gives way: whoever comes often keeps his. The hash is under a secret that lives as
long as the file, so that the file names nobody.
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
    """Counts a minute, of whoever. Exact on one machine; nothing is kept for long."""

    def __init__(self, path: Path | None = None) -> None:
        """Counters in the file, which is made; without one, of this process alone.

        Raises OSError where there is no room for it.
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
        """Of this memory, among those of other machines."""

    def count(self, who: str, requests: int = 1) -> int:
        """Count requests of `who`; returns how many there were in this minute, with these."""
        return self._turn(who, requests)

    def look(self, who: str) -> int:
        """How many requests of `who` there were in this minute."""
        return self._turn(who, 0)

    def close(self) -> None:
        """Let the memory go."""
        self._memory.close()
        if self._file >= 0:
            os.close(self._file)

    def _turn(self, who: str, more: int) -> int:
        hashed = int.from_bytes(
            hashlib.blake2b(who.encode(), key=self._secret, digest_size=8).digest(), "little"
        )
        minute = this_minute()
        bucket = hashed % _BUCKETS
        # The file's lock is between processes, and none between threads of one.
        with self._lock, self._locked_file(bucket):
            at, count = self._find(bucket, hashed, minute)
            if more:
                _COUNTER.pack_into(self._memory, at, hashed, minute, count + more)
        return count + more

    def _find(self, bucket: int, hashed: int, minute: int) -> tuple[int, int]:
        """Where the counter is, or may be made, and what it holds."""
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
    """A byte of the file, locked in a block; `contextlib` would take as long as all the rest."""

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
    """Since 1970."""
    return int(time.time()) // WINDOW_S


def seconds_left() -> int:
    """Until the minute ends."""
    return WINDOW_S - int(time.time()) % WINDOW_S
