"""Storage of targets: write, withdraw, and for a province the sum of its communes'."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from registry.access.reach import writable
from registry.core.actors import acting, outside_units
from registry.core.errors import ConflictError, NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.coverage.figures import QUALITY_LABELS, UnitTarget
from registry.coverage.measure import living_province, sum_of_targets
from registry.coverage.target_reading import Target
from registry.units.gazetteer import Gazetteer, Unit, today

SQL: Final = Statements(__file__, "queries.sql")

SUM_SOURCE: Final = "Tổng các xã, phường, đặc khu"
"""Source of a province's target that is the sum of its communes', and follows them."""
_BETTER_FIRST: Final = list(QUALITY_LABELS)


@dataclass(frozen=True, slots=True)
class KeptTarget:
    """A stored target of a unit."""

    id: int
    target: UnitTarget
    recorded_at: datetime.datetime
    withdrawn_at: datetime.datetime | None


def may_declare(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> bool:
    """Whether the actor may declare a unit's households: all of it must be in the actor's units."""
    actor, writes = acting(), writable()
    if writes is None:
        return actor is None or actor.may("approver")
    own = {unit.id} if unit.level == "commune" else _communes(gazetteer, unit, day)
    return actor is not None and actor.may("approver") and bool(own) and own <= writes


def check_may_declare(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> None:
    """Raise OutsideUnitsError unless `may_declare`."""
    if not may_declare(gazetteer, unit, day):
        name = unit.version_on(day).full_name
        raise outside_units(
            Message("target_of_others", name=name),
            [unit.code],
        )


def write_targets(
    session: Session, gazetteer: Gazetteer, targets: Sequence[Target]
) -> tuple[int, int]:
    """Write targets, and the sums derived from them; return how many are new and changed."""
    written = _write(session, targets)
    follow_sums(session, gazetteer, {each.unit_id for each in targets})
    return written


def targets_of(session: Session, unit_id: int) -> list[KeptTarget]:
    """Return all targets of a unit, without its localities, the effective one first."""
    rows = session.execute(SQL.text("targets_of_unit"), {"unit": unit_id})
    return [
        KeptTarget(
            row.id,
            UnitTarget(row.households, row.quality, row.source, row.reference_date, row.counted),
            row.recorded_at,
            row.withdrawn_at,
        )
        for row in rows
    ]


def withdraw_target(session: Session, gazetteer: Gazetteer, target_id: int) -> None:
    """Withdraw one target; its row is kept.

    Raises NotFoundError for one that is withdrawn or unknown, and OutsideUnitsError.
    """
    unit_id = session.execute(SQL.text("withdraw_target"), {"id": target_id}).scalar_one_or_none()
    if unit_id is None:
        raise NotFoundError(Message("target_superseded"))
    check_may_declare(gazetteer, gazetteer.units[unit_id], today())
    follow_sums(session, gazetteer, {unit_id})


def use_sum(session: Session, gazetteer: Gazetteer, code: str) -> UnitTarget:
    """Make a province's target the sum of its communes', which follows their changes.

    Withdraws its own targets that are not better. Raises ConflictError if communes have none, count
    different things, or only estimates, or if the province's own target is better;
    OutsideUnitsError.
    """
    day = today()
    province = living_province(gazetteer, code, day)
    check_may_declare(gazetteer, province, day)
    total = sum_of_communes(session, gazetteer, province)
    if total is None or total.is_estimate:
        raise ConflictError(
            Message("targets_not_addable", full_name=province.version_on(day).full_name)
        )
    kept = (each for each in targets_of(session, province.id) if not each.withdrawn_at)
    own = [each.target for each in kept if each.target.of_homes]
    if own and _rank(own[0]) < _rank(total):
        raise ConflictError(
            Message(
                "province_figure_better",
                province_quality=own[0].quality_label,
                sum_quality=total.quality_label,
            )
        )
    session.execute(
        SQL.text("withdraw_own_target"), {"unit": province.id, "quality": total.quality}
    )
    _write_sum(session, province, total)
    return total


def sum_of_communes(session: Session, gazetteer: Gazetteer, province: Unit) -> UnitTarget | None:
    """Return the sum of the communes' targets; None if any has none."""
    communes = sorted(_communes(gazetteer, province, today()))
    rows = session.execute(SQL.text("newest_targets"), {"units": communes})
    known = [
        UnitTarget(row.households, row.quality, row.source, row.reference_date, row.counted)
        for row in rows
    ]
    return sum_of_targets([*known, *[None] * (len(communes) - len(known))])


def follow_sums(session: Session, gazetteer: Gazetteer, unit_ids: Collection[int]) -> None:
    """Recompute the sums of provinces of these units, if they use a sum.

    If the communes no longer have a sum, the province's former target applies again.
    """
    day = today()
    units = (gazetteer.units[unit_id] for unit_id in unit_ids)
    found = (gazetteer.province_of(unit, day) for unit in units if unit.level == "commune")
    provinces = {province.id: province for province in found if province is not None}
    using = session.scalars(
        SQL.text("units_using_source"), {"units": list(provinces), "source": SUM_SOURCE}
    )
    for province_id in using.all():
        total = sum_of_communes(session, gazetteer, provinces[province_id])
        session.execute(SQL.text("withdraw_sum"), {"unit": province_id, "source": SUM_SOURCE})
        if total is not None and not total.is_estimate:
            _write_sum(session, provinces[province_id], total)


def communes_left(session: Session, gazetteer: Gazetteer, province: Unit) -> list[Unit]:
    """Return communes of the province without a target better than an estimate, by code."""
    communes = _communes(gazetteer, province, today())
    rows = session.execute(SQL.text("newest_targets"), {"units": sorted(communes)})
    known = {row.unit_id for row in rows if row.quality != "estimate"}
    return sorted((gazetteer.units[i] for i in communes - known), key=lambda unit: unit.code)


def _communes(gazetteer: Gazetteer, province: Unit, day: datetime.date) -> set[int]:
    members = gazetteer.members(province, day)
    return {unit.id for unit in members if unit.level == "commune" and unit.alive_on(day)}


def _rank(target: UnitTarget) -> int:
    return _BETTER_FIRST.index(target.quality)


def _write_sum(session: Session, province: Unit, total: UnitTarget) -> None:
    of_sum = (total.quality, SUM_SOURCE, total.reference_date, total.counted)
    _write(session, [Target(province.id, total.households, *of_sum)])


def _write(session: Session, targets: Sequence[Target]) -> tuple[int, int]:
    columns: dict[str, list[object]] = defaultdict(list)
    for each in targets:
        columns["units"].append(each.unit_id)
        columns["households"].append(each.households)
        columns["qualities"].append(each.quality)
        columns["sources"].append(each.source)
        columns["dates"].append(each.reference_date)
        columns["counted"].append(each.counted)
        columns["localities"].append(each.locality_id)
    if not targets:
        return 0, 0
    written = session.execute(SQL.text("write_targets"), columns).one()
    return int(written[0]), int(written[1])
