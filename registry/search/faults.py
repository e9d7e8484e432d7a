"""What may be wrong with an answer: one table of weights, verdicts, questions and words.

An answer's confidence is 1 less the weights of its faults, never below 0. A verdict on it is the
gravest of theirs.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from registry.core.messages import in_vietnamese

AMBIGUOUS_AT_MOST: Final = 0.5
"""No ambiguous answer is more certain than that, whatever else is right with it."""
ONLY_DOOR: Final = "only_door"
BY_STREET: Final = "commune_by_street"
COMMUNE_UNSAID: Final = frozenset({"commune_missing", BY_STREET})
POINT_ESTIMATED: Final = "point_estimated"
POSTCODE_CONTRADICTS: Final = "postcode_contradicts_text"
POINT_CONTRADICTS: Final = "point_contradicts_text"
SEARCH_INCOMPLETE: Final = "search_incomplete"
"""Of a text that would take more work than any address does (`registry.core.text_work`)."""
VERDICTS: Final = ("accept", "correct", "unverified", "confirm", "complete")
"""What a fault makes of an answer, the gravest last: it is right as it stands, or is called
otherwise today; the register does not know all of it; it may be another place; something is
missing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit, or had to be supposed."""

    code: str
    weight: float
    verdict: str
    """One of VERDICTS."""
    question: str
    """What a shopper is asked because of it, one of `registry.search.judge.questions`; or
    empty."""
    message_en: str

    @property
    def message(self) -> str:
        """What does not fit, in Vietnamese."""
        return in_vietnamese(self.message_en)

    def verdict_on(self, *, door: bool) -> str:
        """What it makes of an answer. Of a registered door nothing but its flat can be missing or
        unknown: whatever else is, another door may be meant.
        """
        above = self.verdict in ("unverified", "complete") and self.question != "ask_flat"
        return "confirm" if door and above else self.verdict


def _table() -> Iterable[Fault]:
    path = Path(__file__).with_suffix(".csv")
    with path.open(encoding="utf-8", newline="") as file:
        for code, weight, *others in csv.reader(file):
            if code != "code":
                yield Fault(code, float(weight), *others)


FAULTS: Final = {fault.code: fault for fault in _table()}


def confidence(faults: Iterable[str]) -> float:
    """How certain an answer with these faults is, from 0 to 1."""
    return _confidence(frozenset(faults))


@lru_cache(maxsize=1_024)
def _confidence(codes: frozenset[str]) -> float:
    sure = max(0.0, 1.0 - sum(FAULTS[code].weight for code in codes))
    return round(min(sure, AMBIGUOUS_AT_MOST) if "ambiguous" in codes else sure, 2)
