"""The figures of coverage: targets, counts, and shares of units.

Shares are truncated after six places, never rounded up: 1 is reached only when nobody is missing.
Shares above 1 are kept, and the deficit is then negative. What each count means:
docs/coverage.md.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Literal, Self, get_args

from registry.core.labels import percent
from registry.core.messages import LANGUAGES, N_, in_vietnamese, number, translate
from registry.coverage.palette import AUDIT_SHARE
from registry.records.uses import USE_WORDS

Level = Literal["country", "province", "commune", "locality", "former"]
Quality = Literal["declared", "census", "derived", "estimate"]
Counted = Literal["households", "residents", "dwellings"]
Used = Literal["office", "business", "works", "public_place", "other"]
Audit = Literal["above_120", "jump"]
HOMES: Final = get_args(Counted)
"""What a target of homes counts; the others count doors with a use."""
COUNTRY: Final[tuple[str, Level, str]] = ("VN", "country", "Việt Nam")
"""Code, level and name of the country, which is not a unit of the register."""
QUALITY_LABELS: Final = {
    "declared": N_("declared as a number"),
    "census": N_("census"),
    "derived": N_("derived after a split"),
    "estimate": N_("estimate"),
}
"""Quality of a target → its label; best first."""
COUNTED_LABELS: Final = {
    "households": N_("households"),
    "residents": N_("registered households"),
    "dwellings": N_("dwellings"),
    **{use: USE_WORDS[use] for use in get_args(Used)},
}
"""What a target counts → its label."""
AUDIT_LABELS: Final = {
    "above_120": N_("above 120 % of the target"),
    "jump": N_("sudden change"),
}
"""Flag for audit → its label."""
JUMP_SHARE: Final = 5
JUMP_LEAST: Final = 100
"""A jump is more than a fifth of the former count, and at least this many hộ."""
LACKS_ACCURACY: Final = N_(
    "No point is said to be within 20 m (column “Độ chính xác”), so no dwelling counts as"
    " deliverable yet."
)
"""Note on a unit `without_accuracy`."""
NO_ACCURACY: Final = in_vietnamese(LACKS_ACCURACY)
ESTIMATE_NOTE: Final = N_("An “estimate” is no figure that the locality has published.")
"""Note on targets that are estimates."""

_SHARE_PLACES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class UnitTarget:
    """Tổng số hộ: how many households a unit has, by which source, and on which day."""

    households: int
    quality: Quality
    source: str
    reference_date: datetime.date
    counted: Counted = "households"

    @property
    def of_homes(self) -> bool:
        """Whether it counts homes, not doors with a use."""
        return self.counted in HOMES

    @property
    def counted_label(self) -> str:
        """What is counted, in Vietnamese."""
        return in_vietnamese(COUNTED_LABELS[self.counted])

    @property
    def quality_text(self) -> str:
        """The quality as a msgid."""
        return QUALITY_LABELS[self.quality]

    @property
    def quality_label(self) -> str:
        """The quality in Vietnamese; an estimate is never shown without it."""
        return in_vietnamese(QUALITY_LABELS[self.quality])

    @property
    def is_estimate(self) -> bool:
        """Whether it is an estimate, and always shown as one."""
        return self.quality == "estimate"


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of the register in a unit."""

    households: int
    """Hộ: several may share a record."""
    dwellings: int
    """Records."""
    positioned: int
    """Of the dwellings, those with a point of 20 m or better."""
    verified: int
    """Of the dwellings, those verified within 24 months."""
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
        """Return the counts of a row by column name."""
        return cls(*_counts_in(row))

    @classmethod
    def sum(cls, counts: Sequence[Self]) -> Self:
        """Return the sum."""
        return cls(*(sum(getattr(each, field.name) for each in counts) for field in fields(cls)))


_counts_in = attrgetter(*(field.name for field in fields(Counts)))


@dataclass(frozen=True, slots=True)
class CoverageLocality:
    """A locality of the commune."""

    id: int | None
    """null for what names no locality"""
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class UseTarget:
    """How many doors of a unit have a use, by which source, and on which day."""

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
    """Return the coverage of a use, with or without a target."""
    return UseCoverage(use, doors, target, share_of(doors, target.doors if target else 0))


