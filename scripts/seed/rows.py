"""The rows of the seed files, and writing them so that a second run changes nothing."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.files.csv_cells import Writer

REFORM = "2025-07-01"
# The wheels show a map of about 10,600 communes and the one of 30 June 2025, and date neither
# step nor resolution between them. The mergers took effect from late 2024 to early 2025, most
# by 1 January 2025; this one day stands for all of them and every row says `approximate`.
EARLIER_STEP = "2025-01-01"
OPEN = ""

DATE_BASIS = {
    OPEN: "effective",
    EARLIER_STEP: "approximate",
    REFORM: "effective",
}

_LEVELS = {"province": 0, "district": 1, "commune": 2}


@dataclass(frozen=True, slots=True)
class Identity:
    """A unit that ends only by merger, split or abolition; `born` tells reused codes apart."""

    level: str
    code: str
    born: str

    @property
    def order(self) -> tuple[int, str, str]:
        """Provinces first, then districts, then communes, each by code."""
        return _LEVELS[self.level], self.code, self.born


@dataclass(frozen=True, slots=True)
class Unit:
    """A line of units.csv."""

    level: str
    code: str
    born: str
    ended: str
    lon: str
    lat: str
    area_km2: str
    source: str


@dataclass(frozen=True, slots=True)
class Version:
    """A line of unit_versions.csv."""

    level: str
    code: str
    born: str
    valid_from: str
    valid_to: str
    kind: str
    name: str
    name_en: str
    province_code: str
    district_code: str
    legal_basis: str
    date_basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Succession:
    """A line of unit_successions.csv."""

    pred_level: str
    pred_code: str
    pred_born: str
    succ_level: str
    succ_code: str
    succ_born: str
    extent: str
    effective_on: str
    source: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A line of unit_aliases.csv."""

    level: str
    code: str
    born: str
    alias: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Target:
    """A line of targets.csv."""

    province_code: str
    households: int
    quality: str
    source: str
    reference_date: str


def _sort_key(row: Any) -> tuple[Any, ...]:
    values = dataclasses.astuple(row)
    return tuple(_LEVELS.get(value, value) if isinstance(value, str) else value for value in values)


def write_rows(path: Path, row_type: type[Any], rows: Iterable[Any]) -> int:
    """Write sorted rows as UTF-8 CSV with LF line ends; return how many."""
    ordered = sorted(rows, key=lambda row: [str(value) for value in _sort_key(row)])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = Writer(file, lineterminator="\n")
        writer.writerow(field.name for field in dataclasses.fields(row_type))
        writer.writerows(dataclasses.astuple(row) for row in ordered)
    return len(ordered)
