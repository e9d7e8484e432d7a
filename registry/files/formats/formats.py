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

_KML_WITHIN: Final = 2_000
_JSON_KINDS: Final = (b"Feature", b"Topology", b"Point", b"Polygon", b"Multi", b"Geometry", b"esri")


def _never(_head: bytes) -> bool:
    return False


def _begins(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signs)


def _has_tag(tag: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.lstrip(BLANK).startswith(b"<") and tag in head[:_KML_WITHIN]


def _is_mif(head: bytes) -> bool:
    return head.lstrip(BLANK)[:8].lower().startswith(b"version ") and b"columns" in head.lower()


def _is_geojson(head: bytes) -> bool:
    begun = head.lstrip(BLANK)
    return begun.startswith(b"{") and any(
        re.search(rb'"type"\s*:\s*"' + kind, begun) for kind in _JSON_KINDS
    )


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
    BY_NAME = auto()
    """Its reader recognizes it by its suffix alone."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format; one without a reader is not imported, one without a writer not handed back."""

    label: str
    """A name that is the same in every language."""
    suffixes: tuple[str, ...]
    """What names of its files end in; the first is what a download is called."""
    media_type: str = "application/octet-stream"
    traits: Trait = Trait.NONE
    reader: str = ""
    """`module:function` of this package, which gets a path, and a sheet where there is a choice.
    Loaded when it is called: libraries that read layers take a second, and are not to be trusted.
    """
    recognizes: Callable[[bytes], bool] = _never
    """Whether a file begins so; names are not looked at."""
    members: tuple[str, ...] = ()
    """Members by one of which an archive is a file of this format."""
    parts: tuple[str, ...] = ()
    """Suffixes of the files of one layer, the one to open first."""
    writer: str = ""
    """`module:function` of this package, which gets a path and `Returned` rows."""

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


_SHEETS: Final = "sheets:read_sheet"
_TEXT: Final = "text:read_plain"
_EXCEL: Final = ("xl/workbook.xml", "xl/workbook.bin")
ODS_MEMBER: Final = "content.xml"


def _book(label: str, suffix: str, media_type: str, **more: Any) -> Format:
    """A workbook, of which calamine reads a sheet."""
    return Format(label, (suffix,), media_type, Trait.TABLE | Trait.CHOICE, _SHEETS, **more)


def _layer(label: str, *suffixes: str, **more: Any) -> Format:
    """A map layer, which GDAL reads."""
    traits = Trait.LAYER | Trait.CHOICE
    return Format(label, suffixes, traits=traits, reader="layers:read_layer", **more)


FORMATS: Final = {
    "csv": Format(
        label="CSV",
        suffixes=(".csv", ".tsv", ".txt"),
        media_type="text/csv; charset=utf-8",
        traits=Trait.TABLE | Trait.TRUSTED,
        reader=_TEXT,
        writer="writing:return_text",
    ),
    "xlsx": _book(
        *("Excel", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        members=_EXCEL,
        writer="writing:return_sheet",
    ),
    "xlsm": _book("Excel (macro)", ".xlsm", "application/vnd.ms-excel.sheet.macroenabled.12"),
    "xlsb": _book(
        *("Excel (binary)", ".xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12")
    ),
    "xls": _book(
        *("Excel 97–2003", ".xls", "application/vnd.ms-excel"),
        recognizes=_begins(b"\xd0\xcf\x11\xe0"),
    ),
    "ods": _book(
        *("OpenDocument", ".ods", "application/vnd.oasis.opendocument.spreadsheet"),
        members=(ODS_MEMBER,),
    ),
    "parquet": Format(
        label="GeoParquet",
        suffixes=(".parquet", ".geoparquet"),
        media_type="application/vnd.apache.parquet",
        traits=Trait.LAYER,
        reader="layers:read_parquet",
        recognizes=_begins(b"PAR1"),
        writer="writing:return_parquet",
    ),
    "gpkg": _layer(
        *("GeoPackage", ".gpkg"),
        media_type="application/geopackage+sqlite3",
        recognizes=_begins(b"SQLite format 3\0"),
        writer="writing:return_geopackage",
    ),
    "geojson": _layer(
        *("GeoJSON", ".geojson", ".json"),
        media_type="application/geo+json",
        recognizes=_is_geojson,
        writer="writing:return_geojson",
    ),
    "shapefile": _layer(
        *("Shapefile", ".shp"),
        recognizes=_begins(b"\x00\x00\x27\x0a"),
        parts=(".shp", ".shx", ".dbf", ".prj", ".cpg"),
    ),
    "mapinfo": _layer(
        *("MapInfo TAB", ".tab"),
        recognizes=_begins(b"!table", b"!TABLE", b"!Table"),
        parts=(".tab", ".dat", ".map", ".id", ".ind"),
    ),
    "mif": _layer("MapInfo MIF", ".mif", recognizes=_is_mif, parts=(".mif", ".mid")),
    "kml": _layer("KML, KMZ", ".kml", ".kmz", recognizes=_has_tag(b"<kml")),
    "gpx": _layer("GPX", ".gpx", media_type="application/gpx+xml", recognizes=_has_tag(b"<gpx")),
    "gdb": _layer("ArcGIS geodatabase", ".gdb"),  # a folder
    "dbf": Format(
        label="dBase",
        suffixes=(".dbf",),
        traits=Trait.CHOICE | Trait.BY_NAME,
        reader="layers:read_layer",
        recognizes=is_dbf,
    ),
    # Text that the reader of text tells from other text.
    "json": Format("JSON", (".json",), "application/json", reader=_TEXT),
    "ndjson": Format("NDJSON", (".ndjson", ".jsonl"), "application/x-ndjson", reader=_TEXT),
    "csv.gz": Format("CSV, gzip", (".csv.gz",), "application/gzip"),
    "flatgeobuf": Format("FlatGeobuf", (".fgb",), "application/flatgeobuf"),
    "pmtiles": Format("PMTiles", (".pmtiles",), "application/vnd.pmtiles"),
}
"""Name → format; the first that recognizes a file reads it."""
WORKBOOKS: Final = tuple(
    end for each in FORMATS.values() if each.reader == _SHEETS for end in each.suffixes
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
