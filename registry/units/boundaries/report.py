"""What a load of boundaries brought: the report, read off the load's temporary tables."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection

from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit in a report: its code and its name of today."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """A unit that ended, and the units that continue it; more than one after a split."""

    code: str
    name: str
    successors: tuple[NamedUnit, ...]


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """What a boundaries file brought, and what was wrong with it."""

    source: str
    features: int
    communes: int
    """Communes whose polygon the file holds; all of them are loaded now."""
    provinces: int
    added: int
    """Units that had no real polygon before."""
    replaced: int
    unchanged: int
    parts: int
    """Parts that were cut and written: of polygons that are new here, or had lost theirs."""
    repaired: tuple[NamedUnit, ...]
    """Polygons that came invalid and were repaired."""
    united: tuple[NamedUnit, ...]
    """Units whose polygon came in several features."""
    restored_zeros: tuple[str, ...]
    """Codes that came as numbers and got their leading zeros back."""
    unknown: tuple[str, ...]
    """Codes that no unit has or had."""
    ended: tuple[EndedUnit, ...]
    without_polygon: tuple[str, ...]
    """Codes whose features hold no usable polygon, also not after repair."""
    without_code: int
    """Features that have no code."""
    missing_communes: int
    """Living communes that have no real polygon, after this load."""
    missing_provinces: int
    dry_run: bool

    @property
    def loaded(self) -> int:
        """Units whose polygon is in the register now as the file has it."""
        return self.communes + self.provinces

    @property
    def has_problems(self) -> bool:
        """Whether something of the file could not be loaded."""
        return bool(self.unknown or self.ended or self.without_polygon or self.without_code)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {**asdict(self), "loaded": self.loaded}


def make_report(
    connection: Connection,
    *,
    source: str,
    features: int,
    without_code: int,
    parts: int,
    dry_run: bool,
    of_day: dict[str, datetime.date],
) -> BoundaryReport:
    """The report of a load, in its transaction and after it has written everything."""
    counts = connection.execute(SQL.text("counts"), of_day).one()._mapping
    ended = tuple(
        EndedUnit(code, name, tuple(NamedUnit(*successor) for successor in successors))
        for code, name, successors in connection.execute(SQL.text("ended_units"), of_day)
    )
    return BoundaryReport(
        source=source,
        features=features,
        parts=parts,
        **counts,
        repaired=_named(connection, "repaired", of_day),
        united=_named(connection, "united", of_day),
        restored_zeros=_codes(connection, "restored"),
        unknown=_codes(connection, "unknown"),
        ended=ended,
        without_polygon=_codes(connection, "without_polygon"),
        without_code=without_code,
        dry_run=dry_run,
    )


def _named(
    connection: Connection, statement: str, of_day: dict[str, datetime.date]
) -> tuple[NamedUnit, ...]:
    rows = connection.execute(SQL.text(statement), of_day)
    return tuple(NamedUnit(*row) for row in rows)


def _codes(connection: Connection, statement: str) -> tuple[str, ...]:
    return tuple(connection.scalars(SQL.text(statement)))
