r"""The address code (mã địa chỉ số): its symbols, its check symbol and how written codes are read.

A code is the permanent, opaque name of one record of the register: 8 symbols of

    0123456789FHKMPRTVX                                                        (ALPHABET)

shown ``XXXX-XXXX`` and stored without the hyphen. The first seven symbols, the *payload*, are a
serial number n < 19**7 in base 19, most significant first. The eighth is the check symbol of
ISO/IEC 7064, pure system, modulus 19, radix 2: with v_1 .. v_8 the values of the symbols,

    v_1 * 2**7 + v_2 * 2**6 + ... + v_8 * 2**0  =  1   (mod 19)

19 is prime and 2 has order 18 modulo 19, so the check finds every single wrong symbol, every swap
of two symbols at any distance and every twin error (aa written bb, side by side or apart).

>>> from_serial(123456789)
'2HT64FP5'
>>> format('2HT64FP5')
'2HT6-4FP5'
>>> to_serial('2HT6-4FP5')
123456789
>>> calc_check_digit('2HT64FP')
'5'

Real records have 19**6 <= n < 19**7, so their code never starts with ``0``; a code that does is for
demonstration only.

>>> from_serial(PAYLOAD_FIRST), from_serial(PAYLOAD_END - 1)
('10000006', 'XXXXXXX8')
>>> is_demo(from_serial(42))
True

On the telephone a code is 9 decimal digits of n, zero padded, and the two check digits of
ISO/IEC 7064, modulus 97, radix 10.

>>> spoken('2HT6-4FP5')
'12345678978'
>>> from_spoken('123 456 789 78')
'2HT64FP5'

How writing is read
-------------------

Case, spaces, dashes of every kind and zero-width characters are ignored; full-width letters and
digits are read as plain ones. The letters O I L S Z B G are read as the digits that they look like,
and the accents that a Vietnamese keyboard made of digits and consonants are turned back into keys
(`geo.code_writing`). A text may then have several *readings*: only one that passes the check
counts, and more than one is rejected as ambiguous, never guessed.

>>> validate(' ihGx–xh2v ')
'1H6XXH2V'
>>> validate('FÔ0-000H'), validate('FÕ0-0007')                       # VNI O6, Telex OX
('F060000H', 'F0X00007')
>>> validate('KỔ-000H')                                              # VNI O63, Telex OOR
Traceback (most recent call last):
geo.code.AmbiguousCodeError: a keyboard's accents can be undone in 2 ways: K063000H, K00R000H
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Final

from geo.code_writing import readings, strip_announcement

ALPHABET: Final = "0123456789FHKMPRTVX"
RADIX: Final = len(ALPHABET)
LENGTH: Final = 8
PAYLOAD_LENGTH: Final = LENGTH - 1
SPOKEN_LENGTH: Final = 11
PAYLOAD_FIRST: Final[int] = RADIX ** (PAYLOAD_LENGTH - 1)
"""The smallest serial number of a real record; those below it are for demonstration."""
PAYLOAD_END: Final[int] = RADIX**PAYLOAD_LENGTH
"""The first serial number that has no code."""
TEXT_MAX: Final = 200
"""In characters: a longer text is rejected without reading it."""
SUGGESTIONS_MAX: Final = 64
"""More than the 36 corrections (8 symbols, 28 swaps) that one reading of a text can have."""

_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_CONFUSED: Final = "17 27 38 49 56 5F 68 08 06 7T 1T FP FT PR KR KX VX HM HK 4H PT PV TV 3R"
"""Pairs that look alike in handwriting or print, or sound alike when spelled out in Vietnamese."""


class CodeError(ValueError):
    """Not a valid code; `code` identifies the fault for programs, the message for people."""

    code = "code_invalid"

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.values = values
        """Parameters of the message: `length`, `symbol`, `given`."""


class WrongLengthError(CodeError):
    """Too few or too many symbols."""

    code = "code_wrong_length"


class ForeignSymbolError(CodeError):
    """A symbol outside the alphabet that is not read as one of its symbols."""

    code = "code_foreign_symbol"


class WrongCheckError(CodeError):
    """Right symbols, right length, but the check does not match."""

    code = "code_wrong_check"


class AmbiguousCodeError(CodeError):
    """A keyboard's accents can be undone in two ways that both give a valid code."""

    code = "code_ambiguous"


