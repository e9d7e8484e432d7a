"""What the codes in a row of answers mean, for people who open them in a spreadsheet."""

from collections.abc import Mapping
from typing import Final

from registry.batch import EMPTY, NOTHING_FOUND
from registry.search.faults import FAULTS
from registry.validation.verdicts import REASONS

VERDICTS: Final = {
    "accept": "đúng",
    "correct": "đúng, nên ghi lại theo địa chỉ hôm nay",
    "confirm": "hỏi khách: có phải địa chỉ ấy không",
    "complete": "hỏi khách: còn thiếu một phần",
    "unverified": "đúng xã, chưa chắc nhà nào; giao được mà không có mã",
    "reject": "hỏi khách: không nhận ra địa chỉ",
}
_STATUSES: Final = {
    EMPTY: "dòng trống",
    NOTHING_FOUND: "không tìm thấy",
    **{code: vietnamese for code, (vietnamese, _) in REASONS.items()},
}


def in_words(row: Mapping[str, str]) -> str:
    """The verdict, or why there is no answer, and each fault; '' for a plain answer.

    >>> in_words({"status": "ok", "faults": "commune_former house_number_not_found"})
    'Theo địa giới cũ; Chưa có số nhà này'
    >>> in_words({"status": "nothing_found"}), in_words({"status": "ok", "verdict": "accept"})
    ('không tìm thấy', 'đúng')
    """
    faults = (FAULTS[code].message for code in row.get("faults", "").split() if code in FAULTS)
    told = (_STATUSES.get(row.get("status", "")), VERDICTS.get(row.get("verdict", "")), *faults)
    return "; ".join(filter(None, told))
