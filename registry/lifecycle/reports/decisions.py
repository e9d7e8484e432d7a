"""Decisions on reports: an accepted one performs an operation, in one transaction and event.

Confirmed → `verify`, wrong point → `move`, new house → `propose`, an entrance → `entrances` with
one more, a plate that hangs or is gone → `mount-plates`, `lose-plates`, no such house → `retire`,
which needs the role of `retire` itself: if an editor accepts, it is proposed to an approver.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from registry.access.jurisdiction import check_jurisdiction
from registry.access.reach import writable
from registry.core.actors import acting, outside_own
from registry.core.errors import (
    InvalidInputError,
    NotFoundError,
    ReportDecidedError,
    ReportStaleError,
    StaleError,
)
from registry.core.invalid import message_of
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle.reports.queue import DECIDED
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.run import attempt
from registry.lifecycle.table import BY_NAME, LEGAL_FROM
from registry.lifecycle.work import Changed, Warned, Work
from registry.records.entrances import SOURCES, Entrance, with_entrance
from registry.units.gazetteer import VIET_NAM

SQL: Final = Statements(__file__, "queries.sql")

OPERATIONS: Final = {
    "confirmed": "verify",
    "wrong_point": "move",
    "no_such_house": "retire",
    "new_house": "propose",
    "plate_mounted": "mount-plates",
    "plate_lost": "lose-plates",
    "entrance": "entrances",
}
"""Kind of report → the operation that accepting it performs."""
CORRECTABLE: Final = (
    *("commune", "former_commune", "house_number", "street", "locality"),
    *("building", "floor", "unit_number"),
)
"""Parts of a new house's address that may be corrected on acceptance; the commune is required if
the report is in a province's queue."""
PARTS: Final = (*CORRECTABLE, "note")
"""All that may be corrected on acceptance, including an entrance's note, empty to drop it."""
_CORRECTABLE_OF: Final = {"new_house": CORRECTABLE, "entrance": ("note",)}
_MAX_ID: Final = 2**63 - 1
_DAY: Final = "%Y-%m-%d"

_FORGET: Final = text("DELETE FROM field_report_voice WHERE report_id = :id")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision; `registry.core.actors` gives who decides, with which role and where."""

    actor: str
    reason: str
    decision_number: str | None = None
    seen_event: int | None = None
    """Event of the record as the caller saw it: permits deciding an outdated report."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """PARTS → corrected value."""
    same_address: bool = False
    """Permits a new house with the same address as an existing one."""
    word: str | None = None
    """Message to the reporters; the reason is internal."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """The result of a decision."""

    id: int
    kind: str
    state: str
    operation: str
    """Operation of the lifecycle, `propose_retire` or `reject_report`: the event's kind."""
    event_id: int
    records: tuple[Changed, ...] = ()
    unit: str = ""
    """Code of the commune, or province, whose queue it was in."""
    warnings: tuple[Warned, ...] = ()


_Decide = Callable[[Session, Mapping[str, Any]], Decided]


def accept(engine: Engine, report_id: int, decision: Decision) -> Decided:
    """Perform the operation of a report.

    Raises NotFoundError, OutsideUnitsError, ReportDecidedError,
    ReportStaleError, and the errors of the operation (`registry.lifecycle.run.perform`).
    """
    return _decided(engine, report_id, decision, lambda s, r: _accept(s, r, decision))


def reject(engine: Engine, report_id: int, decision: Decision) -> Decided:
    """Reject a report; the register is not changed.

    Raises NotFoundError, OutsideUnitsError, ReportDecidedError.
    """
    return _decided(engine, report_id, decision, lambda s, r: _reject(s, r, decision))


def _decided(engine: Engine, report_id: int, decision: Decision, decide: _Decide) -> Decided:
    done: Decided | None = None
    with attempt(engine, dry_run=decision.dry_run) as session:
        known = 0 <= report_id <= _MAX_ID
        found = (
            known
            and session.execute(SQL.text("lock_report"), {"id": report_id}).mappings().one_or_none()
        )
        if not found:
            raise NotFoundError(Message("report_unknown", report_id=report_id))
        row = dict(found)
        _check_place(row)
        _check_open(row)
        done = replace(decide(session, row), unit=row["unit"])
        if done.state in DECIDED:
            session.execute(_FORGET, {"id": report_id})
    assert done is not None  # noqa: S101 - set before the only exception that is swallowed
    return done


def _check_place(row: Mapping[str, Any]) -> None:
    """Raise OutsideUnitsError unless the report is in a queue of the actor's units."""
    actor, own = acting(), writable()
    if actor is None or own is None or row["unit_id"] in own:
        return
    if not set(row["provinces"]).isdisjoint(actor.units or ()):
        return
    raise outside_own(row["unit"])


def _may_retire() -> bool:
    actor = acting()
    return actor is None or actor.may(BY_NAME["retire"].role)


def _check_open(row: Mapping[str, Any]) -> None:
    state = row["state"]
    if state == "open" or (state == "proposed" and _may_retire()):
        return
    why = Message("waits_for_approver") if state == "proposed" else state
    raise ReportDecidedError(
        Message("report_already_decided", id=row["id"], why=why),
        state=state,
        event_id=row["decided_event_id"],
    )


