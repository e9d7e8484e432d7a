"""A piece of an address, and the state while a part is cut into pieces."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from geo.words import Word

HOUSE_ROLES: Final = frozenset({"number", "alley", "plot"})


@dataclass(slots=True)
class Piece:
    """A stretch of words with one role."""

    role: str
    """number | alley | plot | street | locality | unit | floor | building | code | admin | hint |
    noise | premises | bare"""
    kind: str | None
    part: int
    words: list[Word] = field(default_factory=list)
    """The words after the kind."""
    opening: list[Word] = field(default_factory=list)
    """The words of the kind."""
    steps: tuple[str, ...] = ()
    """Canonical steps of a number, an alley or a plot."""
    done: bool = False
    """Whether the piece is finished, so that the next word opens another one."""
    unit_name: tuple[str, str] | None = field(default=None, init=False, compare=False, repr=False)
    """Cache of `geo.address`: key and text as a unit; not copied by `replace`."""

    @property
    def complete(self) -> bool:
        """Whether it has more than its kind."""
        return bool(self.steps if self.role in HOUSE_ROLES else self.words or self.done)

    @property
    def all_words(self) -> list[Word]:
        """The words of the kind and of the name."""
        return [*self.opening, *self.words]


class Cutting:
    """The words of one part, the pieces found in them, and the one that is open."""

    def __init__(self, words: Sequence[Word], part: int) -> None:
        self.words = words
        self.part = part
        self.pieces: list[Piece] = []
        self.open: Piece | None = None

    def _push(self, role: str, kind: str | None = None) -> Piece:
        self.open = Piece(role, kind, self.part)
        self.pieces.append(self.open)
        return self.open

    def _key(self, at: int) -> str:
        return self.words[at].key if at < len(self.words) else ""

    def _numeric(self, at: int) -> bool:
        return at < len(self.words) and self.words[at].numeric
