"""Vector tiles of the register, for maps."""

import gzip
from http import HTTPStatus
from typing import Any, Final

from flask import Response, jsonify, request
from pydantic import RootModel

from api.core.conditional import conditional
from api.core.context import public_url, register
from api.core.endpoint import Resource, public
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.publish.drawing.style import map_style, tile_json
from registry.publish.drawing.tiles import MAX_ZOOM, Tile, draw_tile

blueprint = Resource("tiles", "/tiles", tag="map", kind="tiles")

MIMETYPE: Final = "application/vnd.mapbox-vector-tile"
_MAX_AGE_S: Final = 60
"""Clients reuse a tile this long, and then revalidate it by ETag."""
_LEVEL: Final = 4
"""gzip level; level five takes a third longer and saves one percent."""


class MapDocument(RootModel[dict[str, Any]]):
    """A TileJSON or style document."""


@blueprint.get("/tilejson.json")
@public(answer=MapDocument, own_rate=True)
def get_tile_json() -> Response:
    """TileJSON 3.0 of the tiles."""
    return _document(tile_json(public_url()))


@blueprint.get("/style.json")
@public(answer=MapDocument, own_rate=True, operation_id="get_map_style")
def get_style() -> Response:
    """Style document of the map, for MapLibre and QGIS."""
    return _document(map_style(public_url(), register().basemap))


def _document(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.cache_control.public = True
    response.cache_control.max_age = _MAX_AGE_S
    return response


@blueprint.get("/<int:z>/<int:x>/<int:y>")
@public(own_rate=True, media_types=("application/vnd.mapbox-vector-tile",))
def get_tile(z: int, x: int, y: int) -> Response:
    """A vector tile: units, names, density, doors.

    Doors from zoom 15, without codes.
    """
    tile = Tile(z, x, y)
    if not tile.exists:
        raise InvalidInputError.of_field(
            "z", "tile_out_of_range", Message("tile_unknown", max_zoom=MAX_ZOOM)
        )
    return _sent(Response(draw_tile(register().reads, tile), content_type=MIMETYPE))


@blueprint.get("/base/<int:z>/<int:x>/<int:y>")
@public(
    own_rate=True,
    media_types=("application/vnd.mapbox-vector-tile", "image/png", "image/jpeg", "image/webp"),
)
def get_base_tile(z: int, x: int, y: int) -> Response:
    """A tile of the operator's base map."""
    base = register().basemap
    first, last = (0, MAX_ZOOM) if base is None else base.zooms
    if not (Tile(z, x, y).exists and first <= z <= last):
        raise InvalidInputError.of_field(
            *("z", "tile_out_of_range"),
            Message("tile_outside_levels", first=first, last=last),
        )
    if base is None or base.file is None:
        raise NotFoundError(Message("basemap_missing"))
    return _sent(Response(base.file.tile(z, x, y), content_type=base.file.kind))


def _sent(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = _MAX_AGE_S
    response.vary.add("Accept-Encoding")
    response.add_etag()
    conditional(response)
    is_picture = (response.content_type or "").startswith("image/")
    packed = not is_picture and request.accept_encodings.quality("gzip") > 0
    if packed and response.status_code == HTTPStatus.OK:
        response.set_data(gzip.compress(response.get_data(), _LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
