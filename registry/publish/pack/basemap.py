"""The base map of a commune: what of the operator's PMTiles file a phone keeps beside the pack."""

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
"""Of the tiles: the deepest zooms are left out where there are more."""
_MOST_TILES: Final = 4_000
"""Of one zoom: those of a commune of islands are water for the most part."""
_AROUND: Final = 1
"""Zooms above the one whose tile holds the commune: to see where it lies."""
_VERSION: Final = 1
"""Raised where another slice would be cut of the same file."""

Box = tuple[float, float, float, float]
"""West, south, east, north; degrees."""
_Column = tuple[int, int]


class BasemapSlice:
    """The slice for a commune, before it is cut."""

    def __init__(self, register: Register, code: str) -> None:
        """Raises InvalidInputError for what is no commune's code; NotFoundError where none of today
        bears it, where the operator has no such file, and where nobody knows where the commune is.
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
        """A text that is another one as soon as the slice would be."""
        told = (self._file.state, self._base.attribution, self._box, MOST_BYTES, _VERSION)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]

    def cut(self) -> bytes:
        """The tiles of its box as a PMTiles file, with whose they are.

        Raises NotFoundError where the operator's file has none there.
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
        told = header | {
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_lon_e7": (west + east) // 2,
            "center_lat_e7": (south + north) // 2,
        }
        writer.finalize(told, metadata | {"attribution": self._base.attribution})
        return made.getvalue()

    def _tiles(self) -> Iterator[tuple[int, bytes]]:
        """Zoom by zoom, as long as they are not too many."""
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
    """Column and row of the tiles of its north-western and south-eastern corners."""
    west, south, east, north = box
    return _tile_at(zoom, west, north), _tile_at(zoom, east, south)


def _tile_at(zoom: int, lon: float, lat: float) -> _Column:
    side = 1 << zoom
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * side), int(down * side)


def _fitting(box: Box) -> int:
    """The deepest zoom of which one tile is as large as the box."""
    west, south, east, north = box
    wide = max(east - west, (north - south) / math.cos(math.radians((north + south) / 2)), 1e-6)
    return int(math.log2(360 / wide))
