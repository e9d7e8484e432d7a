"""Coverage below the commune: hamlets and neighbourhood groups, including those inside them.

Reads the rows of one commune, a few thousand; a locality counts its own and those of every locality
inside it.
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
"""Label of records outside any locality of the commune."""


def coverage_below(
    session: Session, gazetteer: Gazetteer, code: str, level: str | None, *, demo: bool = False
) -> Coverage:
    """Return the coverage of a unit, or with a level of its parts; at level `commune` a commune is
    its own part.

    Raises InvalidInputError for a level that is not below the unit's, and the errors of
    `coverage_of_unit`.
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
    """Return the coverage of a unit's parts: of the country (None or its code) by provinces, of a
    province by communes, of a commune by localities.

    A former unit is replaced by its successors. Raises the errors of `coverage_of_unit`.
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
    """Return the coverage of each locality of today's commune, by name, and of doors outside them.

    The total is the commune's, which counts every door once. Raises InvalidInputError for a
    province, and the errors of `coverage_of_unit`; NotFoundError also for a former commune, whose
    localities now belong to its successors.
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
