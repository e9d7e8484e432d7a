"""Files that are no table, though they hold one, or look so: what to do with each."""

from pathlib import Path
from typing import Final

from registry.intake.formats.table import unreadable

BLANK: Final = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first sign of a text."""
_PDF: Final = "đây là tệp PDF (a PDF): lưu bảng thành Excel hoặc CSV rồi nhập lại"
_WEB_PAGE: Final = (
    "đây là trang web được đặt tên như bảng tính (a web page named like a workbook): mở bằng Excel"
    " hoặc LibreOffice, lưu thành .xlsx rồi nhập lại"
)
WORDS: Final = (
    "đây là tệp Word (a text document): chép bảng sang Excel, mỗi nhà một dòng, rồi nhập lại"
)
_XML: Final = (
    "đây là tệp XML mà không phải KML hay GPX (XML that is neither KML nor GPX): mở bằng Excel hoặc"
    " chương trình đã xuất ra nó, lưu thành .xlsx hoặc CSV rồi nhập lại"
)
_PACKED: Final = (
    "tệp nén kiểu khác .zip và .gz (packed otherwise than .zip and .gz): giải nén rồi nhập lại"
)
_DATABASE: Final = (
    "đây là cơ sở dữ liệu Access (an Access database): xuất bảng thành Excel hoặc CSV rồi nhập lại"
)
_DRAWING: Final = (
    "đây là bản vẽ CAD (a drawing of CAD): xuất lớp điểm và bảng thuộc tính thành Shapefile,"
    " GeoPackage hoặc Excel rồi nhập lại"
)
_OTHER_KINDS: Final = (
    (b"%PDF", _PDF),
    (b"{\\rtf", WORDS),
    (b"MIME-Version:", _WEB_PAGE),
    (b"Rar!", _PACKED),
    (b"7z\xbc\xaf", _PACKED),
    (b"BZh", _PACKED),
    (b"\xfd7zXZ", _PACKED),
    (b"\x28\xb5\x2f\xfd", _PACKED),
    (b"\0\x01\0\0Standard ", _DATABASE),
    (b"AC10", _DRAWING),
    (b"  0\r\nSECTION", _DRAWING),
    (b"0\nSECTION", _DRAWING),
)
"""How files begin that hold a table all the same, or may, and what to do about them."""
_PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<style", b"<meta")


def refuse_other_kinds(path: Path, head: bytes) -> None:
    """Raise UnreadableFileError where the first bytes of the file are those of such a one."""
    begun = head.lstrip(BLANK)
    for begins, reason in _OTHER_KINDS:
        if head.startswith(begins):
            raise unreadable(path, reason)
    if begun.lower().startswith(_PAGES):
        raise unreadable(path, _WEB_PAGE)
    if begun.startswith(b"<?xml"):
        raise unreadable(path, _XML)
