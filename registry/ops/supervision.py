"""Recent reports from the field, by kind and by carrier, for the board."""

from dataclasses import dataclass
from typing import Final

from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.lifecycle.reports.queue import STATES

SQL: Final = Statements(__file__)


@dataclass(frozen=True, slots=True)
class Reported:
    """Reports of one kind."""

    kind: str
    waiting: int
    accepted: int
    rejected: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.accepted + self.rejected


@dataclass(frozen=True, slots=True)
class Carrier:
    """What one carrier's key reported."""

    key_id: int
    name: str
    reports: int
    accepted: int
    rejected: int
    verified: int
    """Doors that it found where the register has them, once each."""


def reports_lately(reads: Reads, days: int) -> list[Reported]:
    """Reports of the last `days` by kind and outcome."""
    found: dict[str, dict[str, int]] = {}
    for kind, state, count in reads.rows(SQL.driver("reports"), {"days": days}):
        found.setdefault(kind, dict.fromkeys(STATES, 0))[state] = count
    return [
        Reported(kind, by["open"] + by["proposed"], by["accepted"], by["rejected"])
        for kind, by in found.items()
    ]


def carriers_lately(reads: Reads, days: int) -> list[Carrier]:
    """Reports of each carrier in the last `days`, the most reports first."""
    return [Carrier(*row) for row in reads.rows(SQL.driver("carriers"), {"days": days})]
