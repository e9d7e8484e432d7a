"""What the codes in a row of answers mean, for people who open them in a spreadsheet."""

from collections.abc import Mapping
from typing import Final

from registry.batch import EMPTY, NOTHING_FOUND
from registry.changes.since import KINDS
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
CHANGES: Final[dict[str, str]] = {
    "new": "mới có từ đó đến nay",
    "renamed": "địa chỉ ghi khác trước",
    "moved": "chuyển sang xã khác hoặc đổi vị trí",
    "merged": "đã gộp vào mã khác",
    "split": "đã tách thành nhiều mã: chọn một",
    "replaced": "đã thay bằng mã khác",
    "retired": "không còn, không mã nào tiếp nối",
    "removed": "bỏ khỏi dữ liệu của bạn",
    "updated": "chi tiết khác có đổi",
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
    >>> in_words({"status": "changed", "reasons": "renamed moved"})
    'địa chỉ ghi khác trước; chuyển sang xã khác hoặc đổi vị trí'
    """
    changes = (CHANGES[kind] for kind in KINDS if kind in row.get("reasons", "").split())
    faults = (FAULTS[code].message for code in row.get("faults", "").split() if code in FAULTS)
    told = (
        _STATUSES.get(row.get("status", "")),
        VERDICTS.get(row.get("verdict", "")),
        *changes,
        *faults,
    )
    return "; ".join(filter(None, told))
