"""Words that open a piece of an address and belong to no other module.

Units, landmarks, shops, and what comes with a parcel.
"""

from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.text import accent_key, fold
from geo.words import Phrase, phrase_of, phrases

ADMIN: Final = phrases("admin")
# A letter is a kind only with a point, a number or a part's beginning to prove it.
WARD, DISTRICT, RURAL_DISTRICT, COMMUNE, PROVINCE = (
    phrase_of("admin", kind) for kind in ("phường", "quận", "huyện", "xã", "tỉnh")
)
PHO, DUONG = phrase_of("street", "phố"), phrase_of("street", "đường")
ROOM, HEM = phrase_of("unit", "phòng"), phrase_of("alley", "hẻm")
HINTS: Final = phrases("hint")
# Where no name of a place begins so: Quán Thánh, Trường Thọ and Chùa Bộc do.
PREMISES: Final = phrases("premises")
PUBLIC: Final = frozenset(map(fold, lexicon.kinds("premises", "public")))
"""Of these, folded, every commune has one, which is called by it."""
# What comes with a parcel and is nobody's business here.
NOISE: Final = phrases("noise")
COMPLETE_NOISE: Final = frozenset(lexicon.kinds("noise", "complete"))
"""What says all by itself, so that a number behind it is a house: `giờ hành chính 12 Lê Lợi`."""
# A person by title. In capitals most of them begin names of streets: Cô Giang, Bà Triệu, Anh Đào.
TITLES: Final = frozenset(lexicon.names("people", "title"))
MIDDLE_NAMES: Final = frozenset(map(accent_key, ("văn", "van", "thị", "thi")))
_MIDDLE_AT: Final = 2
"""Words up to the middle name, as most people have it."""
SURE_TITLES: Final = frozenset({"chị", "Chị", "CHỊ", "Mr", "Mrs", "Ms", "mr", "mrs"})
PERSON: Final = Phrase("noise", "người", ("",), ("",), numbered=False)

UNSURE: Final = frozenset(lexicon.names("in_names", "unsure"))
"""Folded to one syllable these are names as well: Láng, Bàn Cờ, Tô Ký, Bốn, Đôi, Quán Sứ."""
INNER: Final = frozenset(lexicon.names("in_names", "before_kind"))
"""`Liên Khu 5-6`, `Thới Tam Thôn`, `Chiến khu D`: the kind belongs to the name."""
INNER_PAIRS: Final = frozenset(lexicon.names("in_names", "with_kind"))
"""The same for two words: `Bà Huyện Thanh Quan`, `Lý Thường Kiệt 12`."""
NAMES: Final = frozenset(lexicon.names("in_names", "beginning"))
"""Names that begin like a kind, its accents included."""
# Localities whose kind is said in the middle of a text only when one is meant.
CUTTING: Final = frozenset(lexicon.kinds("locality", "cuts"))


def ends_in_middle_name(words: Sequence[str]) -> bool:
    """Whether a name that ends so goes on: `Nguyễn Thị` of `Nguyễn Thị Hà Giang`. Typed without
    marks, `thi` may be a given name behind surname and middle name.

    >>> ends_in_middle_name(["nguyen", "thi"]), ends_in_middle_name(["83", "nguyen", "dinh", "thi"])
    (True, False)
    """
    last = accent_key(words[-1])
    given = last == "thi" and len([word for word in words if word.isalpha()]) > _MIDDLE_AT
    return last in MIDDLE_NAMES and not given
