"""Detect the format of a file by its first bytes, never by its name, and read its table."""

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.files.formats.fonts import table_in_unicode
from registry.files.formats.formats import FORMATS, ODS_MEMBER, Trait, recognized
from registry.files.formats.ods_spaces import is_spaced, write_tight
from registry.files.formats.other_kinds import BLANK, WORDS, refuse_other_kinds
from registry.files.formats.sandbox import read_sandboxed
from registry.files.formats.scratch import Scratch
from registry.files.formats.spreadsheet_artifacts import without_artifacts
from registry.files.formats.table import MOST_COLUMNS, TOO_FAR, Table, reason_of, unreadable
from registry.files.formats.text import SNIFFED_BYTES, nearly_utf8
from registry.files.formats.xlsx_size import is_too_large

MOST_UNPACKED: Final = 4 << 30
"""Most bytes of an unpacked archive; a larger one is treated as a bomb."""
_MOST_RATIO: Final = 200
_BLOCK: Final = 1 << 20
_SAMPLE: Final = 2_000
"""First rows of a table, by which the encoding of its cells is detected."""
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_GO_WITH: Final = ((".shx", ".shp"), (".shp", ".dbf"), (".id", ".map"), (".mid", ".mif"))
"""Suffix of a file of a layer, and of the file it requires."""
_GEODATABASE: Final = ".gdb"
"""Suffix of a folder that is an ArcGIS geodatabase."""
_GEODATABASE_PART: Final = re.compile(r"a[0-9a-f]{8}(?:\.[A-Za-z0-9_]+)+|gdb|timestamps")
_SINGLE: Final = tuple(
    suffix
    for each in FORMATS.values()
    if each.reader and Trait.SEVERAL not in each.traits
    for suffix in each.suffixes
)
"""Suffixes of formats whose table is a single file."""
_BOOKS: Final = {member: name for name, each in FORMATS.items() for member in each.members}
_EMPTY: Final = Message("file_empty")
_BOMB: Final = Message("archive_too_large")
_BROKEN: Final = Message("archive_damaged")
_PACKING_ERRORS: Final = (
    *(zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError),
    # A member with an unknown compression, or with a password.
    *(NotImplementedError, RuntimeError),
)
_MOST_NESTED: Final = 4
"""Most levels of nested archives."""
_NOTHING: Final = Message("archive_has_no_table")


def read_file(path: Path, sheet: str | None = None, *, in_request: bool = False) -> Table:
    """The table of a file in any known format; `sheet` chooses a sheet or layer.

    `in_request`: called in a web request (see `sandbox`). Raises UnreadableFileError for a file
    that cannot be read.
    """
    table = _read(path, _Wanted(sheet, in_request=in_request))
    if len(table.headers) > MOST_COLUMNS:
        raise unreadable(path, Message("too_many_columns", most=MOST_COLUMNS))
    # Opened once for both: a workbook is parsed as a whole each time.
    with table.rows() as rows:
        sample = list(islice(rows, _SAMPLE))
    return table_in_unicode(*without_artifacts(table, sample))


