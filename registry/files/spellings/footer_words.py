"""Recognise totals, notes and signatures below or between the rows of a list."""

import re
import unicodedata
from pathlib import Path
from typing import Final, NamedTuple

from geo.lexicon import read_table
from geo.text import fold


class Footer(NamedTuple):
    """A row of `footers.csv`."""

    words: str
    use: str

    def fault(self, comments: str) -> str | None:
        """The fault of the row; None if valid."""
        unknown = [use for use in self.use.split() if f" {use}:" not in comments]
        return f"no such use: {unknown}" if unknown or not self.use else None


def _listed(use: str) -> str:
    """A pattern of the words of a use, longest first."""
    found = (row for row in _FOOTERS if use in row.use.split())
    return "|".join(
        sorted((row.words + "( .*)?" * ("more" in row.use) for row in found), key=len, reverse=True)
    )


_FOOTERS: Final = read_table(Path(__file__).with_name("footers.csv"), Footer)
_LONGEST: Final = 12
"""Most words in a footer's cell."""
# Folded; matched at the start of a cell.
_ON_BEHALF: Final = "(?:t ?m|k ?t|t ?l|t ?u ?q) "
"""Signing on behalf of: TM. UBND, KT. CHỦ TỊCH."""
_BEHALF: Final = re.compile(_ON_BEHALF)
_WORDS: Final = re.compile(
    rf"(?:{_listed('signs')}|{_listed('more')}|{_listed('alone')})(?![a-z])"
    rf"|{_ON_BEHALF}(?:to|thon|ap|ban|chi bo|khu pho|chinh quyen)( .*)?"
    r"|((tong )?cong (toan )?(phuong|xa|thi tran|dac khu|tinh|thanh pho|thon|ap|to|tdp|khu pho|kp"
    r"|khom|khoi|xom|ban|buon|lang|nhom|duong|pho|ngo|hem)\b.*"
    r"|tong( cong| so( ho)?| hop)?|cong( trang| don| mang sang)?|mang sang( trang sau)?"
    r"|(so ho )?(viet )?bang chu .*|ghi chu .*"
    r"|(bieu|mau|bieu mau|phu luc)( so)?(?= \d)"
    r"|nguoi (lap( bieu| bang| danh sach)?|kiem tra|duyet|thong ke|nhap lieu)"
    r"|(pho |tong |pho tong )?giam doc|bi thu( chi bo| dang uy)?|thu truong( don vi)?"
    r"|(pho )?chu tich( ubnd\b.*| uy ban\b.*)?|ke toan( truong)?|can bo|cong an|to truong"
    r"|truong (thon|ap|khu pho|khom|xom|lang)|xac nhan( cua .*)?|t ?m ubnd.*|ubnd.*"
    r"|k t chu tich|(da )?k[iy]( va dong dau| ten| ghi ro ho ten)?|ghi chu|danh sach co"
    r"|trang( so)?( \d+){1,2}|nguon\b.*|don vi tinh\b.*|kem theo\b.*"
    r"|(pho )?truong (cong an|phong|ban)\b.*"
    r"|.{0,40}ngay( \d*)? ?thang( \d*)? ?nam( \d*)?|.{0,40}ngay \d{1,2} \d{1,2} \d{4})"
)
_SIGNED: Final = re.compile(r"^([^\W\d_][^:\d]*):(?:[ .]*[^\W\d_]+){1,6}[ .]*$")
"""A role and the name of the signer; a name has no digits."""
_REMARK: Final = re.compile("(so ho )?(viet )?bang chu |ghi chu |nguon |kem theo ")
"""Starts of cells that may be long."""
_SIGNER: Final = re.compile(
    r"(nguoi (lap|kiem tra|duyet)|(pho )?chu tich|(pho |tong )*giam doc|bi thu|thu truong"
    rf"|t ?m |k ?t |(da )?k[iy]\b|xac nhan|(?:{_listed('signs')})(?![a-z]))"
)
"""Starts of folded cells above a signature; the signer's name is below."""
_COUNTED: Final = (
    r"ho( (can )?ngheo)?|(nhan )?khau|nguoi|nha|dong|trang|don( hang)?|kien( hang)?|dia chi|d|vnd"
)
_AMOUNT: Final = re.compile(rf"([\d.,\s]|(?<![a-z])(co|{_COUNTED})(?![a-z]))*")
_COUNTED_WORDS: Final = frozenset(re.findall("[a-z]+", f"co {_COUNTED}"))
_LAST_WORD: Final = 12
"""Letters at the end of a text that contain its last word, if it is a unit of count."""
_NUMBERED: Final = re.compile(
    r"[Ss]ố:?\s*\d+\s*/\s*(\d{4}\s*/\s*)?(TB|QĐ|BC|KH|CV|TTr|HD|NQ|CT|BB|GM|UBND)\s*(-|$)"
)
"""The number of a letter: `Số: 12/TB-UBND`."""
_START: Final = re.compile(
    r"tổng|tong|cộng|mẫu|biểu|phụ lục|kèm theo|người lập|số\b|.{0,40}\bngày \d"
)
"""With diacritics: addresses may begin with Cổng or Trường, and must not be skipped."""
_TOTAL: Final = re.compile(
    rf"(tong( cong)?( (so|tien|gia tri))*( ({_COUNTED}|thu|hang|cod))*|cong( don| mang sang)?)"
    rf"[\d.,\s]*({_COUNTED})?"
)
"""A folded total with its number."""


