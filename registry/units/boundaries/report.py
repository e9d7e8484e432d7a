"""The report of a load of boundaries, from the load's temporary tables."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection

from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit in a report: its code and its current name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """A unit that ended, and its successors; several after a split."""

    code: str
    name: str
    successors: tuple[NamedUnit, ...]


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """The result of loading a boundaries file, and its problems."""

    source: str
    features: int
    communes: int
    """Communes with a polygon in the file; all of them are loaded."""
    provinces: int
    added: int
    """Units that had no real polygon before."""
    replaced: int
    unchanged: int
    parts: int
    """Parts written: of new polygons, and of those whose parts were missing."""
    repaired: tuple[NamedUnit, ...]
    """Invalid polygons that were repaired."""
    united: tuple[NamedUnit, ...]
    """Units with several features."""
    restored_zeros: tuple[str, ...]
    """Codes given as numbers, whose leading zeros were restored."""
    unknown: tuple[str, ...]
    """Unknown codes."""
    ended: tuple[EndedUnit, ...]
    without_polygon: tuple[str, ...]
    """Codes whose features have no usable polygon, even after repair."""
    without_code: int
    """Features without a code."""
    missing_communes: int
    """Living communes without a real polygon after this load."""
    missing_provinces: int
    dry_run: bool

    @property
    def loaded(self) -> int:
        """Number of units whose polygon now equals that of the file."""
        return self.communes + self.provinces

    @property
    def has_problems(self) -> bool:
        """Whether parts of the file could not be loaded."""
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
    """Return the report of a load, within its transaction, after everything is written."""
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
