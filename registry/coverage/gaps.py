"""Gaps: units far below target, holes in streets, places without any data.

Holes are found on one side of a street at a time, the odd or the even numbers, by the first number
of each address (`12/34/5A` is at 12, `35-39` at 35, 37 and 39). A side is considered if at least
LEAST_KNOWN of its numbers are registered and they are at least half of all between the lowest and
the highest. A hole is between two known numbers, with at most MOST_MISSING in a row: a longer one
is a park, a river, or another way of numbering. A retired number is known, and not a hole.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from psycopg.errors import LockNotAvailable
from sqlalchemy import TextClause, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo.label import named
from registry.core.errors import DatabaseUnavailableError, InvalidInputError
from registry.core.locks import Lock, hold_lock
from registry.core.messages import N_, Message
from registry.coverage.count_cache import MOST_RECORDS
from registry.coverage.figures import (
    COUNTRY,
    Coverage,
    UnitCoverage,
    UnitTarget,
)
from registry.coverage.gap_statements import SQL
from registry.coverage.measure import (
    communes_by_province,
    coverage_of_level,
    coverage_of_unit,
    living_units,
    provinces_of,
    target_of,
)
from registry.units.gazetteer import Gazetteer, Unit, today

GapKind = Literal["below_target", "street_holes", "never_delivered"]
GapLevel = Literal["province", "commune", "locality", "street"]
Side = Literal["odd", "even"]
KINDS: Final[dict[GapKind, str]] = {
    "below_target": N_("far below target"),
    "street_holes": N_("holes in streets"),
    "never_delivered": N_("never delivered"),
}
"""Kind of a gap → its label."""
"""Advisory lock for queries of more than a commune."""
_WAIT: Final = text("SET LOCAL lock_timeout = '3s'")
_WAIT_AS_EVER: Final = text("SET LOCAL lock_timeout TO DEFAULT")
FAR_BELOW: Final = 0.8
"""Far below target: less than this share of it, and at least LEAST_MISSING households."""
LEAST_MISSING: Final = 20


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap."""

    kind: GapKind
    level: GapLevel
    code: str
    """Code of the commune, or of the province for a province's gap."""
    name: str
    """Name of that unit."""
    province: tuple[str, str] | None
    former_code: str | None = None
    """Code of the former commune of the street."""
    place: str | None = None
    """Street or locality, with its kind."""
    place_id: int | None = None
    side: Side | None = None
    between: tuple[int, int] | None = None
    """The two known numbers around a hole."""
    target: UnitTarget | None = None
    households: int | None = None
    """The count compared with the target."""
    point: tuple[float, float] | None = None
    """Approximate lon, lat: between two neighbours of a hole, or a commune's seat."""

    @property
    def is_estimate(self) -> bool:
        """Whether the target is an estimate."""
        return self.target is not None and self.target.is_estimate

    @property
    def numbers(self) -> tuple[int, ...]:
        """The missing numbers of a street."""
        if self.between is None:
            return ()
        first, last = self.between
        return tuple(range(first + 2, last, 2))

    @property
    def missing(self) -> int | None:
        """Households below target, or numbers of a hole; None if unknown."""
        if self.target is not None:
            return self.target.households - (self.households or 0)
        return len(self.numbers) or None


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of a unit or of the country, by kind and place."""

    code: str
    name: str
    former: tuple[str, str] | None
    day: datetime.date
    demo: bool
    kinds: frozenset[str]
    """Kinds that were searched for."""
    found: tuple[Gap, ...]
    counted_at: datetime.datetime | None = None
    """Time of the counts of households; None for now."""

    def of_kind(self, kind: str) -> list[Gap]:
        """Return the gaps of one kind."""
        return [gap for gap in self.found if gap.kind == kind]


def find_gaps(
    session: Session,
    gazetteer: Gazetteer,
    code: str | None = None,
    kinds: Iterable[str] = KINDS,
    *,
    demo: bool = False,
    public: bool = False,
) -> Gaps:
    """Return the gaps of a unit, or of the country (None or `VN`).

    A former unit is replaced by its successors. `public` treats restricted records as unknown, like
    all public endpoints; their numbers are then holes. Runs one query larger than a commune at a
    time (DatabaseUnavailableError after some seconds), and searches for holes among at most
    MOST_RECORDS (InvalidInputError). Raises the errors of `coverage_of_unit`.
    """
    day = today()
    unit_code = None if code in (None, COUNTRY[0]) else code
    units, former = (
        (provinces_of(gazetteer, day), None)
        if unit_code is None
        else living_units(gazetteer, unit_code, day)
    )
    inside = communes_by_province(gazetteer, day)
    communes = [
        commune
        for unit in units
        for commune in (inside[unit.id] if unit.level == "province" else [unit])
    ]
    wanted = frozenset(kinds)
    if public and len(communes) > 1:
        _wait_for_turn(session)
        if "street_holes" in wanted:
            _refuse_too_many(session, [commune.id for commune in communes])
    seeker = _Seeker(session, gazetteer, day, communes, demo=demo, public=public)
    found: list[Gap] = []
    counted_at = None
    if "below_target" in wanted:
        measured = _measured(session, gazetteer, unit_code, units, demo=demo)
        counted_at = next((each.counted_at for each in measured if each.counted_at), None)
        found += _below([unit for each in measured for unit in each.units], seeker)
    if "street_holes" in wanted:
        found += seeker.holes(everywhere=unit_code is None)
    if "never_delivered" in wanted:
        found += seeker.never_delivered()
    code_and_name = COUNTRY[::2] if unit_code is None else former or _named(units[0], day)
    return Gaps(
        *code_and_name,
        former=former,
        day=day,
        demo=demo,
        kinds=wanted,
        found=tuple(found),
        counted_at=counted_at,
    )


def _wait_for_turn(session: Session) -> None:
    """Wait for other large queries: each takes a second of the server."""
    try:
        session.execute(_WAIT)
        hold_lock(session, Lock.GAPS)
        session.execute(_WAIT_AS_EVER)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise DatabaseUnavailableError(Message("gaps_busy")) from error
        raise


def _refuse_too_many(session: Session, communes: Sequence[int]) -> None:
    records = session.execute(SQL.text("records_to_look_at"), {"communes": communes}).scalar_one()
    if records > MOST_RECORDS:
        raise InvalidInputError.of_field(
            "kind",
            "too_many_records",
            Message("too_many_dwellings", records=records),
        )


def _measured(
    session: Session, gazetteer: Gazetteer, code: str | None, units: Sequence[Unit], *, demo: bool
) -> list[Coverage]:
    """Return the coverage of the units and their parts."""
    if not any(unit.level == "province" for unit in units):
        return [coverage_of_unit(session, gazetteer, code or "", demo=demo)]
    return [
        coverage_of_level(session, gazetteer, level, province=code, demo=demo)
        for level in ("province", "commune")
    ]


def _below(measured: Sequence[UnitCoverage], seeker: "_Seeker") -> list[Gap]:
    gaps = [
        Gap(
            "below_target",
            cast(GapLevel, unit.level),
            unit.code,
            unit.name,
            unit.province,
            target=unit.target,
            households=unit.covered,
            point=seeker.seat(unit.code, unit.level),
        )
        for unit in measured
        if unit.target is not None and _is_far(unit.covered, unit.target.households)
    ]
    gaps += seeker.localities_below()
    return sorted(gaps, key=lambda gap: (_LEVELS.index(gap.level), -(gap.missing or 0), gap.code))


_LEVELS: Final = ("province", "commune", "locality")


def _is_far(covered: int, target: int) -> bool:
    return covered < FAR_BELOW * target and target - covered >= LEAST_MISSING


class _Seeker:
    """Runs the queries on communes, and has their names."""

    def __init__(
        self,
        session: Session,
        gazetteer: Gazetteer,
        day: datetime.date,
        communes: Sequence[Unit],
        *,
        demo: bool,
        public: bool,
    ) -> None:
        self._session, self._gazetteer, self._day = session, gazetteer, day
        self._ids = [commune.id for commune in communes]
        self._not_demo = () if demo else ("not_demo",)
        self._public = public

    def holes(self, *, everywhere: bool) -> Iterator[Gap]:
        where = (
            *self._not_demo,
            *(("shown",) if self._public else ()),
            *(() if everywhere else ("in_communes",)),
        )
        for row in self._ask(SQL.text("holes", *where)):
            former = self._gazetteer.units.get(row.former_unit_id or 0)
            yield Gap(
                "street_holes",
                "street",
                *self._commune(row.unit_id),
                former_code=former.code if former else None,
                place=row.name if row.kind == "đường" else named(row.kind, row.name),
                place_id=row.street,
                side="odd" if row.n % 2 else "even",
                between=(row.n, row.next),
                point=None if row.lon is None else (row.lon, row.lat),
            )

    def localities_below(self) -> Iterator[Gap]:
        points = "without_points" if self._public else "with_points"
        for row in self._ask(SQL.text("localities_below", points, *self._not_demo)):
            covered = row.dwellings if row.counted == "dwellings" else row.households
            if _is_far(covered, row.target):
                yield Gap(
                    "below_target",
                    "locality",
                    *self._commune(row.unit_id),
                    place=named(row.kind, row.name),
                    place_id=row.locality_id,
                    target=target_of(row),
                    households=covered,
                    point=None if row.lon is None else (row.lon, row.lat),
                )

    def never_delivered(self) -> Iterator[Gap]:
        empty = set(self._ask(SQL.text("communes_never", *self._not_demo)).scalars())
        for unit_id in self._ids:
            if unit_id in empty:
                yield self._never("commune", unit_id)
        for row in self._ask(SQL.text("localities_never", *self._not_demo)):
            yield self._never("locality", row.unit_id, named(row.kind, row.name), row.id)

    def _never(
        self, level: GapLevel, unit_id: int, place: str | None = None, place_id: int | None = None
    ) -> Gap:
        code, name, province = self._commune(unit_id)
        seat = self.seat(code, "commune") if place is None else None
        return Gap(
            "never_delivered", level, code, name, province, place=place, place_id=place_id,
            point=seat,
        )  # fmt: skip

    def seat(self, code: str, level: str) -> tuple[float, float] | None:
        for unit in self._gazetteer.with_code(code):
            if unit.level == level and unit.alive_on(self._day):
                return None if unit.lon is None or unit.lat is None else (unit.lon, unit.lat)
        return None

    def _ask(self, statement: TextClause) -> Any:
        return self._session.execute(statement, {"communes": self._ids})

    def _commune(self, unit_id: int) -> tuple[str, str, tuple[str, str] | None]:
        unit = self._gazetteer.units[unit_id]
        province = self._gazetteer.province_of(unit, self._day)
        above = None if province is None else _named(province, self._day)
        return *_named(unit, self._day), above


def _named(unit: Unit, day: datetime.date) -> tuple[str, str]:
    return unit.code, unit.version_on(day).full_name