def is_footer(row: list[str]) -> bool:
    """Whether a row consists of a total, a note or a signature only.

    >>> is_footer(["", "Tổng cộng:", "", "261 hộ"]), is_footer(["Cộng Hoà", "12", "00004"])
    (True, False)
    >>> is_footer(["Ba Đình, ngày 3 tháng 2 năm 2026"]), is_footer(["NGƯỜI LẬP", "CHỦ TỊCH UBND"])
    (True, True)
    >>> is_footer(["Người lập biểu: Nguyễn Văn A"]), is_footer(["Tổ trưởng: số 5 Láng"])
    (True, False)
    >>> is_footer(["Cộng Phường Láng", "", "15 hộ"]), is_footer(["(Bằng chữ: mười lăm hộ)"])
    (True, True)
    >>> is_footer(["(Ký, ghi rõ họ tên)"]), is_footer(["Nguồn: Công an phường", "", "Trang 1/2"])
    (True, True)
    """
    letter = any(_NUMBERED.match(cell.strip()) for cell in row)
    written = (cell.strip() for cell in row if not _NUMBERED.match(cell.strip()))
    cells = [fold(_SIGNED.sub(r"\1", cell)) for cell in written if cell]
    words = [cell for cell in cells if not _AMOUNT.fullmatch(cell)]
    return (letter or bool(words)) and all(
        (len(cell.split()) <= _LONGEST or _REMARK.match(cell)) and _is_footer_cell(cell)
        for cell in words
    )


def is_note_or_total(text: str) -> bool:
    """Whether a text that would parse as an address is a total or a note with a number.

    >>> texts = ("Tổng: 13 hộ", "Cộng tổ 3: 2 hộ", "3 hộ nghèo", "Số: 12/TB-TDP", "Mẫu số 05")
    >>> [is_note_or_total(text) for text in texts]
    [True, True, True, True, True]
    >>> is_note_or_total("Sài Gòn, ngày 5/3/2026"), is_note_or_total("Tổng cộng có 3 hộ, 12 khẩu")
    (True, True)
    >>> texts = ("12 Cộng Hoà", "Tổ 3", "12/3", "Số 12/3 Hồ Tùng Mậu")
    >>> [is_note_or_total(text) for text in texts]
    [False, False, False, False]
    >>> [is_note_or_total(text) for text in ("Cổng làng, thôn 3", "Trường Ban Mai, 12 Láng")]
    [False, False]
    """
    counted = False
    if _ends_amount(fold(text[-_LAST_WORD:])):  # fold the whole text only if needed
        key = fold(text)
        counted = _AMOUNT.fullmatch(key) is not None and any(map(str.isalpha, key.split()))
    start = _START.match(unicodedata.normalize("NFC", text).strip().lower())
    return counted or (start is not None and is_footer([text]))


def _ends_amount(key: str) -> bool:
    last = key.rpartition(" ")[2]
    return last.isdigit() or last in _COUNTED_WORDS


def is_total(row: list[str]) -> bool:
    """Whether a row consists of a total only, and so is never an address.

    >>> is_total(["Tổng cộng: 35 đơn"]), is_total(["", "TỔNG", "", "1.250.000 đ"])
    (True, True)
    >>> is_total(["Tổng Cục Thuế, 123 Lò Đúc"]), is_total(["35"]), is_total(["Cộng Hoà", "12"])
    (False, False, False)
    """
    cells = [fold(cell) for cell in row if cell.strip()]
    words = [cell for cell in cells if not _AMOUNT.fullmatch(cell)]
    return bool(words) and all(map(_TOTAL.fullmatch, words))


def _is_footer_cell(cell: str) -> bool:
    for words in (cell, _BEHALF.sub("", cell)):
        found = _WORDS.match(words)
        if found is not None and _AMOUNT.fullmatch(words[found.end() :]):
            return True
    return False


def is_signed(row: list[str]) -> bool:
    """Whether a signature follows below the row.

    >>> is_signed(["", "TM. UBND"]), is_signed(["Phó Giám đốc"]), is_signed(["12", "Láng"])
    (True, True, False)
    """
    return any(_SIGNER.match(fold(cell)) for cell in row)
