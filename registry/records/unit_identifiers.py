"""Load a file of a scheme's identifiers of units: ISO 3166-2, postcodes, a carrier's own ids.

In any format that imports accept. A file is loaded as a whole or not at all: with one wrong row,
one value of two units or one unit without a value, nothing is written.
"""

import datetime
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, cast

from pydantic import Field
from sqlalchemy import CursorResult
from sqlalchemy.orm import Session

from registry.core.days import day_after
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.schemes import SCHEMES, check_scheme
from registry.core.sql import Statements
from registry.files.table_file import (
    ProblemTable,
    RowProblem,
    TableFile,
    in_order,
    opened_table,
)
from registry.units.gazetteer import Unit, UnitIdentifier, UnitLevel, UnitRef, today
from registry.units.gazetteer_loading import load_gazetteer
from registry.units.written_units import UNIT_PROBLEMS, WrittenUnits

SQL: Final = Statements(__file__)

PROBLEMS: Final = {
    **UNIT_PROBLEMS,
    "commune_differs_from_code": Message("name_does_not_match_code"),
    "level_unknown": Message("level_of_unit_invalid"),
    "value_missing": Message("row_has_no_value"),
    "value_unreadable": Message("value_not_of_scheme"),
    "date_unreadable": Message("row_day_invalid"),
    "dates_swapped": Message("day_range_reversed"),
    "dates_outside_unit": Message("days_outside_unit"),
    "unit_repeated": Message("unit_has_several_values"),
    "value_repeated": Message("value_of_several_units"),
}
"""Code → message of a row's error."""
_TABLE: Final = ProblemTable(PROBLEMS, identifiers=frozenset(PROBLEMS))
TABLE: Final = TableFile(
    "unit_identifiers",
    (("value",), ("code", "commune", "district", "province")),
    rules=(in_order("valid_from", "valid_to", "dates_swapped"),),
)


@dataclass(frozen=True, slots=True)
class IdentifierFile:
    """Options of a file."""

    scheme: str
    map_on: datetime.date | None = None
    """Day of the map whose units it has; today by default"""
    since: datetime.date | None = None
    """Until then other values go on to hold; without it they are replaced altogether"""
    partial: bool = False
    """Whether units that it does not have keep what they have, or may have none"""


@dataclass(frozen=True, slots=True)
class UnitIdentifiersLoaded:
    """The result of loading a file."""

    scheme: str
    rows: int
    new: int
    """Units that had no value of the scheme"""
    changed: int
    unchanged: int
    problems: tuple[RowProblem, ...]
    missing: Annotated[
        tuple[UnitRef, ...],
        Field(description="Units of that map, of the levels in the file, that would have no value"),
    ]
    written: bool
    """False where anything is wrong, or missing from a file that is not partial"""


