"""Figures with which the service is supervised, beside what it counts of what it is asked."""

from dataclasses import dataclass
from typing import Final

from registry.reads import Reads
from registry.reports.queue import STATES

# One row of each report that came within the days, whoever said it again.
_REPORTS: Final = """
    SELECT kind, state, count(*) FROM field_report
    WHERE last_reported_at > now() - make_interval(days => %(days)s)
    GROUP BY kind, state ORDER BY kind, state
"""
_CARRIERS: Final = """
    SELECT k.id, k.name, count(*), count(*) FILTER (WHERE f.state = 'accepted'),
        count(*) FILTER (WHERE f.state = 'rejected'),
        count(DISTINCT f.code) FILTER (WHERE f.state = 'accepted' AND f.kind = 'confirmed')
    FROM (
        SELECT DISTINCT key_id, report_id FROM field_report_receipt
        WHERE key_id IS NOT NULL AND given_at > now() - make_interval(days => %(days)s)
    ) r
    JOIN api_key k ON k.id = r.key_id AND k.role = 'carrier'
    JOIN field_report f ON f.id = r.report_id
    GROUP BY k.id, k.name ORDER BY count(*) DESC, k.id
"""


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
    """Reports of the last `days` by kind, and what was answered."""
    found: dict[str, dict[str, int]] = {}
    for kind, state, count in reads.rows(_REPORTS, {"days": days}):
        found.setdefault(kind, dict.fromkeys(STATES, 0))[state] = count
    return [
        Reported(kind, by["open"] + by["proposed"], by["accepted"], by["rejected"])
        for kind, by in found.items()
    ]


def carriers_lately(reads: Reads, days: int) -> list[Carrier]:
    """What carriers reported in the last `days`, who reported most first."""
    return [Carrier(*row) for row in reads.rows(_CARRIERS, {"days": days})]
