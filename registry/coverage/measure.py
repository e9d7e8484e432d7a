"""Coverage: how many households of a unit have a code, against how many it has.

Counted when asked, by one statement on indexes, and not kept. What is counted is active; hộ
(`households_count`) and dwellings (records) apart; buildings never. Codes that begin with 0 are
demonstration and are left out unless asked for. What each count means: docs/coverage.md.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.coverage.figures import (
    COUNTRY,
    QUALITY_LABELS,
    Counts,
    Coverage,
    UnitCoverage,
    UnitTarget,
)
from registry.errors import InvalidInputError, NotFoundError
from registry.gazetteer import Gazetteer, Unit, today
from registry.units import continuations, unit_by_code

ACCURATE_M: Final = 20
VERIFIED_YEARS: Final = 2
JUMP_DAYS: Final = 7
"""How old the count may be that today's is compared with."""

# The constants stand in the text, not in parameters: a plan for any value could not use an index
# that holds for some.
_NOT_DEMO: Final = "AND h.code >= '1'"
_WITHIN: Final = "AND h.unit_id = ANY(CAST(:communes AS int[]))"
_PLACES_WITHIN: Final = "AND p.unit_id = ANY(CAST(:communes AS int[]))"
_BY_COMMUNE: Final = "GROUP BY h.unit_id"
DOOR: Final = "h.house_number_key, h.building_key, h.floor, h.unit_number"
"""What tells two doors of one street or hamlet apart."""
BEST_TARGET: Final = """
    array_position(ARRAY['declared', 'census', 'estimate'], quality), reference_date DESC,
    counted = 'households' DESC, recorded_at DESC, id DESC
"""
"""ORDER BY of targets of one unit: the newest declared one first, and hộ before chỗ ở."""
# Counts that no row of the main index says. Two records at one door are found street by street: an
# index has a street's numbers in order, and only where one comes twice are the rows looked at.
_SUSPECTED: Final = """
    SELECT h.unit_id, h.position_accuracy_m
    FROM (
        SELECT p.id FROM {place} p CROSS JOIN LATERAL (
            SELECT count(h.house_number_key) AS numbers, count(DISTINCT h.house_number_key) AS doors
            FROM household h WHERE h.{column} = p.id {only}
        ) n WHERE n.numbers > n.doors {places_within}
    ) s CROSS JOIN LATERAL (
        SELECT h.unit_id, h.position_accuracy_m, count(*) OVER (PARTITION BY {door}) AS same
        FROM household h
        WHERE h.{column} = s.id {only} AND h.house_number_key IS NOT NULL
            AND h.status = 'active' AND h.kind = 'household' {not_demo}
    ) h WHERE h.same > 1
"""
_STATEMENT: Final = """
    WITH counted AS (
        SELECT {unit} AS unit_id, sum(h.households_count) AS households, count(*) AS dwellings,
            count(*) FILTER (WHERE h.position_accuracy_m <= {accurate_m}) AS positioned,
            count(*) FILTER (WHERE h.verified_on >= CAST(:verified_since AS date)) AS verified
        FROM household h
        WHERE h.status = 'active' AND h.kind = 'household' {not_demo} {within}
        {grouping}
    ), unnumbered AS (
        SELECT {unit} AS unit_id, count(*) AS unnumbered,
            count(*) FILTER (
                WHERE h.position_accuracy_m <= {accurate_m} AND h.locality_id IS NULL
            ) AS nowhere
        FROM household h
        WHERE h.status = 'active' AND h.kind = 'household' AND h.house_number_key IS NULL
            AND h.unit_number IS NULL {not_demo} {within}
        {grouping}
    ), suspected AS (
        SELECT {unit} AS unit_id, count(*) AS suspected,
            count(*) FILTER (WHERE h.position_accuracy_m <= {accurate_m}) AS ambiguous
        FROM ({suspected_streets} UNION ALL {suspected_hamlets}) h
        {grouping}
    ), plated AS (
        SELECT {unit} AS unit_id, count(*) AS plated
        FROM household h
        WHERE h.code IN (SELECT code FROM plate WHERE mounted_on IS NOT NULL)
            AND h.status = 'active' AND h.kind = 'household' {not_demo} {within}
        {grouping}
    ), summed AS (
        SELECT a.unit_id, coalesce(sum(c.households), 0)::bigint AS households,
            coalesce(sum(c.dwellings), 0)::bigint AS dwellings,
            coalesce(sum(c.positioned), 0)::bigint AS positioned,
            coalesce(sum(c.verified), 0)::bigint AS verified,
            coalesce(
                sum(c.positioned - coalesce(n.nowhere, 0) - coalesce(s.ambiguous, 0)), 0
            )::bigint AS deliverable,
            coalesce(sum(p.plated), 0)::bigint AS plated,
            coalesce(sum(s.suspected), 0)::bigint AS suspected,
            coalesce(sum(n.unnumbered), 0)::bigint AS unnumbered
        FROM unnest(CAST(:units AS int[]), CAST(:parts AS int[])) AS a (unit_id, commune_id)
        LEFT JOIN counted c ON c.unit_id = a.commune_id
        LEFT JOIN unnumbered n ON n.unit_id = a.commune_id
        LEFT JOIN suspected s ON s.unit_id = a.commune_id
        LEFT JOIN plated p ON p.unit_id = a.commune_id
        GROUP BY a.unit_id
    )
    SELECT s.*, t.households AS target, t.counted, t.quality, t.source, t.reference_date, b.before
    FROM summed s
    LEFT JOIN LATERAL (
        SELECT households, counted, quality, source, reference_date
        FROM target
        WHERE target.unit_id = s.unit_id AND locality_id IS NULL AND withdrawn_at IS NULL
        ORDER BY {best_target} LIMIT 1
    ) t ON true
    LEFT JOIN (
        SELECT d.unit_id, d.households AS before FROM coverage_day d
        WHERE d.day = (
            SELECT max(day) FROM coverage_day
            WHERE day < CAST(:day AS date) AND day >= CAST(:day AS date) - {jump_days}
        )
    ) b ON b.unit_id = s.unit_id
"""


