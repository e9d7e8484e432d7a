"""What a search tried, so that every rank can be explained: readings, and the answers of each."""

from geo.values import value
from registry.search.answers import Answer
from registry.search.read.door_with_units import ReadAddress


@value(frozen=True, slots=True)
class Tried:
    """One reading that was asked of the register."""

    text: str | None
    """As it was read, a slip of the keyboard corrected; None for components."""
    reading: ReadAddress
    answers: tuple[Answer, ...]
    """The best first, each with its faults, whose weights make its confidence."""
