"""Reading vector tiles, by GDAL."""

import math
from typing import Any

import pyogrio


def tile_at(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """Column and row of the tile that holds a point."""
    side = 2**zoom
    tilt = math.radians(lat)
    y = (1 - math.log(math.tan(tilt) + 1 / math.cos(tilt)) / math.pi) / 2
    return int((lon + 180) / 360 * side), int(y * side)


def read_tile(body: bytes) -> dict[str, list[dict[str, Any]]]:
    """Layers with the attributes of their features."""
    if not body:
        return {}
    found = {}
    for name, _ in pyogrio.list_layers(body):
        meta, _, _, values = pyogrio.raw.read(body, layer=name)
        columns = [column.tolist() for column in values]
        rows = zip(*columns, strict=True) if columns else ()
        found[str(name)] = [dict(zip(meta["fields"], row, strict=True)) for row in rows]
    return found
