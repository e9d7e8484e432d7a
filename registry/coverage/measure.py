"""Coverage: how many households of a unit have a code, of all that it has.

Sums of cached counts by commune (`registry.coverage.count_cache`). Only active records are counted;
hộ (`households_count`) and dwellings (records) separately; buildings never. Codes that begin with 0
are for demonstration and excluded by default. What each count means: docs/coverage.md.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast, get_args

from sqlalchemy.orm import Session

from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.coverage.count_cache import (
    MOST_RECORDS,
    SQL,
    backlog_of,
    verified_since,
    written_array,
)
from registry.coverage.figures import (
    COUNTRY,
    QUALITY_LABELS,
    Counts,
    Coverage,
    Level,
    UnitCoverage,
    UnitTarget,
    UseCoverage,
    Used,
    UseTarget,
    use_coverage,
)
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.one_map import doubt
from registry.units.onward import continuations

JUMP_DAYS: Final = 7
"""Maximum age of the count that today's is compared with."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """Units by id, and the time of their counts, if in the past."""

    units: dict[int, UnitCoverage]
    counted_at: datetime.datetime | None


def coverage_of_level(
    session: Session,
    gazetteer: Gazetteer,
    level: str,
    *,
    province: str | None = None,
    demo: bool = False,
) -> Coverage:
    """Return the coverage of all provinces or communes of today, or of those of one province.

    Includes units without a target; a former province is replaced by its successors. Raises the
    errors of `coverage_of_unit`, and InvalidInputError if `province` is the code of another unit.
    """
    day = today()
    communes = communes_by_province(gazetteer, day)
    former = None
    if province is None:
        wholes = provinces_of(gazetteer, day)
    else:
        wholes, former = living_units(gazetteer, province, day)
        for whole in wholes:
            _check_province(whole, day)
    listed = wholes if level == "province" else [c for whole in wholes for c in communes[whole.id]]
    parts = _parts_of(wholes, communes)
    if level == "commune":
        parts += [(commune.id, commune.id) for commune in listed]
    measured = _measure(session, gazetteer, day, parts, demo=demo)
    of_wholes = [measured.units[whole.id] for whole in wholes]
    total = sum_of_units(of_wholes, former or COUNTRY[::2]) if len(wholes) != 1 else of_wholes[0]
    units = sorted((measured.units[unit.id] for unit in listed), key=lambda unit: unit.code)
    return Coverage(day, demo, tuple(units), total, former, measured.counted_at)


def coverage_by_id(session: Session, gazetteer: Gazetteer) -> dict[int, UnitCoverage]:
    """Map ids to the coverage of every province and commune of today, without demonstration codes.

    Counts are current, however many are outdated in the cache.
    """
    day = today()
    communes = communes_by_province(gazetteer, day)
    provinces = provinces_of(gazetteer, day)
    parts = _parts_of(provinces, communes)
    parts += [(commune.id, commune.id) for each in provinces for commune in communes[each.id]]
    return _measure(session, gazetteer, day, parts, demo=False, exactly=True).units


def _parts_of(wholes: Sequence[Unit], communes: dict[int, list[Unit]]) -> list[tuple[int, int]]:
    """Return pairs of ids of provinces and their communes; a unit without parts is its own part."""
    parts = [(whole.id, commune.id) for whole in wholes for commune in communes[whole.id]]
    return parts + [(whole.id, whole.id) for whole in wholes if not communes[whole.id]]


def coverage_of_unit(
    session: Session, gazetteer: Gazetteer, code: str, *, demo: bool = False
) -> Coverage:
    """Return the coverage of one province or commune of today, or of a former one's successors.

    Raises InvalidInputError for an invalid code, and NotFoundError if no unit of any map has it, or
    the last one has no successors.
    """
    day = today()
    units, former = living_units(gazetteer, code, day)
    communes = communes_by_province(gazetteer, day)
    parts = _parts_of([unit for unit in units if unit.level == "province"], communes)
    parts += [(unit.id, unit.id) for unit in units if unit.level != "province"]
    measured = _measure(session, gazetteer, day, parts, demo=demo)
    found = [measured.units[unit.id] for unit in units]
    total = found[0] if len(found) == 1 else sum_of_units(found, former or ("", ""))
    return Coverage(day, demo, tuple(found), total, former, measured.counted_at)


def _measure(
    session: Session,
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: Sequence[tuple[int, int]],
    *,
    demo: bool,
    exactly: bool = False,
) -> _Measured:
    """Return coverage by unit; `parts` are (id of a unit, id of a commune in it).

    Outdated communes are counted now unless there are many; with `exactly` always.
    """
    doubt()  # a sum lacks units that this map does not have
    communes = [commune_id for _, commune_id in parts]
    backlog = backlog_of(session, day, communes)
    is_late = not exactly and backlog.records > MOST_RECORDS
    if backlog.communes > 0 and not is_late:
        statement = SQL.text("measure_now_with_demo") if demo else SQL.text("measure_now")
    else:
        statement = SQL.text("measure_kept_with_demo") if demo else SQL.text("measure_kept")
    parameters = {
        "units": written_array(unit_id for unit_id, _ in parts),
        "parts": written_array(communes),
        "day": day,
        "verified_since": verified_since(day),
        "jump_days": JUMP_DAYS,
    }
    rows = session.execute(statement, parameters)
    units = {row.unit_id: _unit_coverage(gazetteer, day, row, demo=demo) for row in rows}
    return _Measured(units, backlog.counted_at if is_late else None)


