"""Endpoints of the field form, opened by the code of a field round.

Keys are ignored. The code of a round gives access to the doors of its area, and to sending records;
attempts to guess one are limited like those of keys.
"""

import datetime
from collections.abc import Sequence
from typing import Annotated, Any, Final, NotRequired

from flask import request
from pydantic import AwareDatetime, Field, ValidationError
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from api.core.access import limit_sign_ins, name_caller_without_key
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.errors import invalid_input, problem_body
from api.core.shapes import unit_ref
from api.core.types import Problem, Request, answer_from
from geo.label import named, number_of
from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.lifecycle.field.area import Area, AreaHole, area_of, door_label, doors_in, holes_in
from registry.lifecycle.field.codes import read_code
from registry.lifecycle.field.filing import MOST_AT_ONCE, Found, file_records
from registry.lifecycle.field.rounds import Round, round_of_code
from registry.records.lookup import code_forms
from registry.records.record import Record
from registry.units.gazetteer import UnitRef, today

blueprint = Resource("field", "/v1/field", tag="field", kind="reports")

HEADER: Final = "X-Field-Code"
"""Header with the code of a round."""


class AreaDoor(TypedDict):
    """A door of the round."""

    code: Annotated[str, Field(examples=["1H6XXH2V"])]
    code_display: Annotated[str, Field(examples=["1H6X-XH2V"])]
    label: str
    """Address within the commune"""
    number: str | None
    street: str | None
    locality: str | None
    kind: str
    """household or building"""
    status: str
    """active or proposed"""
    households_count: int
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    verified_on: str | None
    event_id: int
    """Event of this state, for `event_id` of a record"""


class FieldArea(TypedDict):
    """The area of a round."""

    round: int
    area: Annotated[str, Field(examples=["locality:12"])]
    """The same for all rounds of one place"""
    kind: str
    """street or locality"""
    place: Annotated[str, Field(examples=["Phố Láng"])]
    commune: UnitRef | None
    until: str
    """Last day on which the code is accepted"""
    now: str
    """Time of the server"""
    doors: list[AreaDoor]
    holes: list[AreaHole]


class RecordsBody(Request):
    """Records from one phone."""

    sent_at: AwareDatetime | None = Field(None, description="Time on the phone's clock, as of `at`")
    records: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="Each with its own `id`",
    )


class RecordFiled(TypedDict):
    """The result of a record."""

    id: str | None
    state: str
    """filed, known (filed before) or refused"""
    problem: NotRequired[Problem]
    """Reason for refusal"""


class RecordsFiled(TypedDict):
    """The records, in order."""

    records: list[RecordFiled]


@blueprint.get("/area")
@public(
    reads_key=False,
    replica=False,
    audited=True,
    codes=("gone", "field_code_unknown", "field_code_ended"),
    takes_round_code=True,
)
def get_field_area() -> FieldArea:
    """The doors of a field round, and the missing numbers.

    Without restricted places.
    """
    with session_scope(register().engine) as session:
        round_, area = _round_and_area(session)
        doors = doors_in(session, area)
        holes = holes_in(session, doors)
    unit = gazetteer().units[area.place.unit_id]
    note(count=len(doors), units=[unit.code])
    return {
        "round": round_.id,
        "area": f"{area.place.class_}:{area.place.id}",
        "kind": area.place.class_,
        "place": area.place.shown,
        "commune": unit_ref(unit, today()),
        "until": round_.until.isoformat(),
        "now": datetime.datetime.now(datetime.UTC).isoformat(),
        "doors": [_door(each) for each in doors],
        "holes": holes,
    }


@blueprint.post("/records")
@public(
    statuses=(409,),
    reads_key=False,
    replica=False,
    audited=True,
    operation_id="file_field_records",
    codes=("gone", "field_code_unknown", "field_code_ended"),
    example={
        "records": [
            {
                "id": "7f9c24e8-3b12-4fef-91e0-56a2d5a3c1f0",
                "kind": "right",
                "code": "1H6X-XH2V",
                "at": "2026-11-29T08:00:00+07:00",
            }
        ]
    },
    takes_round_code=True,
)
def post_field_records(json: RecordsBody) -> RecordsFiled:
    """File what a field round found, for the desk to decide.

    Each record is filed once by its random UUID; a bad record fails no other.
    """
    with session_scope(register().engine) as session:
        round_, area = _round_and_area(session)
        filed = file_given(session, round_, area, json.records, json.sent_at)
    unit = gazetteer().units[area.place.unit_id]
    note(count=sum(each["state"] == "filed" for each in filed), units=[unit.code])
    return {"records": filed}


def file_given(
    session: Session,
    round_: Round,
    area: Area,
    given: Sequence[dict[str, Any]],
    sent_at: datetime.datetime | None,
) -> list[RecordFiled]:
    """File records from a phone; return the result of each."""
    read = [_found(each) for each in given]
    good = [each for each in read if isinstance(each, Found)]
    filed = iter(file_records(session, round_, area, good, sent_at) if good else ())
    results: list[RecordFiled] = []
    for raw, found in zip(given, read, strict=True):
        if isinstance(found, RegistryError):
            results.append(_refused(str(raw.get("id", ""))[:36] or None, found))
            continue
        done = next(filed)
        if done.error is not None:
            results.append(_refused(str(done.id), done.error))
        else:
            state = "known" if done.again else "filed"
            results.append(RecordFiled(id=str(done.id), state=state))
    return results


def _found(given: dict[str, Any]) -> Found | RegistryError:
    try:
        return Found.model_validate(given)
    except ValidationError as error:
        return invalid_input(error, Found)


def _refused(record_id: str | None, error: RegistryError) -> RecordFiled:
    return {"id": record_id, "state": "refused", "problem": problem_body(error)}


def _round_and_area(session: Session) -> tuple[Round, Area]:
    """Return the round of the request's code, and its area.

    Raises InvalidInputError, FieldCodeError, FieldCodeEndedError, GoneError, TooManyRequestsError.
    """
    code = read_code(request.headers.get(HEADER, ""))
    with limit_sign_ins():
        round_ = round_of_code(session, code)
    name_caller_without_key(f"field:{round_.id}")
    ended = round_.refusal()
    if ended is not None:
        raise ended
    return round_, area_of(session, round_)


def _door(record: Record) -> AreaDoor:
    verified = record.verified_on
    return answer_from(
        AreaDoor,
        record,
        **code_forms(record.code),
        label=door_label(record),
        number=number_of(record.label_parts),
        street=named(record.street_kind, record.street_name) if record.street_name else None,
        locality=", ".join(named(*place) for place in record.localities) or None,
        accuracy_m=record.position_accuracy_m,
        verified_on=verified.isoformat() if verified else None,
    )
