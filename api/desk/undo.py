"""Undoing an operation, after a preview with its obstacles."""

import re
from typing import Final

from flask import abort, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import invalid_input, registry_problem, status_of
from api.desk.blueprint import (
    desk_blueprint,
    desk_page,
    done,
    event_words,
    new_once,
    once_of_form,
    redirect_already_done,
    redirect_to_pending,
)
from api.desk.records_words import preview_of
from api.pages.shell import complaint
from registry.core.database import session_scope
from registry.core.errors import AlreadyDoneError, RegistryError
from registry.core.messages import _
from registry.lifecycle.requests import UndoRequest
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.undoing import preview_undo

blueprint = desk_blueprint("undo", "/desk/undo")

UNDO: Final = BY_NAME["undo"]
_BACK: Final = re.compile(r"/desk/(?:streets|hamlets|records)(?:/[0-9A-Z-]{1,20})?")
"""Pages to which the user may return."""


@blueprint.get("/<int:event_id>")
@signed_in_page("approver")
def get_undo(event_id: int) -> BaseResponse:
    """The preview, and the form to confirm it."""
    return _page(event_id)


@blueprint.post("/<int:event_id>")
@signed_in_page("approver")
def undo(event_id: int) -> BaseResponse:
    """Undo the operation, or show the obstacles."""
    try:
        asked = _asked(event_id)
        note_operation(UNDO, [asked])
        made = perform(register().engine, UNDO, asked, actor=caller().name, once=once_of_form())
    except AlreadyDoneError:
        return redirect_already_done(_back())
    except RegistryError as error:
        registry_problem(error)  # for the audit log
        return _page(event_id, error)
    note_done(made)
    if made.pending_id is not None:
        return redirect_to_pending(made.pending_id)
    return done(_back(), _("Undone: {count:n} records as before.", count=made.rewritten))


def _page(event_id: int, error: RegistryError | None = None) -> BaseResponse:
    if not 0 < event_id < 2**63:
        abort(404)
    same_address = "same_address" in request.form
    tried = preview_undo(register().engine, event_id, caller().name, same_address=same_address)
    made, preview = tried.done, None
    if made is not None:
        with session_scope(register().read_engine) as session:
            preview = preview_of(session, gazetteer(), UNDO, made)
    return desk_page(
        "desk/undo.html",
        status_of(error) if error else 200,
        event=tried.event,
        what=event_words(tried.event.kind),
        found=tried.preview,
        taken=same_address or any(o.code == "address_taken" for o in tried.preview.obstacles),
        same_address=same_address,
        made=made,
        preview=preview,
        trouble=complaint(error) if error and made else None,
        reason=request.form.get("reason", ""),
        once=new_once(),
        back=_back(),
    )


def _asked(event_id: int) -> UndoRequest:
    names = ("decision_number", "reason", "same_address")
    given = {name: value for name in names if (value := request.form.get(name, "").strip())}
    try:
        return UndoRequest.model_validate(given | {"event_id": event_id})
    except ValidationError as error:
        raise invalid_input(error, UndoRequest) from None


def _back() -> str:
    back = request.values.get("back", "")
    return back if _BACK.fullmatch(back) else "/desk"
