"""The doctor's results for a register in tests."""

from typing import Any

from registry.core.settings import Settings
from registry.ops.doctor import PROBES, Result, run_probes


def examined(url: str, **settings: Any) -> dict[str, Result]:
    """Every probe's result by its name."""
    return {one.name: one for one in run_probes(Settings(database_url=url, **settings))}


def found(url: str, name: str, **settings: Any) -> Result:
    """What one probe of the database finds; all of them take ten times as long."""
    probes = [probe for probe in PROBES if probe.name in ("server_answers", name)]
    return run_probes(Settings(database_url=url, **settings), probes)[-1]
