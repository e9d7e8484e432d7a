"""Base maps for tests, as PMTiles files: one red picture over the north of Viet Nam; and tiles
around Láng, each another one.
"""

import gzip
import struct
import zlib
from pathlib import Path
from typing import Final

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

from tests.support.search_world import LANG
from tests.support.tiles import tile_at

_SIDE: Final = 256
_DEEPEST: Final = 8


def _png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    rows = (b"\0" + b"\xd0\x10\x10" * _SIDE) * _SIDE
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


RED: Final = _png()


def red_map(path: Path) -> Path:
    """The file: the tile of Láng at each zoom."""
    with write(str(path)) as out:
        for zoom in range(_DEEPEST + 1):
            out.write_tile(zxy_to_tileid(zoom, *tile_at(zoom, *LANG)), RED)
        header = {
            "tile_type": TileType.PNG,
            "tile_compression": Compression.NONE,
            "min_lon_e7": 1010000000,
            "min_lat_e7": 50000000,
            "max_lon_e7": 1180000000,
            "max_lat_e7": 240000000,
            "center_zoom": 5,
            "center_lon_e7": 1058000000,
            "center_lat_e7": 210000000,
        }
        out.finalize(header, {"attribution": "© Đỏ"})
    return path


def town_map(path: Path) -> Path:
    """Some kilometres around Láng, down to zoom 13; the tiles are compressed dummies."""
    with write(str(path)) as out:
        for zoom in range(14):
            (west, north), (east, south) = (
                tile_at(zoom, LANG[0] - side, LANG[1] + side) for side in (0.4, -0.4)
            )
            tiles = [(x, y) for x in range(west, east + 1) for y in range(north, south + 1)]
            for tile_id, body in sorted(
                (zxy_to_tileid(zoom, x, y), f"{zoom}/{x}/{y}".encode() * 9) for x, y in tiles
            ):
                out.write_tile(tile_id, gzip.compress(body, mtime=0))
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": 1050000000,
            "min_lat_e7": 200000000,
            "max_lon_e7": 1070000000,
            "max_lat_e7": 220000000,
            "center_zoom": 12,
            "center_lon_e7": 1058000000,
            "center_lat_e7": 210000000,
        }
        out.finalize(header, {"attribution": "© Tôi", "name": "thử"})
    return path
