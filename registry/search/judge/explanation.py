"""Trace of a search, to explain every rank: the readings tried, and the answers of each."""

from geo.values import value
from registry.search.answers import Answer
from registry.search.read.door_with_units import ReadAddress


@value(frozen=True, slots=True)
class Tried:
    """One reading that was looked up."""

    text: str | None
    """As read, with corrected slips; None for components."""
    reading: ReadAddress
    answers: tuple[Answer, ...]
    """The best first, each with its faults, whose weights make its confidence."""
