"""One way to understand the pieces of an address, with its penalty.

`penalties.csv` has a row for each step that departs from plain writing: its penalty and the reason.
A step whose penalty depends on other pieces has a row for each case, `number_is_alley.before_pho`;
the note of the reading is the part before the point.
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
"""Step → its row."""


@value(frozen=True, slots=True)
class Understanding:
    """Pieces with settled roles."""

    pieces: tuple[Piece, ...]
    penalty: int = 0
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Text of pieces that were left out."""

    def with_step(
        self, step: str, pieces: list[Piece], *, more: int = 0, dropped: str = ""
    ) -> "Understanding":
        """Return an alternative by a step of the table; `more` is added to its penalty."""
        left_out = (*self.dropped, dropped) if dropped else self.dropped
        penalty = self.penalty + STEPS[step].penalty + more
        return Understanding(tuple(pieces), penalty, (*self.notes, note_of(step)), left_out)


def note_of(step: str) -> str:
    """Return the note of a reading for a step."""
    return step.partition(".")[0]
