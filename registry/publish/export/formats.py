"""The formats of an export, one row each: commands, the API and open data read this table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Flag, auto
from importlib import import_module
from pathlib import Path
from typing import Any, Final

Batches = Iterable[Any]


class Trait(Flag):
    """What holds for a format."""

    STREAMED = auto()
    """It is made piece by piece; others need a file."""
    GEOMETRY = auto()
    """It takes a column of points in place of `lon` and `lat`."""
    ONLY_PLACED = auto()
    """It leaves out households without a point."""
    ALONG_CURVE = auto()
    """Its rows are in the order of a curve through space."""
    FILES_BESIDE = auto()
    """Its writer makes other files beside what it writes."""
    POLYGONS = auto()
    """It holds boundaries, too."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format."""

    suffixes: tuple[str, ...]
    """What names of its files end in; the first is what a download is called."""
    media_type: str
    writer: str
    """`module:function` of this package, loaded when it is asked for: Arrow takes half a second
    and 60 MB. It gets record batches and their schema, and behind a path unless it is a stream.
    """
    traits: Trait
    rows_of_progress: int = 200_000
    """Records between two words of progress."""

    def pieces(self, batches: Batches, schema: Any) -> Iterator[bytes]:
        """The bytes of a streamed format."""
        written: Iterator[bytes] = self._load()(batches, schema)
        return written

    def write(self, path: Path, batches: Batches, schema: Any) -> None:
        """Write a file of any format. Raises OSError where it cannot be written."""
        if Trait.STREAMED in self.traits:
            with path.open("wb") as out:
                out.writelines(self.pieces(batches, schema))
        else:
            self._load()(path, batches, schema)

    def _load(self) -> Any:
        module, _, function = self.writer.partition(":")
        return getattr(import_module(f"{__package__}.{module}"), function)


_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LAYER: Final = Trait.GEOMETRY | Trait.POLYGONS | Trait.FILES_BESIDE
_PARQUET: Final = Trait.STREAMED | Trait.GEOMETRY | Trait.POLYGONS | Trait.ALONG_CURVE
FORMATS: Final = {
    "csv": Format((".csv",), "text/csv; charset=utf-8", "writers:csv", Trait.STREAMED),
    "csv.gz": Format((".csv.gz",), "application/gzip", "writers:csv_gz", Trait.STREAMED),
    "xlsx": Format((".xlsx",), _XLSX, "writers:xlsx", Trait(0), 10_000),
    "ndjson": Format((".ndjson",), "application/x-ndjson", "writers:ndjson", Trait.STREAMED),
    "geojson": Format(
        *((".geojson",), "application/geo+json", "writers:geojson"), Trait.STREAMED | Trait.POLYGONS
    ),
    "gpkg": Format((".gpkg",), "application/geopackage+sqlite3", "writers:geopackage", _LAYER),
    "geoparquet": Format(
        *((".parquet", ".geoparquet"), "application/vnd.apache.parquet", "geoparquet:geoparquet"),
        _PARQUET,
    ),
    "flatgeobuf": Format(
        *((".fgb",), "application/flatgeobuf", "writers:flatgeobuf"), _LAYER | Trait.ONLY_PLACED
    ),
    "pmtiles": Format(
        *((".pmtiles",), "application/vnd.pmtiles", "writers:pmtiles"),
        Trait.GEOMETRY | Trait.FILES_BESIDE | Trait.ONLY_PLACED,
    ),
}
"""Name → format."""
STREAMED: Final = tuple(name for name, each in FORMATS.items() if Trait.STREAMED in each.traits)
OF_BOUNDARIES: Final = tuple(
    name for name, each in FORMATS.items() if Trait.POLYGONS in each.traits
)


def format_of(path: Path) -> str | None:
    """The format that the name of a file says, if any.

    >>> format_of(Path("ho.csv.gz")), format_of(Path("HO.PARQUET")), format_of(Path("ho.doc"))
    ('csv.gz', 'geoparquet', None)
    """
    name = path.name.lower()
    ends = ((end, form) for form, each in FORMATS.items() for end in each.suffixes)
    return next((form for end, form in ends if name.endswith(end)), None)
