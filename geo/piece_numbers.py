"""Decides what a number belongs to: a house, a flat, a street or a unit."""

import re
from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.flat import is_building_code, is_flat_code
from geo.house_number import BLOCKS, is_date, path_steps, read_path
from geo.kinds import COMPLETE_NOISE
from geo.locality import DWELLING_ESTATES
from geo.piece import HOUSE_ROLES, Piece
from geo.piece_kinds import GLUED_UNIT, Kinds
from geo.street import ENGLISH_KINDS, ROAD_CLASSES
from geo.text import accent_key, fold
from geo.words import Word, is_postcode, words_of

_ROOM: Final = re.compile(r"(?:[a-z]\d{1,2} )?(?:ch|p)[a-z]?\d{3,4}[a-z]?")
"""`P402`, `PB1610`, and with a block: `C1-P101`."""
_POSTCODE_OF_PROVINCE: Final = re.compile(r"\d{2,3}000")
"""`550000 Nguyễn Văn Linh`: written in front by forms, never a house number."""
_KIET: Final = re.compile(r"k\d{1,4}")
_HEM: Final = re.compile(r"H\d{1,4}")
_ORDINAL: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_SUFFIX_LETTERS: Final = frozenset("abceghk")
_ROAD_LETTERS: Final = frozenset("abce")
"""Letters that follow the number of a road or a quarter; a `P` or a `Q` is a unit that was cut
off."""
_NEVER_NUMBERED: Final = frozenset({"tỉnh", "thành phố", "thị xã", "quận", "huyện"})
"""Kinds of units whose names contain no number, unless the number is the whole name."""
_SUFFIX_AND_PATH: Final = re.compile(r"([a-ceghk])/(\d.*)", re.IGNORECASE)
_NEIGHBOURS: Final = frozenset(map(accent_key, lexicon.names("beside", "neighbour")))
_THINGS: Final = {
    marked: frozenset(
        (accent_key if marked else fold)(name)
        for use in ("neighbour", "numbered")
        for name in lexicon.names("beside", use)
    )
    for marked in (True, False)
}
"""Whether with diacritics → what the number behind it is of."""
_MONTH: Final = frozenset({"thang", "thg"})


def names_thing(words: Sequence[Word]) -> bool:
    """Whether words before a number name what has a number of its own, or a neighbour's house."""
    accents = [word.accents for word in words]
    marked = accents != [word.key for word in words]
    things = _THINGS[marked]
    whole = " ".join(accents) in things or things.issuperset(accents)  # `ngay kế cận`
    return whole or (marked and any(" ".join(accents[-n:]) in _NEIGHBOURS for n in (1, 2)))


