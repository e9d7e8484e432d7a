"""Field reports: filed by anybody, decided by an authority."""

from typing import Any, Final
from uuid import UUID

from flask import Response, request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest

from api.core.access import caller, count_rows
from api.core.audit import note
from api.core.context import client_network, gazetteer, register
from api.core.endpoint import Resource, keyed, public
from api.core.errors import invalid_input, problem_body
from api.core.limits import has_key
from api.core.shapes import at, unit_ref, unkept
from api.core.types import answer_from
from api.v1.lifecycle import changed_records
from api.v1.report_bodies import (
    AcceptBody,
    DecisionAnswer,
    KeptReport,
    ManyReportsBody,
    ManyReportsFiled,
    QueuedReport,
    RejectBody,
    ReportBody,
    ReportDecision,
    ReportedPoint,
    Reporters,
    ReportFiled,
    ReportForm,
    ReportOfMany,
    ReportQueue,
    ReportsQuery,
)
from registry.core.errors import RegistryError
from registry.lifecycle.reports import Filed, ReportContent, file_report
from registry.lifecycle.reports.decisions import (
    OPERATIONS,
    PARTS,
    Decided,
    Decision,
    accept,
    reject,
)
from registry.lifecycle.reports.queue import (
    Entry,
    Wanted,
    queue,
)
from registry.lifecycle.reports.reporters import Reporter
from registry.records.lookup import code_forms
from registry.records.record import record_wording
from registry.units.gazetteer import Gazetteer, today

blueprint = Resource("reports", "/v1/reports", tag="reports", kind="reports")
many = Resource("many_reports", "/v1/batch", tag="reports", kind="reports")

_IDEMPOTENCY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Random UUID: a repeated report is filed once",
    "schema": {"type": "string", "format": "uuid"},
}


@blueprint.post("")
@public(
    statuses=(404,),
    takes_session=True,
    writes=True,
    replica=False,
    audited=True,
    operation_id="file_report",
    codes=(
        "gone",
        "withdrawn",
        "illegal_transition",
        "address_taken",
        "too_many_reports",
    ),
    example={"kind": "confirmed", "code": "1H6X-XH2V"},
    headers=(_IDEMPOTENCY,),
    discloses=True,
)
def post_report(json: ReportBody, form: ReportForm) -> ReportFiled:
    """Report what was found at a door.

    Equal reports count as one entry, for an editor to decide. Without a key as a resident.
    """
    body, known = json or form, gazetteer()
    return _filed(known, file_for_caller(_report_of(body, _idempotency_key())))


@many.post("/reports")
@public(
    takes_session=True,
    writes=True,
    replica=False,
    audited=True,
    operation_id="file_reports",
    example={
        "reports": [
            {
                "once": "7f9c24e8-3b12-4fef-91e0-56a2d5a3c1f0",
                "kind": "confirmed",
                "code": "1H6X-XH2V",
            }
        ]
    },
    discloses=True,
)
def post_reports(json: ManyReportsBody) -> ManyReportsFiled:
    """File several reports, each once.

    Each is filed once by its `once`; a bad one fails no other.
    """
    count_rows(len(json.reports))
    known = gazetteer()
    results: list[ReportOfMany] = []
    for given in json.reports:
        answer: ReportOfMany = {"once": str(given.get("once", ""))[:36] or None}
        try:
            answer["filed"] = _filed(known, file_for_caller(_idempotent_report(given)))
        except RegistryError as error:
            answer["problem"] = problem_body(error)
        results.append(answer)
    filed = [each["filed"] for each in results if "filed" in each]
    units = {each["commune"]["code"] for each in filed if each["commune"]}
    note(count=sum(each["counted"] for each in filed), units=sorted(units))
    return {"reports": results}


def _idempotent_report(given: dict[str, Any]) -> ReportContent:
    try:
        body = KeptReport.model_validate(given)
    except ValidationError as error:
        raise invalid_input(error, KeptReport) from None
    return _report_of(body, body.once)


@blueprint.get("")
@keyed(
    "viewer", statuses=(404,), operation_id="list_reports", codes=("outside_units",), discloses=True
)
def get_reports(query: ReportsQuery) -> ReportQueue:
    """The queue of reports, the most frequent first.

    Decided ones newest first.
    """
    known = gazetteer()
    wanted = Wanted(query.unit, query.state, query.limit, query.kind, query.street)
    found = queue(register().engine, known, wanted)
    note(count=len(found), units=[query.unit] if query.unit else [])
    return {"reports": [shown_entry(known, entry) for entry in found]}


_CODES_OF_DECISIONS: Final = (
    *("illegal_transition", "address_taken", "report_decided", "report_stale"),
    "outside_units",
)


