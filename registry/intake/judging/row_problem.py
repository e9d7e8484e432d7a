"""One problem of one row, as it is told to whoever delivered it."""

from dataclasses import dataclass

from registry.intake.judging.fix_words import FIXES


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

    @property
    def fix_vi(self) -> str | None:
        """The fix in words; None where there is none."""
        return self.proposed_fix and FIXES.get(self.code, "{}").format(self.proposed_fix)
