"""Whether a name is a registered one, written with a slip, or another name that looks like it.

Lê Thánh Tôn and Lê Thánh Tông, Nguyễn Thị Thọ and Nguyễn Thị Nhỏ, Hàng Ba and Hàng Bà are streets
in one town, a letter apart: whoever corrects one into the other sends the parcel to a wrong door.
So a difference counts as a slip only where what was typed is hardly a name: its word is none of
which names of places are made (`Nguyễn Trxãi`), or a rare one where every town has the other name.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from geo.syllables import has_impossible_diacritics, has_late_tone, is_syllable
from geo.text import accent_key, fold, has_diacritics, is_one_slip
from geo.values import value
from registry.units.vocabulary import FAMOUS, Vocabulary

_SHORTEST: Final = 4
"""Letters of a name that may hold a slip: `Huế` is not `Hù`."""
_SHORT_NAME: Final = 2
"""Words of a name in which each of them tells it from others."""
_INITIALS: Final = range(3, 6)
"""Letters of a name of which no more is written than the first of each word."""
_VOWELS: Final = frozenset("aeiouy")
_ASK_AND_TUMBLE: Final = str.maketrans("4", "3")
"""hỏi and ngã are one tone in half of the country, and written so."""


class Likeness(Enum):
    """How a typed name stands to a registered one."""

    SAME = "same"
    SLIP = "slip"
    LIKE = "like"
    """A famous name with one letter wrong, which leaves a word that other names have: `Tần Phú`."""
    OTHER = "other"


@value(frozen=True, slots=True)
class Name:
    """A name of a street or locality, with the key that it is compared by."""

    key: str
    name: str
    """As written; a locality's with its kind, as its key."""
    kind: str | None = None
    """Of a locality only: a khóm is no khối. Of a street nobody is sure."""

    @property
    def proper_key(self) -> str:
        """The key without a locality's kind."""
        return self.key.removeprefix(f"{fold(self.kind)} ") if self.kind else self.key


def likeness(vocabulary: Vocabulary, typed: Name, known: Name, *, wide: bool = False) -> Likeness:
    """How `typed` stands to the registered name; `wide` where many more names might be meant."""
    if typed.key == known.key:
        return _same_key(vocabulary, typed, known, wide=wide)
    if typed.kind != known.kind or not same_numbers(typed.key, known.key):
        return Likeness.OTHER
    if shortened := not wide and shortened_words(typed):
        if _stand_for(shortened, typed, known):
            # Of initials alone a street that is not registered may be meant as well.
            return Likeness.SLIP if shortened[1:] == typed.name.split()[1:] else Likeness.LIKE
        if len(shortened[0]) == 1:
            return Likeness.OTHER  # `Kh úc Thừa Dụ` is not cut
    if not _one_keystroke(typed, known):
        return Likeness.OTHER
    if is_no_name(vocabulary, typed):
        return Likeness.SLIP if _is_meant(vocabulary, typed, known) else Likeness.OTHER
    if len(typed.proper_key) < _SHORTEST or _is_other_vowel(typed, known):
        return Likeness.OTHER
    return _other_key(vocabulary, typed, known, wide=wide)


def shortened_words(typed: Name) -> list[str]:
    """The words of a long name of which the first is cut, `T. Hưng Đạo`, `Tr. Hưng Đạo`, or all
    are, `NKKN`; empty for what is written out, as `T. Vinh` may be.
    """
    words = typed.name.split()
    if typed.kind is not None:
        return []
    if len(words) == 1 and typed.name.isupper() and len(typed.name) in _INITIALS:
        return list(typed.name)
    cut = [_VOWELS.isdisjoint(word) or len(word) == 1 for word in typed.key.split()]
    return words if len(words) > _SHORT_NAME and cut[:2] == [True, False] else []


def _stand_for(words: list[str], typed: Name, known: Name) -> bool:
    """Whether each word is one of the registered name, with the marks typed, or begins it where it
    is cut.
    """
    write = accent_key if _accented(typed, known) else fold
    other = known.name.split()
    return len(words) == len(other) and all(
        write(word) == write(meant) if at and len(word) > 1 else fold(meant).startswith(fold(word))
        for at, (word, meant) in enumerate(zip(words, other, strict=True))
    )


def is_no_name(vocabulary: Vocabulary, typed: Name) -> bool:
    """Whether a word of it bears diacritics that no word has, so that no place is called so."""
    return any(_has_impossible_diacritics(vocabulary, word) for word in typed.name.split())


def _has_impossible_diacritics(vocabulary: Vocabulary, word: str) -> bool:
    if has_late_tone(word):
        return True  # its accent key is that of the tone where it belongs
    return has_impossible_diacritics(word) and not vocabulary.knows(accent_key(word), accented=True)


