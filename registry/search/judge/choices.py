"""Choices for the shopper: places that fit, or the communes that succeed a former district."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from geo.admin import name_key
from registry.records.record import Wording
from registry.search.answers import Answer
from registry.search.judge.labels_apart import Labelled, is_by_code, labels_apart
from registry.search.judge.verdicts import Choice
from registry.search.judge.wording import former_shown, todays_wording
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of

MAX_COMMUNES: Final = 15
"""A longer list is not offered; the largest former district became 14."""


def choices_of_places(
    gazetteer: Gazetteer,
    day: datetime.date,
    places: Sequence[tuple[Answer, Wording]],
    reading: ReadAddress | None,
) -> list[Choice]:
    """Return a choice for each place, in this order, with its code if it is a door.

    Labels are unique: of indistinguishable streets only the first is offered.
    """
    labelled = [
        Labelled(
            words.label,
            words.commune,
            former_shown(answer, reading, day),
            answer.record.code if answer.record else None,
        )
        for answer, words in places
    ]
    choices: dict[str, Choice] = {}
    distinct = labels_apart(gazetteer, day, labelled)
    for (label, _, _, code), (answer, words) in zip(distinct, places, strict=True):
        # Places that only their codes distinguish are alike on the old map, too.
        before = None if is_by_code(label, code) else words.before_2025_07
        on = None if is_by_code(label, code) else words.on
        choices.setdefault(label, Choice(label, before, code, on, answer.name))
    return list(choices.values())


def districts_named(reading: ReadAddress | None) -> list[Unit]:
    """Return the former districts that are named without a commune."""
    namings = reading.namings if reading else ()
    named = {n.district.id: n.district for n in namings if n.commune is None and n.district}
    return list(named.values())


def choices_of_units(
    gazetteer: Gazetteer,
    day: datetime.date,
    answer: Answer,
    reading: ReadAddress | None,
    among: Collection[int] | None,
) -> list[Choice]:
    """Return the address in each current commune that the named units lead to, limited to ids
    `among`.

    Communes that were named come first. Empty for a province, and for too many.
    """
    namings = reading.namings if reading else ()
    inner = [naming.innermost for naming in namings]
    if any(unit is None or unit.level == "province" for unit in inner):
        return []
    reached = {commune for unit in inner if unit for commune in communes_of(gazetteer, day, unit)}
    communes = reached if among is None else reached.intersection(among)
    if len(communes) > MAX_COMMUNES:
        return []
    written = {naming.commune for naming in namings}
    ordered = sorted(
        (gazetteer.units[commune] for commune in communes),
        key=lambda unit: (unit not in written, name_key(unit.version_on(day).name)),
    )
    places = (replace(answer, level="commune", unit=unit, former=None) for unit in ordered)
    words = (todays_wording(gazetteer, day, place, reading) for place in places)
    return [Choice(one.label, None, None) for one in words]
