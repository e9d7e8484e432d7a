"""Records in JSON: an array of objects, one object per line, or an object that wraps such an array.

Each object is a row and each member a column; nested members are named `nha/so`. Numbers stay as
written.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.core.errors import FileTooCostlyError
from registry.core.json_once import DuplicateMemberError, once
from registry.core.messages import Message
from registry.files.formats.table import Rows, Table, unreadable

_BLOCK: Final = 1 << 18
_LONGEST: Final = 1 << 24
"""Longest record, or wrapped array, in characters."""
_DEPTH: Final = 4
_LEAST_CELLS: Final = 10_000_000
_CELLS_A_BYTE: Final = 20
"""Limit for sparse records, whose rows are much longer than their text."""
_INVALID: Final = re.compile("[\0\ud800-\udfff]")
"""Valid in JSON but not in text: lone surrogates, and NUL, which a database rejects."""
_UNKNOWN: Final = "\ufffd"
_BETWEEN: Final = " \t\r\n,"
_BROKEN: Final = "json_broken_at_record"
_MORE: Final = Message("json_continues_after_records")
_NO_UTF8: Final = Message("json_not_utf8")
_NO_RECORDS: Final = Message("json_not_record_list")
_TOO_WIDE: Final = Message("records_too_varied")
_TWICE: Final = "record_field_repeated"
_LISTS_NOTE: Final = "nested_lists_ignored"

_Record = Mapping[str, object]
_Row = dict[str, str]


def read_records(path: Path) -> Table:
    """The table of a file of records, with a column for each member of any record.

    Raises UnreadableFileError for a file that is broken or has no records.
    """
    source = _Source(path)
    names: dict[str, None] = {}
    lists: dict[str, None] = {}
    count = 0
    for record in source.records():
        count += 1
        names.update(dict.fromkeys(_cells(record, lambda name: lists.setdefault(name))))
    if not names:
        raise unreadable(path, _NO_RECORDS)
    headers = tuple(names)
    most_cells = _LEAST_CELLS + _CELLS_A_BYTE * path.stat().st_size
    if len(headers) * count > most_cells:
        raise unreadable(path, _TOO_WIDE, FileTooCostlyError)

    @contextmanager
    def rows() -> Iterator[Rows]:
        yield (_row(record, headers) for record in source.records())

    notes = (Message(_LISTS_NOTE, lists=list(lists)[:5]),) if lists else ()
    return Table(headers, rows, notes=notes)


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path

    def records(self) -> Iterator[_Record]:
        """The records in order; a file of a single object may wrap them."""
        values = self._values()
        first = next(values, None)
        if first is None:
            raise unreadable(self.path, _NO_RECORDS)
        second = next(values, None)
        if second is None:
            yield from self._wrapped(first)
            return
        for value in (first, second):
            yield self._record(value)
        yield from map(self._record, values)

    def _record(self, value: object) -> _Record:
        if not isinstance(value, dict):
            raise unreadable(self.path, _NO_RECORDS)
        return value

    def _wrapped(self, value: object) -> Iterator[_Record]:
        """The records of a single value: the list in one of its members, or the value itself."""
        only = self._record(value)
        lists = list(_lists_in(only))
        if len(lists) == 1:
            yield from lists[0]
        elif columns := _columns(only):
            yield from columns
        elif lists:
            raise unreadable(self.path, _NO_RECORDS)
        else:
            yield only

    def _values(self) -> Iterator[object]:
        """The elements of an array, or consecutive values."""
        count = 0
        try:
            with self.path.open(encoding="utf-8-sig") as stream:
                text, more = stream.read(_BLOCK).lstrip(), True
                at = int(array := text.startswith("["))
                while True:
                    at = _skipped(text, at)
                    if array and text.startswith("]", at):
                        if (text[at + 1 :] + stream.read(_BLOCK)).strip():
                            raise unreadable(self.path, _MORE)
                        return
                    found = _decoded(text, at)
                    # A number may continue in the next block.
                    if found is not None and (found[1] < len(text) or not more):
                        count += 1
                        value, at = found
                        yield value
                    elif more and len(text) - at <= _LONGEST:
                        block = stream.read(max(_BLOCK, len(text) - at))
                        text, at, more = text[at:] + block, 0, bool(block)
                    elif at == len(text) and not array:
                        return
                    else:
                        raise unreadable(self.path, Message(_BROKEN, record=count + 1))
        except DuplicateMemberError as error:
            raise unreadable(self.path, Message(_TWICE, name=error.name)) from error
        except UnicodeDecodeError as error:
            raise unreadable(self.path, _NO_UTF8) from error
        except RecursionError as error:
            raise unreadable(self.path, Message(_BROKEN, record=count + 1)) from error


class _Number(str):
    """A number as written."""

    __slots__ = ()


def _skipped(text: str, at: int) -> int:
    """Index behind the separators between records."""
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at


def _decoded(text: str, at: int) -> tuple[object, int] | None:
    """The value at `at` and its end; None for an incomplete or invalid value."""
    try:
        return _DECODER.raw_decode(text, at)
    except DuplicateMemberError:
        raise
    except ValueError:
        return None


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=once,
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=lambda _name: None,
)


def _lists_in(wrapping: Mapping[str, object], depth: int = 0) -> Iterator[list[_Record]]:
    """The lists of records in an object and its nested objects."""
    for value in wrapping.values():
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            yield value
        elif isinstance(value, dict) and depth < _DEPTH:
            yield from _lists_in(value, depth + 1)


def _columns(only: Mapping[str, object]) -> list[_Row]:
    """The records of an object of columns, each a list or numbered; empty for other objects."""
    columns = {
        name: dict(enumerate(value)) if isinstance(value, list) else value
        for name, value in only.items()
    }
    numbered = [column for column in columns.values() if isinstance(column, dict) and column]
    if len(numbered) < len(columns) or not numbered:
        return []
    at = list(numbered[0])
    if any(list(column) != at for column in numbered) or not all(str(k).isdigit() for k in at):
        return []
    if any(isinstance(cell, dict | list) for column in numbered for cell in column.values()):
        return []
    return [{name: columns[name][key] for name in columns} for key in at]  # type: ignore[index]


def _row(record: _Record, headers: tuple[str, ...]) -> list[str]:
    cells = _cells(record)
    return [cells.get(name, "") for name in headers]


def _cells(
    record: _Record,
    listed: Callable[[str], object] = lambda _name: None,
    above: str = "",
) -> _Row:
    """The members of a record as texts; `listed` is called with the names of nested lists."""
    cells: _Row = {}
    for name, value in record.items():
        path = f"{above}{_INVALID.sub(_UNKNOWN, name)}"
        if isinstance(value, dict) and above.count("/") < _DEPTH:
            cells |= _cells(value, listed, f"{path}/")
        elif isinstance(value, list) and not all(isinstance(each, _Number) for each in value):
            listed(path)
        elif isinstance(value, list):
            cells[path] = ", ".join(value)
        else:
            cells[path] = _text(value)
    return cells


def _text(value: object) -> str:
    if value is None or isinstance(value, dict):
        return ""
    return str(value).upper() if isinstance(value, bool) else _INVALID.sub(_UNKNOWN, str(value))
