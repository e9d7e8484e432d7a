"""The table of all problems of rows: stable code, severity and texts."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from geo.lexicon import read_table
from registry.core.labels import SEVERITIES, Severity
from registry.core.messages import in_vietnamese
from registry.files.plain import PLAIN
from registry.records.uses import SOMEBODY

PIECE: Final = re.compile(r"\{([a-z_]+)\}")
"""A piece of SQL named by a predicate or a value."""


class ProblemKind(NamedTuple):
    """A row of `problems.csv`, which describes its columns."""

    code: str
    stage: str
    severity: Severity
    field: str
    predicate: str
    value: str
    english: str
    fix: str
    cells: str

    @property
    def vi(self) -> str:
        """The message in Vietnamese."""
        return in_vietnamese(self.english)

    def fault(self, comments: str) -> str | None:
        """The fault of the row; None if valid."""
        if self.severity not in SEVERITIES:
            return f"no severity {self.severity!r}"
        if f" {self.stage}:" not in comments:
            return f"no stage {self.stage!r}"
        if not self.predicate and (self.field or self.value):
            return "a field or a value without a predicate"
        return None


_KINDS: Final = read_table(
    Path(__file__).parents[1] / "problems.csv", ProblemKind, key=4, in_order=False
)
PROBLEMS: Final = {kind.code: kind for kind in _KINDS if kind.english}
"""Code → problem."""
_UNREAD: Final = PROBLEMS["value_unread"]
RULES: Final = (
    *(kind for kind in _KINDS if kind.predicate),
    *(
        _UNREAD._replace(
            field=each.name,
            predicate=f"{each.name} IS NOT NULL AND {each.name}_read IS NULL"
            f" AND {each.name} NOT LIKE '%{SOMEBODY}'",
            value=each.name,
        )
        for each in PLAIN
    ),
)
"""The rules checked for each row, in the order in which problems are shown."""
