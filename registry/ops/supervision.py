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
        """All reports."""
        return self.waiting + self.accepted + self.rejected


@dataclass(frozen=True, slots=True)
class Carrier:
    """Reports of one carrier's key."""

    key_id: int
    name: str
    reports: int
    accepted: int
    rejected: int
    verified: int
    """Doors that it confirmed, each counted once."""


def recent_reports(reads: Reads, days: int) -> list[Reported]:
    """Return reports of the last `days` days by kind and outcome."""
    found: dict[str, dict[str, int]] = {}
    for kind, state, count in reads.rows(SQL.driver("reports"), {"days": days}):
        found.setdefault(kind, dict.fromkeys(STATES, 0))[state] = count
    return [
        Reported(kind, by["open"] + by["proposed"], by["accepted"], by["rejected"])
        for kind, by in found.items()
    ]


def recent_carriers(reads: Reads, days: int) -> list[Carrier]:
    """Return the carriers with reports in the last `days` days, the most reports first."""
    return [Carrier(*row) for row in reads.rows(SQL.driver("carriers"), {"days": days})]