def _is_meant(vocabulary: Vocabulary, typed: Name, known: Name) -> bool:
    """Whether all that differs is such a word, for one that is written: `Trầ Phú`, `Phú Haò`.

    A vowel that bears the tone too late was swapped with its neighbour, or one was put before it.
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
    """Whether the last word was typed with a marked letter in place of another one: nobody types
    Trần Văn Trứ for Trà by one wrong key, nor Lê Văn Sô for Sỹ.
    """
    one, other = typed.name.casefold().split()[-1], known.name.casefold().split()[-1]
    if len(one) != len(other):
        return False
    return any(
        fold(a) != fold(b) and has_diacritics(a) and has_diacritics(b) and a not in other
        for a, b in zip(one, other, strict=True)
    )


def _same_key(vocabulary: Vocabulary, typed: Name, known: Name, *, wide: bool) -> Likeness:
    """Names of one key: their diacritics decide, where both were written with any."""
    if not has_diacritics(typed.name) or _is_bare(vocabulary, known.name):
        return Likeness.SAME
    one, other = accent_key(typed.name).split(), accent_key(known.name).split()
    # Dương, which the key leaves out like `đường`, may be part of one name only.
    length = min(len(one), len(other))
    if fold(typed.name).split()[-length:] != fold(known.name).split()[-length:]:
        return Likeness.SAME  # `Cách Mạng Tháng 8` in digits or in words, An D. Vương
    one, other = one[-length:], other[-length:]
    if one == other:
        return Likeness.SAME
    if _tumbled(one) == _tumbled(other):
        return Likeness.SLIP
    if _lacks_marks(vocabulary, typed, known, one, other, wide=wide):
        return Likeness.SLIP
    return _judged(vocabulary, typed, known, one, other, wide=wide)


def _is_bare(vocabulary: Vocabulary, name: str) -> bool:
    """Whether a name has lost its diacritics: Quang Trung never had any."""
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
    """Whether marks were left out word by word, or one was set wrong: `nguyễn thi minh khai`.

    The last word tells names apart: without its marks it is a famous name's only, with other marks
    it is another name. In a short name every word does: Quảng Trung, Hàng Bạ.
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


def _tumbled(words: list[str]) -> str:
    return " ".join(words).translate(_ASK_AND_TUMBLE)


def _other_key(vocabulary: Vocabulary, typed: Name, known: Name, *, wide: bool) -> Likeness:
    """Names of two keys: one keystroke may have made one of the other."""
    accented = _accented(typed, known)
    write = accent_key if accented else fold
    one, other = write(typed.name).split(), write(known.name).split()
    if len(one) != len(other):
        if _is_letter_more(one, other) or _is_letter_more(other, one):
            return Likeness.OTHER
        return Likeness.SLIP  # a space or a capital in the wrong place
    return _judged(vocabulary, typed, known, one, other, wide=wide, accented=accented)


def _names_a_place(vocabulary: Vocabulary, typed: Name, known: Name) -> bool:
    """Whether the typed name is one by itself, other than the registered one."""
    if typed.key == known.key:
        return accent_key(typed.name) in vocabulary.accented_names
    return typed.proper_key in vocabulary.names


def _is_letter_more(one: list[str], other: list[str]) -> bool:
    """Whether a word of one letter is all that one has more: Thôn A Đông is not Thôn Đông."""
    return any(
        len(word.rstrip("12345")) == 1 and one[:at] + one[at + 1 :] == other
        for at, word in enumerate(one)
    )


def _judged(
    vocabulary: Vocabulary,
    typed: Name,
    known: Name,
    one: list[str],
    other: list[str],
    *,
    wide: bool,
    accented: bool = True,
) -> Likeness:
    """SLIP where the typed name is hardly one; `one` and `other` are the words of both."""
    differing = [word for word, meant in zip(one, other, strict=True) if word != meant]
    if len(differing) > 1 or _names_a_place(vocabulary, typed, known):
        return Likeness.OTHER
    if not differing:
        return Likeness.SLIP
    if not vocabulary.knows(differing[0], accented=accented):
        return Likeness.OTHER if _may_be_called(one, differing[0]) else Likeness.SLIP
    if known.proper_key not in FAMOUS or wide:
        return Likeness.OTHER
    person = _may_be_called(one, differing[0])
    like = Likeness.OTHER if person or typed.key == known.key else Likeness.LIKE
    rare = not vocabulary.is_common(differing[0], accented=accented)
    return Likeness.SLIP if rare else like


def _may_be_called(words: list[str], differing: str) -> bool:
    """Whether the word is the given name of a person, which any syllable may be: Phạm Văn Đáng."""
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
    # A capital inside of a word was read as the beginning of another.
    left, right = "".join(one), "".join(other)
    return left == right or is_one_slip(left, right)


def same_numbers(one: str, other: str) -> bool:
    """Whether two names hold the same numbers: `duong so 7` is no slip for `duong so 1`."""
    return _numbers(one) == _numbers(other)


def _numbers(key: str) -> Sequence[str]:
    # A word of one letter tells two quarters apart as a number does: `phu chanh a`.
    words = key.split()
    last = [words[-1]] if words and len(words[-1]) == 1 and len(words) > 1 else []
    return [word for word in words if any(map(str.isdigit, word))] + last
