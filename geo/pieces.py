"""Cuts a part of an address into pieces, each opened by a number, a kind or the start of the part.

`528/8 Điện Biên Phủ Tổ 28 Khu phố 3` is a number, a street and two localities. A word for a kind
may belong to a name (Phố Hiến, Đội Cấn, Thới Tam Thôn), so it opens a piece only if the words
around it allow that, and more readily with its own accents than without any.
"""

import re
from collections.abc import Sequence
from typing import Final

from geo import kinds
from geo.flat import is_building_code
from geo.locality import DWELLING_ESTATES, ESTATES, NAMELESS
from geo.piece import HOUSE_ROLES, Piece
from geo.piece_numbers import Numbers
from geo.street import ENGLISH_KINDS, ROAD_CLASSES
from geo.words import Phrase, Word, letter_at

_QUARTER: Final = re.compile(r"k\d{1,2}")
_MOUTHS: Final = frozenset({"dau hem", "cuoi hem", "dau ngo", "cuoi ngo"})
_ROAD_SUFFIXES: Final = frozenset({"cu", "moi", "noi", "dai", "keo", "tranh"})
_STOREYS: Final = "tang"
# Roles of pieces that end after one number.
_NUMBERED_ROLES: Final = frozenset({"locality", "unit", "floor", "building"})


def pieces_of(words: Sequence[Word], part: int) -> list[Piece]:
    """Return the pieces of one part, in order."""
    scanner = _Scanner(words, part)
    at = int(part == 0 and _is_mouth_of_alley(words))
    while at < len(words):
        at = scanner.step(at)
    return scanner.pieces


def _is_area(piece: Piece) -> bool:
    """Whether the piece is an estate of houses with a number, after which its name may continue."""
    area = piece.kind in ESTATES and piece.kind not in DWELLING_ESTATES
    return area and piece.role == "locality" and len(piece.words) == 1


def _is_mouth_of_alley(words: Sequence[Word]) -> bool:
    """`Đầu hẻm 115 Nguyễn Trãi` is in the alley; after an address it is a landmark."""
    mouth = [word.key for word in words[:2]]
    return len(words) > 2 and " ".join(mouth) in _MOUTHS and words[2].numeric


class _Scanner(Numbers):
    def step(self, at: int) -> int:
        """Read the piece or word at `at`; return the index after it."""
        word = self.words[at]
        if word.dash:
            return self._dash(at)
        phrase = self._letter(at) if len(word.key) == 1 else self._phrase(at)
        if phrase is None and self._names_person(at):
            return self._start(kinds.PERSON, at)
        if phrase and (end := self._with_number(phrase, at)):
            return end
        if phrase and self._may_open(phrase, at):
            if self._is_street_number(phrase, at):
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
        return self._name(at, phrase)

    def _name(self, at: int, phrase: Phrase | None) -> int:
        if self.words[at].key == "thuoc" and self._starts_unit(at + 1):
            return at + 1  # `đường Lê Lợi thuộc phường Bến Nghé`
        # A kind that does not open a piece is a name, with all its words: `Đ. Quốc lộ 13`, `Phường
        # Chợ Lớn`.
        named = self.open is not None and not self.open.words and not self.open.done
        end = at + len(phrase.keys) if phrase and named else at + 1
        for each in range(at, end):
            self._append(each)
        return end

    def _start(self, phrase: Phrase, at: int) -> int:
        end = at + len(phrase.keys)
        piece = self._push(phrase.role, phrase.kind)
        piece.opening = list(self.words[at:end])
        piece.done = phrase.kind in NAMELESS or phrase.kind in ("tầng hầm", "tầng trệt")
        # `hẻm số 3`; the number of a street is part of its name.
        if phrase.role != "street" and self._key(end) == "so" and self._numeric(end + 1):
            end += 1
        return end

    def _is_street_number(self, phrase: Phrase, at: int) -> bool:
        """`60 Số 1` is house 60 on street 1; `So 11 Street` is street 11."""
        piece = self.open
        if phrase.keys != ("so",):
            return False
        behind_house = piece is not None and piece.role == "number" and piece.done
        return behind_house or (self._numeric(at + 1) and self._key(at + 2) in ENGLISH_KINDS)

    def _with_number(self, phrase: Phrase, at: int) -> int:
        """Read a number with its word that belongs to the open piece, `trụ điện số 10`, `kế số 90`,
        `Kênh số 1`; return the index after it, or 0."""
        if self.open is None or phrase.keys != ("so",) or not self._numeric(at + 1):
            return 0
        if self._names_thing():
            self.open.words.append(self.words[at])
            return self._take_thing(self.open, at + 1)
        if not self._is_of_street(self.open):
            return 0
        self._append(at)
        self._append(at + 1)
        return at + 2

    def _is_of_street(self, piece: Piece) -> bool:
        """`12 Kênh số 1` is house 12 on Kênh số 1; `Ngõ 5 Láng số 12` has no house number before
        it."""
        named = piece.role in ("street", "bare") and not piece.done and bool(piece.words)
        return named and any(one.role == "number" and one.done for one in self.pieces)

    def _append(self, at: int) -> None:
        word, piece = self.words[at], self.open
        if piece is not None and piece.done and self._is_rest_of_number(piece, at):
            self._take_rest(piece, at)
            return
        if piece is not None and piece.done and _is_area(piece):
            piece.done = False  # `Khu nhà ở 54 Hạ Đình`
        if piece is None:
            piece = self._push("bare")
        elif piece.done:
            piece = self._push("street" if self._is_before_street(piece) else "bare")
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
            mark = piece.role == "building" and letter_at(self.words, at)
            piece.done = (word.numeric and not self._counts_storeys(at)) or letter or mark
        elif word.key == _STOREYS and len(piece.words) == 2 and self._counts_storeys(at - 1):
            piece.done = True

    def _is_before_street(self, piece: Piece) -> bool:
        """Whether a street follows: after a number, an alley or a neighbour's number, or a floor
        between the number and the street, `19 lầu 2 Lê Lợi`."""
        if piece.role == "floor" and len(self.pieces) > 1:
            piece = self.pieces[-2]
        return piece.role in HOUSE_ROLES or piece.role == "hint"

    def _counts_storeys(self, at: int) -> bool:
        """Whether a block of flats is named by its number of storeys, `Chung cư 5 tầng`."""
        block = self.open is not None and self.open.kind in DWELLING_ESTATES
        return block and self._key(at + 1) == _STOREYS and not self._numeric(at + 2)

    def _dash(self, at: int) -> int:
        piece = self.open
        if piece is None or at + 1 == len(self.words):
            return at + 1
        following = self.words[at + 1]
        if piece.role in ("unit", "code") and following.path and not is_building_code(following):
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
