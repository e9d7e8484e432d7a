"""What the doctor says of a register in tests."""

from typing import Any

from registry.core.settings import Settings
from registry.ops.doctor import CHECKS, Result, run_checks
from registry.ops.doctor.checks import examine


def examined(url: str, **settings: Any) -> dict[str, Result]:
    """Every check's result by its name."""
    return {one.name: one for one in run_checks(Settings(database_url=url, **settings))}


def found(url: str, name: str, **settings: Any) -> Result:
    """What one check of the database finds; all of them take ten times as long."""
    checks = [check for check in CHECKS if check.name in ("server_answers", name)]
    return examine(checks, Settings(database_url=url, **settings))[-1]
