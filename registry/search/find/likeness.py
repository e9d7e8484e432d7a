"""Decides whether a name is a registered one written with a slip, or another, similar name.

Lê Thánh Tôn and Lê Thánh Tông, Nguyễn Thị Thọ and Nguyễn Thị Nhỏ, Hàng Ba and Hàng Bà are streets
in one town, a letter apart: correcting one into the other sends the parcel to a wrong door. So a
difference counts as a slip only if the typed name is unlikely: its word does not occur in names of
places (`Nguyễn Trxãi`), or is rare while every town has the other name.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from geo.syllables import has_impossible_diacritics, has_late_tone, is_syllable
from geo.text import accent_key, fold, has_diacritics, is_one_slip
from geo.values import value
from registry.units.vocabulary import FAMOUS, Vocabulary

_SHORTEST: Final = 4
"""Least letters of a name with a slip: `Huế` is not `Hù`."""
_SHORT_NAME: Final = 2
"""Most words of a name in which every word is distinctive."""
_INITIALS: Final = range(3, 6)
"""Numbers of letters of a name written as initials."""
_VOWELS: Final = frozenset("aeiouy")
_HOI_AS_NGA: Final = str.maketrans("4", "3")
"""hỏi and ngã are one tone in half of the country, and confused in writing."""


class Likeness(Enum):
    """How a typed name compares with a registered one."""

    SAME = "same"
    SLIP = "slip"
    LIKE = "like"
    """A famous name with one wrong letter that leaves a word of other names: `Tần Phú`."""
    OTHER = "other"


@value(frozen=True, slots=True)
class Name:
    """A name of a street or locality, with the key that it is compared by."""

    key: str
    name: str
    """As written; for a locality with its kind, as in the key."""
    kind: str | None = None
    """Only for a locality: a khóm is not a khối. Kinds of streets are not reliable."""

    @property
    def proper_key(self) -> str:
        """The key without a locality's kind."""
        return self.key.removeprefix(f"{fold(self.kind)} ") if self.kind else self.key


def likeness(vocabulary: Vocabulary, typed: Name, known: Name, *, wide: bool = False) -> Likeness:
    """Compare `typed` with a registered name; `wide` if many more names might be meant."""
    if typed.key == known.key:
        return _same_key(vocabulary, typed, known, wide=wide)
    if typed.kind != known.kind or not same_numbers(typed.key, known.key):
        return Likeness.OTHER
    if shortened := not wide and shortened_words(typed):
        if _stand_for(shortened, typed, known):
            # Initials may also mean a street that is not registered.
            return Likeness.SLIP if shortened[1:] == typed.name.split()[1:] else Likeness.LIKE
        if len(shortened[0]) == 1:
            return Likeness.OTHER  # `Kh úc Thừa Dụ` is not cut
    if not _one_keystroke(typed, known):
        return Likeness.OTHER
    if is_impossible_name(vocabulary, typed):
        return Likeness.SLIP if _is_meant(vocabulary, typed, known) else Likeness.OTHER
    if len(typed.proper_key) < _SHORTEST or _is_other_vowel(typed, known):
        return Likeness.OTHER
    return _other_key(vocabulary, typed, known, wide=wide)


def shortened_words(typed: Name) -> list[str]:
    """Return the words of a long name with the first abbreviated, `T. Hưng Đạo`, `Tr. Hưng Đạo`, or
    all, `NKKN`; empty for a name in full, as `T. Vinh` may be.
    """
    words = typed.name.split()
    if typed.kind is not None:
        return []
    if len(words) == 1 and typed.name.isupper() and len(typed.name) in _INITIALS:
        return list(typed.name)
    cut = [_VOWELS.isdisjoint(word) or len(word) == 1 for word in typed.key.split()]
    return words if len(words) > _SHORT_NAME and cut[:2] == [True, False] else []


def _stand_for(words: list[str], typed: Name, known: Name) -> bool:
    """Whether each word equals that of the registered name, with typed diacritics, or is a prefix
    if abbreviated.
    """
    write = accent_key if _accented(typed, known) else fold
    other = known.name.split()
    return len(words) == len(other) and all(
        write(word) == write(meant) if at and len(word) > 1 else fold(meant).startswith(fold(word))
        for at, (word, meant) in enumerate(zip(words, other, strict=True))
    )


