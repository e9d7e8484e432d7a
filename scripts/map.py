"""`diachiso map`: what the map is drawn from."""

import click

from registry.core.messages import Message
from registry.publish.drawing.refresh import refresh
from scripts.command import command
from scripts.opened import opened_engine
from scripts.progress import say


@click.group("map")
def map_() -> None:
    """The map that the pages show."""


@command(map_)
def redraw() -> None:
    """Redraw what changed; the worker does so by itself."""
    with opened_engine() as engine:
        redrawn = refresh(engine)
    if redrawn.units:
        say(Message("units_drawn"))
    if redrawn.households:
        say(Message("places_drawn"))
    if not (redrawn.units or redrawn.households):
        say(Message("nothing_changed"))
