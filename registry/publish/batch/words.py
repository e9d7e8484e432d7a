"""Explains the codes in a row of answers to readers of a spreadsheet."""

from collections.abc import Mapping
from typing import Final

from registry.core.messages import N_, in_vietnamese
from registry.publish.batch import EMPTY, NOTHING_FOUND
from registry.publish.changes.since import KINDS
from registry.search.faults import FAULTS
from registry.search.judge.verdicts import REASONS

VERDICTS: Final[dict[str, str]] = {
    "accept": N_("right"),
    "correct": N_("right; better written as the address of today"),
    "confirm": N_("ask the customer: is it that address"),
    "complete": N_("ask the customer: a part is missing"),
    "unverified": N_("right commune, house uncertain; deliverable without a code"),
    "reject": N_("ask the customer: the address was not recognised"),
}
CHANGES: Final[dict[str, str]] = {
    "new": N_("new since then"),
    "renamed": N_("address written otherwise than before"),
    "moved": N_("moved to another commune or position"),
    "merged": N_("merged into another code"),
    "split": N_("split into several codes: choose one"),
    "replaced": N_("replaced by another code"),
    "retired": N_("gone, and no code continues it"),
    "removed": N_("remove it from your data"),
    "updated": N_("other details changed"),
}
_STATUSES: Final[dict[str, str]] = {
    EMPTY: N_("empty row"),
    NOTHING_FOUND: N_("nothing found"),
    **{code: english for code, (_vietnamese, english) in REASONS.items()},
}


def in_words(row: Mapping[str, str]) -> str:
    """Return verdict or reason for no answer, and faults, in Vietnamese; '' for a plain answer.

    >>> in_words({"status": "ok", "faults": "commune_former house_number_not_found"})
    'Theo địa giới cũ; Chưa có số nhà này'
    >>> in_words({"status": "nothing_found"}), in_words({"status": "ok", "verdict": "accept"})
    ('không tìm thấy', 'đúng')
    >>> in_words({"status": "changed", "reasons": "renamed moved"})
    'địa chỉ ghi khác trước; chuyển sang xã khác hoặc đổi vị trí'
    """
    changes = (CHANGES[kind] for kind in KINDS if kind in row.get("reasons", "").split())
    codes = row.get("faults", "").split()
    faults = (FAULTS[code].message_en for code in codes if code in FAULTS)
    texts = (
        _STATUSES.get(row.get("status", "")),
        VERDICTS.get(row.get("verdict", "")),
        *changes,
        *faults,
    )
    return "; ".join(in_vietnamese(each) for each in texts if each)