class Numbers(Kinds):
    """Reads the numbers among the words."""

    def _number(self, at: int) -> int:
        """Read the number at `at` if it opens or completes a piece; return the index after it."""
        piece = self.open
        if piece is None:
            return self._first_number(at)
        if piece.done:
            return self._next_number(at)
        if self._names_thing():
            return self._take_thing(piece, at)
        if piece.role in HOUSE_ROLES:
            return self._take_path(piece, at)
        if piece.role in ("street", "bare", "admin", "locality") and piece.words:
            return self._number_in_name(piece, at)
        complete = piece.kind in COMPLETE_NOISE and not piece.words and self._key(at + 1) != "gio"
        if (piece.role == "premises" or complete) and self._number_in_premises(at):
            return self._take_path(self._push("number"), at)
        return at

    def _number_in_name(self, piece: Piece, at: int) -> int:
        """Read a number after the first words of a name; one of the name itself is left."""
        word = self.words[at]
        if GLUED_UNIT.fullmatch(word.key):
            return self._unit(at)
        is_path = "/" in word.text and word.text[0].isdigit() and not is_date(word.text)
        numbered = piece.words[-1].key == "so"
        if is_path and not numbered and piece.role in ("street", "bare"):
            return self._take_path(self._push("number"), at)
        estate = piece.kind in DWELLING_ESTATES and self._starts_door_on_road(at)
        if estate and len(piece.words) > 1 and piece.words[-1].key == "so":
            piece.words.pop()  # `chung cu C so 87 pho Hang Khay`
        if estate or (piece.kind in _NEVER_NUMBERED and self._starts_door(at)):
            return self._take_path(self._push("number"), at)
        return at

    def _names_thing(self) -> bool:
        """Whether the words so far are of something with its own number, or a neighbour."""
        piece = self.open
        if piece is None or piece.done:
            return False
        if piece.role == "hint":
            return not piece.words or names_thing(piece.all_words)
        named = piece.words if piece.kind == "nhà" else piece.all_words
        return piece.role in ("bare", "premises") and bool(named) and names_thing(named)

    def _take_thing(self, piece: Piece, at: int) -> int:
        """Take a number other than a house number into a hint; a street may follow, but not after
        a distance: `đi lên 100m bên tay phải`."""
        piece.role, piece.done = "hint", not self.words[at].key.endswith("m")
        piece.words.append(self.words[at])
        return at + 1

    def _starts_door(self, at: int) -> bool:
        """`tp hồ chí minh 30 hạ long`: the first number, not a postcode, before a name."""
        number = self.words[at].text[0].isdigit() and not is_postcode(self.words[at].text)
        first = all(piece.role not in HOUSE_ROLES for piece in self.pieces)
        named = at + 2 < len(self.words) and self._is_name(at + 1) and self._is_name(at + 2)
        return number and first and named

    def _starts_door_on_road(self, at: int) -> bool:
        """`Chung cư Bình Minh 156 Phố Lê Lợi`; a single digit may end the name, `Hoàng Anh 2
        đường`."""
        number = self.words[at]
        phrase = self._phrase(at + 1) if at + 2 < len(self.words) else None
        return (
            len(number.text) > 1
            and number.text[0].isdigit()
            and (phrase is not None and phrase.role in ("street", "alley"))
        )

    def _take_path(self, piece: Piece, at: int) -> int:
        block = BLOCKS.get(piece.kind or "", "")
        steps, end = read_path(self.words, at, letters=piece.role == "plot", block=block)
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
        elif word and steps[-1][-1].isdigit() and (inner := _SUFFIX_AND_PATH.fullmatch(word.text)):
            # `25 A/12`
            steps = (*steps[:-1], steps[-1] + inner[1].upper(), *path_steps(inner[2]))
            piece.words.append(word)
            end += 1
        piece.steps, piece.done = steps, True
        return end

    def _unit(self, at: int) -> int:
        piece = self._push("admin")
        piece.words, piece.done = [self.words[at]], True
        return at + 1

    def _first_number(self, at: int) -> int:
        """Read a number at the start of a part or after a dash."""
        word = self.words[at]
        alone = len(self.words) == 1
        if self._key(at + 1) == "floor" and (ordinal := _ORDINAL.fullmatch(word.key)):
            # `12th Floor`
            floor = self._push("floor", "tầng")
            floor.words, floor.opening, floor.done = words_of(ordinal[1]), [word], True
            return at + 2
        if self._key(at + 1) in _MONTH and self._numeric(at + 2):
            self._push("street").words.append(word)
            return at + 1
        named_so = self._key(at + 1) in ENGLISH_KINDS and (self.part or is_date(word.text))
        if named_so or (is_date(word.text) and self._ends_at(at + 1)):
            # `No. 73, D18 Street`
            self._push("street").words.append(word)
            return at + 1
        if _ROOM.fullmatch(word.key) or is_flat_code(word) or is_building_code(word):
            return self._code(at)
        certain = self.part or (alone and word.key.startswith("q") and word.key[1] != "0")
        # `p4 q10`: a ward in its district.
        certain = certain or GLUED_UNIT.fullmatch(self._key(at + 1)) is not None
        # `…, p13 Bình Thạnh`: followed by the district. `55 Trương Định - P1`
        certain = certain or any(piece.role in ("street", "locality") for piece in self.pieces)
        behind = self.part and not self.open and at + 1 < len(self.words) and self._is_name(at + 1)
        if certain and GLUED_UNIT.fullmatch(word.key) and (behind or self._ends_at(at + 1)):
            return self._unit(at)
        if alone and self.part and is_postcode(word.text):
            self._push("noise").words.append(word)
            return at + 1
        if _POSTCODE_OF_PROVINCE.fullmatch(word.text) and self._is_before_door(at + 1):
            return at + 1
        if len(word.text) > 3 and word.text[:3].isalpha():
            # `RON95 Coffee`
            return at
        return self._take_path(self._push("number"), at)

    def _is_before_door(self, at: int) -> bool:
        """Whether a house number or a street without a kind starts at `at`."""
        return at < len(self.words) and (self.words[at].path or self._is_name(at))

    def _is_name(self, at: int) -> bool:
        """Whether a name without a kind starts at `at`."""
        return not self.words[at].path and self._phrase(at) is None

    def _next_number(self, at: int) -> int:
        """Read a number after a finished piece."""
        piece, word = self.open, self.words[at]
        if piece is None or is_building_code(word) or is_flat_code(word):
            return self._code(at)
        if piece.role in ("unit", "code") and not word.text[0].isdigit():
            return self._code(at)
        if piece.role in ("building", "floor") and _ROOM.fullmatch(word.key):
            return self._code(at)
        if piece.role == "plot" and "." in word.text:
            # `Lô 12 A.1`
            piece.steps, piece.words = (*piece.steps, *path_steps(word.text)), [*piece.words, word]
            return at + 1
        hem = _HEM.fullmatch(word.text) and _KIET.fullmatch(self._key(at + 1))
        kiet = piece.steps and _KIET.fullmatch(word.key) and _HEM.fullmatch(piece.steps[0])
        if piece.role == "number" and (hem or kiet):
            # `H12/5 K27`, `số 5 H12 K27`, from the door to the street.
            piece.steps = (word.text.upper(), *piece.steps)
            piece.words = [*piece.words, word]
            return at + 1
        if piece.role in HOUSE_ROLES:
            # `158 12`, `58 D35`, `161 30 Tháng 4`: the second one is a street. `hem 23 23/42`
            # repeats the alley in the path of the house.
            whole = piece.role == "alley" and path_steps(word.text)[:-1] == piece.steps
            return self._take_path(self._push("number"), at) if whole else at
        if self._is_rest_of_number(piece, at):
            return at
        if GLUED_UNIT.fullmatch(word.key):
            return self._unit(at)
        follows = at + 1 < len(self.words) and not self.words[at + 1].path
        if word.text[0].isdigit() and (follows or self._is_behind_road(piece, at)):
            return self._take_path(self._push("number"), at)
        return at

    def _is_behind_road(self, piece: Piece, at: int) -> bool:
        """`Quốc lộ 3 51`, if no number was read before."""
        first = all(one.role not in HOUSE_ROLES for one in self.pieces)
        return first and piece.role == "street" and self._ends_at(at + 1)

    def _is_rest_of_number(self, piece: Piece, at: int) -> bool:
        """`Tỉnh lộ 10 B`, `Khu phố 9 A`; after a house, `8 Đường tỉnh 873 2` for 873-2."""
        road = piece.kind in ROAD_CLASSES
        if len(piece.words) != 1 or not (road or piece.role == "locality"):
            return False
        word, house = self.words[at], any(one.role == "number" for one in self.pieces)
        letter = word.text.casefold() in _ROAD_LETTERS and not word.pointed
        number = road and house and word.text.isdecimal() and len(word.text) == 1
        if not (letter or number) or not piece.words[0].text.isdecimal():
            return False
        return self._ends_at(at + 1) or self._phrase(at + 1) is not None

    def _take_rest(self, piece: Piece, at: int) -> int:
        word = self.words[at]
        dash = "-" if word.text.isdecimal() else ""
        piece.words = list(words_of(f"{piece.words[0].text}{dash}{word.text}"))
        return at + 1

    def _code(self, at: int) -> int:
        piece = self._push("code")
        piece.words, piece.done = [self.words[at]], True
        return at + 1

    def _quarter(self, at: int) -> int:
        word = self.words[at]
        piece = self._push("locality", "khu phố")
        piece.opening, piece.words, piece.done = [], list(words_of(word.text[1:])), True
        return at + 1

    def _number_in_premises(self, at: int) -> bool:
        """`Điện máy xanh 779A Bình Giã`, but not `Nhà thuốc 605` or `Siêu thị 24 giờ`."""
        if not self.words[at].text[0].isdigit():
            return False
        following = self.words[at + 1 : at + 3]
        return len(following) == 2 and not any(word.path or word.dash for word in following)
