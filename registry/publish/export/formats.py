"""The table of export formats, read by commands, the API and open data."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Flag, auto
from pathlib import Path
from typing import Any, Final

from registry.files.formats.formats import FORMATS as FILES
from registry.files.formats.formats import Format, loaded

Batches = Iterable[Any]


class Trait(Flag):
    """A property of a format."""

    STREAMED = auto()
    """Written piece by piece; other formats need a file."""
    GEOMETRY = auto()
    """Has a column of points in place of `lon` and `lat`."""
    ONLY_PLACED = auto()
    """Leaves out households without a point."""
    ALONG_CURVE = auto()
    """Rows are sorted along a space-filling curve."""
    FILES_BESIDE = auto()
    """The writer creates temporary files beside its output."""
    POLYGONS = auto()
    """Also available for boundaries."""


@dataclass(frozen=True, slots=True)
class Export:
    """How one of `registry.files.formats.formats`, which has its names and types, is written."""

    format: Format
    writer: str
    """`module:function` of this package, imported on first use: Arrow takes half a second and
    60 MB. Takes record batches and their schema, after a path unless it is streamed."""
    traits: Trait
    any_suffix: bool = False
    """Whether every suffix of the format selects it, not just the first."""
    rows_of_progress: int = 200_000
    """Records between two progress reports."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of its files; the first is used for downloads."""
        return self.format.suffixes[: None if self.any_suffix else 1]

    @property
    def media_type(self) -> str:
        """The type of a download."""
        return self.format.media_type

    def pieces(self, batches: Batches, schema: Any) -> Iterator[bytes]:
        """Yield the bytes of a streamed format."""
        written: Iterator[bytes] = loaded(self.writer, __package__)(batches, schema)
        return written

    def write(self, path: Path, batches: Batches, schema: Any) -> None:
        """Write a file of any format. Raises OSError."""
        if Trait.STREAMED in self.traits:
            with path.open("wb") as out:
                out.writelines(self.pieces(batches, schema))
        else:
            loaded(self.writer, __package__)(path, batches, schema)


_LAYER: Final = Trait.GEOMETRY | Trait.POLYGONS | Trait.FILES_BESIDE
_PARQUET: Final = Trait.STREAMED | Trait.GEOMETRY | Trait.POLYGONS | Trait.ALONG_CURVE
FORMATS: Final = {
    "csv": Export(FILES["csv"], "writers:csv", Trait.STREAMED),
    "csv.gz": Export(FILES["csv.gz"], "writers:csv_gz", Trait.STREAMED),
    "xlsx": Export(FILES["xlsx"], "writers:xlsx", Trait(0), rows_of_progress=10_000),
    "ndjson": Export(FILES["ndjson"], "writers:ndjson", Trait.STREAMED),
    "geojson": Export(FILES["geojson"], "writers:geojson", Trait.STREAMED | Trait.POLYGONS),
    "gpkg": Export(FILES["gpkg"], "writers:geopackage", _LAYER),
    "geoparquet": Export(FILES["parquet"], "geoparquet:geoparquet", _PARQUET, any_suffix=True),
    "flatgeobuf": Export(FILES["flatgeobuf"], "writers:flatgeobuf", _LAYER | Trait.ONLY_PLACED),
    "pmtiles": Export(
        *(FILES["pmtiles"], "writers:pmtiles"),
        Trait.GEOMETRY | Trait.FILES_BESIDE | Trait.ONLY_PLACED,
    ),
}
"""Name → format."""
STREAMED: Final = tuple(name for name, each in FORMATS.items() if Trait.STREAMED in each.traits)
OF_BOUNDARIES: Final = tuple(
    name for name, each in FORMATS.items() if Trait.POLYGONS in each.traits
)


def format_of(path: Path) -> str | None:
    """Return the format of a file by its suffix, if any.

    >>> format_of(Path("ho.csv.gz")), format_of(Path("HO.PARQUET")), format_of(Path("ho.doc"))
    ('csv.gz', 'geoparquet', None)
    """
    name = path.name.lower()
    ends = ((end, form) for form, each in FORMATS.items() for end in each.suffixes)
    return next((form for end, form in ends if name.endswith(end)), None)
