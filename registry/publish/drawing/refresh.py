"""The job that keeps the drawings up to date: it redraws only what has changed."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.publish.drawing.grid import draw_grid
from registry.publish.drawing.labels import draw_place_labels, draw_unit_labels
from registry.publish.drawing.units import draw_units

SQL: Final = Statements(__file__, "queries.sql")

_REST_TIMES: Final = 9
"""Pause before households are redrawn, as a multiple of the time that drawing took: for the country
it takes minutes, and the register is written to at any time."""
# The row's lock serialises refreshes.
_STATE: Final = text("SELECT units, event_id FROM map_state WHERE id = 1 FOR UPDATE")
_LAST_EVENT: Final = text("SELECT coalesce(max(id), 0) FROM event")


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What was redrawn."""

    units: bool
    households: bool


def keep_up(engine: Engine, _settings: Settings) -> Redrawn:
    """The worker's periodic job: `refresh`, for at most a tenth of its time."""
    with session_scope(engine) as session:
        rests = session.scalar(SQL.text("rests"))
    return refresh(engine, households=not rests)


def refresh(engine: Engine, *, households: bool = True) -> Redrawn:
    """Redraw what has changed since the last time, in one transaction; readers see no gap.

    Units are redrawn when a unit, its name, a boundary or the date changed (a unit may begin on a
    day); names of streets and localities, and the grid, after any event unless `households` is
    false.
    """
    with session_scope(engine) as session:
        connection = session.connection()
        units_before, event_before = connection.execute(_STATE).one()
        units, event = connection.scalar(SQL.text("state_of_units")), connection.scalar(_LAST_EVENT)
        redrawn = Redrawn(units != units_before, households and event != event_before)
        if redrawn.units:
            draw_units(connection)
            draw_unit_labels(connection)
        if redrawn.households:
            draw_place_labels(connection)
            draw_grid(connection)
        event = event if redrawn.households else event_before
        connection.execute(SQL.text("note_drawn"), {"units": units, "event": event})
        if redrawn.households:
            connection.execute(SQL.text("rest"), {"times": _REST_TIMES})
    if redrawn.units or redrawn.households:
        _analyze(engine)
    return redrawn


def _analyze(engine: Engine) -> None:
    """Refresh statistics; without them the first tiles get bad plans."""
    with session_scope(engine) as session:
        session.execute(text("SELECT analyse_map()"))
