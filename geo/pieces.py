"""Cuts a part of an address into pieces, each opened by a number, a kind or the part's beginning.

`528/8 Điện Biên Phủ Tổ 28 Khu phố 3` is a number, a street and two localities. A word for a kind
may belong to a name (Phố Hiến, Đội Cấn, Thới Tam Thôn), so it opens a piece only where the words
around it allow that, and more readily with its own accents than typed without any.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from geo import kinds
from geo.flat import FLATS, is_building_code, is_flat_code
from geo.house_number import ALLEYS, NUMBER_WORDS, PLOTS, is_date, path_steps, read_path
from geo.locality import LOCALITIES, NAMELESS
from geo.street import ENGLISH_KINDS, ROAD_CLASSES, STREETS
from geo.words import Phrase, PhraseBook, Word, words_of

_BOOK: Final = PhraseBook(
    kinds.ADMIN,
    LOCALITIES,
    ALLEYS,
    PLOTS,
    STREETS,
    FLATS,
    NUMBER_WORDS,
    kinds.HINTS,
    kinds.NOISE,
    kinds.PREMISES,
)
_GLUED_UNIT: Final = re.compile(r"[pqf]\d{1,2}")
_ROOM: Final = re.compile(r"p[a-z]?\d{3,4}[a-z]?")
_POSTCODE: Final = re.compile(r"\d{5,6}")
_QUARTER: Final = re.compile(r"k\d{1,2}")
_SUFFIX_LETTERS: Final = frozenset("abceghk")
_ROAD_SUFFIXES: Final = frozenset({"cu", "moi", "noi", "dai", "keo", "tranh"})
_MONTH: Final = frozenset({"thang", "thg"})
HOUSE_ROLES: Final = frozenset({"number", "alley", "plot"})
# A letter behind a name of two words may begin a unit; names of the highlands hold letters.
_NAMED_ROLES: Final = frozenset({"street", "admin", "bare", "locality"})
_NAME_WORDS: Final = 2
_HIGHLAND: Final = frozenset({"ia", "ea", "ya", "cu", "chu", "krong", "dak", "dam", "buon"})
# Pieces that one number ends.
_NUMBERED_ROLES: Final = frozenset({"locality", "unit", "floor", "building"})


@dataclass(slots=True)
class Piece:
    """A stretch of words with one role."""

    role: str
    """number | alley | plot | street | locality | unit | floor | building | code | admin | hint |
    noise | premises | bare"""
    kind: str | None
    part: int
    words: list[Word] = field(default_factory=list)
    """What stands behind the kind."""
    opening: list[Word] = field(default_factory=list)
    """The words of the kind."""
    steps: tuple[str, ...] = ()
    """Canonical steps of a number, an alley or a plot."""
    done: bool = False
    """Whether it is complete, so that the next word opens another piece."""

    @property
    def complete(self) -> bool:
        """Whether it says anything beyond its kind."""
        return bool(self.steps if self.role in HOUSE_ROLES else self.words or self.done)

    @property
    def all_words(self) -> list[Word]:
        """The words of the kind and of the name."""
        return [*self.opening, *self.words]


def pieces_of(words: Sequence[Word], part: int) -> list[Piece]:
    """The pieces of one part, in order."""
    scanner = _Scanner(words, part)
    at = 0
    while at < len(words):
        at = scanner.step(at)
    return scanner.pieces


class _Scanner:
    def __init__(self, words: Sequence[Word], part: int) -> None:
        self.words = words
        self.part = part
        self.pieces: list[Piece] = []
        self.open: Piece | None = None

    def step(self, at: int) -> int:
        """Read what begins at `at`; the place behind it."""
        word = self.words[at]
        if word.dash:
            return self._dash(at)
        phrase = self._letter(at) if len(word.key) == 1 else self._phrase(at)
        if phrase is None and self._names_person(at):
            return self._start(kinds.PERSON, at)
        if phrase and self._may_open(phrase, at):
            if self._is_street_number(phrase):
                self._push("street")
            else:
                return self._start(phrase, at)
        if word.key == "ng" and at + 1 == len(self.words) and self.open and self.open.done:
            # `21 Ng, 52`
            self._push("alley", "ngõ").opening = [word]
            return at + 1
        if word.path and _QUARTER.fullmatch(word.key) and self._is_quarter(at):
            return self._quarter(at)
        if word.path or (self.open and self.open.role == "plot"):
            end = self._number(at)
            if end > at:
                return end
        # A kind that opens nothing is a name, all of it: `Đ. Quốc lộ 13`, `Phường Chợ Lớn`.
        named = self.open is not None and not self.open.words and not self.open.done
        end = at + len(phrase.keys) if phrase and named else at + 1
        for each in range(at, end):
            self._append(each)
        return end

    # Opening and filling

    def _push(self, role: str, kind: str | None = None) -> Piece:
        self.open = Piece(role, kind, self.part)
        self.pieces.append(self.open)
        return self.open

    def _start(self, phrase: Phrase, at: int) -> int:
        end = at + len(phrase.keys)
        piece = self._push(phrase.role, phrase.kind)
        piece.opening = list(self.words[at:end])
        piece.done = phrase.kind in NAMELESS or phrase.kind in ("tầng hầm", "tầng trệt")
        # `hẻm số 3`; the number of a street is part of its name.
        if phrase.role != "street" and self._key(end) == "so" and self._numeric(end + 1):
            end += 1
        return end

    def _is_street_number(self, phrase: Phrase) -> bool:
        """`60 Số 1` is house 60 on street 1."""
        piece = self.open
        return (
            phrase.keys == ("so",) and piece is not None and piece.role == "number" and piece.done
        )

    def _append(self, at: int) -> None:
        word, piece = self.words[at], self.open
        if piece is None:
            piece = self._push("bare")
        elif piece.done:
            # Behind a number and behind an alley stands a street.
            piece = self._push("street" if piece.role in HOUSE_ROLES else "bare")
        elif piece.role == "alley":
            # An alley with a name is a street.
            piece.role = "street"
        elif piece.role in ("plot", "number"):
            piece.role, piece.words, piece.opening = "bare", piece.all_words, []
        piece.words.append(word)
        if piece.role == "street" and piece.kind in ROAD_CLASSES:
            # `47 TL10 Bình Trị Đông`; `Quốc lộ 13 cũ`
            piece.done = piece.words[0].path and self._key(at + 1) not in _ROAD_SUFFIXES
        elif len(piece.words) == 1 and piece.role in _NUMBERED_ROLES:
            letter = piece.role != "locality" and len(word.text) == 1 and word.text.isupper()
            piece.done = word.numeric or letter

    def _dash(self, at: int) -> int:
        piece = self.open
        if piece is None or at + 1 == len(self.words):
            return at + 1
        following = self.words[at + 1]
        if piece.role in ("unit", "code") and following.path:
            # `25 – 06`, `A - 08.03`
            piece.words += (self.words[at], following)
            return at + 2
        if piece.done and piece.role in ("number", "alley") and not following.path:
            # `230 Ng. 302 - Trần Phú`
            return at + 1
        if piece.done or piece.role == "premises" or following.path:
            self.open = None
        elif piece.words:
            piece.words.append(self.words[at])
        return at + 1

    # What surrounds a word

    def _key(self, at: int) -> str:
        return self.words[at].key if at < len(self.words) else ""

    def _numeric(self, at: int) -> bool:
        return at < len(self.words) and self.words[at].numeric

    def _ends_at(self, at: int) -> bool:
        """Whether the name before `at` has no more words: the part ends, or units follow."""
        return at >= len(self.words) or self.words[at].dash or self._begins_unit(at)

    def _begins_unit(self, at: int) -> bool:
        """Whether a unit begins at `at`, with its kind."""
        if at >= len(self.words):
            return False
        word = self.words[at]
        if _GLUED_UNIT.fullmatch(word.key):
            return True
        phrase = self._letter(at) if len(word.key) == 1 else _BOOK.match(self.words, at)
        return phrase is not None and phrase.role == "admin" and at + 1 < len(self.words)

    # Kinds

    def _phrase(self, at: int) -> Phrase | None:
        """The kind that begins at `at`; `Ph.` is a phường as well as a phố."""
        phrase = _BOOK.match(self.words, at)
        return self._letter_p(at) if phrase and phrase.keys == ("ph",) else phrase

    def _letter(self, at: int) -> Phrase | None:
        """The kind that a single letter stands for; None where it is a letter."""
        phrase = _BOOK.match(self.words, at)
        if phrase and (len(phrase.keys) > 1 or phrase.role == "plot"):
            return phrase
        word, last, numeric = self.words[at], at + 1 >= len(self.words), self._numeric(at + 1)
        proven = word.pointed or self.open is None or self.open.done or self._parts_units(at)
        if word.key == "d":
            # `An D. Vương` is An Dương Vương.
            inside = self.open and self.open.words and not self.open.done
            marked = word.accents == "đ" or (word.pointed and not inside)
            return kinds.DUONG if marked else None
        if word.key == "p":
            return self._letter_p(at) if proven or numeric else None
        if last or not (proven or numeric):
            return None
        if word.key == "h":
            return kinds.HEM if numeric else kinds.RURAL_DISTRICT
        if word.key == "f":
            return kinds.WARD if numeric else None
        named = {"q": kinds.DISTRICT, "x": kinds.COMMUNE, "t": kinds.PROVINCE}.get(word.key)
        return named if named is kinds.DISTRICT or not numeric else None

    def _parts_units(self, at: int) -> bool:
        """Whether a letter behind a name of several words begins a unit: `Nguyen Trai P Ben Nghe`.

        In `Ia H Drai` it belongs to the name.
        """
        piece = self.open
        if piece is None or piece.role not in _NAMED_ROLES or len(piece.words) < _NAME_WORDS:
            return False
        following = self._key(at + 1)
        return len(following) > 1 and following.isalpha() and self._key(at - 1) not in _HIGHLAND

    def _letter_p(self, at: int) -> Phrase | None:
        """`P.` is a phường, a phố or a phòng."""
        piece = self.open
        following = self.words[at + 1] if at + 1 < len(self.words) else None
        behind_number = piece is not None and piece.done and piece.role in ("number", "alley")
        if following and following.numeric and not is_date(following.text):
            short = len(following.key) < 3 or not following.path
            return kinds.WARD if short else kinds.ROOM
        if behind_number or (following and following.path):
            return kinds.PHO
        return kinds.WARD if following else None

    def _names_person(self, at: int) -> bool:
        """Whether a person is named: a sure title anywhere, another one where a part begins."""
        word = self.words[at]
        if self.open or word.text in kinds.SURE_TITLES:
            return word.text in kinds.SURE_TITLES
        following = self.words[at + 1].text if at + 1 < len(self.words) else ""
        return word.text in kinds.TITLES and following[:1].isupper()

    def _may_open(self, phrase: Phrase, at: int) -> bool:
        piece, role = self.open, phrase.role
        end = at + len(phrase.keys)
        several = len(phrase.keys) > 1
        sure = all(
            word.accents == accents
            for word, accents in zip(self.words[at:end], phrase.accents, strict=False)
        )
        if role in ("hint", "noise", "premises"):
            if piece and piece.role == "hint":
                return role == "noise" and (sure or several)
            return (sure or several) and (role == "noise" or self._begins(role, phrase, at, sure))
        if several is False and f"{self._key(at)} {self._key(end)}" in kinds.NAMES:
            return False
        if piece is None or piece.done:
            return self._at_border(phrase, end, sure)
        if piece.role in ("hint", "noise"):
            return role in ("admin", "number") and sure and end < len(self.words)
        if not piece.words:
            # A kind has just been read: `Đường Ngõ 104` is an alley, `Đường Phố Huế` a name.
            again = role == "admin" and phrase.kind == piece.kind and end < len(self.words)
            return again or (role == "alley" and piece.role == "street" and self._numeric(end))
        if end >= len(self.words):
            return False
        return several or self._inside_name(phrase, at, sure)

    def _begins(self, role: str, phrase: Phrase, at: int, sure: bool) -> bool:
        if role == "hint":
            behind_number = self.open is not None and self.open.role in ("number", "alley")
            return (sure or self.open is None) and not behind_number
        unsure = phrase.keys[0] in kinds.UNSURE and len(phrase.keys) == 1
        name = f"{self._key(at)} {self._key(at + 1)}"
        return not self.pieces and (sure or not unsure) and name not in kinds.NAMES

    def _at_border(self, phrase: Phrase, end: int, sure: bool) -> bool:
        """Whether a kind opens a piece where one may begin."""
        if sure or len(phrase.keys) > 1 or phrase.keys[0] not in kinds.UNSURE:
            return True
        behind_number = self.open is not None and self.open.role in HOUSE_ROLES
        if phrase.keys[0] == "pho" and behind_number:
            return True
        if phrase.keys[0] == "ban" and self.open is None:
            # `Ban Ta Lanh`; Bàn Cờ is a ward.
            return end + 1 < len(self.words)
        if phrase.role == "admin" and not behind_number:
            return end < len(self.words)
        return self._numeric(end)

    def _inside_name(self, phrase: Phrase, at: int, sure: bool) -> bool:
        """Whether one word in the middle of a name opens another piece."""
        piece, role = self.open, phrase.role
        before = self._key(at - 1)
        if piece is None or before in kinds.INNER:
            return False
        if f"{before} {self._key(at)}" in kinds.INNER_PAIRS:
            return False
        # `21 03 Đ. Phú Thuận`
        long = len(piece.words) > 1 or piece.words[0].path
        numeric = self._numeric(at + 1)
        if role == "admin":
            # `Bà Huyện Thanh Quan Q3`, typed without accents
            last = not sure and self._begins_unit(at + 1)
            return not last and (sure or long or (numeric and self.words[at].pointed))
        if role == "locality":
            named = sure and (phrase.kind in kinds.CUTTING or phrase.shortened)
            return (numeric and (sure or long)) or (named and piece.role != "premises")
        if role == "street":
            return phrase.numbered or (phrase.kind == "đường" and sure and long)
        if role == "number":
            # `Đuồng số 51`
            return sure and (piece.words[-1].key != "duong" or piece.role == "premises")
        if role == "building":
            return sure and piece.role != "premises"
        return numeric and (sure or role == "alley")

    # Numbers

    def _is_quarter(self, at: int) -> bool:
        """Whether `K4` is a khu phố, as behind a street and before a ward; else it is a kiệt."""
        if not self._ends_at(at + 1):
            return False
        if self.part or self.pieces:
            # `12 K3` may lie on a street of that name.
            return self.open is None or (bool(self.open.words) and self.open.role != "number")
        return at + 1 < len(self.words)

    def _quarter(self, at: int) -> int:
        word = self.words[at]
        piece = self._push("locality", "khu phố")
        piece.opening, piece.words, piece.done = [], list(words_of(word.text[1:])), True
        return at + 1

    def _number(self, at: int) -> int:
        """Read the number at `at`, if it opens or completes a piece; the place behind it."""
        piece, word = self.open, self.words[at]
        if piece is None:
            return self._first_number(at)
        if piece.done:
            return self._next_number(at)
        if piece.role in HOUSE_ROLES:
            return self._take_path(piece, at)
        if piece.role in ("street", "bare", "admin", "locality") and piece.words:
            if _GLUED_UNIT.fullmatch(word.key):
                return self._unit(at)
            is_path = "/" in word.text and word.text[0].isdigit() and not is_date(word.text)
            numbered = piece.words[-1].key == "so"
            if is_path and not numbered and piece.role in ("street", "bare"):
                return self._take_path(self._push("number"), at)
        if piece.role == "premises" and self._number_in_premises(at):
            return self._take_path(self._push("number"), at)
        return at

    def _take_path(self, piece: Piece, at: int) -> int:
        steps, end = read_path(self.words, at, letters=piece.role == "plot")
        if not steps:
            return at
        word = self.words[end] if end < len(self.words) else None
        piece.words = list(self.words[at:end])
        if (
            word
            and word.text.lower() in _SUFFIX_LETTERS
            and not word.pointed
            and steps[-1][-1].isdigit()
        ):
            # `122/5 B Tân Chánh Hiệp`
            steps = (*steps[:-1], steps[-1] + word.text.upper())
            piece.words.append(word)
            end += 1
        piece.steps, piece.done = steps, True
        return end

    def _unit(self, at: int) -> int:
        piece = self._push("admin")
        piece.words, piece.done = [self.words[at]], True
        return at + 1

    def _first_number(self, at: int) -> int:
        """A number where a part, or something behind a dash, begins."""
        word = self.words[at]
        alone = len(self.words) == 1
        if self._key(at + 1) in _MONTH and self._numeric(at + 2):
            self._push("street").words.append(word)
            return at + 1
        if is_date(word.text) and (self._ends_at(at + 1) or self._key(at + 1) in ENGLISH_KINDS):
            self._push("street").words.append(word)
            return at + 1
        if _ROOM.fullmatch(word.key) or is_flat_code(word) or is_building_code(word):
            return self._code(at)
        certain = self.part or (alone and word.key.startswith("q") and word.key[1] != "0")
        if certain and _GLUED_UNIT.fullmatch(word.key) and self._ends_at(at + 1):
            return self._unit(at)
        if alone and self.part and _POSTCODE.fullmatch(word.text):
            self._push("noise").words.append(word)
            return at + 1
        if len(word.text) > 3 and word.text[:3].isalpha():
            # `RON95 Coffee`
            return at
        return self._take_path(self._push("number"), at)

    def _next_number(self, at: int) -> int:
        """A number behind a complete piece."""
        piece, word = self.open, self.words[at]
        if piece is None or is_building_code(word) or is_flat_code(word):
            return self._code(at)
        if piece.role in ("unit", "code") and not word.text[0].isdigit():
            return self._code(at)
        if piece.role == "plot" and "." in word.text:
            # `Lô 12 A.1`
            piece.steps, piece.words = (*piece.steps, *path_steps(word.text)), [*piece.words, word]
            return at + 1
        if piece.role in HOUSE_ROLES:
            # `158 12`, `58 D35`, `161 30 Tháng 4`: the second one is a street.
            return at
        if _GLUED_UNIT.fullmatch(word.key):
            return self._unit(at)
        follows = at + 1 < len(self.words) and not self.words[at + 1].path
        if word.text[0].isdigit() and follows:
            return self._take_path(self._push("number"), at)
        return at

    def _code(self, at: int) -> int:
        piece = self._push("code")
        piece.words, piece.done = [self.words[at]], True
        return at + 1

    def _number_in_premises(self, at: int) -> bool:
        """`Điện máy xanh 779A Bình Giã`, but not `Nhà thuốc 605` or `Siêu thị 24 giờ`."""
        if not self.words[at].text[0].isdigit():
            return False
        following = self.words[at + 1 : at + 3]
        return len(following) == 2 and not any(word.path or word.dash for word in following)
