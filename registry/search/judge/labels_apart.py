"""Makes equal labels of places distinct: by former communes, else by codes."""

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from geo import code as codes
from registry.records.record import last_day, unit_names
from registry.units.gazetteer import Gazetteer, Unit


class Labelled(NamedTuple):
    """A place with its current label."""

    label: str
    commune: Unit | None
    former: Unit | None = None
    code: str | None = None
    """Of a door."""


def is_by_code(label: str, code: str | None) -> bool:
    """Whether the label was made distinct by the door's code."""
    return code is not None and label.endswith(_of_code(code))


def _of_code(code: str) -> str:
    """Return the code as a search reads it after an address."""
    return f" (mã {codes.format(code)})"


def labels_apart(
    gazetteer: Gazetteer, day: datetime.date, places: Sequence[Labelled]
) -> list[Labelled]:
    """Return the places in this order, with distinct labels as far as possible.

    `9 Đường Nguyễn Trãi, Phường Láng (Phường Láng Hạ cũ), Thành phố Hà Nội`, which can be parsed
    again. Doors with the same former commune get their codes.
    """
    labelled = list(places)
    for with_district in (False, True):
        times = Counter(place.label for place in labelled)
        labelled = [
            _with_former(gazetteer, day, plain, with_district=with_district)
            if times[place.label] > 1
            else place
            for plain, place in zip(places, labelled, strict=True)
        ]
    labels: dict[str, list[str]] = {}
    for plain, place in zip(places, labelled, strict=True):
        labels.setdefault(plain.label, []).append(place.label)
    # A door without a former commune may be in any of the others'.
    unclear = {
        plain
        for plain, apart in labels.items()
        if len(apart) > 1 and (plain in apart or len(set(apart)) < len(apart))
    }
    return [
        place._replace(label=place.label + _of_code(place.code))
        if place.code and plain.label in unclear
        else place
        for plain, place in zip(places, labelled, strict=True)
    ]


def _with_former(
    gazetteer: Gazetteer, day: datetime.date, place: Labelled, *, with_district: bool
) -> Labelled:
    former, commune = place.former, place.commune
    if former is None or commune is None:
        return place
    last = last_day(former)
    district = gazetteer.district_of(former, last) if with_district else None
    formers = ", ".join(f"{name} cũ" for name in unit_names(former, last, district))
    here = commune.version_on(day).full_name
    before, _, behind = place.label.rpartition(here)
    return place._replace(label=f"{before}{here} ({formers}){behind}")
