"""Texts for property tests: Vietnamese words, kinds, numbers and noise, in any order."""

import unicodedata

from hypothesis import strategies as st

_TEXT = (
    "Nguyễn Trãi Lê Lợi Phố Huế Dương Quảng Hàm Đội Cấn Tô Ký Láng Hạ Quán Thánh Cách Mạng Tháng 8 "
    "Tân Thới Thôn Bà Rịa - Vũng Tàu Ea H'Leo Đ. P. Q. H. TP. TX. TT. X. Ng. Ngh. K. ngõ ngách hẻm "
    "kiệt đường phố quốc lộ QL1A TL10 ĐT743B HL2 số nhà thôn ấp bản buôn xóm khóm khối tổ đội cụm "
    "KP4 TDP khu dân cư KĐT chung cư chợ tòa block căn hộ P402 tầng 12A lô LK5-12 thửa tờ bản đồ "
    "phường xã quận huyện tỉnh gần đối diện sau chợ chị Lan SĐT 0912345678 Việt Nam 70000 3/2 30/4 "
    "12 12/34/5A 12A-12 K478/H29/3 40bis/1 xẹt trên bis A B / , . ; ( ) – Km8+500 S2.03 Số"
)
_WORDS = _TEXT.split()
vietnamese_text = st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join)
any_text = st.one_of(st.text(max_size=120), vietnamese_text)

_NAMES = [
    *("Nguyễn Trãi", "Huế", "Dương Quảng Hàm", "Đội Cấn", "Tô Ký", "Láng Hạ", "Quán Thánh"),
    *("Phố Hiến", "An D. Vương", "Ng. Sĩ Liên", "Ea H'Leo", "Mỹ Hòa", "Bà Triệu", "Chu Văn An"),
]
_NUMBERS = st.from_regex(r"[A-K]?[1-9][0-9]{0,3}[A-H]?", fullmatch=True)
_NUMBER_LISTS = st.lists(_NUMBERS, min_size=1, max_size=5)
paths = _NUMBER_LISTS.map("/".join)
"""House numbers as plates show them."""


def named(*kinds: str) -> st.SearchStrategy[str]:
    """A kind, a name of a few words, perhaps a number."""
    name = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=2).map(" ".join)
    number = st.one_of(st.just(""), _NUMBERS)
    return st.builds("{} {} {}".format, st.sampled_from(kinds), name, number).map(str.strip)


def numbered(*kinds: str) -> st.SearchStrategy[str]:
    """A kind and a number."""
    return st.builds("{} {}".format, st.sampled_from(kinds), _NUMBERS)


def without_diacritics(text: str) -> str:
    """As typed without a Vietnamese keyboard."""
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return bare.replace("đ", "d").replace("Đ", "D")
