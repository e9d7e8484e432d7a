"""Vector tiles of the register, for maps."""

import gzip
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from api.conditional import conditional
from api.context import register
from api.openapi import NoParameters, answers, spec
from registry.drawing.tiles import MAX_ZOOM, Tile, draw_tile
from registry.errors import InvalidInputError

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")

MIMETYPE: Final = "application/vnd.mapbox-vector-tile"
_MAX_AGE_S: Final = 60
"""As long a tile is not asked for again; after that by its ETag."""
_LEVEL: Final = 4
"""Of gzip: the fifth level takes a third longer for a hundredth less."""


@blueprint.get("/<int:z>/<int:x>/<int:y>")
@spec.validate(resp=answers(None, 400, 404, 503), tags=["map"])
def get_tile(z: int, x: int, y: int, query: NoParameters) -> Response:  # noqa: ARG001
    """A vector tile (Mapbox Vector Tile 2.1, Web Mercator): units, names, density, doors.

    Doors are there from zoom 15 on, without their codes. An empty tile is an empty body.
    """
    tile = Tile(z, x, y)
    if not tile.exists:
        raise InvalidInputError.of_field(
            "z", "tile_out_of_range", f"không có ô bản đồ này: mức 0 đến {MAX_ZOOM} (no such tile)"
        )
    response = Response(draw_tile(register().reads, tile), content_type=MIMETYPE)
    response.cache_control.public = True
    response.cache_control.max_age = _MAX_AGE_S
    response.vary.add("Accept-Encoding")
    response.add_etag()
    conditional(response)
    packed = request.accept_encodings.quality("gzip") > 0
    if packed and response.status_code == HTTPStatus.OK:
        response.set_data(gzip.compress(response.get_data(), _LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
