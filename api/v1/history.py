"""History of a record, step by step."""

import datetime
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.shapes import Entrance, entrance_of
from api.core.types import answer_from
from geo.code import format as code_display
from registry.records.history import Change, Step, history
from registry.records.lookup import read_code
from registry.records.record import record_wording
from registry.records.uses import UseTold
from registry.units.gazetteer import VIET_NAM, Gazetteer

blueprint = Resource("history", "/v1/addresses", tag="addresses", kind="copies")


class HistoryChange(TypedDict):
    """One changed member."""

    field: Annotated[str, Field(examples=["house_number"])]
    before: str | float | bool | list[Entrance] | list[UseTold] | None
    after: str | float | bool | list[Entrance] | list[UseTold] | None


class HistoryStep(TypedDict):
    """The effect of one event on the record."""

    at: str
    """When it was recorded, in Viet Nam's time"""
    operation: Annotated[str | None, Field(examples=["renumber"])]
    decision_number: str | None
    event_id: int | None
    actor: str | None
    """A key or operator; null for a carrier or merchant"""
    reason: str | None
    """Null for a carrier or merchant"""
    report_id: int | None
    """The field report that caused it"""
    successors: list[str]
    """Codes that succeed it since: split, merged …"""
    predecessors: list[str]
    """Codes that it succeeds since"""
    status: str | None
    """Null if the record was removed"""
    label: str | None
    """Its address since then, as written on that day"""
    changes: list[HistoryChange]
    """In the first step, all known members"""


class History(TypedDict):
    """All steps of a record."""

    code: str
    code_display: str
    steps: list[HistoryStep]
    """The oldest first"""


@blueprint.get("/<address_code>/history")
@keyed(
    "carrier",
    replica=True,
    operation_id="get_address_history",
    codes=("code_mistyped", "outside_units"),
    discloses=True,
)
def get_history(address_code: str) -> History:
    """Every step of a record: what, when, by which decision.

    Editors and above also see who and why.
    """
    known, reads = gazetteer(), register().reads
    in_full = caller().may("editor")
    steps = history(reads, address_code)
    code = read_code(reads, address_code)
    note(count=len(steps))
    return {
        "code": code,
        "code_display": code_display(code),
        "steps": [_step(known, step, in_full=in_full) for step in steps],
    }


def _step(known: Gazetteer, step: Step, *, in_full: bool) -> HistoryStep:
    moment, record = step.at.astimezone(VIET_NAM), step.record
    words = record_wording(known, moment.date(), record) if record else None
    return answer_from(
        HistoryStep,
        step,
        at=moment.isoformat(),
        actor=step.actor if in_full else None,
        reason=step.reason if in_full else None,
        status=record.status if record else None,
        label=words.label if words else None,
        changes=[_change(known, change) for change in step.changes],
    )


def _change(known: Gazetteer, change: Change) -> HistoryChange:
    values = (change.before, change.after)
    if change.field in ("commune", "former_commune"):
        values = tuple(_commune(known, value) for value in values)  # type: ignore[assignment]
    before, after = (_shown(change.field, value) for value in values)
    return {"field": change.field, "before": before, "after": after}


def _commune(known: Gazetteer, unit_id: object) -> str | None:
    unit = known.units.get(unit_id) if isinstance(unit_id, int) else None
    return unit.code if unit else None


def _shown(field: str, value: Any) -> Any:
    if field == "entrances" and value is not None:
        return [entrance_of(each) for each in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
