"""`diachiso doctor`: whether the register is well, and what to do where it is not."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

import click

from registry.doctor import Result, State, run_checks
from scripts.options import FORMAT
from scripts.settings import read_settings

_MARKS: Final = {State.OK: "✓", State.WARNING: "!", State.FAILURE: "✗", State.SKIPPED: "-"}


@click.command()
@FORMAT
@click.pass_context
def doctor(context: click.Context, form: str) -> None:
    """Kiểm tra sổ, không sửa gì (check the register from disk to boundaries, change nothing).

    One line a check: ✓ well, ! worth knowing, ✗ broken, - could not be checked. Exit status 1 when
    something is broken.
    """
    results = run_checks(read_settings())
    if form == "json":
        click.echo(json.dumps([each.to_dict() for each in results], ensure_ascii=False, indent=2))
    else:
        show_results(results)
    context.exit(1 if any(each.state == State.FAILURE for each in results) else 0)


def show_results(results: Sequence[Result]) -> None:
    """A line each, the remedy below it, and a sum."""
    for each in results:
        click.echo(
            f"{_MARKS[each.state]} {each.line}" + (f": {each.detail}" if each.detail else "")
        )
        if each.hint:
            click.echo(f"    → {each.hint}")
    counts = Counter(each.state for each in results)
    click.echo(
        f"{counts[State.OK]} well, {counts[State.WARNING]} worth knowing, "
        f"{counts[State.FAILURE]} broken, {counts[State.SKIPPED]} not checked"
    )
