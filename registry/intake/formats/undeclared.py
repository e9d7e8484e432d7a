"""What GDAL cannot know of a layer: names of KML that it launders, the encoding of a bare table."""

import codecs
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


def encoding_of_shapes(path: Path) -> str | None:
    """The encoding of a Shapefile's table that does not tell it; None where it does, or is none.

    What is no UTF-8 is taken byte by byte, so that fonts of before Unicode show as what they are.
    """
    table = path.with_suffix(".dbf")
    if path.suffix != ".shp" or not table.exists() or path.with_suffix(".cpg").exists():
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
