"""Faults of an answer: one table of weights, verdicts, questions and messages.

An answer's confidence is 1 minus the weights of its faults, at least 0. Its verdict is the gravest
of theirs.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from registry.core.messages import in_vietnamese

AMBIGUOUS_AT_MOST: Final = 0.5
"""Greatest confidence of an ambiguous answer."""
ONLY_DOOR: Final = "only_door"
BY_STREET: Final = "commune_by_street"
COMMUNE_NOT_GIVEN: Final = frozenset({"commune_missing", BY_STREET})
NAME_CONTRADICTS: Final = "name_contradicts_text"
OTHER_COUNTRY: Final = "other_country"
POINT_ESTIMATED: Final = "point_estimated"
POSTCODE_CONTRADICTS: Final = "postcode_contradicts_text"
POINT_CONTRADICTS: Final = "point_contradicts_text"
SEARCH_INCOMPLETE: Final = "search_incomplete"
"""Fault of a text that needs more work than any address (`registry.core.text_work`)."""
VERDICTS: Final = ("accept", "correct", "unverified", "confirm", "complete")
"""Verdicts, the gravest last: the address is right; it has another name today; the register does
not know all of it; another place may be meant; something is missing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One difference between text and result, or one assumption."""

    code: str
    weight: float
    verdict: str
    """One of VERDICTS."""
    question: str
    """Code of the question to the shopper (`registry.search.judge.questions`), or empty."""
    message_en: str

    @property
    def message(self) -> str:
        """The message in Vietnamese."""
        return in_vietnamese(self.message_en)

    def verdict_on(self, *, door: bool) -> str:
        """Return the verdict on an answer.

        Of a registered door only the flat can be missing or unknown; if anything else is, another
        door may be meant.
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
    """Return the confidence of an answer with these faults, from 0 to 1."""
    return _confidence(frozenset(faults))


@lru_cache(maxsize=1_024)
def _confidence(codes: frozenset[str]) -> float:
    sure = max(0.0, 1.0 - sum(FAULTS[code].weight for code in codes))
    return round(min(sure, AMBIGUOUS_AT_MOST) if "ambiguous" in codes else sure, 2)