def coverage_of_level(
    session: Session,
    gazetteer: Gazetteer,
    level: str,
    *,
    province: str | None = None,
    demo: bool = False,
) -> Coverage:
    """Coverage of all provinces or communes of today, or of those of one province.

    A unit without a target is there like all others; a province of an old map is answered by those
    that continue it. Raises what `coverage_of_unit` raises, and InvalidInputError when `province`
    is the code of another unit.
    """
    day = today()
    communes = communes_by_province(gazetteer, day)
    former = None
    if province is None:
        wholes = list(gazetteer.alive(day, level="province"))
    else:
        wholes, former = living_units(gazetteer, province, day)
        for whole in wholes:
            _check_province(whole, day)
    listed = wholes if level == "province" else [c for whole in wholes for c in communes[whole.id]]
    parts = _parts_of(wholes, communes)
    if level == "commune":
        parts += [(commune.id, commune.id) for commune in listed]
    statement = _statement("h.unit_id", _BY_COMMUNE, within=province is not None, demo=demo)
    parameters = {} if province is None else {"communes": sorted({part for _, part in parts})}
    measured = _measure(session, gazetteer, day, parts, statement, parameters, demo=demo)
    of_wholes = [measured[whole.id] for whole in wholes]
    total = _together(of_wholes, former or COUNTRY[::2]) if len(wholes) != 1 else of_wholes[0]
    units = sorted((measured[unit.id] for unit in listed), key=lambda unit: unit.code)
    return Coverage(day, demo, tuple(units), total, former)


