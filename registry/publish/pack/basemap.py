"""The base map of a commune: the part of the operator's PMTiles file that goes with its pack."""

import hashlib
import io
import math
from collections.abc import Iterator
from itertools import product
from typing import Final

from pmtiles.tile import zxy_to_tileid
from pmtiles.writer import Writer

from registry.basemap import Basemap, TileFile
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.publish.pack.rows import SQL
from registry.publish.pack.run import commune_of
from registry.register import Register

MEDIA_TYPE: Final = "application/vnd.pmtiles"
MOST_BYTES: Final = 6_000_000
"""Size of the tiles: the deepest zooms are left out beyond it."""
_MOST_TILES: Final = 4_000
"""Tiles of one zoom: those of a commune of islands are mostly water."""
_AROUND: Final = 1
"""Zooms above the one whose tile contains the commune, to show where it lies."""
_VERSION: Final = 1
"""Raised when the same file would give another slice."""

Box = tuple[float, float, float, float]
"""West, south, east, north; degrees."""
_Column = tuple[int, int]


class BasemapSlice:
    """The slice of a base map for a commune, cut on demand."""

    def __init__(self, register: Register, code: str) -> None:
        """Find the box of a commune.

        Raises InvalidInputError for an invalid code; NotFoundError if no current commune has it, if
        the operator has no PMTiles file, or if the commune has no known position.
        """
        unit_id = commune_of(register, code)
        base = register.basemap
        if base is None or base.file is None:
            raise NotFoundError(Message("basemap_missing"))
        row = register.reads.rows(SQL.driver("box"), {"unit": unit_id})[0]
        if row[0] is None:
            raise NotFoundError(Message("commune_place_unknown"))
        self._base: Basemap = base
        self._file: TileFile = base.file
        self._box: Box = row

    @property
    def state(self) -> str:
        """A digest that changes with the slice."""
        inputs = (self._file.state, self._base.attribution, self._box, MOST_BYTES, _VERSION)
        return hashlib.sha256(repr(inputs).encode()).hexdigest()[:32]

    def cut(self) -> bytes:
        """Return the tiles of its box as a PMTiles file, with their attribution.

        Raises NotFoundError if the operator's file has none there.
        """
        made = io.BytesIO()
        writer = Writer(made)
        tiles = sorted(self._tiles())
        if not tiles:
            raise NotFoundError(Message("basemap_lacks_place"))
        for tile_id, body in tiles:
            writer.write_tile(tile_id, body)
        header, metadata = self._file.described
        west, south, east, north = (round(degrees * 10_000_000) for degrees in self._box)
        own_header = header | {
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_lon_e7": (west + east) // 2,
            "center_lat_e7": (south + north) // 2,
        }
        writer.finalize(own_header, metadata | {"attribution": self._base.attribution})
        return made.getvalue()

    def _tiles(self) -> Iterator[tuple[int, bytes]]:
        """Yield tiles zoom by zoom, up to the limits."""
        first, last = self._file.zooms
        begins = max(first, min(last, _fitting(self._box) - _AROUND))
        taken = 0
        for zoom in range(begins, last + 1):
            (west, north), (east, south) = corners(zoom, self._box)
            if (east - west + 1) * (south - north + 1) > _MOST_TILES:
                return
            found = [
                (zxy_to_tileid(zoom, x, y), body)
                for x, y in product(range(west, east + 1), range(north, south + 1))
                if (body := self._file.packed_tile(zoom, x, y))
            ]
            taken += sum(len(body) for _, body in found)
            if taken > MOST_BYTES and zoom > begins:
                return
            yield from found


def corners(zoom: int, box: Box) -> tuple[_Column, _Column]:
    """Return column and row of the tiles at its north-western and south-eastern corners."""
    west, south, east, north = box
    return _tile_at(zoom, west, north), _tile_at(zoom, east, south)


def _tile_at(zoom: int, lon: float, lat: float) -> _Column:
    side = 1 << zoom
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * side), int(down * side)


def _fitting(box: Box) -> int:
    """Return the deepest zoom at which one tile is as large as the box."""
    west, south, east, north = box
    wide = max(east - west, (north - south) / math.cos(math.radians((north + south) / 2)), 1e-6)
    return int(math.log2(360 / wide))
