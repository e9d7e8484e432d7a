"""`diachiso transfer`: a register with all its codes into a neutral file, and out of one."""

from pathlib import Path
from typing import Annotated

import click

from registry.core.messages import Message, number
from registry.ops.transfer.manifest import Manifest
from registry.ops.transfer.reading import read_transfer
from registry.ops.transfer.writing import write_transfer
from scripts.command import command
from scripts.opened import opened_database
from scripts.options import FILE, Force, refuse_to_overwrite
from scripts.progress import counting, say
from scripts.settings import read_settings


@click.group()
def transfer() -> None:
    """Move a register with all its codes.

    Also into a later version.
    """


@command(transfer)
def out(
    target: Annotated[Path, "FILE", FILE],
    *,
    force: Force = False,
) -> None:
    """Write the register into FILE.

    With restricted places and the key of the codes: keep it as safe as the register.
    """
    if not force:
        refuse_to_overwrite(target)
    with (
        opened_database(read_settings(), make=False) as url,
        counting(Message("transfer_line_count")) as progress,
    ):
        made = write_transfer(url, target, progress=progress, report=say)
    say(Message("transfer_file_is_secret"))
    _show(made)


@command(transfer, "in")
def in_(source: Annotated[Path, "FILE", FILE]) -> None:
    """Read FILE into an empty register.

    All or nothing. The old register must not issue codes any more.
    """
    with (
        opened_database(read_settings(), make=True) as url,
        counting(Message("transfer_line_count")) as progress,
    ):
        made = read_transfer(url, source, progress=progress, report=say)
    _show(made)


def _show(made: Manifest) -> None:
    for name, part in made.parts.items():
        if part.lines:
            click.echo(f"{name}: {number(part.lines)}")
    click.echo(f"content {made.content}")
