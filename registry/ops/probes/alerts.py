"""Alerts: rules of Prometheus that stand beside the threshold they are about."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule of deploy/alerts.yml; its runbook is the section of its name in docs/mend.md."""

    name: str
    expr: str
    """PromQL, broken where the file breaks it. Every web node exports the same figures of the
    register, hence `max()`."""
    severity: Literal["page", "warn"]
    summary: str
    lasts: str = ""
    """How long `expr` has to hold (`for`), such as 5m."""
