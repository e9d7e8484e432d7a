"""One problem of one row, as it is told to whoever delivered it."""

import re
from dataclasses import dataclass
from typing import Final

from registry.core.messages import in_vietnamese
from registry.intake.formats.table import Numbering
from registry.intake.judging.problems import PROBLEMS

_OTHER_ROW: Final = re.compile(r"\bdòng (\d+)")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One problem of one row."""

    row_number: int
    """1 = first after the header."""
    field: str | None
    code: str
    severity: str
    value: str | None
    """What the problem is about, as delivered."""
    proposed_fix: str | None

    def fix_vi(self, numbering: Numbering | None) -> str | None:
        """The fix in words, with rows as the spreadsheet shows them; None where there is none."""
        return _OTHER_ROW.sub(lambda row: _row(row[1], numbering), self._fix_words()) or None

    def _fix_words(self) -> str:
        kind = PROBLEMS.get(self.code)  # an earlier version may have had others
        words = in_vietnamese(kind.fix) if kind and kind.fix else "{}"
        return words.format(self.proposed_fix) if self.proposed_fix else ""


def _row(number: str, numbering: Numbering | None) -> str:
    if numbering is None:
        return f"dòng {number} (không kể dòng tiêu đề)"
    return f"dòng {numbering.place(int(number))} của bảng tính"