def _accept(session: Session, row: Mapping[str, Any], decision: Decision) -> Decided:
    for part in decision.parts:
        if part not in _CORRECTABLE_OF.get(row["kind"], ()):
            raise InvalidInputError.of_field(
                part, "not_of_this_kind", Message("not_part_of_kind", kind=row["kind"])
            )
    event, entrances = None, None
    if row["code"]:
        event, entrances = _current(session, row, decision)
    name = OPERATIONS[row["kind"]]
    work = Work(
        session,
        BY_NAME[name].kind,
        BY_NAME[name].from_states,
        LEGAL_FROM,
        decision.actor,
        decision.reason,
        decision.decision_number,
        event,
        (row["id"],),
    )
    request = _request(row, decision, entrances)
    # The record may have moved to another commune, and the point may lie in a neighbouring one.
    check_jurisdiction(session, request)
    try:
        if name == "retire" and not _may_retire():
            return _propose_to_retire(work, row, decision)
        done = BY_NAME[name].run(work, request)
    except StaleError as error:  # changed between our read and the lock
        raise ReportStaleError(error.message) from error
    made = done.records[0].code if row["code"] is None else None
    _write(session, row, decision, "accepted", done.event_id, made)
    return Decided(
        row["id"],
        row["kind"],
        "accepted",
        BY_NAME[name].kind,
        done.event_id,
        done.records,
        warnings=done.warnings,
    )


def _propose_to_retire(work: Work, row: Mapping[str, Any], decision: Decision) -> Decided:
    """Propose the retirement as an editor; an approver decides."""
    work.subject(row["code"])
    work.operation = "propose_retire"
    work.begin(codes=[row["code"]])
    _write(work.session, row, decision, "proposed", work.event_id)
    return Decided(row["id"], row["kind"], "proposed", "propose_retire", work.event_id)


def _reject(session: Session, row: Mapping[str, Any], decision: Decision) -> Decided:
    work = Work(
        session,
        "reject_report",
        (),
        LEGAL_FROM,
        decision.actor,
        decision.reason,
        decision.decision_number,
        reports=(row["id"],),
    )
    work.begin(units=[row["unit_id"]])
    _write(session, row, decision, "rejected", work.event_id)
    return Decided(row["id"], row["kind"], "rejected", "reject_report", work.event_id)


def _write(
    session: Session,
    row: Mapping[str, Any],
    decision: Decision,
    state: str,
    event_id: int,
    code: str | None = None,
) -> None:
    given = {"state": state, "event": event_id, "code": code, "word": decision.word}
    session.execute(SQL.text("decide"), {"id": row["id"], **given})


def _current(
    session: Session, row: Mapping[str, Any], decision: Decision
) -> tuple[int, list[Entrance] | None]:
    """Return the event of the record's current state, and its entrances.

    Raises ReportStaleError if the report is about an older state.
    """
    current = session.execute(SQL.text("current"), {"id": row["id"]}).mappings().one()
    seen: int = current["event_id"]
    outdated = current["stale"] if decision.seen_event is None else decision.seen_event != seen
    if outdated:
        shown = code_display(current["code"])
        verified = current["verified_on"]
        raise ReportStaleError(
            Message("record_changed_since_report", code=shown),
            current={
                "code": current["code"],
                "code_display": shown,
                "status": current["status"],
                "house_number": current["house_number"],
                "lon": current["lon"],
                "lat": current["lat"],
                "verified_on": verified.isoformat() if verified else None,
                "event_id": seen,
            },
        )
    return seen, current["entrances"]


def _request(
    row: Mapping[str, Any], decision: Decision, entrances: list[Entrance] | None
) -> OperationRequest:
    """Return the request of the operation."""
    why = {"reason": decision.reason, "decision_number": decision.decision_number}
    point = {
        "lon": row["lon"],
        "lat": row["lat"],
        "position_method": "gps",
        "position_accuracy_m": row["position_accuracy_m"],
    }
    match row["kind"]:
        case "confirmed":
            members = {"code": row["code"], "on": _day_of(row["last_reported_at"])}
        case "wrong_point":
            members = {"code": row["code"], **point}
        case "plate_mounted" | "plate_lost":
            members = {"codes": [row["code"]], "on": _day_of(row["last_reported_at"])}
        case "entrance":
            members = {
                "code": row["code"],
                "entrances": with_entrance(entrances, _seen(row, decision)),
            }
        case "no_such_house":
            members = {"code": row["code"]}
        case _:
            parts = {**(row["address_parts"] or {}), **decision.parts}
            here = {"commune": row["unit"]} if row["in_commune"] else {}
            members = {**here, **point, **parts}
            if "commune" not in members:
                raise InvalidInputError.of_field(
                    "commune",
                    "missing",
                    Message("report_needs_commune"),
                )
            members["same_address"] = decision.same_address
    try:
        return BY_NAME[OPERATIONS[row["kind"]]].request.model_validate(why | members)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        name = ".".join(map(str, wrong["loc"])) or "request"
        raise InvalidInputError.of_field(name, wrong["type"], message_of(wrong)) from None


def _seen(row: Mapping[str, Any], decision: Decision) -> Entrance:
    """Return the reported entrance, with the decision's corrections."""
    role = row["reporter_role"]
    members = {
        "kind": row["entrance"],
        "lon": row["lon"],
        "lat": row["lat"],
        "accuracy_m": row["position_accuracy_m"],
        "note": decision.parts.get("note", row["note"]),
        "seen_on": _day_of(row["last_reported_at"]),
        "source": role if role in SOURCES else "office",
    }
    return {name: value for name, value in members.items() if value not in (None, "")}


def _day_of(moment: datetime.datetime) -> str:
    return moment.astimezone(VIET_NAM).strftime(_DAY)
