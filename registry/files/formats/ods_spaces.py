"""Normalise OpenDocument sheets with whitespace between cells, as GDAL writes them.

The whitespace has no meaning, but calamine reports such files as broken.
"""

import re
import zipfile
from pathlib import Path
from typing import Final

from registry.files.formats.formats import ODS_MEMBER

_LOOKED_AT: Final = 1 << 18
_BETWEEN: Final = re.compile(rb"(</?table:[^<>]*>|</text:p>)\s+(?=<(?:/?table:|text:p\b))")
"""Outside paragraphs: inside one, spaces are text."""


def is_spaced(archive: zipfile.ZipFile) -> bool:
    """Whether there is whitespace between the first cells of the document."""
    with archive.open(ODS_MEMBER) as content:
        return _BETWEEN.search(content.read(_LOOKED_AT)) is not None


def write_tight(archive: zipfile.ZipFile, path: Path) -> None:
    """Write the document without whitespace between its cells."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as tight:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename == ODS_MEMBER:
                content = _BETWEEN.sub(rb"\1", content)
            # `mimetype` comes first, uncompressed.
            tight.writestr(member, content)
