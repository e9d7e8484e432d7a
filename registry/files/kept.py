"""Where a delivered file and its reports lie, until they are deleted."""

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
"""The rejected rows as they came, with what is wrong with each."""
WARNED: Final = "warned"
"""Those that are published and have warnings or notices."""
CODES: Final = "codes"
"""Every row with its code."""
VANISHED: Final = "vanished"
"""What a full delivery no longer has."""
ROWS: Final = "rows"
"""Rows with problems, and edited ones, for the page on which they are edited."""
WORDS: Final = {
    REJECTED: "bi-loai",
    WARNED: "can-xem-lai",
    CODES: "ma",
    VANISHED: "khong-con",
    ROWS: "dong",
    "problems": "van-de",
}
"""What the names of files that are handed back say of them."""
_KINDS: Final = {word: kind for kind, word in WORDS.items()}
_HANDED_BACK: Final = re.compile(rf"-dot-(\d{{1,18}})-({'|'.join(WORDS.values())})\b")
PART: Final = ".part-"
"""What the name of a file begins with that is not whole yet."""
_INCOMING: Final = "incoming"
_MOST_BYTES: Final = 120
"""Of a file's name: 255 is the limit, and a report's name is longer."""
_KEPT_FREE: Final = 100_000_000
"""Bytes that are left to others who write on the same disk."""
_UNSAFE: Final = re.compile(r"[^\w.()\[\] +-]")


def clean_name(given: str | None) -> str:
    """A name that is safe as a file's, for whatever a sender calls its own.

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
    """The name of what is handed back of a delivery.

    >>> name_of_report("hộ dân.xlsx", 12, REJECTED, ".xlsx")
    'hộ dân-dot-12-bi-loai.xlsx'
    >>> name_of_report("hộ dân-dot-12-bi-loai (1).xlsx", 15, CODES, ".csv")
    'hộ dân-dot-15-ma.csv'
    """
    stem = _HANDED_BACK.split(Path(file_name).stem)[0]
    return f"{stem}-dot-{import_id}-{WORDS[kind]}{suffix}"


def delivery_of_report(file_name: str) -> tuple[int, str] | None:
    """The import whose rows were handed back under this name, and the kind; None for others.

    >>> delivery_of_report("hộ dân-dot-12-bi-loai (1).xlsx"), delivery_of_report("hộ dân.xlsx")
    ((12, 'rejected'), None)
    """
    found = _HANDED_BACK.search(file_name)
    return (int(found[1]), _KINDS[found[2]]) if found else None


@contextmanager
def refusals() -> Iterator[None]:
    """In the block, what the disk refuses is a StorageFullError or a StorageUnavailableError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _full() from error
        raise StorageUnavailableError(
            Message("files_folder_not_writable", reason=(error.strerror or "").lower())
        ) from error


def check_space(folder: Path, size: int) -> None:
    """Raises StorageFullError where a file of `size` bytes would leave the disk without room.

    Twice the size: a form is read into a file of its own beside the one that it came in.
    """
    if shutil.disk_usage(folder).free < 2 * size + _KEPT_FREE:
        raise _full()


def _full() -> StorageFullError:
    return StorageFullError(Message("server_disk_full_for_file"))


def incoming_folder(settings: Settings) -> Path:
    """Where what is being received lies."""
    return _private(settings.kept / "imports" / _INCOMING)


def incoming(settings: Settings) -> Path:
    """A new file for what is being received; it is renamed or removed by who asked for it."""
    handle, path = tempfile.mkstemp(dir=incoming_folder(settings))
    os.close(handle)
    return Path(path)


def adopted(settings: Settings, written: Path) -> Path:
    """Another name of a file in the folder of what is received, which outlives its own."""
    path = incoming(settings)
    path.unlink()
    path.hardlink_to(written)
    return path


def folder(settings: Settings, kind: str, number: int) -> Path:
    """Where the files of one of `imports` or `reforms` lie."""
    return settings.kept / kind / str(number)


def numbers_kept(settings: Settings, kind: str) -> list[int]:
    """The numbers of those of which files lie here."""
    folders = (settings.kept / kind).glob("*")
    return [int(folder.name) for folder in folders if folder.name.isdecimal()]


def keep(folder: Path, received: Path, name: str, kind: str = DELIVERED) -> None:
    """Make a received file that of the import or resolution whose folder this is."""
    received.rename(new_report(folder, kind, name))


def delivered(folder: Path) -> Path | None:
    """The delivered file; None when it is not here."""
    return report(folder, DELIVERED)


def report(folder: Path, kind: str) -> Path | None:
    """A report, or another file of the kind; None where there is none."""
    return _only(folder / kind)


def new_report(folder: Path, kind: str, name: str) -> Path:
    """Where a report is to be written, under this name; the one before is removed."""
    shutil.rmtree(folder / kind, ignore_errors=True)
    return _private(folder / kind) / name


@contextmanager
def replaced_report(folder: Path, kind: str, name: str) -> Iterator[Path]:
    """Where to write a report, which takes the place of the one before when the block ends."""
    path = _private(folder / kind) / name
    part = path.with_name(f"{PART}{name}")  # its suffix says the form
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
    """Imports whose delivered file lies here, and when each came: a time since 1970, seconds."""
    found = (settings.kept / "imports").glob(f"*/{DELIVERED}")
    return {
        int(path.parent.name): path.stat().st_mtime
        for path in found
        if path.parent.name.isdecimal()
    }


def remove_left_behind(settings: Settings, older_than: float) -> None:
    """Delete what was received by a server that ended in the middle; a time since 1970, seconds."""
    for path in (settings.kept / "imports" / _INCOMING).glob("*"):
        if path.stat().st_mtime < older_than:
            path.unlink(missing_ok=True)


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _only(folder: Path) -> Path | None:
    return next((path for path in folder.glob("*") if not path.name.startswith(PART)), None)
