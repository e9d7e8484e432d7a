"""One way to understand the pieces of an address, with what it costs."""

from geo.piece import Piece
from geo.values import value


@value(frozen=True, slots=True)
class Understanding:
    """Pieces with settled roles."""

    pieces: tuple[Piece, ...]
    penalty: int = 0
    notes: tuple[str, ...] = ()

    def but(self, note: str, penalty: int, pieces: list[Piece]) -> "Understanding":
        """Another one, for a named price."""
        return Understanding(tuple(pieces), self.penalty + penalty, (*self.notes, note))
