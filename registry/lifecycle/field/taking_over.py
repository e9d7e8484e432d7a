"""The desk takes over the findings of a round as one event and one import, which can be undone.

Each record performs an operation of the lifecycle, all in one transaction. New houses become active
if taken over by an approver who did not open the round or who may approve alone; otherwise they
are proposed. Undoing is `registry.intake.publishing.rollback`: what the import created is removed,
what it changed is restored.
"""

import datetime
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from registry.access.jurisdiction import check_jurisdiction
from registry.access.reach import check_writable, writable
from registry.core.actors import acting, demand
from registry.core.database import session_scope
from registry.core.errors import (
    ForbiddenError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
    SeveralRefusedError,
    StaleError,
)
from registry.core.messages import N_, Message, Text
from registry.core.sql import Statements
from registry.intake.publishing.rollback import RolledBack, roll_back
from registry.lifecycle import requests as r
from registry.lifecycle.addresses import BLANK, address_of, refuse_taken
from registry.lifecycle.field.area import Area, area_of
from registry.lifecycle.field.review import Reviewed, same_houses, state_of, waiting
from registry.lifecycle.field.rounds import Round, find_round
from registry.lifecycle.records import given_parts
from registry.lifecycle.run import attempt, once_only
from registry.lifecycle.table import BY_NAME, LEGAL_FROM
from registry.lifecycle.work import Columns, Row, Work
from registry.records.codes import issue_codes
from registry.records.lookup import code_forms
from registry.units.gazetteer import VIET_NAM, Gazetteer, today

SQL: Final = Statements(__file__, "queries.sql")

KIND: Final = "field"
"""Kind of the event."""
_LIVING: Final = ("proposed", "active")
_BATCH: Final = 50
"""Records per savepoint: in most rounds none fails."""

