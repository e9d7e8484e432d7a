"""The formats of files, one row each: imports, what they hand back, exports and pages read them.

A new one is a row here, and a module with its reader where no other reads it. How an export is
written stands in `registry.publish.export.formats`, with the facts of this table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.files.formats.other_kinds import BLANK
from registry.files.formats.undeclared import is_dbf

if TYPE_CHECKING:
    from registry.files.formats.table import Table
    from registry.files.formats.writing import Returned

UNKNOWN: Final = "application/octet-stream"
Recognizer = Callable[[bytes], object]
"""Whether a file begins so, by something that is true."""


def _never(_head: bytes) -> bool:
    return False


def _begins(pattern: bytes) -> Recognizer:
    """Whether a file begins with a pattern."""
    return re.compile(pattern, re.DOTALL).match


def _is_text(pattern: bytes) -> Recognizer:
    """Whether a text begins with a pattern, after blanks."""
    return _begins(b"[" + BLANK + b"]*(?:" + pattern + b")")


class Trait(Flag):
    """What holds for a format."""

    NONE = 0
    TABLE = auto()
    """A spreadsheet, or text that one opens."""
    LAYER = auto()
    """It holds shapes."""
    CHOICE = auto()
    """Its reader chooses among sheets or layers."""
    TRUSTED = auto()
    """Our own code reads it: a job does so in its own process."""
    SEVERAL = auto()
    """A file of it is several files, one for each of its suffixes; the first is opened."""
    BY_NAME = auto()
    """Its reader recognizes it by its suffix alone."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format; one without a reader is not imported, one without a writer not handed back."""

    label: str
    """A name that is the same in every language."""
    endings: str
    """Its suffixes, separated by blanks; the first is that of a download."""
    media_type: str = UNKNOWN
    traits: Trait = Trait.NONE
    reader: str = ""
    """`module:function` of this package, which gets a path, and a sheet where there is a choice.
    Loaded when it is called: libraries that read layers take a second, and are not to be trusted.
    """
    writer: str = ""
    """`module:function` of this package, which gets a path and `Returned` rows."""
    recognizes: Recognizer = _never
    """Whether a file begins so; names are not looked at."""
    members: tuple[str, ...] = ()
    """Members by one of which an archive is a file of this format."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What names of its files end in."""
        return tuple(self.endings.split())

    @property
    def suffix(self) -> str:
        """What a download ends in."""
        return self.suffixes[0]

    @property
    def is_layer(self) -> bool:
        """Whether it holds shapes."""
        return Trait.LAYER in self.traits

    def read(self, path: Path, sheet: str | None) -> "Table":
        """The table of a file. Raises UnreadableFileError."""
        table: Table = loaded(self.reader)(path, *([sheet] if Trait.CHOICE in self.traits else []))
        return table

    def write(self, path: Path, returned: "Returned") -> None:
        """Write rows of a file that are handed back."""
        loaded(self.writer)(path, returned)


def loaded(function: str, package: str = __package__) -> Any:
    """The function `module:name` of a package."""
    module, _, name = function.partition(":")
    return getattr(import_module(f"{package}.{module}"), name)


def _book(label: str, suffixes: str, media_type: str = UNKNOWN, **more: Any) -> Format:
    """A workbook, of which calamine reads a sheet."""
    traits = Trait.TABLE | Trait.CHOICE
    return Format(label, suffixes, media_type, traits, "sheets:read_sheet", **more)


def _layer(
    label: str,
    suffixes: str,
    recognizes: Recognizer = _never,
    media_type: str = UNKNOWN,
    writer: str = "",
    traits: Trait = Trait.NONE,
) -> Format:
    """A map layer, which GDAL reads."""
    traits |= Trait.LAYER | Trait.CHOICE
    return Format(label, suffixes, media_type, traits, "layers:read_layer", writer, recognizes)