def is_impossible_name(vocabulary: Vocabulary, typed: Name) -> bool:
    """Whether a word of it has impossible diacritics, so that it is not a name."""
    return any(_has_impossible_diacritics(vocabulary, word) for word in typed.name.split())


def _has_impossible_diacritics(vocabulary: Vocabulary, word: str) -> bool:
    if has_late_tone(word):
        return True  # its accent key is that of the right spelling
    return has_impossible_diacritics(word) and not vocabulary.knows(accent_key(word), accented=True)


def _is_meant(vocabulary: Vocabulary, typed: Name, known: Name) -> bool:
    """Whether only such words differ, each from a valid one: `Trầ Phú`, `Phú Haò`.

    With the tone on the wrong vowel, two vowels were swapped, or one was inserted.
    """
    one, other = typed.name.casefold().split(), known.name.casefold().split()
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    differing = [(a, b) for a, b in pairs if accent_key(a) != accent_key(b)]
    return all(
        _has_impossible_diacritics(vocabulary, a)
        and not _has_impossible_diacritics(vocabulary, b)
        and (has_impossible_diacritics(a) or a[-1] in b)
        for a, b in differing
    )


def _is_other_vowel(typed: Name, known: Name) -> bool:
    """Whether the last word has another letter with diacritics in place of one: Trần Văn Trứ is not
    one wrong key from Trà, nor Lê Văn Sô from Sỹ.
    """
    one, other = typed.name.casefold().split()[-1], known.name.casefold().split()[-1]
    if len(one) != len(other):
        return False
    return any(
        fold(a) != fold(b) and has_diacritics(a) and has_diacritics(b) and a not in other
        for a, b in zip(one, other, strict=True)
    )


def _same_key(vocabulary: Vocabulary, typed: Name, known: Name, *, wide: bool) -> Likeness:
    """Compare names of one key by their diacritics, if both have any."""
    if not has_diacritics(typed.name) or _is_bare(vocabulary, known.name):
        return Likeness.SAME
    one, other = accent_key(typed.name).split(), accent_key(known.name).split()
    # Dương, which the key omits like `đường`, may be in one name only.
    length = min(len(one), len(other))
    if fold(typed.name).split()[-length:] != fold(known.name).split()[-length:]:
        return Likeness.SAME  # `Cách Mạng Tháng 8` in digits or in words, An D. Vương
    one, other = one[-length:], other[-length:]
    if one == other:
        return Likeness.SAME
    if _merge_hoi_and_nga(one) == _merge_hoi_and_nga(other):
        return Likeness.SLIP
    if _lacks_marks(vocabulary, typed, known, one, other, wide=wide):
        return Likeness.SLIP
    return _judge(vocabulary, typed, known, one, other, wide=wide)


def _is_bare(vocabulary: Vocabulary, name: str) -> bool:
    """Whether a name has lost its diacritics; Quang Trung has none."""
    if has_diacritics(name):
        return False
    return not all(vocabulary.knows(word, accented=True) for word in accent_key(name).split())


def _lacks_marks(
    vocabulary: Vocabulary,
    typed: Name,
    known: Name,
    one: list[str],
    other: list[str],
    *,
    wide: bool,
) -> bool:
    """Whether diacritics are missing in single words, or one is wrong: `nguyễn thi minh khai`.

    The last word is distinctive: without its diacritics only a famous name matches, with others it
    is another name. In a short name every word is: Quảng Trung, Hàng Bạ.
    """
    if _names_a_place(vocabulary, typed, known):
        return False
    bare = fold(typed.name).split()[-len(one) :]
    differing = [at for at in range(len(one)) if one[at] != other[at]]
    wrong = [at for at in differing if one[at] != bare[at]]
    # `Hóa Sơn 2` is as short as Hóa Sơn.
    length = sum(word.isalpha() for word in bare)
    if length <= _SHORT_NAME or (wrong and (len(differing) > 1 or wide)):
        return False
    if differing[-1] == length - 1:
        return not wrong and known.proper_key in FAMOUS and not wide
    return True


