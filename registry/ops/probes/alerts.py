"""Alerting rules of Prometheus, defined next to their thresholds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule of deploy/alerts.yml; its runbook is the section of that name in docs/mend.md."""

    name: str
    expr: str
    """PromQL, with the line breaks of the file. `max()` because every web node exports the same
    figures of the register."""
    severity: Literal["page", "warn"]
    summary: str
    lasts: str = ""
    """How long `expr` must hold (`for`), such as 5m."""
