"""One way to understand the pieces of an address, with what it costs.

`penalties.csv` has a row for each step that departs from plain writing: what it costs, and why. A
step that costs otherwise beside other pieces has a row for each, `number_is_alley.before_pho`; the
note that readers get is what stands before the point.
"""

import csv
from pathlib import Path
from typing import Final, NamedTuple

from geo.piece import Piece
from geo.values import value


class Step(NamedTuple):
    """A row of the table."""

    penalty: int
    english: str
    example: str


def _table() -> dict[str, Step]:
    with Path(__file__).with_name("penalties.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {
            row["step"]: Step(int(row["penalty"]), row["english"], row["example"]) for row in rows
        }


STEPS: Final = _table()
"""Step → penalty and words."""


@value(frozen=True, slots=True)
class Understanding:
    """Pieces with settled roles."""

    pieces: tuple[Piece, ...]
    penalty: int = 0
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Words of pieces that were left out."""

    def but(
        self, step: str, pieces: list[Piece], *, more: int = 0, dropped: str = ""
    ) -> "Understanding":
        """Another one by a step of the table, which costs `more` the farther the pieces lie."""
        left_out = (*self.dropped, dropped) if dropped else self.dropped
        penalty = self.penalty + STEPS[step].penalty + more
        return Understanding(tuple(pieces), penalty, (*self.notes, note_of(step)), left_out)


def note_of(step: str) -> str:
    """The note that a step leaves on a reading."""
    return step.partition(".")[0]
