"""Targets: the number of households of a unit, the denominator of coverage.

They are loaded from a file in any format that imports accept: a unit by code or name, optionally a
locality of a commune, a number, and what it counts. The newest declared count applies
(`registry.coverage.measure`); older ones and estimates are kept.
"""

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from geo.titles import without_people
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.personal import LEAVE_OUT, PERSONAL_DATA, holds_personal
from registry.core.sql import Statements
from registry.coverage.target_reading import (
    COUNTED,
    QUALITIES,
    Defaults,
    Target,
    doubts_of,
    read_target,
)
from registry.coverage.target_rows import target_rows
from registry.coverage.target_store import (
    follow_sums,
    may_declare,
    sum_of_communes,
    targets_of,
    write_targets,
)
from registry.files.table_file import ProblemTable, RowProblem
from registry.units.gazetteer import Gazetteer, today
from registry.units.written_units import UNIT_PROBLEMS, WrittenUnits

SQL: Final = Statements(__file__, "queries.sql")

PROBLEMS: Final = {
    **UNIT_PROBLEMS,
    "commune_differs_from_code": Message("name_does_not_match_code"),
    "unit_outside": Message("unit_outside_key"),
    "households_unreadable": Message("count_invalid"),
    "locality_unreadable": Message("not_a_locality_row"),
    "locality_unknown": Message("locality_not_in_commune"),
    "locality_ambiguous": Message("locality_ambiguous"),
    "locality_without_commune": Message("locality_needs_commune"),
    "counted_unknown": Message("counted_unclear"),
    "quality_unknown": Message("quality_invalid"),
    "date_unreadable": Message("count_day_invalid"),
    "date_in_future": Message("count_day_in_future"),
    "unit_repeated": Message("unit_row_repeated"),
    "households_absurd": Message("count_too_large"),
    "households_implausible": Message("count_implausible"),
    "households_doubted": Message("number_doubtful"),
    "households_missing": Message("number_not_available"),
    "row_skipped": Message("row_is_total_or_note"),
}
"""Code → message of a row's problem."""
_TABLE: Final = ProblemTable(
    PROBLEMS,
    warnings=("households_implausible", "households_doubted"),
    # Rows without a target, which is not an error.
    notices=("households_missing", "row_skipped"),
)


@dataclass(frozen=True, slots=True)
class TargetGap:
    """A province whose own target differs from the sum of its communes'."""

    code: str
    name: str
    households: int
    sum_of_communes: int


@dataclass(frozen=True, slots=True)
class TargetResult:
    """The result of loading a file: rows = new + changed + unchanged + rejected + skipped."""

    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    skipped: int
    """Totals, signatures, and rows marked as without a number."""
    qualities: dict[str, int]
    """Quality → number of rows."""
    problems: tuple[RowProblem, ...]
    gaps: tuple[TargetGap, ...]
    """Provinces of the file whose communes all have targets."""


def import_targets(
    session: Session, gazetteer: Gazetteer, path: Path, defaults: Defaults, sheet: str | None = None
) -> TargetResult:
    """Read the file's targets into the session, which the caller commits or rolls back.

    Wrong rows are rejected and reported; the rest are written. Raises UnreadableFileError for a
    file that cannot be read or lacks the columns, InvalidInputError for wrong `defaults`.
    """
    rows = list(target_rows(path, sheet))
    completed = replace(defaults, source=defaults.source or without_people(path.name))
    return take_targets(session, gazetteer, rows, completed)


def take_targets(
    session: Session, gazetteer: Gazetteer, rows: Sequence[Mapping[str, str]], defaults: Defaults
) -> TargetResult:
    """Write the targets of rows into the session, as `import_targets` does for a file.

    An actor bound to units may declare only these. Raises InvalidInputError for wrong
    `defaults`.
    """
    day = today()
    _check(defaults, day)
    targets: dict[tuple[object, ...], Target] = {}
    problems: list[RowProblem] = []
    units = WrittenUnits.of(gazetteer, day, rows)
    for at, cells in enumerate(rows, start=1):
        count = int(cells["row"] or at)
        read = read_target(session, units, cells, defaults)
        if isinstance(read, Target) and not may_declare(
            gazetteer, gazetteer.units[read.unit_id], day
        ):
            read = ("unit_outside", gazetteer.units[read.unit_id].code)
        if isinstance(read, Target) and read.key in targets:
            read = ("unit_repeated", cells["locality"] or cells["code"] or cells["commune"])
        if isinstance(read, tuple):
            problems.append(_TABLE.of(count, *read))
            continue
        targets[read.key] = read
        warnings = doubts_of(gazetteer.units[read.unit_id].level, read, cells)
        problems += [_TABLE.of(count, code, str(read.households)) for code in warnings]
    new, changed = write_targets(session, gazetteer, list(targets.values()))
    severities = Counter(problem.severity for problem in problems)
    return TargetResult(
        rows=len(rows),
        new=new,
        changed=changed,
        unchanged=len(targets) - new - changed,
        rejected=severities["error"],
        skipped=severities["notice"],
        qualities=dict(Counter(target.quality for target in targets.values())),
        problems=tuple(problems),
        gaps=tuple(_gaps(session, gazetteer, day, {each.unit_id for each in targets.values()})),
    )


def remove_targets(session: Session, gazetteer: Gazetteer, source: str) -> int:
    """Withdraw all targets of a source; their rows are kept. Returns how many they were.

    A new import restores them. Raises NotFoundError if the source has none.
    """
    gone = session.execute(SQL.text("withdraw_source"), {"source": source}).scalars().all()
    if not gone:
        raise NotFoundError(Message("targets_unknown", source=source))
    follow_sums(session, gazetteer, set(gone))
    return len(gone)


def _check(defaults: Defaults, day: datetime.date) -> None:
    if defaults.quality not in (None, *QUALITIES):
        raise InvalidInputError.of_field(
            "quality", "literal_error", Message("must_be_one_of", expected=QUALITIES)
        )
    if defaults.counted not in COUNTED:
        raise InvalidInputError.of_field(
            "counted", "literal_error", Message("must_be_one_of", expected=COUNTED)
        )
    if holds_personal(defaults.source or ""):
        raise InvalidInputError.of_field("source", PERSONAL_DATA, LEAVE_OUT)
    if defaults.reference_date is not None and defaults.reference_date > day:
        raise InvalidInputError.of_field(
            "date", "day_in_future", Message("day_in_future", day=defaults.reference_date)
        )


def _gaps(
    session: Session, gazetteer: Gazetteer, day: datetime.date, unit_ids: Collection[int]
) -> Iterator[TargetGap]:
    """Yield provinces of the file whose communes all have targets, with another sum."""
    units = [gazetteer.units[unit_id] for unit_id in unit_ids]
    found = [u if u.level == "province" else gazetteer.province_of(u, day) for u in units]
    for province in {each.id: each for each in found if each is not None}.values():
        known = targets_of(session, province.id)
        kept = next((each for each in known if each.target.of_homes), None)
        own = None if kept is None or kept.withdrawn_at else kept.target
        total = sum_of_communes(session, gazetteer, province)
        # Numbers of hộ and of dwellings are not compared.
        if own is None or total is None or own.counted != total.counted:
            continue
        if total.households != own.households:
            name = province.version_on(day).full_name
            yield TargetGap(province.code, name, own.households, total.households)
