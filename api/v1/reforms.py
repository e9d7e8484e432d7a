"""Reforms: deliver a resolution, review its dry run, decide, carry or discard it, undo it."""

from typing import Final

from flask import Response, send_file

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.received import FILE, keep_files_below_var, received
from api.core.shapes import unkept
from api.v1.reform_bodies import (
    CarryBody,
    DecidedForm,
    ReformForm,
    ReformList,
    ReformQuery,
    ReformsQuery,
    ReformWithReport,
    UndecidedQuery,
    UndoBody,
    body_of,
    with_report,
)
from api.v1.undo_bodies import UndoPreviewed, shown_preview
from registry.core.database import session_scope
from registry.core.errors import NotFoundError, ReformStateError
from registry.core.messages import Message
from registry.files.formats.formats import FORMATS
from registry.jobs.submission import REFORMS
from registry.reform.asking import BOUNDARIES, UNDECIDED, ask, decide, discard, receive
from registry.reform.undo import preview_undo
from registry.reform.views import MAP, WORKBOOK, find_reform, list_reforms

blueprint = Resource("reforms", "/v1/reforms", tag="reforms", kind="writing")

_WORK_FILES: Final = {
    "xlsx": WORKBOOK,
    "geojson": MAP,
}
"""Format → name of the file."""

blueprint.before_request(keep_files_below_var)


@blueprint.post("")
@keyed(
    "admin",
    accepted=ReformWithReport,
    operation_id="deliver_reform",
    codes=("storage_unavailable",),
    upload=("file", "boundaries"),
)
def post_reform(query: ReformQuery, form: ReformForm) -> Response:  # noqa: ARG001
    """Deliver a resolution for a dry run.

    YAML, XLSX or CSV. Poll until `progress` is null.
    """
    with received(query.file_name, BOUNDARIES) as parts:
        reform_id = receive(register().engine, register().settings, parts, caller())
    return _shown(reform_id, 202)


@blueprint.get("")
@keyed("admin", operation_id="list_reforms", codes=("storage_unavailable",))
def get_reforms(query: ReformsQuery) -> ReformList:
    """Reforms, the latest first."""
    with session_scope(register().engine) as session:
        found = list_reforms(
            session, gazetteer(), state=query.state, before=query.before, limit=query.limit
        )
    return {"reforms": [body_of(view) for view in found]}


@blueprint.get("/<int:reform_id>")
@keyed("admin", answer=ReformWithReport, codes=("storage_unavailable",))
def get_reform(reform_id: int) -> Response:
    """A reform: state, progress, report."""
    return _shown(reform_id)


@blueprint.get("/<int:reform_id>/undecided")
@keyed(
    "admin",
    operation_id="get_reform_undecided",
    codes=("storage_unavailable",),
    media_types=tuple(FORMATS[form].media_type for form in _WORK_FILES),
)
def get_undecided(reform_id: int, query: UndecidedQuery) -> Response:
    """The undecided records, as workbook or for a map."""
    with session_scope(register().engine) as session:
        view = find_reform(session, gazetteer(), reform_id)
    folder = REFORMS.folder(register().settings, reform_id)
    name = _WORK_FILES[query.format]
    path = folder / UNDECIDED / name
    if not path.is_file():
        raise NotFoundError(Message("undecided_file_gone", reform_id=reform_id))
    note(count=view.undecided)
    made = send_file(
        path,
        FORMATS[query.format].media_type,
        as_attachment=True,
        download_name=name,
        etag=False,
        conditional=False,
    )
    made.headers["Cache-Control"] = "no-store"
    return made


@blueprint.post("/<int:reform_id>/decided")
@keyed(
    "admin",
    accepted=ReformWithReport,
    operation_id="decide_reform",
    codes=("reform_state", "storage_unavailable"),
    upload=("file",),
)
def post_decided(reform_id: int, query: ReformQuery, form: DecidedForm) -> Response:  # noqa: ARG001
    """Send the workbook back, and run the reform again.

    Earlier decisions stay unless changed.
    """
    with received(query.file_name) as parts:
        decide(
            register().engine, register().settings, gazetteer(), reform_id, caller(), parts[FILE]
        )
    return _shown(reform_id, 202)


@blueprint.post("/<int:reform_id>/carry")
@keyed(
    "admin",
    accepted=ReformWithReport,
    statuses=(412,),
    operation_id="carry_reform",
    codes=("reform_state", "storage_unavailable"),
    example={"verdict": 1},
)
def post_carry(reform_id: int, json: CarryBody) -> Response:
    """Carry the reform out, or prepare it for its day."""
    engine = register().engine
    ask(
        engine,
        gazetteer(),
        reform_id,
        caller(),
        "carry",
        verdict=json.verdict,
        nearest=json.nearest,
    )
    return _shown(reform_id, 202)


@blueprint.get("/<int:reform_id>/undo")
@keyed("admin", operation_id="preview_reform_undo", codes=("reform_state",), writes=False)
def get_undo(reform_id: int) -> UndoPreviewed:
    """Preview of undoing a reform, with its obstacles."""
    with session_scope(register().engine) as session:
        view = find_reform(session, gazetteer(), reform_id)
    if view.state != "carried":
        raise ReformStateError(Message("undo_only_carried_out"), state=view.state)
    return shown_preview(preview_undo(register().engine, str(view.number)))


@blueprint.post("/<int:reform_id>/undo")
@keyed(
    "admin",
    accepted=ReformWithReport,
    operation_id="undo_reform",
    codes=("reform_state", "storage_unavailable"),
    example={"reason": "sai phụ lục"},
)
def post_undo(reform_id: int, json: UndoBody) -> Response:
    """Undo a reform; `trouble` has the obstacles."""
    ask(register().engine, gazetteer(), reform_id, caller(), "undo", reason=json.reason)
    return _shown(reform_id, 202)


@blueprint.post("/<int:reform_id>/withdraw")
@keyed(
    "admin",
    accepted=ReformWithReport,
    operation_id="withdraw_reform",
    codes=("reform_state", "storage_unavailable"),
)
def post_withdraw(reform_id: int) -> Response:
    """Withdraw a reform that waits for its day."""
    ask(register().engine, gazetteer(), reform_id, caller(), "withdraw")
    return _shown(reform_id, 202)


@blueprint.delete("/<int:reform_id>")
@keyed(
    "admin",
    answer=ReformWithReport,
    operation_id="discard_reform",
    codes=("reform_state", "storage_unavailable"),
)
def delete_reform(reform_id: int) -> Response:
    """Discard a reform that was not carried out."""
    discard(register().engine, register().settings, gazetteer(), reform_id)
    return _shown(reform_id)


def _shown(reform_id: int, status: int = 200) -> Response:
    with session_scope(register().engine) as session:
        view = find_reform(session, gazetteer(), reform_id)
    note(event_id=view.event_id)
    return unkept(with_report(view), status)