def _unit_coverage(
    gazetteer: Gazetteer, day: datetime.date, row: Any, *, demo: bool
) -> UnitCoverage:
    unit = gazetteer.units[row.unit_id]
    province = gazetteer.province_of(unit, day)
    target = None
    if row.target is not None:
        target = target_of(row)
    return UnitCoverage(
        code=unit.code,
        level=cast(Level, unit.level),
        name=unit.version_on(day).full_name,
        province=(province.code, province.version_on(day).full_name) if province else None,
        target=target,
        counts=Counts.of(row),
        before=None if demo else row.before,  # recorded counts exclude demonstration codes
        uses=_uses(row),
    )


def _uses(row: Any) -> tuple[UseCoverage, ...]:
    """Return the doors of a row by use, with their targets."""
    doors = Counter[str]()
    for commune in row.uses or ():
        doors.update(commune)
    targets = {
        each["counted"]: UseTarget(
            each["households"],
            each["quality"],
            each["source"],
            datetime.date.fromisoformat(each["reference_date"]),
        )
        for each in row.use_targets or ()
    }
    return tuple(
        use_coverage(use, doors[use], targets.get(use))
        for use in get_args(Used)
        if doors[use] or use in targets
    )


def target_of(row: Any) -> UnitTarget:
    """Return the target of a row that has one."""
    return UnitTarget(row.target, row.quality, row.source, row.reference_date, row.counted)


def sum_of_units(units: Sequence[UnitCoverage], whole: tuple[str, str]) -> UnitCoverage:
    """Return the sum of the units, with a target if every one of them has one.

    `whole` is code and name of the country, or of the unit that they continue.
    """
    befores = [unit.before for unit in units if unit.before is not None]
    return UnitCoverage(
        code=whole[0],
        level=COUNTRY[1] if whole == COUNTRY[::2] else "former",
        name=whole[1],
        province=None,
        target=sum_of_targets([unit.target for unit in units]),
        counts=Counts.sum([unit.counts for unit in units]),
        before=sum(befores) if befores else None,
        uses=_sum_of_uses(units),
    )


def _sum_of_uses(units: Sequence[UnitCoverage]) -> tuple[UseCoverage, ...]:
    """Return the sums by use, with a target if every unit has one."""
    summed = []
    for use in get_args(Used):
        known = [each for unit in units for each in unit.uses if each.use == use]
        targets = [each.target for each in known if each.target is not None]
        total = None
        if targets and len(targets) == len(units):
            total = UseTarget(
                doors=sum(target.doors for target in targets),
                quality=max((target.quality for target in targets), key=_worst),
                source="; ".join(sorted({target.source for target in targets})),
                reference_date=min(target.reference_date for target in targets),
            )
        if known:
            summed.append(use_coverage(use, sum(each.doors for each in known), total))
    return tuple(summed)


_worst: Final = list(QUALITY_LABELS).index


def sum_of_targets(targets: Sequence[UnitTarget | None]) -> UnitTarget | None:
    """Add up targets; the sum has the worst quality and the oldest day of its parts."""
    known = [target for target in targets if target is not None]
    # Numbers of hộ and of dwellings cannot be added.
    if not known or len(known) < len(targets) or len({each.counted for each in known}) > 1:
        return None
    return UnitTarget(
        households=sum(target.households for target in known),
        quality=max((target.quality for target in known), key=_worst),
        source="; ".join(sorted({target.source for target in known})),
        reference_date=min(target.reference_date for target in known),
        counted=known[0].counted,
    )


@lru_cache(maxsize=2)
def provinces_of(gazetteer: Gazetteer, day: datetime.date) -> list[Unit]:
    """Return the provinces of that day, by code."""
    return list(gazetteer.alive(day, level="province"))


@lru_cache(maxsize=2)
def communes_by_province(gazetteer: Gazetteer, day: datetime.date) -> dict[int, list[Unit]]:
    """Map ids of provinces to their communes of that day, by code."""
    communes: dict[int, list[Unit]] = defaultdict(list)
    for commune in gazetteer.alive(day, level="commune"):
        communes[commune.version_on(day).province_id or 0].append(commune)
    return communes


def living_province(gazetteer: Gazetteer, code: str, day: datetime.date) -> Unit:
    """Return the province with `code` on that day.

    Raises InvalidInputError for another unit's code, NotFoundError if none of that day has it, with
    its successors.
    """
    (unit, *_), former = living_units(gazetteer, code, day)
    if former is not None:
        raise NotFoundError(
            Message(
                "unit_continued_by",
                former=former[1],
                code=code,
                full_name=unit.version_on(day).full_name,
                new_code=unit.code,
            )
        )
    _check_province(unit, day)
    return unit


def _check_province(unit: Unit, day: datetime.date) -> None:
    if unit.level != "province":
        raise InvalidInputError.of_field(
            "province",
            "not_a_province",
            Message("not_a_province", full_name=unit.version_on(day).full_name),
        )


def living_units(
    gazetteer: Gazetteer, code: str, day: datetime.date
) -> tuple[list[Unit], tuple[str, str] | None]:
    """Return the unit of that day with `code`, or the successors of the last one, then also with
    code and name of the former unit.

    Raises the errors of `coverage_of_unit`.
    """
    unit = unit_by_code(gazetteer, code, None)
    if unit.alive_on(day):
        return [unit], None
    name = unit.version_on(day).full_name
    heirs = [step.unit for step in continuations(gazetteer, unit, day)]
    if not heirs:
        raise NotFoundError(Message("unit_not_continued", name=name, code=code))
    return heirs, (unit.code, name)
