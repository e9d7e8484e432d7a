"""What a shopper may pick from: places that fit, or the communes that a district of old became."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from geo.admin import name_key
from registry.records.record import Wording
from registry.search.answers import Answer
from registry.search.judge.labels_apart import Labelled, is_by_code, labels_apart
from registry.search.judge.verdicts import Choice
from registry.search.judge.wording import former_told, in_todays_words
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of

MAX_COMMUNES: Final = 15
"""More are no list to pick from; the largest district of old became 14."""


def choices_of_places(
    gazetteer: Gazetteer,
    day: datetime.date,
    places: Sequence[tuple[Answer, Wording]],
    reading: ReadAddress | None,
) -> list[Choice]:
    """A choice for each place, in this order, with its code where it is a door.

    No two have one label: of streets that nothing tells apart the first stands for all.
    """
    labelled = [
        Labelled(
            words.label,
            words.commune,
            former_told(answer, reading, day),
            answer.record.code if answer.record else None,
        )
        for answer, words in places
    ]
    choices: dict[str, Choice] = {}
    told = labels_apart(gazetteer, day, labelled)
    for (label, _, _, code), (_, words) in zip(told, places, strict=True):
        # What a code had to tell apart is no more told by the old map.
        before = None if is_by_code(label, code) else words.before_2025_07
        on = None if is_by_code(label, code) else words.on
        choices.setdefault(label, Choice(label, before, code, on))
    return list(choices.values())


def districts_named(reading: ReadAddress | None) -> list[Unit]:
    """The districts of old that may be all that is named."""
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
    """The address in each commune of today that the units named lead to, of those `among`, by ids.

    A commune of a name that was written comes first. None for a province, and for too many.
    """
    namings = reading.namings if reading else ()
    inner = [naming.innermost for naming in namings]
    if any(unit is None or unit.level == "province" for unit in inner):
        return []
    led_to = {commune for unit in inner if unit for commune in communes_of(gazetteer, day, unit)}
    communes = led_to if among is None else led_to.intersection(among)
    if len(communes) > MAX_COMMUNES:
        return []
    written = {naming.commune for naming in namings}
    ordered = sorted(
        (gazetteer.units[commune] for commune in communes),
        key=lambda unit: (unit not in written, name_key(unit.version_on(day).name)),
    )
    places = (replace(answer, level="commune", unit=unit, former=None) for unit in ordered)
    words = (in_todays_words(gazetteer, day, place, reading) for place in places)
    return [Choice(one.label, None, None) for one in words]
