"""What tells places apart whose wordings are the same: their communes of old, else their codes."""

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from geo import code as codes
from registry.records.record import last_day, unit_names
from registry.units.gazetteer import Gazetteer, Unit


class Labelled(NamedTuple):
    """A place as it is worded today."""

    label: str
    commune: Unit | None
    former: Unit | None = None
    code: str | None = None
    """Of a door."""


def is_by_code(label: str, code: str | None) -> bool:
    """Whether the label had to be told apart by its door's code."""
    return code is not None and label.endswith(_of_code(code))


def _of_code(code: str) -> str:
    """As a search reads it behind an address."""
    return f" (mã {codes.format(code)})"


def labels_apart(
    gazetteer: Gazetteer, day: datetime.date, places: Sequence[Labelled]
) -> list[Labelled]:
    """The places in this order, those of one label with more to it, as far as anything is known.

    `9 Đường Nguyễn Trãi, Phường Láng (Phường Láng Hạ cũ), Thành phố Hà Nội`, which is read so.
    Doors that no former commune tells apart are told by their codes.
    """
    told = list(places)
    for with_district in (False, True):
        times = Counter(place.label for place in told)
        told = [
            _with_former(gazetteer, day, plain, with_district=with_district)
            if times[place.label] > 1
            else place
            for plain, place in zip(places, told, strict=True)
        ]
    labels: dict[str, list[str]] = {}
    for plain, place in zip(places, told, strict=True):
        labels.setdefault(plain.label, []).append(place.label)
    # Without its former commune a door may be of each of those of the others.
    unclear = {
        plain
        for plain, apart in labels.items()
        if len(apart) > 1 and (plain in apart or len(set(apart)) < len(apart))
    }
    return [
        place._replace(label=place.label + _of_code(place.code))
        if place.code and plain.label in unclear
        else place
        for plain, place in zip(places, told, strict=True)
    ]


def _with_former(
    gazetteer: Gazetteer, day: datetime.date, place: Labelled, *, with_district: bool
) -> Labelled:
    former, commune = place.former, place.commune
    if former is None or commune is None:
        return place
    last = last_day(former)
    district = gazetteer.district_of(former, last) if with_district else None
    told = ", ".join(f"{name} cũ" for name in unit_names(former, last, district))
    here = commune.version_on(day).full_name
    before, _, behind = place.label.rpartition(here)
    return place._replace(label=f"{before}{here} ({told}){behind}")