ODS_MEMBER: Final = "content.xml"
_GEOJSON: Final = rb'"type"\s*:\s*"(Feature|Topology|Point|Polygon|Multi|Geometry|esri)'
FORMATS: Final = {
    "csv": Format(
        "CSV",
        ".csv .tsv .txt",
        "text/csv; charset=utf-8",
        Trait.TABLE | Trait.TRUSTED,
        "text:read_plain",
        "writing:return_text",
    ),
    "xlsx": _book(
        "Excel",
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        writer="writing:return_sheet",
        members=("xl/workbook.xml", "xl/workbook.bin"),
    ),
    "xlsm": _book("Excel (macro, binary)", ".xlsm .xlsb"),
    "xls": _book(
        "Excel 97–2003",
        ".xls",
        "application/vnd.ms-excel",
        recognizes=_begins(rb"\xd0\xcf\x11\xe0"),
    ),
    "ods": _book(
        "OpenDocument",
        ".ods",
        "application/vnd.oasis.opendocument.spreadsheet",
        members=(ODS_MEMBER,),
    ),
    "parquet": Format(
        "GeoParquet",
        ".parquet .geoparquet",
        "application/vnd.apache.parquet",
        Trait.LAYER,
        "layers:read_parquet",
        "writing:return_parquet",
        _begins(rb"PAR1"),
    ),
    "gpkg": _layer(
        "GeoPackage",
        ".gpkg",
        _begins(rb"SQLite format 3\0"),
        "application/geopackage+sqlite3",
        "writing:return_geopackage",
    ),
    "geojson": _layer(
        "GeoJSON",
        ".geojson .json",
        _is_text(rb"\{.*" + _GEOJSON),
        "application/geo+json",
        "writing:return_geojson",
    ),
    "shapefile": _layer(
        "Shapefile", ".shp .shx .dbf .prj .cpg", _begins(rb"\0\0\x27\n"), traits=Trait.SEVERAL
    ),
    "mapinfo": _layer(
        "MapInfo TAB", ".tab .dat .map .id .ind", _begins(rb"(?i:!table)"), traits=Trait.SEVERAL
    ),
    "mif": _layer(
        "MapInfo MIF", ".mif .mid", _is_text(rb"(?i:version .*columns)"), traits=Trait.SEVERAL
    ),
    "kml": _layer("KML, KMZ", ".kml .kmz", _is_text(rb"(?=<).{,2000}?<kml")),
    "gpx": _layer("GPX", ".gpx", _is_text(rb"(?=<).{,2000}?<gpx"), "application/gpx+xml"),
    "gdb": _layer("ArcGIS geodatabase", ".gdb"),  # a folder
    "dbf": _layer("dBase", ".dbf", is_dbf, traits=Trait.BY_NAME),
    # Text that the reader of text tells from other text.
    "json": Format("JSON", ".json", "application/json", reader="text:read_plain"),
    "ndjson": Format("NDJSON", ".ndjson .jsonl", "application/x-ndjson", reader="text:read_plain"),
    "csv.gz": Format("CSV, gzip", ".csv.gz", "application/gzip"),
    "flatgeobuf": Format("FlatGeobuf", ".fgb", "application/flatgeobuf"),
    "pmtiles": Format("PMTiles", ".pmtiles", "application/vnd.pmtiles"),
}
"""Name → format; the first that recognizes a file reads it."""
WORKBOOKS: Final = tuple(
    end for each in FORMATS.values() if each.reader == "sheets:read_sheet" for end in each.suffixes
)
TABLES: Final = tuple(
    end for each in FORMATS.values() if Trait.TABLE in each.traits for end in each.suffixes
)
"""Suffixes of tables: workbooks and text."""


def recognized(head: bytes) -> str | None:
    """The name of the format of a file that begins so, but for archives and text."""
    return next((name for name, each in FORMATS.items() if each.recognizes(head)), None)


def returned_as(suffix: str) -> str | None:
    """The name of the format in which rows are handed back in a file of this suffix."""
    found = (name for name, each in FORMATS.items() if each.writer and suffix in each.suffixes)
    return next(found, None)