_LOCK: Final = text("SELECT id FROM field_round WHERE id = :id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Approval:
    """Who takes it over, and what they previewed."""

    actor: str
    reason: str | None = None
    decision_number: str | None = None
    seen: str | None = None
    """`review.state_of` the preview; None for the current state."""
    once: str | None = None
    dry_run: bool = False


@dataclass(slots=True)
class TakenOver:
    """What was done, or would be."""

    import_id: int
    event_id: int
    records: int = 0
    made: dict[UUID, list[str]] = field(default_factory=dict)
    """Record → codes of the records created."""
    refused: dict[UUID, RegistryError] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    """Kind of record → count."""


class Import(NamedTuple):
    """Records taken over at once."""

    id: int
    state: str
    """published | rolled_back."""
    counts: dict[str, Any]
    taken_at: datetime.datetime
    taken_by: str
    back_at: datetime.datetime | None
    back_by: str | None
    made: list[tuple[str, str]]
    """Code and status of the records it created that still exist."""


def take_over(engine: Engine, gazetteer: Gazetteer, round_id: int, approval: Approval) -> TakenOver:
    """Apply all waiting records of the round, or none.

    A dry run tries each and reports which fail. Raises SeveralRefusedError if any fails;
    StaleError if something was added or changed since the preview; InvalidInputError if nothing
    waits; AlreadyDoneError; and the errors of `attempt`.
    """
    taken: TakenOver | None = None
    with (
        once_only(engine, approval.once),
        attempt(engine, dry_run=approval.dry_run) as session,
    ):
        round_ = find_round(session, round_id)
        check_writable(session, round_.commune_id)
        session.execute(_LOCK, {"id": round_.id})
        area = area_of(session, round_)
        records = waiting(session, round_, ["waiting"])
        if approval.seen is not None and approval.seen != state_of(records):
            raise StaleError(Message("taking_over_outdated"))
        if not records:
            raise InvalidInputError(Message("nothing_to_take_over"))
        taken = _TakeOver(session, gazetteer, round_, area, approval).all(records)
        if taken.refused and not approval.dry_run:
            raise _refusal(taken.refused)
    assert taken is not None  # noqa: S101 - set before the only exception that is swallowed
    return taken


def take_back(
    engine: Engine,
    round_: Round,
    import_id: int,
    *,
    actor: str,
    keep_later: bool = False,
    reason: str | None = None,
) -> RolledBack:
    """Undo an import of the round; its records are kept with their new state.

    Raises NotFoundError for an import of another round, and the errors of `roll_back`.
    """
    with session_scope(engine) as session:
        check_writable(session, round_.commune_id)
        if import_id not in (each.id for each in imports_of(session, round_)):
            raise NotFoundError(Message("round_lacks_import", import_id=import_id))
    return roll_back(engine, import_id, keep_later=keep_later, actor=actor, reason=reason)


def put_aside(session: Session, round_: Round, ids: Sequence[UUID], *, aside: bool) -> int:
    """Set records aside, or let them wait again; return how many. Raises ForbiddenError."""
    demand("editor", N_("set a field record aside"))
    check_writable(session, round_.commune_id)
    state = "aside" if aside else "waiting"
    result = session.execute(
        SQL.text("put_aside"), {"round": round_.id, "ids": list(ids), "state": state}
    )
    return int(getattr(result, "rowcount", 0))


def imports_of(session: Session, round_: Round) -> list[Import]:
    """Return the imports of a round, latest first."""
    rows: Any = session.execute(SQL.text("imports_of_round"), {"source": round_.source})
    return [Import(*row) for row in rows]


def _refusal(refused: dict[UUID, RegistryError]) -> SeveralRefusedError:
    first = next(iter(refused.values()))
    return SeveralRefusedError(
        Message("field_records_refused", count=len(refused), first=first.message),
        refused={str(each): error.message for each, error in refused.items()},
    )


class _TakeOver:
    """Applies the records of one import under its event."""

    def __init__(
        self,
        session: Session,
        gazetteer: Gazetteer,
        round_: Round,
        area: Area,
        approval: Approval,
    ) -> None:
        self._session, self._round, self._area = session, round_, area
        self._approval = approval
        self._commune = gazetteer.units[area.place.unit_id].code
        self._activates = activates(round_)
        self._event_id = 0
        self._held: dict[str, Row] = {}
        self._codes: Iterator[str] = iter(())

    def all(self, records: Sequence[Reviewed]) -> TakenOver:
        """Apply the records, oldest first; several records of one new house create it once."""
        import_id = self._begin()
        taken = TakenOver(import_id, self._event_id, len(records))
        same = same_houses(records, self._area)
        doors = [("code", each.door.code) for each in records if each.door is not None]
        self._work(KIND, _LIVING).lock(doors)
        new = sum(each.kind == "new" and not same.get(each.id) for each in records)
        flats = sum(len(each.said.get("units", ())) for each in records)
        self._codes = iter(issue_codes(self._session, new + flats))
        # Records that create a house come before its duplicates.
        ordered = sorted(records, key=lambda each: same.get(each.id) is not None)
        for start in range(0, len(ordered), _BATCH):
            self._take(ordered[start : start + _BATCH], same, taken)
        self._end(taken)
        return taken

    def _take(
        self, records: Sequence[Reviewed], same: Mapping[UUID, UUID | None], taken: TakenOver
    ) -> None:
        """Apply these together, or if any fails each by itself, so that the rest succeed."""
        made, done = dict(taken.made), Counter(taken.done)
        try:
            with self._session.begin_nested():
                for record in records:
                    made_by = same.get(record.id)
                    made[record.id] = made.get(made_by, []) if made_by else self._do(record)
                    done["same" if made_by else record.kind] += 1
        except RegistryError as error:
            self._held.clear()  # the savepoint's changes are gone
            if len(records) == 1:
                taken.refused[records[0].id] = error
            for record in records if len(records) > 1 else ():
                self._take([record], same, taken)
        else:
            taken.made, taken.done = made, done

    def _begin(self) -> int:
        round_, approval = self._round, self._approval
        given = {
            "source": round_.source,
            "name": f"đợt thực địa {round_.id}",
            "decision": approval.decision_number,
        }
        import_id: int = self._session.execute(SQL.text("insert_import"), given).scalar_one()
        work = self._work(KIND, _LIVING)
        work.once = approval.once
        work.begin(
            **{"import": import_id, "source": round_.source, "units": [self._area.place.unit_id]}
        )
        self._event_id = work.event_id
        return import_id

    def _end(self, taken: TakenOver) -> None:
        made = sum(len(codes) for codes in taken.made.values())
        counts = {
            "rows": taken.records,
            "new": made,
            "changed": taken.records - taken.done["new"] - taken.done["same"],
            **dict.fromkeys(("unchanged", "linked", "rejected"), 0),
            "field": dict(taken.done),
        }
        given = {"id": taken.import_id, "event": self._event_id, "counts": json.dumps(counts)}
        self._session.execute(SQL.text("publish_import"), given)
        done = [
            {"id": each, "import": taken.import_id, "made": codes}
            for each, codes in taken.made.items()
        ]
        if done:
            self._session.execute(SQL.text("settle_found"), done)

    def _work(self, operation: str, states: tuple[str, ...]) -> Work:
        approval = self._approval
        return Work(
            *(self._session, operation, states, LEGAL_FROM, approval.actor),
            *(approval.reason, approval.decision_number),
            event_id=self._event_id,
            held=self._held,
            shows=False,
        )

    def _do(self, record: Reviewed) -> list[str]:
        steps: dict[str, Callable[[Reviewed], list[str]]] = {
            "right": self._right,
            "here": self._here,
            "gone": self._gone,
            "count": self._count,
            "flats": self._flats,
            "new": self._new,
        }
        return steps[record.kind](record)

    def _perform(self, name: str, row: Row, **given: Any) -> None:
        """Perform an operation on the record of this row."""
        operation = BY_NAME[name]
        actor = acting()
        if actor is not None and not actor.may(operation.role):
            raise ForbiddenError(
                Message(
                    "taking_over_needs_role", operation=Text(operation.called), role=operation.role
                )
            )
        request = operation.request.model_validate({"code": row["code"], **given})
        units = writable()
        if "lon" in given or not (units is None or row["unit_id"] in units):
            check_jurisdiction(self._session, request)
        operation.run(self._work(operation.kind, operation.from_states), request)

    def _right(self, record: Reviewed) -> list[str]:
        row = self._row(record)
        day = min(record.said_at.astimezone(VIET_NAM).date(), today())
        if row["verified_on"] is None or row["verified_on"] < day:
            self._perform("verify", row, on=day.isoformat())
        return []

    def _here(self, record: Reviewed) -> list[str]:
        row = self._row(record)
        self._perform("move", row, **_point_of(record))
        return self._seen(record, row)

    def _count(self, record: Reviewed) -> list[str]:
        row, count = self._row(record), record.said["households_count"]
        if row["households_count"] != count:
            self._perform("correct", row, households_count=count)
        return self._seen(record, row)

    def _seen(self, record: Reviewed, row: Row) -> list[str]:
        """Verify the door: whoever gives its point or its count was there."""
        return self._right(record) if row["status"] == "active" else []

    def _gone(self, record: Reviewed) -> list[str]:
        reason = f"không còn nhà (đợt thực địa {self._round.id})"
        self._perform("retire", self._row(record), reason=reason)
        return []

    def _flats(self, record: Reviewed) -> list[str]:
        row = self._row(record)
        parent = {"parent": row["code"]} if row["kind"] == "building" else {}
        made = []
        for number in record.said["units"]:
            given = {"kind": "household", "unit_number": number, "households_count": 1}
            columns = address_of(
                self._work("propose", _LIVING), {**given, "delivery_hint": None, **parent}, row
            )
            made.append(self._insert(columns))
        return made

    def _new(self, record: Reviewed) -> list[str]:
        values, place = record.said, self._area.place
        parts = {
            "commune": self._commune,
            **{name: values.get(name) for name in ("house_number", "street", "locality")},
            "households_count": values.get("households_count"),
            "delivery_hint": values.get("note"),
            **_point_of(record),
        }
        request = r.ProposeRequest.model_validate(
            {name: value for name, value in parts.items() if value is not None}
        )
        check_jurisdiction(self._session, request)
        # By id: places of several former communes may share the name.
        here = BLANK | {"unit_id": place.unit_id, f"{place.class_}_id": place.id}
        if request.street is None and request.locality is None:
            here["former_unit_id"] = place.former_unit_id
        given = given_parts(request) | {"kind": request.kind}
        return [self._insert(address_of(self._work("propose", _LIVING), given, here))]

    def _insert(self, columns: Columns) -> str:
        refuse_taken(self._session, columns)
        # Codes are issued together; on a second attempt one by one.
        code = next(self._codes, None) or issue_codes(self._session, 1)[0]
        status = "active" if self._activates else "proposed"
        self._work("propose", _LIVING).insert([columns | {"code": code, "status": status}])
        return code

    def _row(self, record: Reviewed) -> Row:
        """Return the door as it is now; raises the errors of `Work.subject`."""
        assert record.door is not None  # noqa: S101 - a constraint
        code = record.door.code
        row = self._work(record.kind, _LIVING).lock({"code": code})[code]
        if row["status"] not in _LIVING:
            successors = [code_forms(successor) for successor in record.door.successors or ()]
            now = ", ".join(successor["code_display"] for successor in successors)
            raise GoneError(
                Message(
                    "code_retired",
                    code=code_display(code),
                    continued=f", nay là {now}" if now else "",
                ),
                successors=successors,
            )
        return row


def _point_of(record: Reviewed) -> dict[str, Any]:
    return {
        "lon": record.lon,
        "lat": record.lat,
        "position_method": record.method,
        "position_accuracy_m": record.accuracy_m,
    }


def activates(round_: Round) -> bool:
    """Whether new houses become active at once: two people saw them, or one who may act alone."""
    actor = acting()
    if actor is None:
        return True
    return actor.may("approver") and (actor.approves_own or actor.name != round_.opened_by)
