"""What is wrong with rows of a file, as commands print it."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from registry.core.messages import _
from registry.files.table_file import RowProblem
from scripts.progress import say

SHOWN: Final = 20
"""Lines of one list, at most."""


def show_problems(problems: Sequence[RowProblem], severities: Mapping[str, str]) -> None:
    """The first of them, each with its severity, a msgid, in words; and how many more there are."""
    for each in problems[:SHOWN]:
        told = _(
            "row {row}, {severity}", row=each.row_number, severity=_(severities[each.severity])
        )
        click.echo(f"  {told}: {each.words}: {each.value}")
    if len(problems) > SHOWN:
        more = len(problems) - SHOWN
        say(_("… and {count:n} more problems; --format json has all of them", count=more))
