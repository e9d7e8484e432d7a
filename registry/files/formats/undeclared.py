"""Facts about a layer that GDAL does not report: original KML names, encodings, truncation."""

import codecs
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

_NAMED: Final = ("Data", "SimpleField", "SimpleData")
"""KML elements whose attribute `name` is a column's."""
_LOOKED_AT: Final = 10_000
_BLOCK: Final = 1 << 20
_LANGUAGE: Final = 29
"""Byte of a DBF header that states the encoding; 0 if unknown."""
_HEADER_SIZE: Final = slice(8, 10)
_TABLES: Final = {".shp": ".dbf", ".dbf": ".dbf", ".tab": ".dat"}
"""Suffix of the file by which a layer is opened → suffix of the file with its rows."""
_SHAPES_SIZE: Final = slice(24, 28)
_VERSIONS: Final = frozenset(b"\x02\x03\x30\x31\x32\x43\x63\x83\x8b\xcb\xf5")
_MONTHS, _DAYS = 12, 31
_FIELD: Final = 32
"""Bytes of the header before the fields, and of each field."""
_CUT_LETTERS: Final = 20
"""A UTF-8 table may have one broken letter in so many, cut at the end of a field."""


def kml_names(path: Path, fields: Iterable[str]) -> dict[str, str]:
    """Field name of GDAL → original name, where they differ.

    LIBKML replaces each byte other than ASCII letters and digits by `_`: `Số nhà` becomes
    `S____nh__`. Empty if the file is not XML.
    """
    laundered = {field for field in fields if "_" in field}
    own: dict[str, set[str]] = {}
    looked_at = 0
    if not laundered:
        return {}
    try:
        # Expat rejects exponential entity expansion and does not load external entities.
        for _, element in ElementTree.iterparse(path):  # noqa: S314
            name = element.get("name")
            if name is not None and element.tag.rpartition("}")[2] in _NAMED:
                own.setdefault(_laundered(name), set()).add(name)
                looked_at += 1
            if element.tag.endswith("Placemark"):
                element.clear()
            if looked_at > _LOOKED_AT:
                break
    except ElementTree.ParseError:
        return {}
    return {f: names.pop() for f in laundered if len(names := own.get(f, set())) == 1}


def _laundered(name: str) -> str:
    """
    >>> _laundered("Số nhà"), _laundered("so_nha")
    ('S____nh__', 'so_nha')
    """
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else "_" for b in name.encode())


def is_dbf(head: bytes) -> bool:
    """Whether the first bytes are a dBase or FoxPro table: a version, a day and a valid header.

    Versions are letters and digits too, as a CSV may begin: `code,…`, but no text has such a day.
    """
    if len(head) <= _LANGUAGE or head[0] not in _VERSIONS:
        return False
    if head[2] > _MONTHS or head[3] > _DAYS:
        return False
    size = int.from_bytes(head[_HEADER_SIZE], "little")
    fields = (size - 1 - _FIELD) // _FIELD
    ends = head[_FIELD + fields * _FIELD : size].startswith(b"\x0d")
    # FoxPro adds 263 bytes for the database that contains the table.
    plain = head[_FIELD : _FIELD * 2].find(b"\x0d") < 0
    return fields > 0 and plain and (ends or b"\x0d" in head[_FIELD * 2 : size])


def is_truncated(path: Path) -> bool:
    """Whether a Shapefile, a dBase table or a MapInfo table is shorter than its header states.

    GDAL silently omits the missing part.
    """
    table = path.with_suffix(_TABLES.get(path.suffix, ""))
    if path.suffix in _TABLES and table.exists():
        with table.open("rb") as stream:
            header = stream.read(_LANGUAGE).ljust(_LANGUAGE, b"\0")
        rows, size, width = struct.unpack_from("<IHH", header, 4)
        if header[0] in _VERSIONS and table.stat().st_size < size + rows * width:
            return True
    if path.suffix != ".shp":
        return False
    with path.open("rb") as stream:
        header = stream.read(_LANGUAGE)
    # The header counts words of two bytes.
    return path.stat().st_size < 2 * int.from_bytes(header[_SHAPES_SIZE], "big")


def rows_of_mapinfo(path: Path) -> int | None:
    """Number of rows of a MapInfo table without deleted ones; None for other files.

    GDAL stops at the last shape, and does not report rows whose shapes are missing.
    """
    table = path.with_suffix(".dat")
    if path.suffix != ".tab" or not table.exists():
        return None
    data = table.read_bytes()
    rows, size, width = struct.unpack_from("<IHH", data.ljust(_LANGUAGE, b"\0"), 4)
    if data[:1] != b"\x03" or not width:
        return None
    marks = data[size : size + rows * width : width]
    return len(marks) - marks.count(b"*")


def encoding_of_shapes(path: Path) -> str | None:
    """The encoding of a dBase table, as in a Shapefile, that does not state it; else None.

    Text other than UTF-8 is read as ISO-8859-1, so that legacy fonts can be recognised.
    """
    table = path.with_suffix(".dbf")
    if (
        path.suffix not in (".shp", ".dbf")
        or not table.exists()
        or path.with_suffix(".cpg").exists()
    ):
        return None
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    letters = broken = 0
    with table.open("rb") as stream:
        header = stream.read(_LANGUAGE + 1)
        if len(header) <= _LANGUAGE or header[_LANGUAGE] != 0:
            return None
        stream.seek(int.from_bytes(header[_HEADER_SIZE], "little"))
        while block := stream.read(_BLOCK):
            text = decoder.decode(block)
            broken += text.count("\ufffd")
            letters += sum(not sign.isascii() for sign in text) if not text.isascii() else 0
    return "ISO-8859-1" if broken * _CUT_LETTERS > letters else "UTF-8"
