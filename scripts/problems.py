"""What is wrong with rows of a file, as commands print it."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from registry.messages import number
from registry.row_files import RowProblem
from scripts.progress import say

SHOWN: Final = 20
"""Lines of one list, at most."""


def show_problems(problems: Sequence[RowProblem], severities: Mapping[str, str]) -> None:
    """The first of them, each with its severity in words, and how many more there are."""
    for each in problems[:SHOWN]:
        severity = severities[each.severity]
        click.echo(f"  dòng {each.row_number}, {severity}: {each.words}: {each.value}")
    if len(problems) > SHOWN:
        say(f"… và {number(len(problems) - SHOWN)} vấn đề khác; --format json có tất cả")
