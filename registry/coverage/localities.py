"""Coverage below the commune: hamlets and neighbourhood groups, each with all that it holds.

The rows of one commune are read, a few thousand; a locality counts its own and those of every
locality inside it.
"""

from typing import Any, Final

from sqlalchemy.orm import Session

from geo.label import named
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.coverage.count_cache import SQL, verified_since
from registry.coverage.figures import COUNTRY, Counts, Coverage, CoverageLocality, UnitCoverage
from registry.coverage.measure import (
    coverage_of_level,
    coverage_of_unit,
    living_units,
    target_of,
)
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, today

NO_LOCALITY: Final = "Không ghi thôn, tổ"
"""Name of what is in the commune and in none of its localities."""


def coverage_below(
    session: Session, gazetteer: Gazetteer, code: str, level: str | None, *, demo: bool = False
) -> Coverage:
    """Coverage of a unit, or with a level of its parts: a commune of itself is the commune.

    Raises InvalidInputError for a level that is not below the unit's, and what `coverage_of_unit`
    raises.
    """
    if level == "locality":
        return coverage_of_localities(session, gazetteer, code, demo=demo)
    found = coverage_of_unit(session, gazetteer, code, demo=demo)
    levels = {unit.level for unit in found.units}
    if level is None or levels == {level}:
        return found
    if level == "province":
        raise InvalidInputError.of_field(
            "level",
            "level_above_unit",
            Message("commune_not_divided", name=found.units[0].name, code=code),
        )
    return coverage_of_level(session, gazetteer, level, province=code, demo=demo)


def coverage_by_parts(
    session: Session, gazetteer: Gazetteer, code: str | None, *, demo: bool = False
) -> Coverage:
    """Coverage of what a unit is divided into: the country (None or its code) into provinces, a
    province into communes, a commune into localities.

    A unit of an old map is answered by those that continue it. Raises what `coverage_of_unit`
    raises.
    """
    if code is None or code == COUNTRY[0]:
        return coverage_of_level(session, gazetteer, "province", demo=demo)
    units, former = living_units(gazetteer, code, today())
    if units[0].level == "province":
        return coverage_of_level(session, gazetteer, "commune", province=code, demo=demo)
    if former is not None:
        return coverage_of_unit(session, gazetteer, code, demo=demo)
    return coverage_of_localities(session, gazetteer, code, demo=demo)


def coverage_of_localities(
    session: Session, gazetteer: Gazetteer, code: str, *, demo: bool = False
) -> Coverage:
    """Coverage of each locality of a commune of today, by name, and of what is in none of them.

    The total is the commune's, which counts every door once. Raises InvalidInputError for a
    province, and what `coverage_of_unit` raises; NotFoundError also for a commune of an old map,
    whose localities are its successors' now.
    """
    day = today()
    unit = unit_by_code(gazetteer, code, day)
    if unit.level != "commune":
        raise InvalidInputError.of_field("unit", "not_a_commune", Message("commune_code_required"))
    statement = (
        SQL.text("measure_localities") if demo else SQL.text("measure_localities", "not_demo")
    )
    parameters = {"commune": unit.id, "verified_since": verified_since(day)}
    rows = session.execute(statement, parameters)
    whole = coverage_of_unit(session, gazetteer, code, demo=demo)
    found = tuple(_coverage(whole.total, row) for row in rows)
    return Coverage(day, demo, found, whole.total, counted_at=whole.counted_at)


def _coverage(commune: UnitCoverage, row: Any) -> UnitCoverage:
    return UnitCoverage(
        code=commune.code,
        level="locality",
        name=NO_LOCALITY if row.locality_id is None else named(row.kind, row.name),
        province=commune.province,
        target=None if row.target is None else target_of(row),
        counts=Counts.of(row),
        locality=CoverageLocality(row.locality_id, row.parent_id),
    )
