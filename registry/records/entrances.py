"""Entrances of a record besides its point, and the nearest of them.

The point of a record is its main entrance, unless the list has one. Directions from the street,
`đối diện chợ Bến Thành`, are not an entrance's note but the record's `delivery_hint`.

Reverse merges two KNN scans, in 0.29 to 0.44 ms at 30,000 doors without entrances (0.31 without the
feature), 0.7 to 0.9 with. Rejected: a filter in one scan, 600 ms.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from registry.core.messages import N_
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.record import Record
from registry.units.boundaries.reach import moved_m

SQL: Final = Statements(__file__)

Kind = Literal["main", "vehicles", "delivery", "locker"]
KINDS: Final = get_args(Kind)
Source = Literal["survey", "office", "management", "carrier", "merchant", "resident"]
SOURCES: Final = get_args(Source)
MOST: Final = 8
MAX_NOTE: Final = 140
FAR_M: Final = 2_000.0
"""Maximum distance of an entrance from the record's point: no estate is wider."""
SAME_M: Final = 15.0
"""Two entrances of a kind within this distance are the same."""

KIND_WORDS: Final = {
    "main": N_("main entrance"),
    "vehicles": N_("for vehicles"),
    "delivery": N_("for deliveries"),
    "locker": N_("parcel lockers"),
}
SOURCE_WORDS: Final = {
    "survey": N_("seen on the spot"),
    "office": N_("the commune"),
    "management": N_("the building's management"),
    "carrier": N_("a carrier"),
    "merchant": N_("a shop"),
    "resident": N_("a resident"),
}
"""The role of the source; people are not recorded."""

Entrance = dict[str, Any]
"""`kind`, `lon`, `lat`, and where known `accuracy_m`, `note`, `seen_on`, `source`; as stored."""


def disclosed_entrances(reads: Reads, record: Record) -> tuple[list[Entrance], str | None]:
    """Return the disclosed entrances of a record, or of its building with the building's code."""
    if record.entrances or record.parent_code is None:
        return record.entrances or [], None
    rows = reads.rows(SQL.driver("of_building"), {"code": record.parent_code})
    return (rows[0][0], record.parent_code) if rows and rows[0][0] else ([], None)


def nearest_entrance(record: Record, *, lon: float, lat: float) -> Entrance | None:
    """Return the entrance nearest to a point, including the record's own point."""
    if not record.entrances:
        return None
    known = list(record.entrances)
    if record.lon is not None and record.lat is not None and not _has_main(known):
        known.append({"kind": "main", "lon": record.lon, "lat": record.lat})
    return min(known, key=lambda each: moved_m((each["lon"], each["lat"]), (lon, lat)))


def with_entrance(known: Sequence[Entrance] | None, seen: Entrance) -> list[Entrance]:
    """Return the list with a reported entrance, which replaces a known one at the same place.

    >>> known = [{"kind": "main", "lon": 105.8, "lat": 21.0, "note": "gate 2"}]
    >>> with_entrance(known, {"kind": "main", "lon": 105.80004, "lat": 21.0, "source": "carrier"})
    [{'kind': 'main', 'lon': 105.80004, 'lat': 21.0, 'note': 'gate 2', 'source': 'carrier'}]
    >>> len(with_entrance(known, {"kind": "locker", "lon": 105.8, "lat": 21.0}))
    2
    """
    here = (seen["lon"], seen["lat"])
    alike = [
        each
        for each in known or ()
        if each["kind"] == seen["kind"] and moved_m((each["lon"], each["lat"]), here) <= SAME_M
    ]
    if not alike:
        return [*(known or ()), seen]
    nearest = min(alike, key=lambda each: moved_m((each["lon"], each["lat"]), here))
    return [each | seen if each is nearest else each for each in known or ()]


def _has_main(entrances: Sequence[Entrance]) -> bool:
    return any(each["kind"] == "main" for each in entrances)