_Called = tuple[UnitIdentifier, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    unit: Unit
    called: UnitIdentifier


def load_unit_identifiers(
    session: Session, path: Path, options: IdentifierFile, sheet: str | None = None
) -> UnitIdentifiersLoaded:
    """Read the file's identifiers into the session, which the caller commits or rolls back.

    Raises UnreadableFileError for a file that cannot be read or lacks the columns,
    InvalidInputError for a malformed scheme, or one of records.
    """
    _check(options.scheme)
    session.execute(SQL.text("lock"))
    day = options.map_on or today()
    known = load_gazetteer(session).knowing(day)
    with TABLE.opened(path, opened_table(path, sheet)) as found:
        cells = [row.cells | _header_values(found.defaults, row.cells) for row in found.rows]
    units = WrittenUnits.of(known, day, cells)
    read = [_read(units, options, number, each) for number, each in enumerate(cells, start=1)]
    rows = [row for row in read if isinstance(row, _Row)]
    problems = [row for row in read if isinstance(row, RowProblem)]
    levels = {row.unit.level for row in rows}
    covered = [unit for unit in known.alive(day) if unit.level in levels]
    before = {unit.id: _of_scheme(unit, options.scheme) for unit in covered}
    after = _replaced(options, rows, before)
    problems += _repeated(options, rows, before, covered)
    looked_at = max(day, options.since or day)
    left = before | after if options.partial else after
    missing = [
        _ref(unit, day)
        for unit in covered
        if not any(_covers(each, looked_at) for each in left.get(unit.id, ()))
    ]
    changed = [unit for unit, called in after.items() if called != before[unit]]
    new = sum(not before[unit] for unit in changed)
    written = bool(rows) and not problems and (options.partial or not missing)
    if written and changed:
        _write(session, options, {unit: after[unit] for unit in changed}, path.name)
    problems.sort(key=lambda problem: (problem.row_number, problem.code))
    return UnitIdentifiersLoaded(
        scheme=options.scheme,
        rows=len(cells),
        new=new,
        changed=len(changed) - new,
        unchanged=len(after) - len(changed),
        problems=tuple(problems),
        missing=tuple(missing),
        written=written,
    )


def remove_unit_identifiers(session: Session, scheme: str) -> int:
    """Remove all identifiers of a scheme from units; returns their number.

    Raises InvalidInputError for a malformed scheme, or one of records.
    """
    _check(scheme)
    session.execute(SQL.text("lock"))
    done = session.execute(SQL.text("remove_scheme"), {"scheme": scheme})
    return cast(CursorResult[Any], done).rowcount


def _check(scheme: str) -> None:
    check_scheme(scheme)
    known = SCHEMES.get(scheme)
    if known is not None and known.of != "unit":
        message = Message("scheme_of_records", scheme=scheme)
        raise InvalidInputError.of_field("scheme", "malformed_scheme", message)


def _header_values(headers: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    """Return the values given in headers, for empty cells."""
    return {field: value for field, value in headers.items() if not cells.get(field)}


def _read(
    units: WrittenUnits, options: IdentifierFile, number: int, cells: Mapping[str, str]
) -> _Row | RowProblem:
    values, wrong = TABLE.read(cells)
    if wrong:
        return _TABLE.of(number, *wrong[0])
    unit = units.find({**cells, "code_level": values["level"] or ""})
    if not isinstance(unit, Unit):
        return _TABLE.of(number, *unit)
    value = values["value"]
    if known := SCHEMES.get(options.scheme):
        try:
            value = known.read(value)
        except ValueError:
            return _TABLE.of(number, "value_unreadable", value)
    first, end = values["valid_from"] or options.since, day_after(values["valid_to"])
    if (unit.ended and first and first >= unit.ended) or (unit.born and end and end <= unit.born):
        return _TABLE.of(number, "dates_outside_unit", value)
    return _Row(number, unit, UnitIdentifier(options.scheme, value, first, end))


def _of_scheme(unit: Unit, scheme: str) -> _Called:
    return tuple(each for each in unit.identifiers if each.scheme == scheme)


def _covers(called: UnitIdentifier, day: datetime.date) -> bool:
    return (called.first or day) <= day and (called.end is None or day < called.end)


def _replaced(
    options: IdentifierFile, rows: Iterable[_Row], before: Mapping[int, _Called]
) -> dict[int, _Called]:
    """Return the new identifiers of the units of the file."""
    found: dict[int, list[UnitIdentifier]] = defaultdict(list)
    for row in rows:
        found[row.unit.id].append(row.called)
    return {
        unit: _joined(
            before[unit] if options.since else (), called, options.since or datetime.date.min
        )
        for unit, called in found.items()
    }


def _joined(before: _Called, called: list[UnitIdentifier], since: datetime.date) -> _Called:
    """Return the identifiers valid until that day, and the new ones from then on."""
    called.sort(key=_first)
    for was in before:
        end = was.end or datetime.date.max
        if was.value == called[0].value and end >= since:
            called[0] = replace(called[0], first=was.first)
        elif _first(was) < since and was.value not in {each.value for each in called}:
            called.append(replace(was, end=min(end, since)))
    return tuple(sorted(called, key=_first))


def _first(called: UnitIdentifier) -> datetime.date:
    return called.first or datetime.date.min


def _repeated(
    options: IdentifierFile,
    rows: Sequence[_Row],
    before: Mapping[int, _Called],
    covered: Iterable[Unit],
) -> list[RowProblem]:
    """Return rows of one unit, or of one value, that overlap in time."""
    of_unit, of_value = defaultdict(list), defaultdict(list)
    for row in rows:
        of_unit[row.unit.id].append(row)
        of_value[row.unit.level, row.called.value].append(row)
    if options.partial:
        for unit in covered:
            for called in before[unit.id] if unit.id not in of_unit else ():
                of_value[unit.level, called.value].append(_Row(0, unit, called))
    found = [
        _TABLE.of(row.number, "unit_repeated", row.called.value)
        for group in of_unit.values()
        for row in _overlapping(group)
    ]
    found += [
        _TABLE.of(row.number, "value_repeated", row.called.value)
        for group in of_value.values()
        for row in _overlapping(group)
        if row.number and len({each.unit.id for each in group}) > 1
    ]
    return found


def _overlapping(rows: list[_Row]) -> list[_Row]:
    """Return the rows of which two are valid on one day."""
    found: dict[int, _Row] = {}
    rows.sort(key=lambda row: _first(row.called))
    last: _Row | None = None
    for row in rows:
        if last is not None and _first(row.called) < (last.called.end or datetime.date.max):
            found |= {id(each): each for each in (last, row)}
        if last is None or (row.called.end or datetime.date.max) > (
            last.called.end or datetime.date.max
        ):
            last = row
    return list(found.values())


def _write(
    session: Session, options: IdentifierFile, after: Mapping[int, _Called], name: str
) -> None:
    session.execute(SQL.text("remove"), {"scheme": options.scheme, "units": list(after)})
    rows = [
        {"unit_id": unit, "value": each.value, "first": each.first, "after": each.end}
        for unit, called in after.items()
        for each in called
    ]
    session.execute(
        SQL.text("add"),
        {"scheme": options.scheme, "source": f"file {name}", "rows": json.dumps(rows, default=str)},
    )


@dataclass(frozen=True, slots=True)
class SchemeCovered:
    """How many units of a day and level a scheme covers."""

    scheme: str
    level: UnitLevel
    units: int
    total: int
    missing: tuple[UnitRef, ...]


def covered_schemes(session: Session, day: datetime.date) -> list[SchemeCovered]:
    """Return each scheme with each level of its units of any day, by name."""
    known = load_gazetteer(session).knowing(day)
    found = []
    for scheme, level in known.schemes:
        alive = list(known.alive(day, level=level))
        without = [unit for unit in alive if unit.identifier(scheme, day) is None]
        missing = tuple(_ref(unit, day) for unit in without)
        found.append(SchemeCovered(scheme, level, len(alive) - len(without), len(alive), missing))
    return found


def _ref(unit: Unit, day: datetime.date) -> UnitRef:
    return UnitRef(code=unit.code, name=unit.version_on(day).full_name)
