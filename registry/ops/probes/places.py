"""Probes of boundaries: real polygons and cells, complete, valid and in place."""

from typing import Final

from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops.probes.probe import Finding, Subject, failure, none_of, ok, probe, warning

SQL: Final = Statements(__file__, "queries.sql")

_LOAD: Final = Message("advice_load_boundaries")
_SEATS_INSIDE: Final = 0.95
"""Published seats are approximate: 99.3 % of those of 2025 lie in their own commune's polygon."""


@probe(hint=Message("advice_load_units"))
def communes_have_a_polygon(subject: Subject) -> Finding:
    """Every commune has a polygon, real or drawn around its seat."""
    return none_of(subject.names(SQL.text("without_boundary")), "units_without_boundary")


@probe(hint=_LOAD)
def boundaries_are_real(subject: Subject) -> Finding:
    """Boundaries are real polygons."""
    real, cells, provinces = subject.connection.execute(SQL.text("real_boundaries")).one()
    detail = Message("boundaries_counted", real=real, cells=cells, provinces=provinces)
    return warning(detail) if cells else ok(detail)


@probe(hint=_LOAD)
def polygons_are_valid(subject: Subject) -> Finding:
    """All polygons are valid."""
    # The table's constraint ensures it; another version of GEOS may differ.
    return none_of(subject.names(SQL.text("invalid_boundaries")), "boundaries_invalid")


@probe(hint=_LOAD)
def real_polygons_have_parts(subject: Subject) -> Finding:
    """Every real polygon has the parts by which points find it, and no cell has any."""
    without, cells = subject.connection.execute(SQL.text("boundary_parts")).one()
    if without or cells:
        return failure(Message("boundary_parts_wrong", without=without, cells=cells))
    return ok()


@probe(hint=Message("advice_few_outside_polygons"))
def seats_are_inside(subject: Subject) -> Finding:
    """Seats lie in the real polygon of their own commune."""
    total, inside = subject.connection.execute(SQL.text("seats_inside")).one()
    if total == 0:
        return ok(Message("no_real_boundaries"))
    detail = f"{inside:,} of {total:,}"
    return ok(detail) if inside >= total * _SEATS_INSIDE else warning(detail)
