"""OpenDocument sheets with ends of lines between their cells, as GDAL writes them.

They mean nothing, and calamine takes them for broken.
"""

import re
import zipfile
from pathlib import Path
from typing import Final

from registry.files.formats.formats import ODS_MEMBER

_LOOKED_AT: Final = 1 << 18
_BETWEEN: Final = re.compile(rb"(</?table:[^<>]*>|</text:p>)\s+(?=<(?:/?table:|text:p\b))")
"""Outside of paragraphs: inside of one, spaces are its text."""


def is_spaced(archive: zipfile.ZipFile) -> bool:
    """Whether anything stands between the first cells of the document."""
    with archive.open(ODS_MEMBER) as content:
        return _BETWEEN.search(content.read(_LOOKED_AT)) is not None


def write_tight(archive: zipfile.ZipFile, path: Path) -> None:
    """The same document without what stands between its cells."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as tight:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename == ODS_MEMBER:
                content = _BETWEEN.sub(rb"\1", content)
            # `mimetype` comes first, and is not packed.
            tight.writestr(member, content)