@blueprint.post("/<int:report_id>/accept")
@keyed(
    "editor",
    answer=DecisionAnswer,
    operation_id="accept_report",
    codes=_CODES_OF_DECISIONS,
    discloses=True,
    example={"reason": "đã đến xem"},
)
def post_accept(report_id: int, json: AcceptBody) -> Response:
    """Accept a report: do what it says.

    To retire, an editor proposes and an approver decides.
    """
    given = json.model_dump(include=set(PARTS), exclude_none=True)
    decision = _decision(json, given, event_id=json.event_id, same_address=json.same_address)
    return _decided(accept(register().engine, report_id, decision))


@blueprint.post("/<int:report_id>/reject")
@keyed(
    "editor",
    answer=DecisionAnswer,
    operation_id="reject_report",
    codes=_CODES_OF_DECISIONS,
    discloses=True,
    example={"reason": "nhà vẫn ở đó"},
)
def post_reject(report_id: int, json: RejectBody) -> Response:
    """Reject a report."""
    return _decided(reject(register().engine, report_id, _decision(json, {})))


def _decision(
    body: RejectBody,
    parts: dict[str, str],
    *,
    event_id: int | None = None,
    same_address: bool = False,
) -> Decision:
    return Decision(
        actor=caller().name,
        reason=body.reason,
        decision_number=body.decision_number,
        word=body.word,
        seen_event=event_id,
        parts=parts,
        same_address=same_address,
    )


def file_for_caller(content: ReportContent) -> Filed:
    """File a report of the caller, and note its commune for the audit log.

    Raises what `file_report` raises.
    """
    made, known = register(), gazetteer()
    filed = file_report(made.engine, made.reads, known, _reporter(), content)
    unit = known.units.get(filed.unit_id)
    note(count=int(filed.counted), units=[unit.code] if unit else [])
    return filed


def _report_of(body: ReportBody, once: UUID | None) -> ReportContent:
    return ReportContent(
        *(body.kind, body.code, body.lon, body.lat, body.position_accuracy_m, body.address or None),
        entrance=body.entrance,
        note=body.note,
        once=once,
    )


def _idempotency_key() -> UUID | None:
    """Return the caller's Idempotency-Key; raises BadRequest if it is not a UUID."""
    key = request.headers.get("Idempotency-Key")
    try:
        return None if key is None else UUID(key)
    except ValueError:
        raise BadRequest("Idempotency-Key must be a random UUID") from None


def _filed(known: Gazetteer, filed: Filed) -> ReportFiled:
    return answer_from(
        ReportFiled,
        filed,
        code=code_forms(filed.code) if filed.code else None,
        commune=unit_ref(known.units.get(filed.unit_id), today()),
        similar=[code_forms(code) for code in filed.similar],
    )


def shown_entry(known: Gazetteer, entry: Entry) -> QueuedReport:
    """Return an entry of the queue as an answer."""
    record = entry.record
    return answer_from(
        QueuedReport,
        entry,
        accepting=OPERATIONS[entry.kind],
        code=code_forms(entry.code) if entry.code else None,
        status=record.status if record else None,
        event_id=record.event_id if record else None,
        label=record_wording(known, today(), record).label if record else entry.address,
        commune=unit_ref(known.units.get(entry.unit_id), today()),
        point=_point(entry),
        reporters=answer_from(Reporters, entry, total=entry.reporters),
        first_reported_at=at(entry.first_at),
        last_reported_at=at(entry.last_at),
        decision=_decision_of(entry),
    )


def _point(entry: Entry) -> ReportedPoint | None:
    if entry.lon is None or entry.lat is None:
        return None
    distance = round(entry.distance_m, 1) if entry.distance_m is not None else None
    return answer_from(ReportedPoint, entry, distance_m=distance)


def _decision_of(entry: Entry) -> ReportDecision | None:
    if entry.event_id is None or entry.decided_at is None:
        return None
    return answer_from(ReportDecision, entry, at=at(entry.decided_at))


def _decided(decided: Decided) -> Response:
    note(count=len(decided.records), units=[decided.unit], event_id=decided.event_id)
    return unkept(
        answer_from(
            DecisionAnswer,
            decided,
            records=changed_records(decided.records),
            warnings=[warned.to_dict() for warned in decided.warnings],
        )
    )


def _reporter() -> Reporter:
    """Return the reporter: a key, or the pseudonym of a network for today."""
    asking, settings = caller(), register().settings
    limited = settings.limits is not False
    if has_key(asking):
        most = settings.reports_per_key if limited else None
        return Reporter(asking.role, f"key:{asking.name}", most, asking.key_id)
    client = register().clients.name(client_network())
    most = settings.reports_per_address if limited else None
    return Reporter("anonymous", f"client:{client}", most)
