"""What GDAL cannot know of a layer: names of KML that it launders, the encoding of a bare table."""

import codecs
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

_NAMED: Final = ("Data", "SimpleField", "SimpleData")
"""Elements of KML whose `name` is that of a column."""
_LOOKED_AT: Final = 10_000
_BLOCK: Final = 1 << 20
_LANGUAGE: Final = 29
"""Byte of a DBF's header that tells its encoding; 0 tells nothing."""
_HEADER_SIZE: Final = slice(8, 10)
_TABLES: Final = {".shp": ".dbf", ".dbf": ".dbf", ".tab": ".dat"}
"""Files by which layers are opened → those that hold their rows."""
_SHAPES_SIZE: Final = slice(24, 28)
_VERSIONS: Final = frozenset(b"\x02\x03\x30\x31\x32\x43\x63\x83\x8b\xcb\xf5")
_FIELD: Final = 32
"""Bytes of the header before its fields, and of each field."""
_CUT_LETTERS: Final = 20
"""One letter in so many may be cut where a field ends, and the table be UTF-8 all the same."""


def kml_names(path: Path, fields: Iterable[str]) -> dict[str, str]:
    """Field as GDAL calls it → as the file calls it, where that differs.

    LIBKML writes `_` for each byte that is neither a letter nor a digit of ASCII: `Số nhà` comes as
    `S____nh__`. Empty where the file is no XML.
    """
    laundered = {field for field in fields if "_" in field}
    own: dict[str, set[str]] = {}
    looked_at = 0
    if not laundered:
        return {}
    try:
        # Expat refuses entities that grow without end; others are not read.
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
    """Whether the first bytes are those of a table of dBase or FoxPro: a version, then a header
    that holds whole fields and ends as it should.
    """
    if len(head) <= _LANGUAGE or head[0] not in _VERSIONS:
        return False
    size = int.from_bytes(head[_HEADER_SIZE], "little")
    fields = (size - 1 - _FIELD) // _FIELD
    ends = head[_FIELD + fields * _FIELD : size].startswith(b"\x0d")
    # A table of FoxPro has 263 bytes more, for the database that it belongs to.
    plain = head[_FIELD : _FIELD * 2].find(b"\x0d") < 0
    return fields > 0 and plain and (ends or b"\x0d" in head[_FIELD * 2 : size])


def is_cut(path: Path) -> bool:
    """Whether a Shapefile, a table of dBase or one of MapInfo ends before it says that it does.

    GDAL leaves out what is missing without a word.
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
    # In words of two bytes.
    return path.stat().st_size < 2 * int.from_bytes(header[_SHAPES_SIZE], "big")


def rows_of_mapinfo(path: Path) -> int | None:
    """How many rows a table of MapInfo has, but for those that were deleted; None for no such one.

    GDAL ends with the shapes that it finds, and says nothing of rows whose shapes are cut off.
    """
    table = path.with_suffix(".dat")
    if path.suffix != ".tab" or not table.exists():
        return None
    whole = table.read_bytes()
    rows, size, width = struct.unpack_from("<IHH", whole.ljust(_LANGUAGE, b"\0"), 4)
    if whole[:1] != b"\x03" or not width:
        return None
    marks = whole[size : size + rows * width : width]
    return len(marks) - marks.count(b"*")


def encoding_of_shapes(path: Path) -> str | None:
    """The encoding of a table of dBase, as that of a Shapefile, that does not tell it; None where
    it does, or is none.

    What is no UTF-8 is taken byte by byte, so that fonts of before Unicode show as what they are.
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
