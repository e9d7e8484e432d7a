"""Problems of a file's rows, as printed by commands."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from registry.core.messages import _
from registry.files.table_file import RowProblem
from scripts.progress import say

SHOWN: Final = 20
"""Maximum lines of a list."""


def show_problems(problems: Sequence[RowProblem], severities: Mapping[str, str]) -> None:
    """Print the first problems with their severity, a msgid, and the count of the rest."""
    for each in problems[:SHOWN]:
        place = _(
            "row {row}, {severity}", row=each.row_number, severity=_(severities[each.severity])
        )
        click.echo(f"  {place}: {each.words}: {each.value}")
    if len(problems) > SHOWN:
        more = len(problems) - SHOWN
        say(_("… and {count:n} more problems; --format json has all of them", count=more))
