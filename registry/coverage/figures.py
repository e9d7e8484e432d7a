"""What is told of coverage: targets, counts, and shares of units, as values.

Shares are cut after six places and never rounded up: 1 is reached only when nobody is missing.
Above 1 they stand as they are, and the deficit is then negative. What each count means:
docs/coverage.md.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Literal, Self, get_args

from registry.core.messages import LANGUAGES, N_, in_vietnamese, translate
from registry.coverage.palette import AUDIT_SHARE
from registry.records.uses import USE_WORDS

Level = Literal["country", "province", "commune", "locality", "former"]
Quality = Literal["declared", "census", "derived", "estimate"]
Counted = Literal["households", "residents", "dwellings"]
Used = Literal["office", "business", "works", "public_place", "other"]
Audit = Literal["above_120", "jump"]
COUNTRY: Final[tuple[str, Level, str]] = ("VN", "country", "Việt Nam")
"""Code, level and name of the country, which is no unit of the register."""
QUALITY_LABELS: Final = {
    "declared": N_("declared as a number"),
    "census": N_("census"),
    "derived": N_("derived after a split"),
    "estimate": N_("estimate"),
}
"""Quality of a target → how it is shown; the best one first."""
COUNTED_LABELS: Final = {
    "households": N_("households"),
    "residents": N_("registered households"),
    "dwellings": N_("dwellings"),
    **{use: USE_WORDS[use] for use in get_args(Used)},
}
"""What a target counts → how it is shown."""
AUDIT_LABELS: Final = {
    "above_120": N_("above 120 % of the target"),
    "jump": N_("sudden change"),
}
"""What is flagged for audit → how it is shown."""
JUMP_SHARE: Final = 5
JUMP_LEAST: Final = 100
"""A jump is more than a fifth of the former count, and at least so many hộ."""
LACKS_ACCURACY: Final = N_(
    "No point is said to be within 20 m (column “Độ chính xác”), so no dwelling counts as"
    " deliverable yet."
)
"""What is said of a unit `without_accuracy`."""
NO_ACCURACY: Final = in_vietnamese(LACKS_ACCURACY)
ESTIMATE_NOTE: Final = N_("An “estimate” is no figure that the locality has published.")
"""What is said where targets are estimates."""

_SHARE_PLACES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class UnitTarget:
    """Tổng số hộ: how many households a unit has, who says so, and for which day."""

    households: int
    quality: Quality
    source: str
    reference_date: datetime.date
    counted: Counted = "households"

    @property
    def of_homes(self) -> bool:
        """Whether it counts homes, and not doors with a use."""
        return self.counted in get_args(Counted)

    @property
    def counted_label(self) -> str:
        """What is counted, in Vietnamese."""
        return in_vietnamese(COUNTED_LABELS[self.counted])

    @property
    def quality_text(self) -> str:
        """How good it is, as a msgid."""
        return QUALITY_LABELS[self.quality]

    @property
    def quality_label(self) -> str:
        """The quality in Vietnamese; an estimate is never shown without it."""
        return in_vietnamese(QUALITY_LABELS[self.quality])

    @property
    def is_estimate(self) -> bool:
        """Whether nobody counted: it is always shown as an estimate."""
        return self.quality == "estimate"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the register holds in a unit."""

    households: int
    """Hộ: several may share a record."""
    dwellings: int
    """Records."""
    positioned: int
    """Of the dwellings, those with a point of 20 m or better."""
    verified: int
    """Of the dwellings, those seen to exist within 24 months."""
    deliverable: int
    """Of the dwellings, those that a carrier finds: no other record has the same address, a point
    of 20 m or better, and a number or a locality."""
    plated: int
    """Of the dwellings, those with a plate at the door."""
    suspected: int
    """Of the dwellings, those whose street or hamlet, number, building, floor and flat another one
    has as well."""
    unnumbered: int
    """Of the dwellings, those with neither a house number nor a flat's."""

    @classmethod
    def of(cls, row: Any) -> Self:
        """The counts of a row that has them by name."""
        return cls(*_counts_in(row))

    @classmethod
    def sum(cls, counts: Sequence[Self]) -> Self:
        """All of them together."""
        return cls(*(sum(getattr(each, field.name) for each in counts) for field in fields(cls)))


_counts_in = attrgetter(*(field.name for field in fields(Counts)))


@dataclass(frozen=True, slots=True)
class CoverageLocality:
    """Which locality of the commune."""

    id: int | None
    """null for what names no locality"""
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class UseTarget:
    """How many doors of a unit have a use, who says so, and for which day."""

    doors: int
    quality: Quality
    source: str
    reference_date: datetime.date


