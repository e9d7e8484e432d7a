"""Read a row of a file of targets: the unit, the number and what it counts, or its problem."""

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy.orm import Session

from geo.text import fold
from registry.core.errors import InvalidInputError
from registry.coverage.figures import HOMES
from registry.coverage.target_rows import TABLE
from registry.records.named_places import locality_of, name_locality, read_localities
from registry.units.gazetteer import Unit
from registry.units.written_units import WrittenUnits

QUALITIES: Final = tuple(TABLE.column("quality").choices)
COUNTED: Final = tuple(TABLE.column("counted").choices)
_SAYS_ESTIMATE: Final = re.compile(r"\b(estimate[ds]?|uoc tinh|du bao)\b")
_NONE_KNOWN: Final = ("missing", "thieu", "khong co", "khong co so lieu")
_DOUBTED: Final = re.compile(r"(suspect|nghi|can kiem tra)\b.*")
# Real communes have 300 households on the smallest island with people, 60,000 in the largest ward.
_FEW, _MANY = 100, 200_000
_MOST: Final = {"province": 20_000_000, "commune": 1_000_000}
"""Maximum of a unit: the country has 28 million households. A locality: `_MANY`."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Defaults for rows without the value."""

    quality: str | None = None
    """None: declared, unless the row indicates otherwise."""
    source: str | None = None
    reference_date: datetime.date | None = None
    counted: str = "households"
    new_localities: bool = False
    """Whether unknown localities are created rather than rejected."""


@dataclass(frozen=True, slots=True)
class Target:
    """A source's target of a unit."""

    unit_id: int
    households: int
    quality: str
    source: str
    reference_date: datetime.date
    counted: str
    locality_id: int | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """The unique key of the table."""
        of = (self.unit_id, self.locality_id, self.counted)
        return (*of, self.quality, self.source, self.reference_date)


def doubts_of(level: str, target: Target, cells: Mapping[str, str]) -> Iterator[str]:
    """Yield warnings about an accepted number."""
    of_homes = level == "commune" and target.locality_id is None and target.counted in HOMES
    if of_homes and not _FEW <= target.households <= _MANY:
        yield "households_implausible"
    if _DOUBTED.match(fold(cells["quality"])):
        yield "households_doubted"


def read_target(
    session: Session,
    units: WrittenUnits,
    cells: Mapping[str, str],
    defaults: Defaults,
) -> Target | tuple[str, str]:
    """Return the target of a row, or its problem and value."""
    if cells["footer"]:
        return "row_skipped", cells["commune"] or cells["code"]
    if fold(cells["quality"]) in _NONE_KNOWN:
        return "households_missing", cells["code"] or cells["commune"]
    unit = units.find(cells)
    if not isinstance(unit, Unit):
        return unit
    values, wrong = TABLE.read(cells)
    if wrong:
        return wrong[0]
    households = values["households"]
    if households > (_MANY if cells["locality"] else _MOST[unit.level]):
        return "households_absurd", cells["households"]
    quality = _quality(
        values["quality"], cells["source"] or defaults.source or "", defaults.quality
    )
    if not quality:
        return "quality_unknown", cells["quality"]
    counted = values["counted"] or defaults.counted
    date = values["reference_date"] or defaults.reference_date or units.day
    if date > units.day:
        return "date_in_future", cells["reference_date"]
    # Last, so that a row with other errors creates no place.
    locality = _locality(session, unit, cells["locality"], make=defaults.new_localities)
    if isinstance(locality, tuple):
        return locality
    source = cells["source"] or defaults.source or "–"
    return Target(unit.id, households, quality, source, date, counted, locality)


def _quality(written: str | None, source: str, default: str | None) -> str:
    """Return the quality of a number, '' if unknown: an estimate is never taken for declared.

    From the column, else from the source if it is called an estimate, else from the deliverer's
    default, which is required if the column has an unknown word.
    """
    if written in QUALITIES:
        return str(written)
    if _SAYS_ESTIMATE.search(fold(source)):
        return "estimate"
    return default or ("" if written else "declared")


_LOCALITY_PROBLEMS: Final = {
    "unreadable": "locality_unreadable",
    "ambiguous_place": "locality_ambiguous",
    "former_name": "locality_unknown",
    "unknown_place": "locality_unknown",
    "unknown_locality": "locality_unknown",
}
"""Reason of an unknown place → problem of targets."""


def _locality(
    session: Session, unit: Unit, written: str, *, make: bool
) -> int | tuple[str, str] | None:
    """Return the id of the named locality of a commune; create it if requested."""
    if not written:
        return None
    if unit.level != "commune":
        return "locality_without_commune", written
    try:
        try:
            return locality_of(session, unit.id, None, written).id
        except InvalidInputError as error:
            if not make or _reason(error) not in ("unknown_place", "unknown_locality"):
                raise
            return name_locality(session, unit.id, read_localities(written))
    except InvalidInputError as error:
        return _LOCALITY_PROBLEMS[_reason(error)], written


def _reason(error: InvalidInputError) -> str:
    return cast(list[dict[str, str]], error.extra["errors"])[0]["code"]
