"""Work for approvers: proposed records, and operations that need a second person."""

import re
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note, note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import status_of
from api.core.shapes import unit_ref
from api.desk.blueprint import (
    desk_blueprint,
    desk_page,
    done,
    event_words,
    form_words,
    parse_int,
    read_model,
    redirect_already_done,
    room,
    show_errors_on,
    unit_name,
    value_of_form,
)
from api.desk.records_words import preview_of
from api.pages.shell import complaint
from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import PendingDecidedError, RegistryError
from registry.core.messages import N_, _
from registry.lifecycle.pending import approve, decline
from registry.lifecycle.pending_store import Pending, find_pending, list_pending
from registry.lifecycle.proposals import proposals
from registry.lifecycle.requests import OperationRequest
from registry.records.record import record_wording
from registry.units.gazetteer import today

blueprint = desk_blueprint("proposals", "/desk/proposals")
room("/desk/proposals", N_("To approve"), "viewer")

_PAGE: Final = 100
_PLACE: Final = re.compile(r"([0-9]{1,18})\.([0-9A-Z]{8})")
_SHOWN: Final = 20
"""Codes and table lines shown of one operation."""
_STATES: Final = {
    "waiting": N_("Nothing is written yet. This needs a second person."),
    "expired": N_("It is too old, and is not done."),
    "done": N_("Approved and done."),
    "declined": N_("Declined, and not done."),
    "withdrawn": N_("Withdrawn by who asked."),
}


@blueprint.get("")
@signed_in_page("viewer")
def get_proposals() -> BaseResponse:
    """Proposals and pending operations of the user's communes, the longest waiting first."""
    known = gazetteer()
    place = _PLACE.fullmatch(request.args.get("after", ""))
    after = (int(place[1]), place[2]) if place else (0, "")
    after_pending = parse_int(request.args.get("pending")) or 0
    with session_scope(register().engine) as session:
        found = proposals(session, after=after, limit=_PAGE)
        pending = list_pending(session, after=after_pending, limit=_PAGE)
    note(count=len(found) + len(pending))
    return desk_page(
        "desk/proposals.html",
        pending=[(each, _about(each)) for each in pending],
        more_pending=pending[-1].id if len(pending) == _PAGE else None,
        found=[
            (
                each,
                code_display(each.record.code),
                record_wording(known, today(), each.record).label,
                unit_ref(known.units.get(each.record.unit_id or 0), today()),
            )
            for each in found
        ],
        more=".".join(map(str, found[-1].place)) if len(found) == _PAGE else None,
    )


@blueprint.get("/<int:pending_id>")
@signed_in_page("viewer")
def get_pending(pending_id: int, error: RegistryError | None = None) -> BaseResponse:
    """A pending operation; for approvers, with its effects on the current register."""
    asking = caller()
    with session_scope(register().engine) as session:
        pending = find_pending(session, pending_id)
    made, preview = None, None
    if pending.state == "waiting" and asking.may("approver"):
        try:
            made = approve(register().engine, pending_id, dry_run=True)[1]
        except RegistryError as refused:
            error = error or refused
        else:
            with session_scope(register().read_engine) as session:
                preview = preview_of(session, gazetteer(), pending.operation, made)
    title = event_words(pending.operation.kind)
    return desk_page(
        "desk/pending.html",
        status_of(error) if error and request.method == "POST" else 200,
        heading=title[:1].upper() + title[1:],
        state=_(_STATES[pending.state]),
        wrong=complaint(error) if error else "",
        pending=pending,
        facts=_facts(pending),
        codes=[code_display(code) for code in sorted(pending.seen)[:_SHOWN]],
        made=made,
        preview=preview,
        own=pending.is_by(asking),
        may_decline=asking.may("approver") or pending.is_by(asking),
    )


@blueprint.post("/<int:pending_id>")
@signed_in_page("editor")
@show_errors_on(get_pending)
def post_pending(pending_id: int) -> BaseResponse:
    """Approve or decline a pending operation."""
    url = f"/desk/proposals/{pending_id}"
    try:
        if request.form.get("step") != "approve":
            written = " ".join(request.form.get("reason", "").split()) or None
            why = read_model(OperationRequest, {"reason": written})
            decline(register().engine, pending_id, why.reason)
            return done(url, _("Noted: it is not done."))
        pending, made = approve(register().engine, pending_id)
    except PendingDecidedError:
        return redirect_already_done(url)
    note_operation(pending.operation, pending.requests())
    note_done(made)
    what = _(pending.operation.called)
    return done(url, _("Approved and done ({what}).", what=what))


def _about(pending: Pending) -> str:
    """Return its codes, or its street or hamlet, in one line."""
    codes = sorted(pending.seen)
    if codes:
        more = f" … ({len(codes)})" if len(codes) > 3 else ""
        return " ".join(code_display(code) for code in codes[:3]) + more
    given = pending.given[0]
    event = f"#{given['event_id']}" if "event_id" in given else ""
    return str(given.get("street") or given.get("locality") or event)


def _facts(pending: Pending) -> list[tuple[str, str]]:
    """Return label and value of the requested members, without codes."""
    facts = []
    for name, value in pending.given[0].items():
        if name in ("code", "codes", "into") and pending.seen:
            continue
        label = form_words(name)
        if label and value not in (None, "", [], False):
            facts.append((label, _value(name, value)))
    return facts


def _value(name: str, value: Any) -> str:
    if isinstance(value, list):
        lines = [
            " → ".join(str(v) for v in each.values()) if isinstance(each, dict) else str(each)
            for each in value[:_SHOWN]
        ]
        more = f" … ({len(value)})" if len(value) > _SHOWN else ""
        return "; ".join(lines) + more
    if value is True:
        return _("yes")
    if name in ("commune", "former_commune", "into_former_commune"):
        return unit_name(str(value))
    return value_of_form(name, str(value))
