"""What an operator can know of a register's health: `run_checks`, one function per check.

Each module holds the checks of one subject, in the order in which they run. The first line of a
check's docstring is the line that is printed; the decorator holds the repair hint.
"""

from registry.core.settings import Settings
from registry.ops.doctor import (
    backups,
    cluster,
    content,
    households,
    places,
    schema,
    server,
    upkeep,
)
from registry.ops.doctor.checks import Check, Finding, Result, State, examine

# From the ground up: what fails first explains what fails after it.
CHECKS: tuple[Check, ...] = tuple(
    check
    for module in (cluster, server, schema, content, places, households, upkeep, backups)
    for check in module.CHECKS.in_order
)


def run_checks(settings: Settings) -> list[Result]:
    """The result of every check, in order; raises nothing for a register that is ill.

    Reads only. Checks that need what an earlier one found missing are skipped.
    """
    return examine(CHECKS, settings)


__all__ = ["CHECKS", "Check", "Finding", "Result", "State", "run_checks"]
