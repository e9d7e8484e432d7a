"""TileJSON 3.0 of the tiles, and a style document (version 8), for the pages and other programs.

A base map lies below the dots and above the land.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from registry.basemap import Basemap
from registry.core.messages import Message, worded
from registry.publish.drawing.grid import FINEST, FIRST
from registry.publish.drawing.tiles import COMMUNES_FROM, MAX_ZOOM, NUMBERS_FROM

_LAYERS: Final = Path(__file__).with_name("style.json")
_BOUNDS: Final = [101.0, 5.0, 118.0, 24.0]
_ABOVE: Final = "land"
"""The layer on which a base map lies."""
_UNIT: Final = {
    "code": Message("unit_code_label"),
    "name": Message("name_label"),
    "approximate": Message("approximate_label"),
}
_FIELDS: Final = (
    ("provinces", 0, MAX_ZOOM, _UNIT),
    ("communes", COMMUNES_FROM, MAX_ZOOM, _UNIT),
    ("density", FIRST, FINEST, {"n": Message("households_label")}),
    (
        *("doors", FINEST + 1, MAX_ZOOM),
        {
            "n": Message("drawn_households_label"),
            "number": Message("zoom_numbers_label", numbers_from=NUMBERS_FROM),
        },
    ),
    (
        *("labels", 0, MAX_ZOOM),
        {
            "kind": "province, archipelago, commune, street, locality",
            "name": Message("name_label"),
            "holder": Message("holder_label"),
            "weight": Message("draw_order_label"),
        },
    ),
)
# Layer names of water and roads in the tiles of Protomaps, OpenMapTiles and Shortbread.
_WATER: Final = ("water", "water_polygons", "ocean")
_RIVERS: Final = ("water", "waterway", "water_lines")
_ROADS: Final = ("roads", "transportation", "streets")
_RIVER_BLUE: Final = "#cfe0ea"
_ROAD_GREY: Final = "#ddd8cc"


def tile_json(at: str) -> dict[str, Any]:
    """Return TileJSON of the tiles below the URL `at`."""
    return {
        "tilejson": "3.0.0",
        "name": "Địa chỉ số",
        "scheme": "xyz",
        "tiles": [f"{at}/tiles/{{z}}/{{x}}/{{y}}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": _BOUNDS,
        "attribution": "Địa chỉ số",
        "vector_layers": [
            {"id": name, "minzoom": first, "maxzoom": last, "fields": worded(fields)}
            for name, first, last, fields in _FIELDS
        ],
    }


def map_style(at: str, base: Basemap | None) -> dict[str, Any]:
    """Return the style of the map, with the base map if there is one."""
    layers = list(_layers())
    sources: dict[str, Any] = {
        "register": {
            "type": "vector",
            "tiles": [f"{at}/tiles/{{z}}/{{x}}/{{y}}"],
            "minzoom": 0,
            "maxzoom": MAX_ZOOM,
        }
    }
    if base is not None:
        place = next(i for i, layer in enumerate(layers) if layer["id"] == _ABOVE) + 1
        layers[place:place] = _base_layers(base)
        sources["base"] = _base_source(at, base)
    return {
        "version": 8,
        "name": "Địa chỉ số",
        "metadata": {"diachiso:at": at},
        "sources": sources,
        "layers": layers,
    }


@cache
def _layers() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(_LAYERS.read_text(encoding="utf-8")))


def _base_source(at: str, base: Basemap) -> dict[str, Any]:
    source: dict[str, Any] = {
        "type": "vector" if base.is_vector else "raster",
        "tiles": [base.url or f"{at}/tiles/base/{{z}}/{{x}}/{{y}}"],
        "minzoom": base.zooms[0],
        "maxzoom": base.zooms[1],
        "attribution": base.attribution,
    }
    return source if base.is_vector else source | {"tileSize": 256}


def _base_layers(base: Basemap) -> list[dict[str, Any]]:
    if not base.is_vector:
        return [{"id": "base", "type": "raster", "source": "base"}]
    return [
        *(_base_layer("fill", name, "Polygon", {"fill-color": _RIVER_BLUE}) for name in _WATER),
        *(_base_layer("line", name, "LineString", {"line-color": _RIVER_BLUE}) for name in _RIVERS),
        *(
            _base_layer(
                "line",
                name,
                "LineString",
                {
                    "line-color": _ROAD_GREY,
                    "line-width": [
                        *("interpolate", ["exponential", 1.5], ["zoom"]),
                        *(8, 0.4, 14, 1.5, 18, 9),
                    ],
                },
            )
            for name in _ROADS
        ),
    ]


def _base_layer(kind: str, layer: str, geometry: str, paint: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"base-{layer}-{kind}",
        "type": kind,
        "source": "base",
        "source-layer": layer,
        "filter": ["==", ["geometry-type"], geometry],
        "paint": paint,
    }