@dataclass(frozen=True, slots=True)
class UseCoverage:
    """Doors with a use, against how many the unit has."""

    use: Used
    doors: int
    """Active records with it."""
    target: UseTarget | None
    share: float | None
    """doors of target.doors; above 1 as it is"""


def use_coverage(use: Used, doors: int, target: UseTarget | None) -> UseCoverage:
    """Of a use with and without a target."""
    return UseCoverage(use, doors, target, share_of(doors, target.doors if target else 0))


@dataclass(frozen=True, slots=True)
class UnitCoverage:
    """Target and counts of one unit. A share is None where there is nothing to divide by."""

    code: str
    level: Level
    name: str
    province: tuple[str, str] | None
    """Code and name of the province that holds a commune."""
    target: UnitTarget | None
    counts: Counts
    before: int | None = None
    """Hộ that were counted on the last day on record before today, within a week."""
    locality: CoverageLocality | None = None
    """The locality of the commune that this is about, in place of the commune."""
    uses: tuple[UseCoverage, ...] = ()
    """What stands beside homes: uses that are there, or have a target; of no locality."""

    @property
    def covered(self) -> int:
        """What is compared with the target: hộ, or dwellings where the target counts those."""
        by_dwellings = self.target is not None and self.target.counted == "dwellings"
        return self.counts.dwellings if by_dwellings else self.counts.households

    @property
    def share(self) -> float | None:
        """Households with a code, of all that the unit has."""
        return share_of(self.covered, self.target.households if self.target else 0)

    @property
    def deficit(self) -> int | None:
        """How many households are missing; negative for a register above its target."""
        return None if self.target is None else self.target.households - self.covered

    @property
    def share_positioned(self) -> float | None:
        """Of the dwellings, those with a point of 20 m or better."""
        return share_of(self.counts.positioned, self.counts.dwellings)

    @property
    def share_verified(self) -> float | None:
        """Of the dwellings, those seen to exist within 24 months."""
        return share_of(self.counts.verified, self.counts.dwellings)

    @property
    def share_deliverable(self) -> float | None:
        """Of the dwellings, those that a carrier finds."""
        return share_of(self.counts.deliverable, self.counts.dwellings)

    @property
    def without_accuracy(self) -> bool:
        """Whether nothing counts as deliverable because no point says how good it is."""
        return self.counts.dwellings > 0 and self.counts.positioned == 0

    @property
    def is_estimate(self) -> bool:
        """Whether its share is of an estimate."""
        return self.target is not None and self.target.is_estimate

    @property
    def audit(self) -> tuple[Audit, ...]:
        """What somebody should look into: codes of AUDIT_LABELS."""
        found: list[Audit] = []
        if self.target and self.covered > AUDIT_SHARE * self.target.households:
            found.append("above_120")
        if self.before:
            moved = abs(self.counts.households - self.before)
            if moved >= JUMP_LEAST and moved * JUMP_SHARE > self.before:
                found.append("jump")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of the units asked for, by code, and of what holds them all."""

    day: datetime.date
    demo: bool
    units: tuple[UnitCoverage, ...]
    total: UnitCoverage
    """The country, the province, or the one unit asked for."""
    former: tuple[str, str] | None = None
    """Code and name of a unit of an old map that was asked for: `units` continue it."""
    counted_at: datetime.datetime | None = None
    """When it was counted; None for now. Later where much is just being counted anew."""


def strangely_declared(before: Coverage, after: Coverage) -> list[UnitCoverage]:
    """Units whose number became another one, which is 0 or far below what is on record already."""
    known = {(unit.code, unit.locality): unit.target for unit in (before.total, *before.units)}
    return [
        unit
        for unit in (after.total, *after.units)
        if unit.target is not None
        and unit.target != known.get((unit.code, unit.locality))
        and (unit.target.households == 0 or "above_120" in unit.audit)
    ]


def best_first(units: Iterable[UnitCoverage]) -> list[UnitCoverage]:
    """The units by their shares; what has no target comes last, by what it has."""
    return sorted(
        units, key=lambda u: (u.share is None, -(u.share or 0), -u.counts.households, u.code)
    )


def share_of(part: int, whole: int) -> float | None:
    """`part` of `whole`, cut and not rounded, so that only a whole is 1.

    >>> share_of(27_999_999, 28_000_000), share_of(3, 2), share_of(1, 0)
    (0.999999, 1.5, None)
    """
    return part * _SHARE_PLACES // whole / _SHARE_PLACES if whole else None


def late_label(counted_at: datetime.datetime, language: str = LANGUAGES[0]) -> str:
    """What is said of counts that are not those of now."""
    said = translate(
        N_("Counts of {day}, {time}: much was written since, and is being counted."), language
    )
    return said.format(day=f"{counted_at:%d/%m/%Y}", time=f"{counted_at:%H:%M}")
