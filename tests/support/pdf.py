"""PDFs read back: their text, their pages as pictures, and the QR codes on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pypdfium2
import zxingcpp

_DPI = 150
"""A cheap office scanner."""


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document of a PDF."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def texts_of(pdf: bytes) -> list[str]:
    """The text of each page, its lines joined by spaces."""
    with opened(pdf) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def sizes_of(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page in millimetres."""
    with opened(pdf) as document:
        return [tuple(round(side / 72 * 25.4, 1) for side in page.get_size()) for page in document]


def picture_of(pdf: bytes, page: int = 0, dpi: int = _DPI) -> np.ndarray[Any, Any]:
    """A page as printed: rows of pixels, each red, green and blue."""
    with opened(pdf) as document:
        bitmap = document[page].render(scale=dpi / 72, rev_byteorder=True)
        return np.ascontiguousarray(bitmap.to_numpy()[:, :, :3]).copy()


def qr_codes_of(pdf: bytes, page: int = 0) -> list[str]:
    """The texts of the QR codes of a page, as a camera reads them off the paper."""
    found = zxingcpp.read_barcodes(picture_of(pdf, page), formats=zxingcpp.BarcodeFormat.QRCode)
    return sorted(code.text for code in found)