def use_line(found: UseCoverage, language: str = LANGUAGES[0]) -> str:
    """Return the coverage of a use in words: `trụ sở…: 3 / 5 (ước tính) · 60,0 %`."""
    line = f"{translate(USE_WORDS[found.use], language)}: {number(found.doors, language)}"
    if found.target is None:
        return line
    quality = translate(QUALITY_LABELS[found.target.quality], language)
    line += f" / {number(found.target.doors, language)} ({quality})"
    return line if found.share is None else f"{line} · {percent(found.share, language)}"


@dataclass(frozen=True, slots=True)
class UnitCoverage:
    """Target and counts of one unit. Shares are None if the divisor is missing or 0."""

    code: str
    level: Level
    name: str
    province: tuple[str, str] | None
    """Code and name of a commune's province."""
    target: UnitTarget | None
    counts: Counts
    before: int | None = None
    """Hộ on the last recorded day before today, within a week."""
    locality: CoverageLocality | None = None
    """The locality of the commune, if this is a locality's coverage."""
    uses: tuple[UseCoverage, ...] = ()
    """Uses besides homes that occur or have a target; None for localities."""

    @property
    def covered(self) -> int:
        """The count compared with the target: hộ, or dwellings if the target counts those."""
        by_dwellings = self.target is not None and self.target.counted == "dwellings"
        return self.counts.dwellings if by_dwellings else self.counts.households

    @property
    def share(self) -> float | None:
        """Share of the unit's households with a code."""
        return share_of(self.covered, self.target.households if self.target else 0)

    @property
    def deficit(self) -> int | None:
        """Missing households; negative above the target."""
        return None if self.target is None else self.target.households - self.covered

    @property
    def share_positioned(self) -> float | None:
        """Of the dwellings, those with a point of 20 m or better."""
        return share_of(self.counts.positioned, self.counts.dwellings)

    @property
    def share_verified(self) -> float | None:
        """Of the dwellings, those verified within 24 months."""
        return share_of(self.counts.verified, self.counts.dwellings)

    @property
    def share_deliverable(self) -> float | None:
        """Of the dwellings, those that a carrier finds."""
        return share_of(self.counts.deliverable, self.counts.dwellings)

    @property
    def without_accuracy(self) -> bool:
        """Whether nothing counts as deliverable because no point has an accuracy."""
        return self.counts.dwellings > 0 and self.counts.positioned == 0

    @property
    def is_estimate(self) -> bool:
        """Whether its target is an estimate."""
        return self.target is not None and self.target.is_estimate

    @property
    def audit(self) -> tuple[Audit, ...]:
        """Flags for audit: codes of AUDIT_LABELS."""
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
    """Coverage of the requested units, by code, and their total."""

    day: datetime.date
    demo: bool
    units: tuple[UnitCoverage, ...]
    total: UnitCoverage
    """The country, the province, or the one requested unit."""
    former: tuple[str, str] | None = None
    """Code and name of a requested former unit, which `units` continue."""
    counted_at: datetime.datetime | None = None
    """Time of the counts; None for now. In the past while much is being recounted."""


def strangely_declared(before: Coverage, after: Coverage) -> list[UnitCoverage]:
    """Return units whose target changed to 0 or far below their registered count."""
    known = {(unit.code, unit.locality): unit.target for unit in (before.total, *before.units)}
    return [
        unit
        for unit in (after.total, *after.units)
        if unit.target is not None
        and unit.target != known.get((unit.code, unit.locality))
        and (unit.target.households == 0 or "above_120" in unit.audit)
    ]


def best_first(units: Iterable[UnitCoverage]) -> list[UnitCoverage]:
    """Sort units by share; those without a target come last, by count."""
    return sorted(
        units, key=lambda u: (u.share is None, -(u.share or 0), -u.counts.households, u.code)
    )


def share_of(part: int, whole: int) -> float | None:
    """Return `part` of `whole`, truncated, so that only a whole is 1.

    >>> share_of(27_999_999, 28_000_000), share_of(3, 2), share_of(1, 0)
    (0.999999, 1.5, None)
    """
    return part * _SHARE_PLACES // whole / _SHARE_PLACES if whole else None


def late_label(counted_at: datetime.datetime, language: str = LANGUAGES[0]) -> str:
    """Return the note on counts that are not current."""
    note = translate(
        N_("Counts of {day}, {time}: much was written since, and is being counted."), language
    )
    return note.format(day=f"{counted_at:%d/%m/%Y}", time=f"{counted_at:%H:%M}")
