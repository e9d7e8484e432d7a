"""`diachiso doctor`: whether the register is well, and what to do where it is not."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import click

from registry.core.messages import Message, Text
from registry.ops.doctor import Result, State, run_probes
from scripts.command import command
from scripts.options import Form
from scripts.progress import show_json
from scripts.settings import read_settings

_MARKS: Final = {State.OK: "✓", State.WARNING: "!", State.FAILURE: "✗", State.SKIPPED: "-"}


@command()
def doctor(*, form: Form = "text") -> int:
    """Check the installation; change nothing.

    Exit status 1 if something is broken.
    """
    results = run_probes(read_settings())
    if form == "json":
        show_json([each.to_dict() for each in results])
    else:
        show_results(results)
    return 1 if any(each.state == State.FAILURE for each in results) else 0


def show_results(results: Sequence[Result]) -> None:
    """A line each, the remedy below it, and a sum."""
    for each in results:
        click.echo(f"{_MARKS[each.state]} {_line(each)}")
        if each.hint:
            click.echo(f"    → {each.hint}")
    counts = Counter(each.state for each in results)
    well, notable, broken, skipped = (
        counts[state] for state in (State.OK, State.WARNING, State.FAILURE, State.SKIPPED)
    )
    click.echo(
        Message(
            "doctor_summary",
            well=well,
            notable=notable,
            broken=broken,
            skipped=skipped,
        )
    )


def _line(each: Result) -> str:
    """What is well or not, in Vietnamese, with the English in brackets."""
    line = Text(each.line)
    return str(Message("field_says", field=line, detail=each.detail) if each.detail else line)