class SerialRangeError(CodeError):
    """A serial number that has no code."""

    code = "code_out_of_range"


def compact(text: str) -> str:
    """Return the symbols of `text` without separators; the check symbol is not verified.

    If a Vietnamese keyboard's accents leave several readings, the only valid one, else the VNI
    reading. Raises WrongLengthError if `text` has more than TEXT_MAX characters.

    >>> compact('1h6x – xh2v')
    '1H6XXH2V'
    """
    readings = _readings(text)
    valid = [reading for reading in readings if _is_canonical(reading)]
    return valid[0] if len(valid) == 1 else readings[0]


def validate(text: str) -> str:
    """Return the canonical code: 8 symbols, no hyphen.

    Raises AmbiguousCodeError if two readings are valid; if none is, WrongLengthError, else
    ForeignSymbolError, else WrongCheckError. All are CodeError, and no string raises anything else.
    """
    if _is_canonical(text):
        return text  # the common case
    return _only(_readings(text), LENGTH, ALPHABET, _is_canonical)


def is_valid(text: str) -> bool:
    """Whether `validate` accepts `text`."""
    try:
        validate(text)
    except CodeError:
        return False
    return True


def format(code: str) -> str:  # noqa: A001 - the name that every python-stdnum module gives it
    """Return the code as printed, ``XXXX-XXXX``. Raises CodeError as `validate` does."""
    canonical = validate(code)
    return f"{canonical[:4]}-{canonical[4:]}"


def calc_check_digit(payload: str) -> str:
    """Return the check symbol of a canonical payload of 7 symbols.

    Raises WrongLengthError or ForeignSymbolError. Source: ISO/IEC 7064, pure system, radix 2.
    """
    _refuse_foreign(payload, PAYLOAD_LENGTH, ALPHABET)
    return _completed(payload, "")[-1]


def from_serial(serial: int) -> str:
    """Return the code of a serial number, 0 <= serial < PAYLOAD_END. Raises SerialRangeError."""
    if not 0 <= serial < PAYLOAD_END:
        raise SerialRangeError(f"a serial number lies in 0 to {PAYLOAD_END - 1}, not {serial}")
    symbols = []
    rest = serial
    for _ in range(PAYLOAD_LENGTH):
        rest, value = divmod(rest, RADIX)
        symbols.append(ALPHABET[value])
    return _completed("".join(reversed(symbols)), "")


def to_serial(code: str) -> int:
    """Return the serial number of a code in any writing. Raises CodeError as `validate` does."""
    serial = 0
    for symbol in validate(code)[:PAYLOAD_LENGTH]:
        serial = serial * RADIX + _VALUES[symbol]
    return serial


def is_demo(code: str) -> bool:
    """Whether the code is for demonstration only. Raises CodeError as `validate` does."""
    return validate(code).startswith("0")


def spoken(code: str) -> str:
    """Return the 11 digits of a code on the telephone: 9 of the serial number, 2 check digits.

    Raises CodeError as `validate` does. Source of the check: ISO/IEC 7064, modulus 97, radix 10.
    """
    return _spoken(to_serial(code))


def from_spoken(text: str) -> str:
    """Return the canonical code of 11 spoken digits, grouped by spaces, dashes or full stops.

    Letters are read as in `validate` (O as 0). Raises CodeError as `validate` does, and
    SerialRangeError for a number that has no code.
    """
    readings = _readings(text.replace(".", " "))
    digits = _only(readings, SPOKEN_LENGTH, string.digits, _is_spoken)
    return from_serial(int(digits[:-2]))


