"""Refuse kinds of files that may contain a table but cannot be read, with advice for each."""

from pathlib import Path
from typing import Final

from registry.core.messages import Message
from registry.files.formats.table import unreadable

BLANK: Final = b"\xef\xbb\xbf \t\r\n"
"""Bytes that may precede the first character of a text."""
_PDF: Final = Message("file_is_pdf")
_WEB_PAGE: Final = Message("file_is_web_page")
WORDS: Final = Message("file_is_text_document")
_XML: Final = Message("xml_kind_unsupported")
_PACKED: Final = Message("archive_kind_unsupported")
_DATABASE: Final = Message("file_is_access_database")
_DRAWING: Final = Message("file_is_cad_drawing")
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
"""First bytes of such files, and the advice."""
_PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<style", b"<meta")


def refuse_other_kinds(path: Path, head: bytes) -> None:
    """Raise UnreadableFileError if the first bytes are those of such a file."""
    start = head.lstrip(BLANK)
    for begins, reason in _OTHER_KINDS:
        if head.startswith(begins):
            raise unreadable(path, reason)
    if start.lower().startswith(_PAGES):
        raise unreadable(path, _WEB_PAGE)
    if start.startswith(b"<?xml"):
        raise unreadable(path, _XML)
