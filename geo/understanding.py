"""One way to understand the pieces of an address, with what it costs."""

from geo.piece import Piece
from geo.values import value


@value(frozen=True, slots=True)
class Understanding:
    """Pieces with settled roles."""

    pieces: tuple[Piece, ...]
    penalty: int = 0
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Words of pieces that were left out."""

    def but(
        self, note: str, penalty: int, pieces: list[Piece], *, dropped: str = ""
    ) -> "Understanding":
        """Another one, for a named price."""
        left_out = (*self.dropped, dropped) if dropped else self.dropped
        return Understanding(tuple(pieces), self.penalty + penalty, (*self.notes, note), left_out)
