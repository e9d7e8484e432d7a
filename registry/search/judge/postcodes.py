"""A postcode at the end of a text: the witness of the commune beside its name."""

import datetime
from collections.abc import Set as AbstractSet
from typing import Final

from geo.admin import postcode_in
from registry.core.schemes import POSTCODE
from registry.search.answers import Answer, with_fault, without_fault
from registry.search.faults import POSTCODE_CONTRADICTS
from registry.units.gazetteer import Gazetteer, Unit

_SAID: Final = ("commune_missing", "commune_several", "province_missing", "province_supposed")
"""Faults of a text without its commune or province, which follow from a postcode."""


def by_postcode(
    gazetteer: Gazetteer, day: datetime.date, answers: list[Answer], text: str | None
) -> list[Answer]:
    """Of several answers those in the commune of the postcode; others with a fault.

    Postcodes of before lead to other communes, so that a text by an earlier map is not compared.
    """
    postcode = postcode_in(text) if text else None
    here = set(gazetteer.identified(POSTCODE, postcode, day)) if postcode else set()
    if not here:
        return answers
    inside = [_said(answer) for answer in answers if answer.unit in here]
    if len(inside) == 1:
        return [without_fault(inside[0], "ambiguous")]
    return inside or [_contradicted(answer, here) for answer in answers]


def _said(answer: Answer) -> Answer:
    for fault in _SAID:
        answer = without_fault(answer, fault)
    return answer


def _contradicted(answer: Answer, here: AbstractSet[Unit]) -> Answer:
    """The answer, with a fault where it is another commune of today, and the text names that."""
    earlier = answer.unit is None or answer.unit.level != "commune"
    if earlier or "commune_former" in answer.faults or answer.unit in here:
        return answer
    return with_fault(answer, POSTCODE_CONTRADICTS)
