"""`diachiso map`: what the map is drawn from."""

import click

from registry import cluster
from registry.database import make_engine
from registry.drawing.refresh import refresh
from scripts.progress import say
from scripts.settings import read_settings


@click.group("map")
def map_() -> None:
    """Bản đồ (the map that the pages show)."""


@map_.command()
def redraw() -> None:
    """Vẽ lại phần đã thay đổi (draw anew what changed; the worker does it by itself)."""
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        redrawn = refresh(engine)
    finally:
        engine.dispose()
    if redrawn.units:
        say("đã vẽ tỉnh, xã (units drawn)")
    if redrawn.households:
        say("đã vẽ đường, thôn và mật độ (streets, localities and density drawn)")
    if not (redrawn.units or redrawn.households):
        say("không có gì thay đổi (nothing changed)")
