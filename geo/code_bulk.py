"""Convert arrays of serial numbers to codes and back: the arithmetic of `geo.code` in numpy.

Codes are the numpy type ``S8``: 8 ASCII bytes, canonical, ready for COPY. A code is assembled as
one little-endian 64-bit word: the table entry for its first three symbols plus the entry for the
next four, each with its share of the check sum in the highest byte, where the check symbol goes.

>>> codes_from_serials(np.array([123456789, 47045881]))
array([b'2HT64FP5', b'10000006'], dtype='|S8')
>>> serials, valid = serials_from_codes(np.array([b'2HT64FP5', b'2HT64FP6', b'2ht6-4f']))
>>> serials[valid], valid
(array([123456789]), array([ True, False, False]))
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.code import ALPHABET, LENGTH, PAYLOAD_END, RADIX, SerialRangeError

_HIGH_SYMBOLS: Final = 3
_LOW_SYMBOLS: Final = 4
_LOW_RANGE: Final[int] = RADIX**_LOW_SYMBOLS
_CHECK_SHIFT: Final = 8 * (LENGTH - 1)
# Codes per chunk: words, indices and tables fit in the processor's cache.
_CHUNK: Final = 1 << 14

_SYMBOLS: Final = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)


def codes_from_serials(serials: NDArray[np.int64]) -> NDArray[np.bytes_]:
    """Return the codes (dtype S8) of a 1-D array of serial numbers, as `geo.code.from_serial`.

    Raises SerialRangeError if one is outside [0, PAYLOAD_END), TypeError if they are not integers.
    """
    numbers = serials.astype(np.int64, casting="safe", copy=False)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < PAYLOAD_END):
        raise SerialRangeError(f"a serial number lies in 0 to {PAYLOAD_END - 1}")
    words = np.empty(numbers.size, dtype="<u8")
    for start in range(0, numbers.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        high = numbers[chunk] // _LOW_RANGE
        low = numbers[chunk] - high * _LOW_RANGE
        word = _HIGH_WORDS[high] + _LOW_WORDS[low]
        words[chunk] = word + _CHECK_WORDS[word >> _CHECK_SHIFT]
    return words.view("S8")


def serials_from_codes(codes: NDArray[np.bytes_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the serial numbers of canonical codes (dtype S8), and a mask of the valid ones.

    Strict: lower case, a hyphen or a look-alike letter is invalid. The serial number of an invalid
    code is meaningless. Raises TypeError for longer byte strings and for other types.
    """
    words = codes.astype("S8", casting="safe")
    values = _VALUES[words.view(np.uint8).reshape(-1, LENGTH)]
    serials = np.zeros(words.size, dtype=np.int64)
    for place in range(LENGTH - 1):
        serials *= RADIX
        serials += values[:, place]
    # Unknown symbols have the value 0; encoding again finds them and the wrong checks alike.
    return serials, codes_from_serials(serials) == words


def _payload_words(symbols: int, after: int) -> NDArray[np.uint64]:
    """Return, for each number of `symbols` symbols, its part of the word.

    `after` is the number of symbols after the part, the check symbol included.
    """
    numbers = np.arange(RADIX**symbols, dtype=np.uint64)
    words = np.zeros_like(numbers)
    sums = np.zeros_like(numbers)
    for place in range(symbols):
        values = numbers // np.uint64(RADIX ** (symbols - 1 - place)) % np.uint64(RADIX)
        byte = LENGTH - after - symbols + place
        words |= _SYMBOLS[values].astype(np.uint64) << np.uint64(8 * byte)
        sums += values << np.uint64(after + symbols - 1 - place)
    words |= (sums % np.uint64(RADIX)) << np.uint64(_CHECK_SHIFT)
    return words


def _check_words() -> NDArray[np.uint64]:
    """Return, by the sum of the two shares, what to add to the word to get the check symbol."""
    sums = np.arange(2 * RADIX - 1)
    symbols = _SYMBOLS[(1 - sums) % RADIX].astype(np.int64)
    return (symbols - sums).astype(np.uint64) << np.uint64(_CHECK_SHIFT)


def _symbol_values() -> NDArray[np.int64]:
    values = np.zeros(256, dtype=np.int64)
    values[_SYMBOLS] = np.arange(RADIX)
    return values


_HIGH_WORDS: Final = _payload_words(_HIGH_SYMBOLS, after=_LOW_SYMBOLS + 1)
_LOW_WORDS: Final = _payload_words(_LOW_SYMBOLS, after=1)
_CHECK_WORDS: Final = _check_words()
_VALUES: Final = _symbol_values()
