"""Carry out a settled reform: places, households, and what belongs to units."""

from collections.abc import Iterator
from typing import Final

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.reform.plan_values import Plan
from registry.reform.progress import Entering
from registry.reform.selections import Selections
from registry.reform.settling import Units
from registry.units.boundaries.cells import draw_cells

SQL: Final = Statements(__file__)
_BATCH: Final = 200_000
"""Households per statement, which holds each row twice."""
_OWN_AREA: Final = text(
    "INSERT INTO reform_own_area VALUES (:id, ST_Multi(ST_GeomFromWKB(:shape, 4326)))"
)


def carry(
    session: Session,
    plan: Plan,
    selections: Selections,
    units: Units,
    reform_id: int,
    entering: Entering,
) -> None:
    """Write everything under the event of the session, in its transaction."""
    born = sorted(units.ids.values())
    parameters = {"reform": reform_id, "born": born, "source": f"decision {plan.number}"}
    entering("places", 0)
    session.execute(SQL.text("places_before"), parameters)
    # The trigger that keeps versions plans for an empty table of versions, and would then scan all
    # that it has written for each further one.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    for statement in SQL.script("move_places"):
        session.execute(statement)
    session.execute(text("SET LOCAL enable_seqscan = on"))
    session.execute(SQL.text("copy_names"))
    _households(session, entering)
    session.execute(SQL.text("former_numbers_of_streets"))
    session.execute(SQL.text("former_numbers_of_localities"))
    entering("units", 0)
    for statement in SQL.script("belongings"):
        session.execute(statement, parameters)
    _targets(session, parameters)
    entering("boundaries", 0)
    _boundaries(session, selections, units, parameters)


def _households(session: Session, entering: Entering) -> None:
    session.execute(text("SET LOCAL work_mem = '64MB'"))
    done = 0
    for sources, doors in _batches(session):
        session.execute(SQL.text("move_households"), {"sources": sources})
        done += doors
        entering("households", done)


def _batches(session: Session) -> Iterator[tuple[list[int], int]]:
    """Yield batches of whole units: one statement must write a building and its flats."""
    sources: list[int] = []
    doors = 0
    for from_id, count in session.execute(SQL.text("count_doors")).all():
        if sources and doors + count > _BATCH:
            yield sources, doors
            sources, doors = [], 0
        sources.append(from_id)
        doors += count
    if sources:
        yield sources, doors


def _targets(session: Session, parameters: dict[str, object]) -> None:
    session.execute(SQL.text("targets_before"), parameters)
    session.execute(SQL.text("add_targets_up"), parameters)
    session.execute(SQL.text("move_targets_of_localities"))


def _boundaries(
    session: Session, selections: Selections, units: Units, parameters: dict[str, object]
) -> None:
    session.execute(SQL.text("boundaries_before"), parameters)
    session.execute(SQL.text("create_own_areas"))
    for code, shape in selections.own_areas.items():
        if code in units.codes:
            session.execute(_OWN_AREA, {"id": units.codes[code], "shape": shapely.to_wkb(shape)})
    session.execute(SQL.text("draw_boundaries"), parameters)
    for statement in SQL.script("store_boundaries"):
        session.execute(statement, parameters)
    session.execute(SQL.text("seat_heirs"), parameters)
    draw_cells(session.connection())
    session.execute(text("SELECT analyse_boundaries()"))
