"""Open data: public files, written each night, and their list.

The operator chooses the datasets (`DIACHISO_OPEN_DATA`): units and coverage by default, households
and boundaries only if named. Files that are not in the list are not served.
"""

import datetime
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, NotFoundError, UnreadableFileError
from registry.core.messages import Message, both, not_written
from registry.core.settings import Settings
from registry.coverage.measure import coverage_of_level
from registry.coverage.table import write_csv
from registry.files.csv_cells import Writer
from registry.files.whole_file import whole_file
from registry.publish.changes.snapshot import LICENCE
from registry.publish.export.formats import FORMATS, OF_BOUNDARIES
from registry.publish.export.run import (
    LAYERS,
    ExportOptions,
    export_file,
)
from registry.units.gazetteer import VIET_NAM, Gazetteer, Unit
from registry.units.gazetteer_loading import load_gazetteer

LIST: Final = "manifest.json"
_FOLDER: Final = "open-data"
_LAYERS: Final = {
    "households": (
        "ma-dia-chi",
        *both("Every household that may be shown"),
    ),
    "communes": ("ranh-gioi-xa", *both("Boundaries of communes")),
    "provinces": ("ranh-gioi-tinh", *both("Boundaries of provinces")),
}
"""Layer of an export → its file name and description."""
_FACTS: Final = (
    "Dữ kiện công bố của Nhà nước, lấy qua các gói nêu trong NOTICE (facts published by the State,"
    " by way of the packages in NOTICE): MIT, BSD-3-Clause."
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of file."""

    code: str
    file: str
    vietnamese: str
    english: str
    licence: str
    write: Callable[[Engine, Path], None]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One published file."""

    dataset: str
    name: str
    bytes: int
    sha256: str
    made_at: str
    licence: str


def folder_of(settings: Settings) -> Path:
    """Return the folder of the files."""
    return settings.kept / _FOLDER


def publish(engine: Engine, settings: Settings) -> list[OpenFile]:
    """Write every file that the settings name, and their list; the job `open_data.publish`.

    Deletes files that are no longer named. Raises InvalidInputError for an unknown name,
    UnreadableFileError if the folder cannot be written.
    """
    wanted = [_dataset(code) for code in settings.open_data]
    folder = folder_of(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {each.name: each for each in listed(settings)}
        made = []
        for each in wanted:
            if (file := _made(engine, folder, each)) is not None:
                made.append(file)
                there[file.name] = file
                _write_list(folder, there.values())  # at once: the next one may take minutes
        _write_list(folder, made)
        for name in there.keys() - {each.name for each in made}:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UnreadableFileError(not_written(error.filename or folder, error)) from error
    return made


def listed(settings: Settings) -> list[OpenFile]:
    """Return the files in the list; none before it is first written."""
    with suppress(FileNotFoundError):
        read: Any = json.loads((folder_of(settings) / LIST).read_bytes())
        return [OpenFile(**each) for each in read]
    return []


def _write_list(folder: Path, files: Iterable[OpenFile]) -> None:
    with whole_file(folder / LIST) as part:
        part.write_bytes(to_json([asdict(each) for each in files], indent=2))


def _dataset(code: str) -> Dataset:
    if code not in DATASETS:
        raise InvalidInputError(
            Message("open_data_unknown", code=repr(code), datasets=", ".join(DATASETS))
        )
    return DATASETS[code]


def _made(engine: Engine, folder: Path, wanted: Dataset) -> OpenFile | None:
    """Write a file; return None if there is nothing to write."""
    path = folder / wanted.file
    try:
        wanted.write(engine, path)
    except NotFoundError:  # a register without households
        return None
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return OpenFile(
        wanted.code,
        wanted.file,
        path.stat().st_size,
        sha256,
        datetime.datetime.now(VIET_NAM).isoformat(timespec="seconds"),
        wanted.licence,
    )


def _table(
    rows: Callable[[Gazetteer], Iterator[tuple[Any, ...]]],
) -> Callable[[Engine, Path], None]:
    """Make a writer of rows about units, the first of which is the header."""

    def write(engine: Engine, path: Path) -> None:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        out = io.StringIO(newline="")
        Writer(out, lineterminator="\n").writerows(rows(known))
        _write(path, out.getvalue())

    return write


def _units(known: Gazetteer) -> Iterator[tuple[Any, ...]]:
    """Yield every name that a unit ever had, with its days."""
    yield (
        *("id", "code", "level", "kind", "name", "full_name", "full_name_en"),
        *("province_id", "district_id", "from", "to", "legal_basis"),
    )
    for unit in _in_order(known):
        for version in unit.versions:
            yield (
                unit.id,
                unit.code,
                unit.level,
                version.kind,
                version.name,
                version.full_name,
                version.full_name_en,
                version.province_id,
                version.district_id,
                version.valid_from,
                version.valid_to,
                version.legal_basis,
            )


def _successions(known: Gazetteer) -> Iterator[tuple[Any, ...]]:
    """Yield predecessors and successors, step by step."""
    yield (
        *("predecessor_id", "predecessor_code", "successor_id", "successor_code"),
        *("extent", "effective_on"),
    )
    for unit in _in_order(known):
        for step in known.successors(unit):
            yield (
                unit.id,
                unit.code,
                step.successor.id,
                step.successor.code,
                step.extent,
                step.effective_on,
            )


def _in_order(known: Gazetteer) -> list[Unit]:
    return sorted(known.units.values(), key=lambda unit: unit.id)


def _coverage(engine: Engine, path: Path) -> None:
    """Write the coverage of every commune."""
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        found = coverage_of_level(session, known, "commune", demo=_is_demonstration(session))
    out = io.StringIO(newline="")
    write_csv(found, out)
    _write(path, out.getvalue())


def _is_demonstration(session: Session) -> bool:
    return bool(
        session.connection()
        .exec_driver_sql("SELECT EXISTS (SELECT FROM household WHERE code < '1')")
        .scalar_one()
    )


def _exported(layer: str, form: str) -> Dataset:
    """Make the dataset of an export layer in one format."""
    file, vietnamese, english = _LAYERS[layer]

    def write(engine: Engine, path: Path) -> None:
        with session_scope(engine) as session:
            demo = _is_demonstration(session)
        export_file(engine, path, ExportOptions(form, demo=demo, layer=layer))

    return Dataset(
        f"{layer}.{form}",
        f"{file}{FORMATS[form].suffixes[0]}",
        f"{vietnamese}, dạng {form}",
        f"{english}, as {form}",
        LICENCE,
        write,
    )


def _write(path: Path, text: str) -> None:
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


DATASETS: Final = {
    each.code: each
    for each in (
        Dataset(
            "units",
            "don-vi-hanh-chinh.csv",
            *both("Administrative units of every map, with their names of each time"),
            _FACTS,
            _table(_units),
        ),
        Dataset(
            "successions",
            "don-vi-ke-tiep.csv",
            *both("Which unit became which, and when"),
            _FACTS,
            _table(_successions),
        ),
        Dataset(
            "coverage",
            "do-phu.csv",
            *both("Coverage of every commune"),
            LICENCE,
            _coverage,
        ),
        *(_exported(LAYERS[0], form) for form in FORMATS),
        *(_exported(layer, form) for layer in LAYERS[1:] for form in OF_BOUNDARIES),
    )
}
"""Code → dataset; each export layer in each of its formats is one."""