def _merge_hoi_and_nga(words: list[str]) -> str:
    return " ".join(words).translate(_HOI_AS_NGA)


def _other_key(vocabulary: Vocabulary, typed: Name, known: Name, *, wide: bool) -> Likeness:
    """Compare names of two keys, one keystroke apart."""
    accented = _accented(typed, known)
    write = accent_key if accented else fold
    one, other = write(typed.name).split(), write(known.name).split()
    if len(one) != len(other):
        if _is_letter_more(one, other) or _is_letter_more(other, one):
            return Likeness.OTHER
        return Likeness.SLIP  # a space or a capital in the wrong place
    return _judge(vocabulary, typed, known, one, other, wide=wide, accented=accented)


def _names_a_place(vocabulary: Vocabulary, typed: Name, known: Name) -> bool:
    """Whether the typed name is itself a known name, other than the registered one."""
    if typed.key == known.key:
        return accent_key(typed.name) in vocabulary.accented_names
    return typed.proper_key in vocabulary.names


def _is_letter_more(one: list[str], other: list[str]) -> bool:
    """Whether `one` has only a single-letter word more: Thôn A Đông is not Thôn Đông."""
    return any(
        len(word.rstrip("12345")) == 1 and one[:at] + one[at + 1 :] == other
        for at, word in enumerate(one)
    )


def _judge(
    vocabulary: Vocabulary,
    typed: Name,
    known: Name,
    one: list[str],
    other: list[str],
    *,
    wide: bool,
    accented: bool = True,
) -> Likeness:
    """Return SLIP if the typed name is unlikely; `one` and `other` are the words of both."""
    differing = [word for word, meant in zip(one, other, strict=True) if word != meant]
    if len(differing) > 1 or _names_a_place(vocabulary, typed, known):
        return Likeness.OTHER
    if not differing:
        return Likeness.SLIP
    if not vocabulary.knows(differing[0], accented=accented):
        return Likeness.OTHER if _is_given_name(one, differing[0]) else Likeness.SLIP
    if known.proper_key not in FAMOUS or wide:
        return Likeness.OTHER
    person = _is_given_name(one, differing[0])
    like = Likeness.OTHER if person or typed.key == known.key else Likeness.LIKE
    rare = not vocabulary.is_common(differing[0], accented=accented)
    return Likeness.SLIP if rare else like


def _is_given_name(words: list[str], differing: str) -> bool:
    """Whether the word is a person's given name, which may be any syllable: Phạm Văn Đáng."""
    middle = fold(words[-2]) if len(words) > 2 else ""
    # An accent key ends with the number of its tone.
    syllable = is_syllable(differing.rstrip("12345"))
    return words[-1] == differing and middle.rstrip("5") in ("van", "thi") and syllable


def _accented(typed: Name, known: Name) -> bool:
    return has_diacritics(typed.name) and has_diacritics(known.name)


def _one_keystroke(typed: Name, known: Name) -> bool:
    """Whether the words that differ, their diacritics included, differ by a slip of one letter."""
    if not _accented(typed, known):
        one, other = typed.key.split(), known.key.split()
    else:
        one, other = typed.name.casefold().split(), known.name.casefold().split()
    if len(one) == len(other):
        pairs = list(zip(one, other, strict=True))
        pairs = [pair for pair in pairs if len({accent_key(word) for word in pair}) > 1]
        one, other = [word for word, _ in pairs], [meant for _, meant in pairs]
    # A capital inside a word was read as the start of another.
    left, right = "".join(one), "".join(other)
    return left == right or is_one_slip(left, right)


def same_numbers(one: str, other: str) -> bool:
    """Whether two names have the same numbers: `duong so 7` is not a slip of `duong so 1`."""
    return _numbers(one) == _numbers(other)


def _numbers(key: str) -> Sequence[str]:
    # A final single letter distinguishes quarters as a number does: `phu chanh a`.
    words = key.split()
    last = [words[-1]] if words and len(words[-1]) == 1 and len(words) > 1 else []
    return [word for word in words if any(map(str.isdigit, word))] + last
