"""Words that open a piece of an address: units, landmarks, shops and delivery notes.

Other kinds are in the modules that parse them.
"""

from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.text import accent_key, fold
from geo.words import Phrase, phrase_of, phrases

ADMIN: Final = phrases("admin")
# A single letter is a kind only before a point or a number, or at the start of a part.
WARD, DISTRICT, RURAL_DISTRICT, COMMUNE, PROVINCE = (
    phrase_of("admin", kind) for kind in ("phường", "quận", "huyện", "xã", "tỉnh")
)
PHO, DUONG = phrase_of("street", "phố"), phrase_of("street", "đường")
ROOM, HEM = phrase_of("unit", "phòng"), phrase_of("alley", "hẻm")
HINTS: Final = phrases("hint")
# Only where no place name starts with the word, as Quán Thánh, Trường Thọ and Chùa Bộc do.
PREMISES: Final = phrases("premises")
PUBLIC: Final = frozenset(map(fold, lexicon.kinds("premises", "public")))
"""Folded: premises that every commune has one of, named after the commune."""
# Delivery notes that are not part of the address.
NOISE: Final = phrases("noise")
COMPLETE_NOISE: Final = frozenset(lexicon.kinds("noise", "complete"))
"""Complete without a number: one that follows is a house, `giờ hành chính 12 Lê Lợi`."""
# A person by title. Capitalized, most titles also start street names: Cô Giang, Bà Triệu, Anh Đào.
TITLES: Final = frozenset(lexicon.names("people", "title"))
MIDDLE_NAMES: Final = frozenset(map(accent_key, ("văn", "van", "thị", "thi")))
_MIDDLE_AT: Final = 2
"""Words up to and including the middle name, for most people."""
SURE_TITLES: Final = frozenset({"chị", "Chị", "CHỊ", "Mr", "Mrs", "Ms", "mr", "mrs"})
PERSON: Final = Phrase("noise", "người", ("",), ("",), numbered=False)

UNSURE: Final = frozenset(lexicon.names("in_names", "unsure"))
"""Folded to one syllable, these are also names: Láng, Bàn Cờ, Tô Ký, Bốn, Đôi, Quán Sứ."""
INNER: Final = frozenset(lexicon.names("in_names", "before_kind"))
"""`Liên Khu 5-6`, `Thới Tam Thôn`, `Chiến khu D`: the kind belongs to the name."""
INNER_PAIRS: Final = frozenset(lexicon.names("in_names", "with_kind"))
"""Two words, of which the second is a kind that belongs to the name: `Bà Huyện Thanh Quan`, `Lý
Thường Kiệt 12`."""
NAMES: Final = frozenset(lexicon.names("in_names", "beginning"))
"""Names that start like a kind, with the same accents."""
# Kinds of localities that always mean one, also in the middle of a text.
CUTTING: Final = frozenset(lexicon.kinds("locality", "cuts"))


def ends_in_middle_name(words: Sequence[str]) -> bool:
    """Whether the name is incomplete: `Nguyễn Thị` of `Nguyễn Thị Hà Giang`.

    Typed without diacritics, `thi` may be a given name after surname and middle name.

    >>> ends_in_middle_name(["nguyen", "thi"]), ends_in_middle_name(["83", "nguyen", "dinh", "thi"])
    (True, False)
    """
    last = accent_key(words[-1])
    given = last == "thi" and len([word for word in words if word.isalpha()]) > _MIDDLE_AT
    return last in MIDDLE_NAMES and not given
