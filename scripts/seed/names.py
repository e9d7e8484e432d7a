"""Names of administrative units: kind word and bare name, keys, spelling variants.

The keys here are those of the wheels (letters and digits only); they are for joining
sources and are never written to a seed file.
"""

import difflib
import re
import unicodedata

from geo.admin import KIND_NAMES
from geo.text import transliterate

# Combining marks: grave, acute, tilde, hook above, dot below.
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
# Sáng Nhè and Xá Nhè are one name at 0.67.
_SIMILAR = 0.66


def split_full_name(full_name: str) -> tuple[str, str]:
    """Return kind and bare name.

    >>> split_full_name("Phường Phường Đúc"), split_full_name("Thị Trấn Prao")
    (('phuong', 'Phường Đúc'), ('thi_tran', 'Prao'))
    """
    text = " ".join(unicodedata.normalize("NFC", full_name).split())
    for kind, word in KIND_NAMES.items():
        if text.lower().startswith(word.lower() + " "):
            return kind, text[len(word) + 1 :]
    raise ValueError(f"no kind word in {full_name!r}")


def key(text: str) -> str:
    """Return the wheels' key of a name: folded, letters and digits only.

    >>> key("Thị trấn NT Mộc Châu")
    'thitranntmocchau'
    """
    return re.sub(r"[^0-9a-z]", "", transliterate(text).lower())


def _written(text: str) -> list[str]:
    """Return the syllables with each tone moved to the end, so `hoà` equals `hòa`."""
    syllables = re.findall(r"\w+", unicodedata.normalize("NFC", text).lower())
    marked = []
    for syllable in syllables:
        chars = unicodedata.normalize("NFD", syllable)
        tones = "".join(char for char in chars if char in _TONES)
        marked.append("".join(char for char in chars if char not in _TONES) + tones)
    return marked


def same_writing(one: str, other: str) -> bool:
    """Tell whether two names differ in nothing but case, punctuation or tone placement.

    >>> same_writing("Uý Nỗ", "Úy Nỗ"), same_writing("Xà Phìn", "Sà Phìn")
    (True, False)
    """
    return _written(one) == _written(other)


def expand(name: str) -> str:
    """Return the name with `NT` written out.

    >>> expand("N.T Phong Hải")
    'Nông trường Phong Hải'
    """
    return re.sub(r"^N\.?T ", "Nông trường ", name)


def is_spelling_of(one: str, other: str, *, merged: bool = False) -> bool:
    """Tell whether two names are likely one name spelled twice.

    A unit that took in others (`merged`) and has another name has a new one, however similar,
    and so has one whose name gained a syllable.

    >>> is_spelling_of("05", "5"), is_spelling_of("4", "5"), is_spelling_of("Hát Lìu", "Hát Lừu")
    (True, False, True)
    >>> is_spelling_of("Hưng Yên", "Hưng Yên Nam")
    False
    """
    if one.isdigit() or other.isdigit():
        return one.lstrip("0") == other.lstrip("0")
    if key(expand(one)) == key(expand(other)):
        return True
    if merged or set(one.split()) < set(other.split()):
        return False
    return difflib.SequenceMatcher(None, key(one), key(other)).ratio() >= _SIMILAR