def read(text: str) -> str:
    """The canonical code that `text` writes, or says in the eleven digits; `mã` may stand in front.

    Raises CodeError as `validate`, and for eleven digits as `from_spoken`.

    >>> read('mã 2HT6-4FP5'), read('123 456 789 78')
    ('2HT64FP5', '2HT64FP5')
    """
    text = strip_announcement(text)
    try:
        return validate(text)
    except WrongLengthError as error:
        try:
            return from_spoken(text)
        except WrongLengthError:
            raise error from None


def suggestions(text: str) -> tuple[str, ...]:
    """Return the valid codes one slip away from `text`, the likeliest first; () if it is valid.

    Slips, the likeliest first: a symbol replaced by one that is easily confused with it; two
    neighbours swapped; the last symbol wrong; any other symbol wrong; two symbols swapped at a
    distance, the nearer first. One symbol missing or one too many: first where it doubles its
    neighbour. For an ambiguous text, its valid readings. For spoken digits, one misheard, or two
    swapped, neighbours first. At most SUGGESTIONS_MAX codes; only a text with accents can have
    more. Never raises: a text unlike any code has no suggestions.

    >>> suggestions('1H6X-HX2V')[0]
    '1H6XXH2V'
    >>> suggestions('1H6X-H2V')[0]
    '1H6XXH2V'
    >>> '2HT64FP5' in suggestions('123 456 788 78')
    True
    """
    try:
        readings, as_spoken = _readings(text), _readings(text.replace(".", " "))
    except WrongLengthError:
        return ()
    valid = tuple(reading for reading in readings if _is_canonical(reading))
    if valid:
        return valid if len(valid) > 1 else ()
    ranks: dict[str, int] = {}
    spoken = len(as_spoken[0]) == SPOKEN_LENGTH
    for reading in as_spoken if spoken else readings:
        for rank, code in (_corrections_spoken if spoken else _corrections)(reading):
            ranks[code] = min(rank, ranks.get(code, rank))
    # sorted() is stable: within a rank, by reading, then from left to right.
    return tuple(sorted(ranks, key=ranks.__getitem__)[:SUGGESTIONS_MAX])


def _checksum(symbols: str) -> int:
    """Return the weighted sum modulo 19, 1 for a valid code. ISO/IEC 7064, by Horner's rule."""
    total = 0
    for symbol in symbols:
        total = (2 * total + _VALUES[symbol]) % RADIX
    return total


@lru_cache(maxsize=1_024)  # rendering a code validates it once per form
def _is_canonical(code: str) -> bool:
    return len(code) == LENGTH and _VALUES.keys() >= set(code) and _checksum(code) == 1


def _spoken(serial: int) -> str:
    return f"{serial:09}{98 - serial * 100 % 97:02}"


def _is_spoken(digits: str) -> bool:
    # Compared as text: check digits 00 and 01 are congruent to 97 and 98 but never issued.
    return (
        len(digits) == SPOKEN_LENGTH
        and set(string.digits) >= set(digits)
        and digits == _spoken(int(digits[:-2]))
    )


def _only(
    readings: tuple[str, ...], length: int, alphabet: str, passes: Callable[[str], bool]
) -> str:
    """Return the one reading that passes, or raise the CodeError that gives the reason."""
    valid = [reading for reading in readings if passes(reading)]
    if len(valid) == 1:
        return valid[0]
    if valid:
        raise AmbiguousCodeError(
            f"a keyboard's accents can be undone in {len(valid)} ways: {', '.join(valid)}",
            readings=valid,
        )
    _refuse_foreign(readings[0], length, alphabet)
    raise WrongCheckError("the check does not match: a symbol is wrong, or two are swapped")


