"""A postcode beside an address: the evidence of its commune; where they differ, a fault."""

import datetime
from typing import Final

from geo.admin import postcode_in
from registry.core.schemes import POSTCODE
from registry.search.answers import Answer, with_fault, without_fault
from registry.search.faults import POSTCODE_CONTRADICTS
from registry.search.judge.verdicts import Component, Status, Validation
from registry.units.gazetteer import Gazetteer
from registry.units.postcodes import communes_with_postcode, is_of_postcode, read_postcode

_SAID: Final = ("commune_missing", "commune_several", "province_missing", "province_supposed")
"""Faults of a text without its commune or province, which follow from a postcode."""
_OPEN: Final = frozenset({*_SAID, "ambiguous", "commune_undecided"})
"""Faults of an answer beside which another one may be meant."""


def by_postcode_in(
    gazetteer: Gazetteer, day: datetime.date, found: list[Answer], text: str
) -> list[Answer]:
    """The answers to a text, by the postcode that ends it.

    One of before 2025 may be another commune's today: a text by an earlier map is not compared.
    """
    postcode = postcode_in(text)
    if postcode is None or any("commune_former" in answer.faults for answer in found):
        return found
    return by_postcode(gazetteer, day, found, postcode)


def by_postcode(
    gazetteer: Gazetteer, day: datetime.date, found: list[Answer], postcode: str
) -> list[Answer]:
    """Of several answers those in the commune of a postcode; where the address names another
    commune, or none lies there, all with a fault.
    """
    communes = communes_with_postcode(gazetteer, postcode, day)
    inside = [one for one in found if one.unit is not None and one.unit.id in communes]
    if inside and inside[0] is not found[0] and _OPEN.isdisjoint(found[0].faults):
        inside = []  # what is named is not corrected
    if len(inside) == 1:
        inside = [without_fault(inside[0], "ambiguous")]
    if inside:
        return [without_fault(answer, *_SAID) for answer in inside]
    return [
        answer
        if is_of_postcode(gazetteer, answer.unit, communes, day)
        else with_fault(answer, POSTCODE_CONTRADICTS)
        for answer in found
    ]


def postcode_component(
    found: Validation, written: str, day: datetime.date
) -> tuple[Component, ...]:
    """What became of a postcode that was given; empty for a text that is not one."""
    if (postcode := read_postcode(written)) is None:
        return ()
    known = found.commune.identifier(POSTCODE, day) if found.commune else None
    status: Status = "confirmed" if known == postcode else "unverified"
    return (Component("postcode", status, postcode, known),)
