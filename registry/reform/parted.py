"""Split provinces: each commune goes to one part, with its doors."""

import datetime
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from registry.reform.plan_values import Alteration, Leg, Plan
from registry.units.gazetteer import Unit

_ONE_DAY: Final = datetime.timedelta(days=1)
Refuse = Callable[[str, int | None, str], None]


def part_provinces(plan: Plan, refuse: Refuse) -> None:
    """Assign the communes and districts of each split province to its parts."""
    by_source: dict[int, list[Leg]] = defaultdict(list)
    for leg in plan.legs:
        if leg.source.level == "province" and leg.selector is not None:
            by_source[leg.source.id].append(leg)
    for legs in by_source.values():
        _part(plan, legs, refuse)


def _part(plan: Plan, legs: list[Leg], refuse: Refuse) -> None:
    province, eve = legs[0].source, plan.day - _ONE_DAY
    members = {unit.code: unit for unit in plan.gazetteer.members(province, eve)}
    goes: dict[int, Leg] = {}
    for leg in legs:
        for code in leg.selector.communes if leg.selector is not None else ():
            if code in members:
                goes[members[code].id] = leg
            else:
                refuse("unit_elsewhere", leg.line, f"{code}: {province.code}")
    rest = next((leg for leg in legs if leg.selector is not None and leg.selector.rest), None)
    for unit in members.values():
        district = plan.gazetteer.district_of(unit, eve)
        found = goes.get(unit.id) or (goes.get(district.id) if district else None) or rest
        if found is None and province.id in plan.ended:
            refuse("parts_missing", plan.line_of_end(province), unit.code)
        _send(plan, unit, province, found)


def _send(plan: Plan, unit: Unit, province: Unit, leg: Leg | None) -> None:
    plan.parted[unit.id] = province, leg
    if leg is None or unit.id in plan.ended:
        return
    change = plan.altered.setdefault(unit.id, Alteration(unit, leg.line))
    change.province = change.province or leg.successor
