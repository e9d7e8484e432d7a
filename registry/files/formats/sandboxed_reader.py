"""The process that reads formats whose libraries are not trusted.

`python -m registry.files.formats.sandboxed_reader ARGUMENTS`, started only by `sandbox`. Exit
status: 0 the table or the refusal is written; DISK_FULL; OUT_OF_MEMORY; a signal if a limit was
exceeded; 1 a bug of the program.
"""

import errno
import gc
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.core.confinement import forbid_network, limit_memory, limit_processor
from registry.core.messages import Message, stored
from registry.files.formats.formats import FORMATS

TABLE: Final = "table.json"
ROWS: Final = "rows.jsonl"
FEATURES: Final = "features.arrow"
FAILED: Final = "failed.txt"
"""Traceback of a failure in our code, which no file should cause."""
DISK_FULL: Final = 74
OUT_OF_MEMORY: Final = 75
_MB: Final = 1_000_000
_LEAST_ROWS: Final = 100_000
_LEAST_LETTERS: Final = 64 * _MB
_RATIO: Final = 200
"""Characters per byte: the allowed compression ratio."""
_GONE: Final = (errno.ENOSPC, errno.EDQUOT)
_TOO_MANY: Final = Message("file_unpacks_too_large")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for reading a file."""

    processor_s: int
    waited_s: int
    """Wall-clock limit, for a busy machine."""
    memory_bytes: int
    rows: int
    """At most one row per byte: even compressed, a row of an address is longer."""
    letters: int


def _of_job(size: int) -> Limits:
    processor_s = 10 + 3 * size // _MB
    return Limits(
        processor_s,
        60 + 4 * processor_s,
        768 * _MB + 24 * size,
        max(_LEAST_ROWS, size),
        max(_LEAST_LETTERS, _RATIO * size),
    )


def _of_request(size: int) -> Limits:
    """Tighter: a user and a thread of the web process wait."""
    of_job = _of_job(size)
    processor_s = 5 + size // _MB
    return Limits(processor_s, 4 * processor_s, 512 * _MB, of_job.rows, of_job.letters)


LIMITS: Final[dict[str, Callable[[int], Limits]]] = {"job": _of_job, "request": _of_request}
"""Use → limits by the size of the file in bytes."""


def size_of(path: Path) -> int:
    """Bytes of a file and its sidecar files, or of all files in a folder."""
    parts = path.rglob("*") if path.is_dir() else path.parent.iterdir()
    return sum(
        part.stat().st_size
        for part in parts
        if part.is_file() and (path.is_dir() or part.stem == path.stem)
    )


def _write(path: Path, folder: Path, table: Any, limits: Limits, *, handed_back: bool) -> None:
    described = {
        name: getattr(table, name)
        for name in ("headers", "above", "delimiter", "crs", "systems", "form", "codes_of_today")
    }
    with (folder / ROWS).open("w", encoding="utf-8") as out, table.rows() as rows:
        for row in _counted(path, rows, limits):
            out.write(f"{json.dumps(row, ensure_ascii=False)}\n")
    described |= {
        name: getattr(table, name)
        for name in ("notes", "first_row", "parts", "sheet", "remarks")  # known only after reading
    }
    features = table.features
    if features is not None and handed_back:
        _write_features(path, folder / FEATURES, features, limits)
    described["features"] = features and {
        **{name: getattr(features, name) for name in ("fields", "geometry", "crs")},
        "geometry_type": features.geometry_type,
        "geo": features.geo.decode(),
    }
    (folder / TABLE).write_text(json.dumps(stored(described)), encoding="utf-8")


def _counted(path: Path, rows: Iterator[list[str]], limits: Limits) -> Iterator[list[str]]:
    letters = 0
    for number, row in enumerate(rows, 1):
        letters += sum(map(len, row))
        if number > limits.rows or letters > limits.letters:
            raise _too_many(path)
        yield row


def _write_features(path: Path, target: Path, features: Any, limits: Limits) -> None:
    import pyarrow as pa

    rows = size = 0
    with features.batches(shapes=True) as batches:
        writer = None
        for batch in batches:
            rows += batch.num_rows
            size += sum(map(_bytes_of, batch.columns))
            if rows > limits.rows or size > limits.letters + limits.rows * 64:
                raise _too_many(path)
            writer = writer or pa.ipc.new_stream(str(target), batch.schema)
            writer.write_batch(batch)
        (writer or pa.ipc.new_stream(str(target), pa.schema([]))).close()


def _bytes_of(column: Any) -> int:
    """Size of the column with its dictionary expanded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.DictionaryArray):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        return pc.sum(lengths).as_py() or 0
    return int(column.nbytes)


def _too_many(path: Path) -> Exception:
    from registry.core.errors import FileTooCostlyError
    from registry.files.formats.table import unreadable

    return unreadable(path, _TOO_MANY, FileTooCostlyError)


def main() -> int:
    """Read the file of the arguments; returns the exit status."""
    from registry.core.errors import UnreadableFileError

    path, form, sheet, folder, use = json.loads(sys.argv[1])
    limits = LIMITS[use](size_of(Path(path)))
    forbid_network()
    limit_processor(limits.processor_s)
    limit_memory(limits.memory_bytes)
    # Log only the traceback: the text of an error may quote a row.
    sys.excepthook = lambda _kind, _error, where: Path(folder, FAILED).write_text(
        "".join(traceback.format_tb(where)), encoding="utf-8"
    )
    # pyogrio loads pandas if it is installed, which takes 0.5 s and is not needed here.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    gc.disable()  # millions of short lists without cycles
    try:
        table = FORMATS[form].read(Path(path), sheet)
        _write(Path(path), Path(folder), table, limits, handed_back=use == "job")
    except UnreadableFileError as error:
        refused = {
            "code": error.code,
            "message": error.message.as_json(),
            "extra": stored(error.extra),
        }
        Path(folder, TABLE).write_text(json.dumps({"refused": refused}), encoding="utf-8")
    except MemoryError:
        return OUT_OF_MEMORY
    except OSError as error:
        if error.errno in _GONE:
            return DISK_FULL
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