def coverage_by_id(session: Session, gazetteer: Gazetteer) -> dict[int, UnitCoverage]:
    """Id → coverage of every province and commune of today, without demonstration codes."""
    day = today()
    communes = communes_by_province(gazetteer, day)
    provinces = list(gazetteer.alive(day, level="province"))
    parts = _parts_of(provinces, communes)
    parts += [(commune.id, commune.id) for each in provinces for commune in communes[each.id]]
    statement = _statement("h.unit_id", _BY_COMMUNE, within=False, demo=False)
    return _measure(session, gazetteer, day, parts, statement, {}, demo=False)


def _parts_of(wholes: Sequence[Unit], communes: dict[int, list[Unit]]) -> list[tuple[int, int]]:
    """Ids of each province and of each commune in it; what has no parts is its own, and empty."""
    parts = [(whole.id, commune.id) for whole in wholes for commune in communes[whole.id]]
    return parts + [(whole.id, whole.id) for whole in wholes if not communes[whole.id]]


def coverage_of_unit(
    session: Session, gazetteer: Gazetteer, code: str, *, demo: bool = False
) -> Coverage:
    """Coverage of one province or commune of today, or of those that continue one of an old map.

    Raises InvalidInputError for what is no code, and NotFoundError when no unit of any map bears
    it, or nothing continues the last one that did.
    """
    day = today()
    units, former = living_units(gazetteer, code, day)
    measured = [_measure_unit(session, gazetteer, day, unit, demo=demo) for unit in units]
    total = measured[0] if len(measured) == 1 else _together(measured, former or ("", ""))
    return Coverage(day, demo, tuple(measured), total, former)


def _measure_unit(
    session: Session, gazetteer: Gazetteer, day: datetime.date, unit: Unit, *, demo: bool
) -> UnitCoverage:
    inside = communes_by_province(gazetteer, day)[unit.id] if unit.level == "province" else [unit]
    # Summed at once, not by commune: a third less time for a province of 200,000 households.
    statement = _statement("CAST(:unit AS int)", "", within=True, demo=demo)
    parameters = {"unit": unit.id, "communes": [commune.id for commune in inside]}
    parts = [(unit.id, unit.id)]
    return _measure(session, gazetteer, day, parts, statement, parameters, demo=demo)[unit.id]


def _statement(unit: str, grouping: str, *, within: bool, demo: bool) -> str:
    not_demo = "" if demo else _NOT_DEMO
    places_within = _PLACES_WITHIN if within else ""
    streets, hamlets = (
        _SUSPECTED.format(
            place=place,
            column=column,
            only=only,
            places_within=places_within,
            door=DOOR,
            not_demo=not_demo,
        )
        for place, column, only in (
            ("thoroughfare", "thoroughfare_id", ""),
            (
                "locality",
                "locality_id",
                "AND h.thoroughfare_id IS NULL AND h.house_number_key IS NOT NULL",
            ),
        )
    )
    return _STATEMENT.format(
        accurate_m=ACCURATE_M,
        best_target=BEST_TARGET,
        jump_days=JUMP_DAYS,
        unit=unit,
        not_demo=not_demo,
        within=_WITHIN if within else "",
        grouping=grouping,
        suspected_streets=streets,
        suspected_hamlets=hamlets,
    )


def _measure(
    session: Session,
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: Sequence[tuple[int, int]],
    statement: str,
    parameters: dict[str, Any],
    *,
    demo: bool,
) -> dict[int, UnitCoverage]:
    """Coverage by unit; `parts` are (id of a unit, id under which a part of it is counted)."""
    common = {
        "units": [unit_id for unit_id, _ in parts],
        "parts": [part_id for _, part_id in parts],
        "day": day,
        "verified_since": years_before(day, VERIFIED_YEARS),
    }
    rows = session.execute(text(statement), common | parameters)
    return {row.unit_id: _unit_coverage(gazetteer, day, row, demo=demo) for row in rows}


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
        level=unit.level,
        name=unit.version_on(day).full_name,
        province=(province.code, province.version_on(day).full_name) if province else None,
        target=target,
        counts=Counts.of(row),
        before=None if demo else row.before,  # no demonstration is in what was recorded
    )