def _refuse_foreign(symbols: str, length: int, alphabet: str) -> None:
    """Raise WrongLengthError or ForeignSymbolError unless `symbols` can be checked."""
    if len(symbols) != length:
        message = f"{length} symbols are expected, not {len(symbols)}"
        raise WrongLengthError(message, expected=length, given=len(symbols))
    for symbol in symbols:
        if symbol not in alphabet:
            # repr: a symbol may be unprintable, even a lone surrogate that no encoding takes.
            message = f"{symbol!r} is not one of {alphabet}"
            raise ForeignSymbolError(message, symbol=repr(symbol), alphabet=alphabet)


def _readings(text: str) -> tuple[str, ...]:
    """Return every way to read `text`; raises WrongLengthError if it is too long."""
    if len(text) > TEXT_MAX:
        message = f"a text of {len(text)} characters is not a code"
        raise WrongLengthError(message, expected=LENGTH, given=len(text))
    return readings(text, longest=SPOKEN_LENGTH)


def _completed(before: str, after: str) -> str:
    """Return the valid code with one symbol between `before` and `after`, which have 7 in all."""
    missing = 1 - _checksum(f"{before}0{after}")
    return before + ALPHABET[missing * pow(2, -len(after), RADIX) % RADIX] + after


def _corrections(reading: str) -> Iterator[tuple[int, str]]:
    """Yield the valid codes one slip away from a reading, each with its rank (0 is likeliest)."""
    foreign = [place for place, symbol in enumerate(reading) if symbol not in _VALUES]
    if len(foreign) > 1:
        return
    if len(reading) == LENGTH - 1 and not foreign:
        yield from _with_missing(reading)
    elif len(reading) == LENGTH:
        yield from _with_wrong(reading, foreign or range(LENGTH))
        if not foreign:
            yield from _with_swapped(reading)
    elif len(reading) == LENGTH + 1:
        yield from _with_surplus(reading, foreign or range(LENGTH + 1))


def _corrections_spoken(digits: str) -> Iterator[tuple[int, str]]:
    """As `_corrections`, for spoken digits; nothing if they are valid."""
    if not set(string.digits) >= set(digits) or _is_spoken(digits):
        return
    candidates = [
        (0, digits[:place] + digit + digits[place + 1 :])
        for place in range(SPOKEN_LENGTH)
        for digit in string.digits
    ]
    for first, second in combinations(range(SPOKEN_LENGTH), 2):
        swapped = list(digits)
        swapped[first], swapped[second] = digits[second], digits[first]
        candidates.append((second - first, "".join(swapped)))
    for rank, meant in candidates:
        serial = int(meant[:-2])
        if _is_spoken(meant) and serial < PAYLOAD_END:
            yield rank, from_serial(serial)


def _with_wrong(reading: str, places: Sequence[int]) -> Iterator[tuple[int, str]]:
    for place in places:
        code = _completed(reading[:place], reading[place + 1 :])
        wrong, right = reading[place], code[place]
        confused = wrong + right in _CONFUSED or right + wrong in _CONFUSED
        # A wrong check symbol is likelier than another wrong one: the seven others are consistent.
        yield (0 if confused else 2 if place == LENGTH - 1 else 3), code


def _with_swapped(reading: str) -> Iterator[tuple[int, str]]:
    for first, second in combinations(range(LENGTH), 2):
        symbols = list(reading)
        symbols[first], symbols[second] = symbols[second], symbols[first]
        code = "".join(symbols)
        if _checksum(code) == 1:
            yield (1 if second == first + 1 else 2 + second - first), code


def _with_missing(reading: str) -> Iterator[tuple[int, str]]:
    for place in range(LENGTH):
        code = _completed(reading[:place], reading[place:])
        neighbours = reading[max(place - 1, 0) : place + 1]
        yield (0 if code[place] in neighbours else 1), code


def _with_surplus(reading: str, places: Sequence[int]) -> Iterator[tuple[int, str]]:
    for place in places:
        code = reading[:place] + reading[place + 1 :]
        if _checksum(code) == 1:
            yield (0 if reading[place] in code[max(place - 1, 0) : place + 1] else 1), code
