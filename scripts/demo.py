"""`diachiso demo`: plausible households, as a file or in the register."""

from typing import TextIO

import click

from geo.code import PAYLOAD_FIRST
from registry.core.database import session_scope
from registry.core.messages import number
from registry.intake.result import ImportResult
from registry.ops.demo.load import load_demo, plan_demo, write_demo
from registry.ops.demo.wanted import FIRST_HOUSEHOLDS
from registry.publish.drawing.refresh import refresh
from registry.units.gazetteer_loading import load_gazetteer
from scripts.opened import opened_engine
from scripts.options import DRY_RUN, FORMAT
from scripts.progress import say, show_json


@click.command()
@click.option(
    "--households",
    type=click.IntRange(1, PAYLOAD_FIRST),
    default=FIRST_HOUSEHOLDS,
    show_default=True,
    help="How many dwellings.",
)
@click.option("--provinces", metavar="CODE,CODE", help="Only in these provinces.")
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Another one, other houses.",
)
@click.option(
    "--csv",
    "file",
    type=click.File("w", encoding="utf-8", lazy=True),
    help="To this file, - for stdout, instead of the register.",
)
@DRY_RUN
@click.option(
    "--if-empty",
    is_flag=True,
    help="Leave a register that holds households as it is.",
)
@FORMAT
@click.pass_context
def demo(
    context: click.Context,
    households: int,
    provinces: str | None,
    seed: int,
    file: TextIO | None,
    *,
    dry_run: bool,
    if_empty: bool,
    form: str,
) -> None:
    """Make up households; nothing of them is real.

    Into the register they go as source `demo`, under codes that begin with 0, and only while no
    other source has published. The same options give the same households. Exit status 1 when the
    import rejected some.
    """
    with opened_engine() as engine:
        codes = [code.strip() for code in (provinces or "").split(",") if code.strip()]
        with session_scope(engine) as session:
            plan = plan_demo(
                session, load_gazetteer(session), households, provinces=codes, seed=seed
            )
        if file is not None:
            written = number(write_demo(plan.households(), file, marked=True))
            file.flush()  # a full disk is told in place of the number
            say(f"{written} demo households written")
            return
        result = load_demo(
            engine, plan, dry_run=dry_run, progress=lambda _rows: None, if_empty=if_empty
        )
        if result is None:
            say("the register holds households already; it is left as it is")
        else:
            _show(result, form, dry_run=dry_run)
            if not dry_run:
                refresh(engine)  # whoever looks at the map now need not wait for the worker
            context.exit(1 if result.rejected else 0)


def _show(result: ImportResult, form: str, *, dry_run: bool) -> None:
    if form == "json":
        show_json(result.to_dict())
        return
    prefix = "dry run, nothing was changed: " if dry_run else ""
    click.echo(
        f"{prefix}{number(result.new)} demo households new, {number(result.changed)} changed,"
        f" {number(result.unchanged)} unchanged, {number(result.rejected)} rejected"
    )