def target_of(row: Any) -> UnitTarget:
    """The target of a row that has one."""
    return UnitTarget(row.target, row.quality, row.source, row.reference_date, row.counted)


def _together(units: Sequence[UnitCoverage], whole: tuple[str, str]) -> UnitCoverage:
    """The sum of the units, with a target when every one of them has one.

    `whole` is code and name of the country, or of the unit that they continue.
    """
    befores = [unit.before for unit in units if unit.before is not None]
    return UnitCoverage(
        code=whole[0],
        level=COUNTRY[1] if whole == COUNTRY[::2] else "former",
        name=whole[1],
        province=None,
        target=_sum_of_targets([unit.target for unit in units]),
        counts=Counts.sum([unit.counts for unit in units]),
        before=sum(befores) if befores else None,
    )


def _sum_of_targets(targets: Sequence[UnitTarget | None]) -> UnitTarget | None:
    """A sum is no better than its worst and no newer than its oldest part."""
    known = [target for target in targets if target is not None]
    # Numbers of hộ and of dwellings make no sum.
    if not known or len(known) < len(targets) or len({each.counted for each in known}) > 1:
        return None
    qualities = list(QUALITY_LABELS)
    return UnitTarget(
        households=sum(target.households for target in known),
        quality=max((target.quality for target in known), key=qualities.index),
        source="; ".join(sorted({target.source for target in known})),
        reference_date=min(target.reference_date for target in known),
        counted=known[0].counted,
    )


@lru_cache(maxsize=2)
def communes_by_province(gazetteer: Gazetteer, day: datetime.date) -> dict[int, list[Unit]]:
    """Id of each province → its communes of that day, by code."""
    communes: dict[int, list[Unit]] = defaultdict(list)
    for commune in gazetteer.alive(day, level="commune"):
        communes[commune.version_on(day).province_id or 0].append(commune)
    return communes


def living_province(gazetteer: Gazetteer, code: str, day: datetime.date) -> Unit:
    """The province that bears `code` on that day.

    Raises InvalidInputError for another unit's code, NotFoundError where none of that day has it,
    with those that continue it.
    """
    (unit, *_), former = living_units(gazetteer, code, day)
    if former is not None:
        raise NotFoundError(
            f"{former[1]} ({code}) exists no longer; it is continued by"
            f" {unit.version_on(day).full_name} ({unit.code})"
        )
    _check_province(unit, day)
    return unit


def _check_province(unit: Unit, day: datetime.date) -> None:
    if unit.level != "province":
        raise InvalidInputError.of_field(
            "province", "not_a_province", f"{unit.version_on(day).full_name} is no province"
        )


def living_units(
    gazetteer: Gazetteer, code: str, day: datetime.date
) -> tuple[list[Unit], tuple[str, str] | None]:
    """The unit of that day that bears `code`; or those that continue the last one that did.

    With the latter come code and name of that unit of an old map. Raises what `coverage_of_unit`
    raises.
    """
    unit = unit_by_code(gazetteer, code, None)
    if unit.alive_on(day):
        return [unit], None
    name = unit.version_on(day).full_name
    heirs = [step.unit for step in continuations(gazetteer, unit, day)]
    if not heirs:
        raise NotFoundError(f"{name} ({code}) exists no longer, and no unit on record continues it")
    return heirs, (unit.code, name)


def years_before(day: datetime.date, years: int) -> datetime.date:
    """The same day of an earlier year; 28 February for the 29th.

    >>> years_before(datetime.date(2026, 8, 1), 2), years_before(datetime.date(2028, 2, 29), 2)
    (datetime.date(2024, 8, 1), datetime.date(2026, 2, 28))
    """
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)