def text_form(path: Path) -> str | None:
    """`csv` or `ndjson` for a UTF-8 text of lines of cells or of objects; None for other files.

    A few bytes may be invalid. Raises UnreadableFileError for kinds of files without a table.
    """
    with path.open("rb") as stream:
        head = stream.read(SNIFFED_BYTES)
    stripped = head.strip(BLANK)
    if not stripped or head.startswith((_GZIP, _ZIP)) or recognized(head) or not nearly_utf8(head):
        return None
    refuse_other_kinds(path, head)
    if not stripped.startswith((b"{", b"[")):
        return "csv"
    return (
        "ndjson" if stripped.startswith(b"{") and stripped.splitlines()[0].endswith(b"}") else None
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    sheet: str | None
    in_request: bool

    def read(self, path: Path, form: str) -> Table:
        """The table of a file that is not an archive."""
        if Trait.TRUSTED in FORMATS[form].traits and not self.in_request:
            return FORMATS[form].read(path, self.sheet)
        return read_sandboxed(path, form, self.sheet, in_request=self.in_request)


def _read(path: Path, wanted: _Wanted, packed: int = 0) -> Table:
    """`packed`: number of archives around the file."""
    if path.suffix == _GEODATABASE and path.is_dir():
        return wanted.read(path, "gdb")
    with path.open("rb") as stream:
        head = stream.read(SNIFFED_BYTES)
    if not head.strip():
        raise unreadable(path, _EMPTY)
    if head.startswith((_GZIP, _ZIP)):
        if packed == _MOST_NESTED:
            raise unreadable(path, _BOMB)
        unpacked = _unzipped if head.startswith(_GZIP) else _from_archive
        return unpacked(path, wanted, packed)
    form = recognized(head)
    if form is None:
        refuse_other_kinds(path, head)
        form = "csv"
    by_name = Trait.BY_NAME in FORMATS[form].traits
    return _read_by_name(path, form, wanted) if by_name else wanted.read(path, form)


def _holding(folder: Scratch, table: Table) -> Table:
    """The table, which keeps the folder alive as long as it lives."""
    return replace(table, holds=(folder, table.holds))


def _read_by_name(path: Path, form: str, wanted: _Wanted) -> Table:
    """The table of a file, read by a name with the suffix that its reader expects."""
    folder = Scratch()
    named = folder.path / f"{path.stem}{FORMATS[form].suffix}"
    named.symlink_to(path.resolve())
    try:
        return _holding(folder, wanted.read(named, form))
    except UnreadableFileError as error:
        raise _named_outside(path, error) from error


def _unzipped(path: Path, wanted: _Wanted, packed: int) -> Table:
    folder = Scratch()
    inner = folder.path / path.name.removesuffix(".gz")
    with _unpacking(path), gzip.open(path) as stream:
        _copy(path, stream, inner, path.stat().st_size)
    return _holding(folder, _renamed(path, inner, wanted, packed))


def _from_archive(path: Path, wanted: _Wanted, packed: int) -> Table:
    with _unpacking(path), zipfile.ZipFile(path) as archive:
        members = {PurePosixPath(each.filename): each for each in archive.infolist()}
        found = (form for name, form in _BOOKS.items() if PurePosixPath(name) in members)
        if book := next(found, None):
            # The reader unpacks the workbook into memory.
            _check_size(path, sum(e.file_size for e in members.values()), path.stat().st_size)
            if is_too_large(archive):
                raise unreadable(path, TOO_FAR)
            if PurePosixPath(ODS_MEMBER) not in members or not is_spaced(archive):
                return wanted.read(path, book)
            folder = Scratch()
            tight = folder.path / path.name
            write_tight(archive, tight)
            return _holding(folder, wanted.read(tight, book))
        if PurePosixPath("word/document.xml") in members:
            raise unreadable(path, WORDS)
        chosen = _members(path, list(members))
        whole = sum(members[member].file_size for member in chosen)
        _check_size(path, whole, path.stat().st_size)
        folder = Scratch()
        # Under names of our own: paths in an archive may point anywhere.
        for member in chosen:
            target = folder.path / f"{path.stem}{member.suffix.lower()}"
            if _is_of_geodatabase(member):
                (folder.path / f"{path.stem}{_GEODATABASE}").mkdir(exist_ok=True)
                target = folder.path / f"{path.stem}{_GEODATABASE}" / member.name
            with archive.open(members[member]) as stream:
                _copy(path, stream, target, members[member].compress_size)
    first = folder.path / f"{path.stem}{chosen[0].suffix.lower()}"
    if _is_of_geodatabase(chosen[0]):
        first = folder.path / f"{path.stem}{_GEODATABASE}"
    return _holding(folder, _renamed(path, first, wanted, packed))


def _members(path: Path, names: list[PurePosixPath]) -> list[PurePosixPath]:
    """The files of one table or layer inside an archive; the first one is opened."""
    own = [name for name in names if not name.name.startswith(".") and "__MACOSX" not in name.parts]
    if of_base := [name for name in own if _is_of_geodatabase(name)]:
        if len(bases := {name.parent for name in of_base}) > 1:
            raise unreadable(path, Message("several_files", names=", ".join(map(str, bases))))
        return of_base
    for parts in (each.suffixes for each in FORMATS.values() if Trait.SEVERAL in each.traits):
        heads = [name for name in own if name.suffix.lower() == parts[0]]
        if len(heads) == 1:
            of_layer = {
                n.suffix.lower(): n for n in own if n.with_suffix("") == heads[0].with_suffix("")
            }
            if missing := _missing_part(of_layer.values()):
                raise unreadable(path, _incomplete(missing))
            return [of_layer[part] for part in parts if part in of_layer]
        if heads:
            raise unreadable(path, Message("several_layers", names=", ".join(map(str, heads))))
    if missing := _missing_part(own):
        raise unreadable(path, _incomplete(missing))
    single = [name for name in own if name.suffix.lower() in _SINGLE]
    if not single:
        raise unreadable(path, _NOTHING)
    if len(single) > 1:
        raise unreadable(path, Message("several_files", names=", ".join(map(str, single[:10]))))
    return single


def _incomplete(missing: str) -> Message:
    return Message("layer_part_missing", missing=missing)


def _missing_part(names: Iterable[PurePosixPath]) -> str:
    """Suffix of a required file of a layer that is missing; '' if complete."""
    found = {name.suffix.lower() for name in names}
    return next((part for other, part in _GO_WITH if other in found and part not in found), "")


def _is_of_geodatabase(name: PurePosixPath) -> bool:
    inside = name.parent.suffix.lower() == _GEODATABASE
    return inside and _GEODATABASE_PART.fullmatch(name.name) is not None


def _renamed(path: Path, inner: Path, wanted: _Wanted, packed: int) -> Table:
    """The table of an unpacked file; errors name the given file."""
    try:
        return _read(inner, wanted, packed + 1)
    except UnreadableFileError as error:
        raise _named_outside(path, error) from error


def _named_outside(path: Path, error: UnreadableFileError) -> UnreadableFileError:
    """The error of an unpacked file, with the name of the outer file."""
    reason = error.message.values.get("reason", error.message)
    return unreadable(path, cast(Message, reason), type(error), **error.extra)


def _copy(path: Path, packed: IO[bytes] | gzip.GzipFile, target: Path, packed_bytes: int) -> None:
    written = 0
    with target.open("wb") as out:
        while block := packed.read(_BLOCK):
            written += len(block)
            _check_size(path, written, packed_bytes)
            out.write(block)


def _check_size(path: Path, unpacked: int, packed: int) -> None:
    if unpacked > MOST_UNPACKED or (unpacked > 64 * _BLOCK and unpacked > packed * _MOST_RATIO):
        raise unreadable(path, _BOMB)


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        yield
    except _PACKING_ERRORS as error:
        raise unreadable(
            path, Message("broken_as_said", broken=_BROKEN, reason=reason_of(path, error))
        ) from error
