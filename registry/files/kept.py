"""Storage of delivered files and their reports, until they are deleted."""

import errno
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.core.errors import StorageFullError, StorageUnavailableError
from registry.core.messages import Message
from registry.core.settings import Settings

DELIVERED: Final = "delivered"
REJECTED: Final = "rejected"
"""The rejected rows as delivered, with their problems."""
WARNED: Final = "warned"
"""The published rows with warnings or notices."""
CODES: Final = "codes"
"""Every row with its code."""
VANISHED: Final = "vanished"
"""What is missing from a full delivery."""
ROWS: Final = "rows"
"""Rows with problems, and edited rows, for the page that edits them."""
WORDS: Final = {
    REJECTED: "bi-loai",
    WARNED: "can-xem-lai",
    CODES: "ma",
    VANISHED: "khong-con",
    ROWS: "dong",
    "problems": "van-de",
}
"""Kind → its word in the names of returned files."""
_KINDS: Final = {word: kind for kind, word in WORDS.items()}
_RETURNED: Final = re.compile(rf"-dot-(\d{{1,18}})-({'|'.join(WORDS.values())})\b")
PART: Final = ".part-"
"""Prefix of the names of incomplete files."""
_INCOMING: Final = "incoming"
_MOST_BYTES: Final = 120
"""Longest name of a file: the limit is 255, and a report's name is longer."""
_KEPT_FREE: Final = 100_000_000
"""Bytes left free for other writers on the same disk."""
_UNSAFE: Final = re.compile(r"[^\w.()\[\] +-]")


def clean_name(given: str | None) -> str:
    """A safe file name made of the sender's.

    >>> clean_name("../../etc/passwd"), clean_name("C:\\\\hộ dân.xlsx"), clean_name(" .. ")
    ('passwd', 'hộ dân.xlsx', 'file')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given or ""))[-1]
    name = _UNSAFE.sub("_", last).strip(" .")
    while len(name.encode()) > _MOST_BYTES:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem[:-1]}.{suffix}" if dot and len(suffix) < 10 else name[:-1]
    return name or "file"


def name_of_report(file_name: str, import_id: int, kind: str, suffix: str) -> str:
    """The name of a report on a delivery.

    >>> name_of_report("hộ dân.xlsx", 12, REJECTED, ".xlsx")
    'hộ dân-dot-12-bi-loai.xlsx'
    >>> name_of_report("hộ dân-dot-12-bi-loai (1).xlsx", 15, CODES, ".csv")
    'hộ dân-dot-15-ma.csv'
    """
    stem = _RETURNED.split(Path(file_name).stem)[0]
    return f"{stem}-dot-{import_id}-{WORDS[kind]}{suffix}"


def delivery_of_report(file_name: str) -> tuple[int, str] | None:
    """The import and the kind of the report of this name; None for other files.

    >>> delivery_of_report("hộ dân-dot-12-bi-loai (1).xlsx"), delivery_of_report("hộ dân.xlsx")
    ((12, 'rejected'), None)
    """
    found = _RETURNED.search(file_name)
    return (int(found[1]), _KINDS[found[2]]) if found else None


@contextmanager
def refusals() -> Iterator[None]:
    """Translate OSError in the block to StorageFullError or StorageUnavailableError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _full() from error
        raise StorageUnavailableError(
            Message("files_folder_not_writable", reason=(error.strerror or "").lower())
        ) from error


def check_space(folder: Path, size: int) -> None:
    """Raises StorageFullError if a file of `size` bytes would fill the disk.

    Counts the size twice: an upload is spooled to a file before it is copied here.
    """
    if shutil.disk_usage(folder).free < 2 * size + _KEPT_FREE:
        raise _full()


def _full() -> StorageFullError:
    return StorageFullError(Message("server_disk_full_for_file"))


def incoming_folder(settings: Settings) -> Path:
    """The folder of files being received."""
    return _private(settings.kept / "imports" / _INCOMING)


def incoming(settings: Settings) -> Path:
    """A new file to receive into; the caller renames or removes it."""
    handle, path = tempfile.mkstemp(dir=incoming_folder(settings))
    os.close(handle)
    return Path(path)


def adopted(settings: Settings, written: Path) -> Path:
    """A hard link to a file in the folder of incoming files, which outlives the original name."""
    path = incoming(settings)
    path.unlink()
    path.hardlink_to(written)
    return path


def folder(settings: Settings, kind: str, number: int) -> Path:
    """The folder of one import or reform (`kind`: `imports` or `reforms`)."""
    return settings.kept / kind / str(number)


def numbers_kept(settings: Settings, kind: str) -> list[int]:
    """The numbers of the imports or reforms with files."""
    folders = (settings.kept / kind).glob("*")
    return [int(folder.name) for folder in folders if folder.name.isdecimal()]


def keep(folder: Path, received: Path, name: str, kind: str = DELIVERED) -> None:
    """Move a received file to the folder of its import or reform."""
    received.rename(new_report(folder, kind, name))


def delivered(folder: Path) -> Path | None:
    """The delivered file; None if absent."""
    return report(folder, DELIVERED)


def report(folder: Path, kind: str) -> Path | None:
    """The report or other file of the kind; None if absent."""
    return _only(folder / kind)


def new_report(folder: Path, kind: str, name: str) -> Path:
    """The path for a new report of this name; removes the previous one."""
    shutil.rmtree(folder / kind, ignore_errors=True)
    return _private(folder / kind) / name


@contextmanager
def replaced_report(folder: Path, kind: str, name: str) -> Iterator[Path]:
    """A path to write a report to, which replaces the previous one when the block ends."""
    path = _private(folder / kind) / name
    part = path.with_name(f"{PART}{name}")  # keeps the suffix, which determines the format
    yield part
    part.rename(path)
    for other in (folder / kind).iterdir():
        if other != path:
            other.unlink()


def remove(folder: Path) -> None:
    """Delete the file and all reports."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_kind(folder: Path, kind: str) -> None:
    """Delete the delivered file, or a report."""
    shutil.rmtree(folder / kind, ignore_errors=True)


def with_delivered(settings: Settings) -> dict[int, float]:
    """Import → Unix time at which its delivered file arrived, for the files still kept."""
    found = (settings.kept / "imports").glob(f"*/{DELIVERED}")
    return {
        int(path.parent.name): path.stat().st_mtime
        for path in found
        if path.parent.name.isdecimal()
    }


def remove_left_behind(settings: Settings, older_than: float) -> None:
    """Delete incoming files older than a Unix time, left by servers that stopped midway."""
    for path in (settings.kept / "imports" / _INCOMING).glob("*"):
        if path.stat().st_mtime < older_than:
            path.unlink(missing_ok=True)


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _only(folder: Path) -> Path | None:
    return next((path for path in folder.glob("*") if not path.name.startswith(PART)), None)
