"""The keyed permutation that maps the ordinal of an issued code to its serial number.

A database sequence issues the ordinals 0, 1, 2 ...; used directly, neighbours would have
neighbouring codes and a stranger could tell how many exist. A permutation of the payload range
under a secret key gives neighbours unrelated codes and never collides.

The scheme, fixed permanently by ``tests/vectors/permutation.csv``:

- N = 19**7 - 19**6 = 846,825,858 ordinals; the serial number is the permuted ordinal + 19**6.
- A balanced Feistel network on 30 bits: from halves (L, R) of 15 bits, L the higher, each of 8
  rounds makes (R, L xor F_r(R)).
- F_r is a table of 32,768 values: SHAKE256 (FIPS 202) of ``DOMAIN || key || r`` (the round 0 .. 7
  as one byte), 65,536 bytes read as little-endian 16-bit words, the lowest 15 bits of each.
- Cycle walking (Black and Rogaway 2002): a result not below N goes through the network again, 1.27
  passes on average. This restricts the permutation of 2**30 to one of N.

Tables, not hashes, in each round make the scalar and the numpy path the same arithmetic, and fast.

The key is 32 bytes, made by the migration from the database's randomness, never changed and never
logged. Whoever has it can list the issued codes, so a dump is as secret as the key. Another key
length, round count or domain string would issue codes twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.code import PAYLOAD_END, PAYLOAD_FIRST, SerialRangeError

N: Final[int] = PAYLOAD_END - PAYLOAD_FIRST
"""Number of ordinals, and of codes for real records."""
KEY_BYTES: Final = 32
ROUNDS: Final = 8
DOMAIN: Final = b"diachiso code permutation 1\0"
"""Separates this use of the key from any other."""

_HALF_BITS: Final = 15
_HALF_MASK: Final = (1 << _HALF_BITS) - 1
# Ordinals per chunk: halves and tables fit in the processor's cache.
_CHUNK: Final = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class Permutation:
    """The permutation under one key of 32 bytes; ValueError for a key of another length.

    The key is not stored, and ``repr`` shows neither it nor the tables, which are equally secret.
    """

    key: InitVar[bytes]
    _tables: tuple[NDArray[np.int64], ...] = field(init=False, repr=False)

    def __post_init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of the permutation has {KEY_BYTES} bytes, not {len(key)}")
        tables = tuple(_round_table(key, number) for number in range(ROUNDS))
        object.__setattr__(self, "_tables", tables)

    def code_serial(self, ordinal: int) -> int:
        """Return the serial number, PAYLOAD_FIRST <= n < PAYLOAD_END, of an ordinal 0 <= ordinal <
        N.

        Raises ValueError for an ordinal outside that range: all codes are used.
        """
        if not 0 <= ordinal < N:
            raise ValueError(f"an ordinal lies in 0 to {N - 1}, not {ordinal}")
        value = self._forward(ordinal)
        while value >= N:
            value = self._forward(value)
        return PAYLOAD_FIRST + value

    def ordinal(self, serial: int) -> int:
        """Return the ordinal whose `code_serial` is `serial`.

        Raises SerialRangeError unless PAYLOAD_FIRST <= serial < PAYLOAD_END; demonstration codes
        have no ordinal.
        """
        if not PAYLOAD_FIRST <= serial < PAYLOAD_END:
            raise SerialRangeError(
                f"a real door's serial number lies in {PAYLOAD_FIRST} to {PAYLOAD_END - 1}, "
                f"not {serial}"
            )
        value = self._backward(serial - PAYLOAD_FIRST)
        while value >= N:
            value = self._backward(value)
        return value

    def code_serials(self, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return `code_serial` of a one-dimensional array, as a new array.

        Raises ValueError if an ordinal is outside [0, N), TypeError if they are not integers.
        """
        values = ordinals.astype(np.int64, casting="safe")
        if values.size and not (values.min() >= 0 and values.max() < N):
            raise ValueError(f"an ordinal lies in 0 to {N - 1}")
        _walk(values, self._forward_many)
        values += PAYLOAD_FIRST
        return values

    def ordinals(self, serials: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return `ordinal` of a one-dimensional array, as a new array.

        Raises SerialRangeError if one is outside [PAYLOAD_FIRST, PAYLOAD_END), TypeError if they
        are not integers.
        """
        values = serials.astype(np.int64, casting="safe") - PAYLOAD_FIRST
        if values.size and not (values.min() >= 0 and values.max() < N):
            raise SerialRangeError(
                f"a real door's serial number lies in {PAYLOAD_FIRST} to {PAYLOAD_END - 1}"
            )
        _walk(values, self._backward_many)
        return values

    def _forward(self, value: int) -> int:
        left, right = value >> _HALF_BITS, value & _HALF_MASK
        for table in self._tables:
            left, right = right, left ^ int(table[right])
        return left << _HALF_BITS | right

    def _backward(self, value: int) -> int:
        left, right = value >> _HALF_BITS, value & _HALF_MASK
        for table in reversed(self._tables):
            left, right = right ^ int(table[left]), left
        return left << _HALF_BITS | right

    def _forward_many(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        left, right = values >> _HALF_BITS, values & _HALF_MASK
        for table in self._tables:
            left, right = right, left ^ table[right]
        return left << _HALF_BITS | right

    def _backward_many(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        left, right = values >> _HALF_BITS, values & _HALF_MASK
        for table in reversed(self._tables):
            left, right = right ^ table[left], left
        return left << _HALF_BITS | right


def _walk(
    values: NDArray[np.int64], step: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> None:
    """Put each value through the network, again as long as the result is not below N."""
    for start in range(0, values.size, _CHUNK):
        chunk = values[start : start + _CHUNK]
        chunk[:] = step(chunk)
        outside = np.flatnonzero(chunk >= N)
        while outside.size:
            walked = step(chunk[outside])
            chunk[outside] = walked
            outside = outside[walked >= N]


def _round_table(key: bytes, number: int) -> NDArray[np.int64]:
    """Return the round function as 32,768 values of 15 bits."""
    stream = hashlib.shake_256(DOMAIN + key + bytes([number])).digest(2 << _HALF_BITS)
    # 64-bit elements, because numpy would convert narrower indices in every round.
    table = np.frombuffer(stream, dtype="<u2").astype(np.int64) & _HALF_MASK
    table.setflags(write=False)
    return table
