"""The formats of an export, one row each: commands, the API and open data read this table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

Batches = Iterable[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format."""

    suffixes: tuple[str, ...]
    """What names of its files end in; the first is what a download is called."""
    media_type: str
    writer: str
    """`module:function` of this package, loaded when it is asked for: Arrow takes half a second
    and 60 MB. It gets record batches and their schema, and behind a path where it is no stream.
    """
    streamed: bool = False
    """It is made piece by piece; others need a file."""
    has_geometry: bool = False
    """It takes a column of points in place of `lon` and `lat`."""
    only_placed: bool = False
    """It leaves out households without a point."""
    along_curve: bool = False
    """Its rows are in the order of a curve through space."""
    leaves_files_beside: bool = False
    """Its writer makes other files beside what it writes."""
    takes_polygons: bool = False
    """It holds boundaries, too."""
    rows_of_progress: int = 200_000
    """Records between two words of progress."""

    def pieces(self, batches: Batches, schema: Any) -> Iterator[bytes]:
        """The bytes of a streamed format."""
        written: Iterator[bytes] = self._load()(batches, schema)
        return written

    def write(self, path: Path, batches: Batches, schema: Any) -> None:
        """Write a file of any format. Raises OSError where it cannot be written."""
        if self.streamed:
            with path.open("wb") as out:
                out.writelines(self.pieces(batches, schema))
        else:
            self._load()(path, batches, schema)

    def _load(self) -> Any:
        module, _, function = self.writer.partition(":")
        return getattr(import_module(f"{__package__}.{module}"), function)


FORMATS: Final = {
    "csv": Format(
        suffixes=(".csv",),
        media_type="text/csv; charset=utf-8",
        writer="writers:csv",
        streamed=True,
    ),
    "csv.gz": Format(
        suffixes=(".csv.gz",), media_type="application/gzip", writer="writers:csv_gz", streamed=True
    ),
    "xlsx": Format(
        suffixes=(".xlsx",),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        writer="writers:xlsx",
        rows_of_progress=10_000,
    ),
    "ndjson": Format(
        suffixes=(".ndjson",),
        media_type="application/x-ndjson",
        writer="writers:ndjson",
        streamed=True,
    ),
    "geojson": Format(
        suffixes=(".geojson",),
        media_type="application/geo+json",
        writer="writers:geojson",
        streamed=True,
        takes_polygons=True,
    ),
    "gpkg": Format(
        suffixes=(".gpkg",),
        media_type="application/geopackage+sqlite3",
        writer="writers:geopackage",
        has_geometry=True,
        leaves_files_beside=True,
        takes_polygons=True,
    ),
    "geoparquet": Format(
        suffixes=(".parquet", ".geoparquet"),
        media_type="application/vnd.apache.parquet",
        writer="geoparquet:geoparquet",
        streamed=True,
        has_geometry=True,
        along_curve=True,
        takes_polygons=True,
    ),
    "flatgeobuf": Format(
        suffixes=(".fgb",),
        media_type="application/flatgeobuf",
        writer="writers:flatgeobuf",
        has_geometry=True,
        only_placed=True,
        leaves_files_beside=True,
        takes_polygons=True,
    ),
    "pmtiles": Format(
        suffixes=(".pmtiles",),
        media_type="application/vnd.pmtiles",
        writer="writers:pmtiles",
        has_geometry=True,
        only_placed=True,
        leaves_files_beside=True,
    ),
}
"""Name → format."""
STREAMED: Final = tuple(name for name, each in FORMATS.items() if each.streamed)
OF_BOUNDARIES: Final = tuple(name for name, each in FORMATS.items() if each.takes_polygons)


def format_of(path: Path) -> str | None:
    """The format that the name of a file says, if any.

    >>> format_of(Path("ho.csv.gz")), format_of(Path("HO.PARQUET")), format_of(Path("ho.doc"))
    ('csv.gz', 'geoparquet', None)
    """
    name = path.name.lower()
    ends = ((end, form) for form, each in FORMATS.items() for end in each.suffixes)
    return next((form for end, form in ends if name.endswith(end)), None)
