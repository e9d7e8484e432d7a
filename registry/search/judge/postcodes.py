"""A postcode in an address: evidence of its commune; a fault if they differ."""

import datetime
from typing import Final

from registry.core.schemes import POSTCODE
from registry.search.answers import Answer, with_fault, without_fault
from registry.search.faults import POSTCODE_CONTRADICTS
from registry.search.judge.verdicts import Component, Status, Validation
from registry.units.gazetteer import Gazetteer
from registry.units.postcodes import (
    communes_with_postcode,
    is_of_postcode,
    provinces_of_range,
    read_postcode,
)

_SUPPLIED: Final = ("commune_missing", "commune_several", "province_missing", "province_supposed")
"""Faults of a missing commune or province, which a postcode supplies."""
_OPEN: Final = frozenset({*_SUPPLIED, "ambiguous", "commune_undecided"})
"""Faults of an answer that leave room for another one."""


def by_postcode(
    gazetteer: Gazetteer, day: datetime.date, found: list[Answer], postcode: str
) -> list[Answer]:
    """Return the answers in the commune of a postcode; if the address names another commune, or
    there is no such answer, return all with a fault.

    A postcode from before 2025 may be another commune's today, so with an address of an earlier map
    only the province counts; likewise for a postcode that no commune has.
    """
    communes = communes_with_postcode(gazetteer, postcode, day)
    if not communes or any("commune_former" in answer.faults for answer in found):
        return _by_range(gazetteer, day, found, postcode)
    inside = [one for one in found if one.unit is not None and one.unit.id in communes]
    if inside and inside[0] is not found[0] and _OPEN.isdisjoint(found[0].faults):
        inside = []  # a postcode does not override what is named
    if len(inside) == 1:
        inside = [without_fault(inside[0], "ambiguous")]
    if inside:
        return [without_fault(answer, *_SUPPLIED) for answer in inside]
    return [
        answer
        if is_of_postcode(gazetteer, answer.unit, communes, day)
        else with_fault(answer, POSTCODE_CONTRADICTS)
        for answer in found
    ]


def _by_range(
    gazetteer: Gazetteer, day: datetime.date, found: list[Answer], postcode: str
) -> list[Answer]:
    provinces = provinces_of_range(gazetteer, postcode, day)
    if not provinces or any(_province_id(one, day) in provinces for one in found):
        return found
    return [with_fault(answer, POSTCODE_CONTRADICTS) for answer in found]


def _province_id(answer: Answer, day: datetime.date) -> int | None:
    unit = answer.unit
    if unit is None or unit.level == "province":
        return unit.id if unit else None
    return unit.version_on(day).province_id


def postcode_component(
    found: Validation, written: str, day: datetime.date
) -> tuple[Component, ...]:
    """Return the component of a given postcode; empty if it is not a postcode."""
    if (postcode := read_postcode(written)) is None:
        return ()
    known = found.commune.identifier(POSTCODE, day) if found.commune else None
    status: Status = "confirmed" if known == postcode else "unverified"
    return (Component("postcode", status, postcode, known),)
