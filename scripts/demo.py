"""`diachiso demo`: plausible households, as a file or in the register."""

from typing import Annotated, TextIO

import click

from geo.code import PAYLOAD_FIRST
from registry.core.database import session_scope
from registry.core.messages import number
from registry.intake.result import ImportResult
from registry.ops.demo.load import load_demo, plan_demo, write_demo
from registry.ops.demo.wanted import FIRST_HOUSEHOLDS
from registry.publish.drawing.refresh import refresh
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_engine
from scripts.options import DryRun, Form
from scripts.progress import say, show_json


@command()
def demo(
    *,
    households: Annotated[
        int, click.IntRange(1, PAYLOAD_FIRST), "How many dwellings."
    ] = FIRST_HOUSEHOLDS,
    provinces: Annotated[str | None, "--provinces CODE,CODE", "Only in these provinces."] = None,
    seed: Annotated[int, "Seed of the random numbers."] = 1,
    file: Annotated[
        TextIO | None,
        "--csv",
        click.File("w", encoding="utf-8", lazy=True),
        "Write this file (- for stdout) instead.",
    ] = None,
    dry_run: DryRun = False,
    if_empty: Annotated[bool, "Only into an empty register."] = False,
    form: Form = "text",
) -> int:
    """Make up households.

    As source `demo`, with codes that begin with 0, while no other source has published. Exit status
    1 if rows were rejected.
    """
    with opened_engine() as engine:
        codes = [code.strip() for code in (provinces or "").split(",") if code.strip()]
        with session_scope(engine) as session:
            plan = plan_demo(
                session, load_gazetteer(session), households, provinces=codes, seed=seed
            )
        if file is not None:
            written = number(write_demo(plan.households(), file, marked=True))
            file.flush()  # a full disk is reported instead of the number
            say(f"{written} demo households written")
            return 0
        result = load_demo(
            engine, plan, dry_run=dry_run, progress=lambda _rows: None, if_empty=if_empty
        )
        if result is None:
            say("the register holds households already; it is left as it is")
        else:
            _show(result, form, dry_run=dry_run)
            if not dry_run:
                refresh(engine)  # so that the map does not have to wait for the worker
            return 1 if result.rejected else 0
        return 0


def _show(result: ImportResult, form: str, *, dry_run: bool) -> None:
    if form == "json":
        show_json(result.to_dict())
        return
    prefix = "dry run, nothing was changed: " if dry_run else ""
    click.echo(
        f"{prefix}{number(result.new)} demo households new, {number(result.changed)} changed,"
        f" {number(result.unchanged)} unchanged, {number(result.rejected)} rejected"
    )
