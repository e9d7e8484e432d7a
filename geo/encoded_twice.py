"""Vietnamese in UTF-8 that was decoded as Windows-1252 and encoded again.

Happens when a table is opened in the wrong encoding and saved: `Láng` becomes `LÃ¡ng`.
"""

import re
import unicodedata
from typing import Final

_OF_1252: Final = {
    ord(bytes([byte]).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)
} | {byte: byte for byte in range(0x80, 0x100)}
"""Letter of Windows-1252 → its byte; bytes without a letter map to themselves."""
TWICE: Final = re.compile(f"[{re.escape(''.join(map(chr, _OF_1252)))}]{{2,}}")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_LETTERS: Final = frozenset(
    letter
    for vowel in "aăâeêioôơuưy"
    for tone in ("", *_TONES)
    for form in (f"{vowel}{tone}", unicodedata.normalize("NFC", f"{vowel}{tone}"))
    for letter in (*form, *form.upper())
) | set("đĐ\u0302\u0306\u031b\u00a0–—‘’“”…°")
"""Non-ASCII characters of Vietnamese text."""


def fix_double_encoding(text: str) -> str:
    """Return the text with doubly encoded letters decoded.

    >>> [fix_double_encoding(text) for text in ("LÃ¡ng", "Nguyá»…n", "Láng, Đà Nẵng", "Ã¿")]
    ['Láng', 'Nguyễn', 'Láng, Đà Nẵng', 'Ã¿']
    """
    return text if text.isascii() else TWICE.sub(_decoded, text)


def _decoded(found: re.Match[str]) -> str:
    try:
        letters = bytes(_OF_1252[ord(letter)] for letter in found[0]).decode()
    except UnicodeDecodeError:
        return found[0]
    return letters if _LETTERS.issuperset(letters) else found[0]
