"""What a shopper may pick from: places that fit, or the communes that a district of old became."""

import datetime
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from geo.admin import name_key
from registry.door_with_units import ReadAddress
from registry.gazetteer import Gazetteer, Unit
from registry.records import Wording, last_day, unit_names
from registry.search.answers import Answer
from registry.search.areas import communes_of
from registry.validation.verdicts import Choice
from registry.validation.wording import former_told, in_todays_words

MAX_COMMUNES: Final = 15
"""More are no list to pick from; the largest district of old became 14."""


def choices_of_places(
    gazetteer: Gazetteer,
    day: datetime.date,
    places: Sequence[tuple[Answer, Wording]],
    reading: ReadAddress | None,
) -> list[Choice]:
    """A choice for each place, in this order, with its code where it is a door.

    No two have one label: of places that nothing tells apart the first stands for all.
    """
    labels = _told_apart(gazetteer, day, places, reading)
    choices: dict[str, Choice] = {}
    for label, (answer, words) in zip(labels, places, strict=True):
        code = answer.record.code if answer.record else None
        choices.setdefault(label, Choice(label, words.before_2025_07, code))
    return list(choices.values())


def _told_apart(
    gazetteer: Gazetteer,
    day: datetime.date,
    places: Sequence[tuple[Answer, Wording]],
    reading: ReadAddress | None,
) -> list[str]:
    """The labels of places; those that are the same by their communes of old, as far as known.

    `9 Đường Nguyễn Trãi, Phường Láng (Phường Láng Hạ cũ), Thành phố Hà Nội`, which is read so.
    """
    labels = [words.label for _, words in places]
    for with_district in (False, True):
        times = Counter(labels)
        labels = [
            known
            if times[known] == 1
            else _with_former(
                gazetteer,
                day,
                former_told(answer, reading, day),
                words,
                with_district=with_district,
            )
            for known, (answer, words) in zip(labels, places, strict=True)
        ]
    return labels


def _with_former(
    gazetteer: Gazetteer,
    day: datetime.date,
    former: Unit | None,
    words: Wording,
    *,
    with_district: bool,
) -> str:
    if former is None or words.commune is None:
        return words.label
    last = last_day(former)
    district = gazetteer.district_of(former, last) if with_district else None
    told = ", ".join(f"{name} cũ" for name in unit_names(former, last, district))
    here = words.commune.version_on(day).full_name
    before, _, behind = words.label.rpartition(here)
    return f"{before}{here} ({told}){behind}"


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
