"""Settle which household goes to which unit of the new state, and by which rule, in sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import shapely
from sqlalchemy.orm import Session

from registry.core.database import driver_connection
from registry.core.sql import Statements
from registry.reform.plan_values import Plan, Successor
from registry.reform.progress import Entering, quietly
from registry.reform.refusals import Refusal, ResolutionRefusedError
from registry.reform.selections import Selections

SQL: Final = Statements(__file__)
WAYS: Final = (
    *("whole_unit", "decided", "street", "locality", "former_unit", "polygon", "building", "rest"),
    *("neighbours", "past"),
)
"""Rules that settle a household, as named in reports."""


@dataclass(frozen=True, slots=True)
class Units:
    """Ids of the units of the new state; new units are already written."""

    ids: Mapping[int, int]
    """id() of a Born → id of its row."""
    codes: Mapping[str, int]
    """Code of a unit of the new state → its id."""

    def id_of(self, successor: Successor) -> int:
        """Return the id of a unit of the new state."""
        return self.ids.get(id(successor)) or successor.id  # type: ignore[union-attr]


def settle(
    session: Session,
    plan: Plan,
    selections: Selections,
    units: Units,
    decided: Mapping[str, str],
    entering: Entering = quietly,
) -> int:
    """Fill `reform_door`; return how many households are undecided.

    Raises ResolutionRefusedError for invalid decisions.
    """
    entering("settling", 0)
    for statement in SQL.script("inputs"):
        session.execute(statement)
    _write_inputs(session, plan, selections, units, decided)
    for statement in SQL.script("parted"):
        session.execute(statement, {"first": len(selections.areas)})
    _refuse_strange(session)
    session.execute(SQL.text("note_sources"))
    session.execute(SQL.text("nest_localities"))
    for statement in SQL.script("areas"):
        session.execute(statement)
    session.execute(SQL.text("settle_whole"))
    session.execute(SQL.text("settle_parts"))
    for statement in SQL.script("after_doors"):
        session.execute(statement)
    undecided: int = session.execute(SQL.text("count_undecided")).scalar_one()
    session.execute(SQL.text("settle_past"), {"how": "past"})
    return undecided


def place_undecided(session: Session) -> None:
    """Settle the undecided by their neighbours."""
    session.execute(SQL.text("settle_buildings"), {"how": "neighbours"})
    session.execute(SQL.text("settle_rest"), {"how": "neighbours"})


def settle_places(session: Session) -> None:
    """Settle streets and localities, after their households."""
    # An index created on rows that this transaction has updated cannot be used by it.
    for statement in SQL.script("places"):
        session.execute(statement)


def _write_inputs(
    session: Session, plan: Plan, selections: Selections, units: Units, decided: Mapping[str, str]
) -> None:
    legs = [
        (
            *(number, leg.source.id, units.id_of(leg.successor)),
            *(leg.selector is None, leg.selector is not None and leg.selector.rest),
        )
        for number, leg in enumerate(plan.legs)
    ]
    sources: dict[int, tuple[int, bool, int | None]] = {
        unit.id: (unit.id, True, None) for unit in plan.ended.values()
    }
    for _, from_id, to_id, whole, rest in legs:
        ends = from_id in plan.ended
        own = None if ends else from_id
        goes_on = to_id if whole or rest else own
        known = sources.get(from_id)
        if known is None or known[2] is None or rest or whole:
            sources[from_id] = (from_id, ends, goes_on)
    into = [(code, units.codes[to]) for code, to in decided.items() if to in units.codes]
    areas = [
        (area, shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True))
        for area, shape in selections.areas.items()
    ]
    number_of = {id(leg): number for number, leg in enumerate(plan.legs)}
    parted = [
        (
            *(unit_id, number_of[id(leg)] if leg else None),
            *(province.id, units.id_of(leg.successor) if leg else province.id),
        )
        for unit_id, (province, leg) in plan.parted.items()
    ]
    with driver_connection(session.connection()).cursor() as cursor:
        _copy(cursor, "reform_leg", legs)
        _copy(cursor, "reform_source (id, ends, default_to)", sources.values())
        _copy(cursor, "reform_by_street", selections.streets)
        _copy(cursor, "reform_by_locality", sorted(set(selections.localities)))
        _copy(cursor, "reform_by_former", sorted(set(selections.formers)))
        _copy(cursor, "reform_area", areas)
        _copy(cursor, "reform_by_area", selections.by_area)
        _copy(cursor, "reform_decided", into)
        _copy(cursor, "reform_parted (unit_id, leg, from_id, to_id)", parted)
    unknown = [(code, to) for code, to in decided.items() if to not in units.codes]
    if unknown:
        refusals = [
            Refusal("decision_elsewhere", None, f"{code} → {to}") for code, to in unknown[:20]
        ]
        raise ResolutionRefusedError(refusals)


def _copy(cursor: psycopg.Cursor[Any], table: str, rows: Iterable[Sequence[object]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _refuse_strange(session: Session) -> None:
    strange = session.execute(SQL.text("strange_decisions")).all()
    if strange:
        raise ResolutionRefusedError(
            [Refusal("decision_elsewhere", None, f"{code} → {to}") for code, to in strange]
        )
