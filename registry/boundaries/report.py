"""What a load of boundaries brought: the report, read off the load's temporary tables."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, text


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
) -> BoundaryReport:
    """The report of a load, in its transaction and after it has written everything."""
    counts = connection.execute(text(_COUNTS)).one()._mapping
    ended = tuple(
        EndedUnit(code, name, tuple(NamedUnit(*successor) for successor in successors))
        for code, name, successors in connection.execute(text(_ENDED))
    )
    return BoundaryReport(
        source=source,
        features=features,
        parts=parts,
        **counts,
        repaired=_named(connection, "NOT n.valid"),
        united=_named(connection, "n.features > 1"),
        restored_zeros=_codes(connection, _RESTORED),
        unknown=_codes(connection, _UNKNOWN),
        ended=ended,
        without_polygon=_codes(connection, _WITHOUT_POLYGON),
        without_code=without_code,
        dry_run=dry_run,
    )


def _named(connection: Connection, condition: str) -> tuple[NamedUnit, ...]:
    rows = connection.execute(text(_NAMED.format(condition=condition)))
    return tuple(NamedUnit(*row) for row in rows)


def _codes(connection: Connection, statement: str) -> tuple[str, ...]:
    return tuple(connection.scalars(text(statement)))


_COUNTS: Final = """
    WITH missing AS (
        SELECT u.level FROM admin_unit u
        WHERE u.lifetime @> current_date AND NOT EXISTS (
            SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate
        )
    )
    SELECT count(*) FILTER (WHERE c.level = 'commune') AS communes,
        count(*) FILTER (WHERE c.level = 'province') AS provinces,
        count(*) FILTER (WHERE c.state = 'added') AS added,
        count(*) FILTER (WHERE c.state = 'replaced') AS replaced,
        count(*) FILTER (WHERE c.state = 'unchanged') AS unchanged,
        (SELECT count(*) FROM missing WHERE level = 'commune') AS missing_communes,
        (SELECT count(*) FROM missing WHERE level = 'province') AS missing_provinces
    FROM boundary_change c
"""

_NAMED: Final = """
    SELECT u.code, v.name
    FROM boundary_new n
    JOIN admin_unit u ON u.id = n.unit_id
    JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
    WHERE {condition}
    ORDER BY u.code
"""

_RESTORED: Final = "SELECT DISTINCT code FROM boundary_staged WHERE restored ORDER BY code"

_UNKNOWN: Final = """
    SELECT code FROM boundary_code WHERE unit_id IS NULL AND ended_id IS NULL ORDER BY code
"""

_WITHOUT_POLYGON: Final = """
    SELECT k.code FROM boundary_code k
    WHERE k.unit_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM boundary_new n WHERE n.unit_id = k.unit_id)
    ORDER BY k.code
"""

# A successor may have ended too: what continues a unit is what is alive at the end of the chain.
_ENDED: Final = """
    WITH RECURSIVE later AS (
        SELECT k.ended_id, s.successor_id
        FROM boundary_code k JOIN admin_unit_succession s ON s.predecessor_id = k.ended_id
        UNION
        SELECT l.ended_id, s.successor_id
        FROM later l JOIN admin_unit_succession s ON s.predecessor_id = l.successor_id
    ), living AS (
        SELECT l.ended_id,
            array_agg(ARRAY[u.code, v.name] ORDER BY u.code) AS successors
        FROM later l
        JOIN admin_unit u ON u.id = l.successor_id AND u.lifetime @> current_date
        JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
        GROUP BY l.ended_id
    )
    SELECT k.code, last_version.name, coalesce(living.successors, '{}')
    FROM boundary_code k
    JOIN LATERAL (
        SELECT v.name FROM admin_unit_version v WHERE v.unit_id = k.ended_id
        ORDER BY upper(v.valid) DESC NULLS FIRST LIMIT 1
    ) last_version ON true
    LEFT JOIN living ON living.ended_id = k.ended_id
    ORDER BY k.code
"""
