"""Decides whether a word for a kind opens a piece or belongs to a name."""

import re
from typing import Final

from geo import kinds
from geo.flat import FLATS
from geo.house_number import ALLEYS, NUMBER_WORDS, PLOTS, is_date
from geo.locality import BLOCK_KINDS, LOCALITIES
from geo.piece import HOUSE_ROLES, Cutting, Piece
from geo.street import STREETS
from geo.syllables import is_syllable
from geo.words import Phrase, PhraseBook, letter_at

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
GLUED_UNIT: Final = re.compile(r"[pqf]\d{1,2}")
"""A ward or a district and its number in one word."""
# A letter after a name of two words may start a unit; highland names contain letters.
_NAMED_ROLES: Final = frozenset({"street", "admin", "bare", "locality"})
_NAME_WORDS: Final = 2
_HIGHLAND: Final = frozenset({"ia", "ea", "ya", "cu", "chu", "krong", "dak", "dam", "buon"})


class Kinds(Cutting):
    """Finds the kinds among the words."""

    def _ends_at(self, at: int) -> bool:
        """Whether the name before `at` has no more words: the part ends, or units follow."""
        return at >= len(self.words) or self.words[at].dash or self._starts_unit(at)

    def _starts_unit(self, at: int) -> bool:
        """Whether a unit with its kind starts at `at`."""
        if at >= len(self.words):
            return False
        word = self.words[at]
        if GLUED_UNIT.fullmatch(word.key):
            return True
        phrase = self._letter(at) if len(word.key) == 1 else _BOOK.match(self.words, at)
        return phrase is not None and phrase.role == "admin" and at + 1 < len(self.words)

    def _surely_starts_unit(self, at: int) -> bool:
        """Whether a unit starts at `at` by its accents or its number: `phường Quan Triều` has no
        quận."""
        word = self.words[at]
        if not self._starts_unit(at):
            return False
        return len(word.key) == 1 or word.path or word.accents != word.key

    def _phrase(self, at: int) -> Phrase | None:
        """Return the kind that starts at `at`; `Ph.` is phường or phố."""
        phrase = _BOOK.match(self.words, at)
        return self._letter_p(at) if phrase and phrase.keys == ("ph",) else phrase

    def _letter(self, at: int) -> Phrase | None:
        """Return the kind that a single letter abbreviates; None if it is only a letter."""
        phrase = _BOOK.match(self.words, at)
        if phrase and (len(phrase.keys) > 1 or phrase.role == "plot"):
            return phrase
        word, last, numeric = self.words[at], at + 1 >= len(self.words), self._numeric(at + 1)
        proven = word.pointed or self.open is None or self.open.done or self._separates_units(at)
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

    def _separates_units(self, at: int) -> bool:
        """Whether a letter after a name of several words starts a unit: `Nguyen Trai P Ben Nghe`.

        In `Ia H Drai` it belongs to the name.
        """
        piece = self.open
        if piece is None or piece.role not in _NAMED_ROLES or not self._is_whole_name(piece):
            return False
        following = self._key(at + 1)
        return len(following) > 1 and following.isalpha() and self._key(at - 1) not in _HIGHLAND

    def _letter_p(self, at: int) -> Phrase | None:
        """Return the kind of `P.`: phường, phố or phòng."""
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
        """Whether a person is named: by a sure title anywhere, by another one at the start of a
        part."""
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
            return (sure or several) and (
                role == "noise" or self._may_start(role, phrase, at, sure)
            )
        if several is False and f"{self._key(at)} {self._key(end)}" in kinds.NAMES:
            return False
        if piece is None or piece.done:
            return self._at_border(phrase, end, sure)
        ends = self.part > 0 and end + 1 == len(self.words)
        if piece.role == "hint" and role == "number" and (ends or not piece.words):
            # `cạnh nhà số 67`: a neighbour's number; `12 Lê Lợi, cạnh cây xăng số 7`.
            return False
        if piece.role in ("hint", "noise"):
            return role in ("admin", "number") and sure and end < len(self.words)
        if not piece.words:
            return self._behind_kind(phrase, piece, end)
        if end >= len(self.words) or self.words[end].dash or self._surely_starts_unit(end):
            # `Xô Viết Nghệ Tỉnh P.26`, `xã An Lạc Thôn thành phố Cần Thơ`, `bản Nà Lốc xã Lục Yên`
            return False
        if several and not sure:
            # `Nguyễn Đình Thi xã Trường Xuân`
            return all(word.accents == word.key for word in self.words[at:end])
        return several or self._inside_name(phrase, at, sure)

    def _behind_kind(self, phrase: Phrase, piece: Piece, end: int) -> bool:
        """Whether a kind opens a piece directly after another kind."""
        if phrase.role == "admin" and end < len(self.words):
            if piece.role == "premises":
                # `UBND xã Hòa Phú`, `Trạm y tế phường 5`; but the inn Xã Tắc.
                public = " ".join(word.key for word in piece.opening) in kinds.PUBLIC
                return public or self._numeric(end)
            return phrase.kind == piece.kind
        # `Đường Ngõ 104` and `nhà trọ ngõ 104` are alleys, `Đường Phố Huế` is a name.
        above = piece.role in ("street", "premises")
        return phrase.role == "alley" and above and self._numeric(end)

    def _may_start(self, role: str, phrase: Phrase, at: int, sure: bool) -> bool:
        if role == "hint":
            # `hẻm sát nhà 67`: not the name of an alley.
            behind_number = self.open is not None and (
                self.open.role == "number" or (self.open.role == "alley" and self.open.done)
            )
            return (sure or self.open is None) and not behind_number
        unsure = phrase.keys[0] in kinds.UNSURE and len(phrase.keys) == 1
        name = f"{self._key(at)} {self._key(at + 1)}"
        return not self.pieces and (sure or not unsure) and name not in kinds.NAMES

    def _at_border(self, phrase: Phrase, end: int, sure: bool) -> bool:
        """Whether a kind opens a piece at a place where one may start."""
        if sure or len(phrase.keys) > 1 or phrase.keys[0] not in kinds.UNSURE:
            return True
        behind_number = self.open is not None and self.open.role in HOUSE_ROLES
        if phrase.keys[0] == "pho" and (
            behind_number or (self.part and not self.open and len(self.words) == end + 2)
        ):
            return True  # `Pho Chua Lang`; units that start like this have two words, Phổ Yên
        if phrase.keys[0] == "toa" and self.open is None:
            # `Can ho 1205, Toa The Manor`; a court (toà án) is not a building's name.
            return end < len(self.words) and self._key(end) != "an"
        letter = self.words[end - 1]
        if behind_number and letter.pointed and len(letter.key) == 1:
            # `Phố Nguyễn Hoàng 8/1 x.Cổ Lễ`; without a street before it, `12 Q. Trung` is a street.
            return end < len(self.words) and any(
                piece.role in ("street", "bare") and piece.words for piece in self.pieces
            )
        if phrase.keys[0] == "ban" and self.open is None:
            # `Ban Ta Lanh`; Bàn Cờ is a ward.
            return end + 1 < len(self.words)
        if phrase.role == "admin" and not behind_number:
            return end < len(self.words)
        return self._numeric(end) or (
            (phrase.role == "building" or phrase.kind in BLOCK_KINDS) and letter_at(self.words, end)
        )

    def _inside_name(self, phrase: Phrase, at: int, sure: bool) -> bool:
        """Whether one word in the middle of a name opens another piece."""
        piece, role = self.open, phrase.role
        before = self._key(at - 1)
        if piece is None or before in kinds.INNER:
            return False
        if f"{before} {self._key(at)}" in kinds.INNER_PAIRS:
            return False
        # `21 03 Đ. Phú Thuận`
        long = self._is_whole_name(piece) or piece.words[0].path
        numeric = self._numeric(at + 1)
        if role == "admin":
            # `Bà Huyện Thanh Quan Q3`, typed without accents, but not `Hai Bà Trưng - P. Quan Hoa`.
            spelled = not sure and not self.words[at].pointed
            last = spelled and self._starts_unit(at + 1)
            return not last and (sure or long or (numeric and self.words[at].pointed))
        if role == "locality":
            ended = piece.role == "street" and self._is_numbered(piece)
            named = sure and (phrase.kind in kinds.CUTTING or phrase.shortened or ended)
            return (numeric and (sure or long)) or (named and piece.role != "premises")
        if role == "street":
            return phrase.numbered or (phrase.kind == "đường" and sure and long)
        if role == "number":
            # `Đuồng số 51`
            return sure and (piece.words[-1].key != "duong" or piece.role == "premises")
        if role == "building":
            return sure and piece.role != "premises"
        return numeric and (sure or role == "alley")

    @staticmethod
    def _is_whole_name(piece: Piece) -> bool:
        """Whether its words may be a whole name: two, or one that is not a syllable, `Pasteur`."""
        words = piece.words
        return len(words) >= _NAME_WORDS or (bool(words) and not is_syllable(words[0].key))

    @staticmethod
    def _is_numbered(piece: Piece) -> bool:
        """Whether the street's name is a number, after which no name continues: `đường số 6`."""
        *before, last = piece.words
        return last.path and [word.key for word in before] in ([], ["so"])

    def _is_quarter(self, at: int) -> bool:
        """Whether `K4` is a khu phố, as after a street and before a ward; else it is a kiệt."""
        if not self._ends_at(at + 1):
            return False
        if self.part or self.pieces:
            # `12 K3` may lie on a street of that name.
            return self.open is None or (bool(self.open.words) and self.open.role != "number")
        return at + 1 < len(self.words)
