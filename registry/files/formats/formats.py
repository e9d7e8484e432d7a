"""The file formats, one row each, used by imports, returned files, exports and pages.

A new format needs a row here, and a module with its reader unless an existing one reads it.
`registry.publish.export.formats` defines how exports are written, on top of this table.
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
"""Takes the first bytes of a file; truthy if it is of the format."""


def _never(_head: bytes) -> bool:
    return False


def _begins(pattern: bytes) -> Recognizer:
    """Recognises files that begin with a pattern."""
    return re.compile(pattern, re.DOTALL).match


def _is_text(pattern: bytes) -> Recognizer:
    """Recognises texts that begin with a pattern, after whitespace."""
    return _begins(b"[" + BLANK + b"]*(?:" + pattern + b")")


class Trait(Flag):
    """Traits of a format."""

    NONE = 0
    TABLE = auto()
    """A spreadsheet, or text that a spreadsheet opens."""
    LAYER = auto()
    """Has shapes."""
    CHOICE = auto()
    """The reader takes the name of a sheet or layer."""
    TRUSTED = auto()
    """Read by our own code, so jobs read it in their own process."""
    SEVERAL = auto()
    """Consists of several files, one for each suffix; the first is opened."""
    BY_NAME = auto()
    """The reader recognises it only by its suffix."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format; imported if it has a reader, used for returned rows if it has a writer."""

    label: str
    """Name, the same in every language."""
    endings: str
    """Suffixes separated by spaces; the first is that of downloads."""
    media_type: str = UNKNOWN
    traits: Trait = Trait.NONE
    reader: str = ""
    """`module:function` of this package, called with a path, and a sheet for `Trait.CHOICE`.

    Loaded when called: libraries for layers take a second to load, and are not trusted.
    """
    writer: str = ""
    """`module:function` of this package, called with a path and `Returned` rows."""
    recognizes: Recognizer = _never
    """Recognises the first bytes of a file, regardless of its name."""
    members: tuple[str, ...] = ()
    """Members that identify an archive as this format; one suffices."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of file names."""
        return tuple(self.endings.split())

    @property
    def suffix(self) -> str:
        """The suffix of a download."""
        return self.suffixes[0]

    @property
    def is_layer(self) -> bool:
        """Whether the format has shapes."""
        return Trait.LAYER in self.traits

    def read(self, path: Path, sheet: str | None) -> "Table":
        """The table of a file. Raises UnreadableFileError."""
        table: Table = loaded(self.reader)(path, *([sheet] if Trait.CHOICE in self.traits else []))
        return table

    def write(self, path: Path, returned: "Returned") -> None:
        """Write returned rows."""
        loaded(self.writer)(path, returned)


def loaded(function: str, package: str = __package__) -> Any:
    """The function `module:name` of a package."""
    module, _, name = function.partition(":")
    return getattr(import_module(f"{package}.{module}"), name)


def _book(label: str, suffixes: str, media_type: str = UNKNOWN, **more: Any) -> Format:
    """A workbook, read by calamine."""
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
    """A map layer, read by GDAL."""
    traits |= Trait.LAYER | Trait.CHOICE
    return Format(label, suffixes, media_type, traits, "layers:read_layer", writer, recognizes)


ODS_MEMBER: Final = "content.xml"
_GEOJSON: Final = rb'"type"\s*:\s*"(Feature|Topology|Point|Polygon|Multi|Geometry|esri)'
FORMATS: Final = {
    "csv": Format(
        "CSV",
        ".csv .tsv .txt",
        "text/csv",
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
    # Text whose kind the reader of text detects.
    "json": Format("JSON", ".json", "application/json", reader="text:read_plain"),
    "ndjson": Format("NDJSON", ".ndjson .jsonl", "application/x-ndjson", reader="text:read_plain"),
    "csv.gz": Format("CSV, gzip", ".csv.gz", "application/gzip"),
    "flatgeobuf": Format("FlatGeobuf", ".fgb", "application/flatgeobuf"),
    "pmtiles": Format("PMTiles", ".pmtiles", "application/vnd.pmtiles"),
}
"""Name → format; the first one that recognises a file reads it."""
WORKBOOKS: Final = tuple(
    end for each in FORMATS.values() if each.reader == "sheets:read_sheet" for end in each.suffixes
)
TABLES: Final = tuple(
    end for each in FORMATS.values() if Trait.TABLE in each.traits for end in each.suffixes
)
"""Suffixes of tables: workbooks and text."""


def recognized(head: bytes) -> str | None:
    """The name of the format by the first bytes of a file; None for archives and text."""
    return next((name for name, each in FORMATS.items() if each.recognizes(head)), None)


def returned_as(suffix: str) -> str | None:
    """The name of the format of returned rows by the suffix of the file."""
    found = (name for name, each in FORMATS.items() if each.writer and suffix in each.suffixes)
    return next(found, None)
