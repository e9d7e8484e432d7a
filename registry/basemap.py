"""A base map of the operator's choice below the register's own: streets, rivers, or pictures.

A PMTiles file is cut up here, tile by tile: pages then load from this server alone, as they do
without it, and need no reader of such files. Of another server only the address of its tiles is
known.
"""

import gzip
import mmap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pmtiles.reader import Reader
from pmtiles.tile import (
    Compression,
    TileType,
    deserialize_directory,
    find_tile,
    zxy_to_tileid,
)

from registry.core.errors import UnreadableFileError
from registry.core.messages import Message

_TYPES: Final = {
    TileType.MVT: "application/vnd.mapbox-vector-tile",
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
}
_PACKED: Final = (Compression.NONE, Compression.GZIP)
_VECTOR_ENDINGS: Final = (".pbf", ".mvt")
_DEEPEST: Final = 4
"""Directories on the way to a tile, at most."""
_URL_ZOOMS: Final = (0, 19)


@dataclass(frozen=True, slots=True)
class Basemap:
    """What is drawn below the dots."""

    url: str | None
    """Of another server's tiles, with {z}, {x} and {y}; None where they come out of a file."""
    is_vector: bool
    zooms: tuple[int, int]
    attribution: str
    file: "TileFile | None" = None

    @property
    def origin(self) -> str | None:
        """The other server, as the content security policy names it."""
        if self.url is None:
            return None
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def open_basemap(where: str | None, attribution: str) -> Basemap | None:
    """The base map of the setting; None where there is none. Raises UnreadableFileError."""
    if where is None:
        return None
    if "{z}" in where:
        is_vector = urlsplit(where).path.endswith(_VECTOR_ENDINGS)
        return Basemap(where, is_vector, _URL_ZOOMS, attribution)
    try:
        file = TileFile(Path(where))
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableFileError(Message("not_pmtiles", name=Path(where).name)) from error
    embedded = str(file.metadata.get("attribution", ""))
    return Basemap(None, file.is_vector, file.zooms, attribution or embedded, file)


class TileFile:
    """The tiles of a PMTiles file (version 3)."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        reader = Reader(lambda offset, length: self._bytes[offset : offset + length])
        self._header: Any = reader.header()
        self.metadata: dict[str, Any] = reader.metadata()
        self.kind = _TYPES[self._header["tile_type"]]
        if self._header["tile_compression"] not in _PACKED:
            raise ValueError("tiles are packed in a way that browsers do not read")
        self.is_packed = self._header["tile_compression"] == Compression.GZIP
        self.is_vector = self._header["tile_type"] == TileType.MVT
        self.zooms: tuple[int, int] = (self._header["min_zoom"], self._header["max_zoom"])
        # A map that is moved asks for neighbours, which stand in the same directories.
        self._directory = lru_cache(maxsize=64)(self._read_directory)

    def tile(self, z: int, x: int, y: int) -> bytes:
        """A tile, unpacked; empty where there is none."""
        body = self.packed_tile(z, x, y)
        return gzip.decompress(body) if self.is_packed and body else body

    def packed_tile(self, z: int, x: int, y: int) -> bytes:
        """A tile as it stands in the file; empty where there is none."""
        header, wanted = self._header, zxy_to_tileid(z, x, y)
        offset, length = header["root_offset"], header["root_length"]
        for _ in range(_DEEPEST):
            entry = find_tile(self._directory(offset, length), wanted)
            if entry is None:
                return b""
            if entry.run_length:
                begin = header["tile_data_offset"] + entry.offset
                return self._bytes[begin : begin + entry.length]
            offset, length = header["leaf_directory_offset"] + entry.offset, entry.length
        return b""

    @property
    def state(self) -> str:
        """A text that is another one for another file."""
        return repr(sorted((name, str(value)) for name, value in self._header.items()))

    @property
    def described(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a file of some of these tiles says of them: of its header, and its metadata."""
        kept = ("tile_type", "tile_compression", "center_zoom")
        return {name: self._header[name] for name in kept}, self.metadata

    def _read_directory(self, offset: int, length: int) -> Any:
        return deserialize_directory(self._bytes[offset : offset + length])
