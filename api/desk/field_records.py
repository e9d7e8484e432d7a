"""One field round at the desk: review records, set them aside, take them over, undo that."""

from typing import Any, Final
from uuid import UUID

from flask import abort, request
from pydantic import ValidationError
from pydantic_core import from_json
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import invalid_input
from api.desk.blueprint import (
    desk_blueprint,
    desk_page,
    done,
    new_once,
    once_of_form,
    parse_int,
    read_model,
    show_errors_on,
)
from api.desk.field import commune_name, note_round
from api.pages.shell import complaint, figure
from api.v1.field import RecordsBody, file_given
from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, RegistryError, SeveralRefusedError
from registry.core.messages import N_, Message, _
from registry.lifecycle.field.area import area_of, door_label
from registry.lifecycle.field.filing import MOST_AT_ONCE
from registry.lifecycle.field.review import (
    CLASHES,
    MOST,
    Reviewed,
    new_address,
    review,
    state_of,
    waiting,
)
from registry.lifecycle.field.rounds import Hamlet, Round, find_round, hamlets_of
from registry.lifecycle.field.taking_over import (
    Approval,
    TakenOver,
    activates,
    imports_of,
    put_aside,
    take_back,
    take_over,
)
from registry.lifecycle.requests import OperationRequest

blueprint = desk_blueprint("field_records", "/desk/field")

KIND_WORDS: Final = {
    "new": N_("New house"),
    "gone": N_("No house any more"),
    "here": N_("It is elsewhere"),
    "count": N_("Households"),
    "flats": N_("Flats in the house"),
    "right": N_("Right"),
}
"""Kinds of records, in the order of review."""
_METHODS: Final = {"gps": N_("of the phone"), "interpolated": N_("tapped")}
_MADE_SHOWN: Final = 50
_MAX_FILE_RECORDS: Final = 5_000
"""Most records of a file saved by a phone."""


@blueprint.get("/<int:number>")
@signed_in_page("viewer")
def get_round(
    number: int, error: RegistryError | None = None, trial: TakenOver | None = None, **values: Any
) -> BaseResponse:
    """A round, and what each of its records would do."""
    refused: Any = error.extra["refused"] if isinstance(error, SeveralRefusedError) else {}
    if trial is not None:
        refused = {str(each): complaint(why) for each, why in trial.refused.items()}
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
        records: list[Reviewed] = []
        set_aside: list[Reviewed] = []
        addresses: dict[UUID, str] = {}
        hamlets: list[Hamlet] = []
        try:
            area = area_of(session, round_)
            hamlets = hamlets_of(session, round_, area.place.class_, area.ids)
            args = (session, gazetteer(), register().reads, round_, area)
            records = review(*args, states=["waiting"])
            set_aside = waiting(session, round_, ["aside"])
            both = (*records, *set_aside)
            addresses = {
                each.id: new_address(each, area, gazetteer()) for each in both if each.kind == "new"
            }
        except RegistryError as faulty:
            error = error or faulty
        before = imports_of(session, round_)
    phones = sorted({each.device for each in records if each.device is not None})
    shown = {kind: [each for each in records if each.kind == kind] for kind in KIND_WORDS}
    return desk_page(
        "desk/field_round.html",
        error=error,
        round=round_,
        commune=commune_name(round_),
        hamlets=hamlets,
        records=records,
        shown={kind: _clashing_first(found) for kind, found in shown.items() if found},
        aside=set_aside,
        addresses=addresses,
        phones={phone: at for at, phone in enumerate(phones, 1)},
        seen=state_of(records),
        once=new_once(),
        imports=before,
        **values,
        refused=refused,
        trial=trial,
        summed=_sum(round_, trial) if trial else "",
        becomes=_becomes(round_),
        kinds={kind: _(words) for kind, words in KIND_WORDS.items()},
        clashes={name: _(words) for name, words in CLASHES.items()},
        methods={name: _(words) for name, words in _METHODS.items()},
        door_label=door_label,
        code_display=code_display,
        most=MOST,
        most_made=_MADE_SHOWN,
    )


@blueprint.post("/<int:number>/aside")
@signed_in_page("editor")
def post_aside(number: int) -> BaseResponse:
    """Set records aside, or return them to the waiting ones."""
    aside = request.form.get("aside") != "no"
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
        count = put_aside(session, round_, _ids(), aside=aside)
    note_round(round_, count)
    message = N_("{count:n} left out.") if aside else N_("{count:n} waiting again.")
    return done(f"/desk/field/{number}", _(message, count=count))


@blueprint.post("/<int:number>/take-over")
@signed_in_page("editor")
@show_errors_on(get_round)
def post_take_over(number: int) -> BaseResponse:
    """Preview the whole round; take it over once the user confirms."""
    form, sure, why = request.form, request.form.get("step") == "do", _why()
    approval = Approval(
        *(caller().name, why.reason, why.decision_number, form.get("seen")),
        once=once_of_form() if sure else None,
        dry_run=not sure,
    )
    taken = take_over(register().engine, gazetteer(), number, approval)
    if not sure:
        return get_round(number, trial=taken)
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
    note_round(round_, taken.records, taken.event_id)
    summed = _sum(round_, taken)
    return done(
        f"/desk/field/{number}",
        _("{count:n} records are taken over: {summed}.", count=taken.records, summed=summed),
    )


@blueprint.post("/<int:number>/take-back")
@signed_in_page("approver")
@show_errors_on(get_round)
def post_take_back(number: int) -> BaseResponse:
    """Undo taking over: remove what it created, restore what it changed."""
    import_id = parse_int(request.form.get("import")) or 0
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
    back = take_back(
        *(register().engine, round_, import_id),
        actor=caller().name,
        keep_later="keep" in request.form,
        reason=_why().reason,
    )
    note_round(round_, back.removed + back.restored)
    return done(
        f"/desk/field/{number}",
        _(
            "Taken back: {removed:n} removed, {restored:n} as before, {kept:n} kept.",
            removed=back.removed,
            restored=back.restored,
            kept=back.kept,
        ),
    )


@blueprint.post("/<int:number>/file")
@signed_in_page("editor")
@show_errors_on(get_round)
def post_file(number: int) -> BaseResponse:
    """File records that a phone saved to a file because its code had ended."""
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
        body = _file_of_form()
        area = area_of(session, round_)
        results = [
            each
            for at in range(0, len(body.records), MOST_AT_ONCE)
            for each in file_given(
                *(session, round_, area),
                body.records[at : at + MOST_AT_ONCE],
                body.sent_at,
            )
        ]
    refused = [each for each in results if each["state"] == "refused"]
    filed = sum(each["state"] == "filed" for each in results)
    note_round(round_, filed)
    if refused:
        wrong = [f"{each['id']}: {each['problem']['detail']}" for each in refused[:20]]
        return get_round(number, status=422, wrong=wrong)
    return done(
        f"/desk/field/{number}",
        _("{count:n} new records came from the file.", count=filed),
    )


def _why() -> OperationRequest:
    """Return reason and decision of the form; raises InvalidInputError."""
    form = request.form
    names = ("reason", "decision_number")
    return read_model(OperationRequest, {name: form[name] for name in names if form.get(name)})


class _FileBody(RecordsBody):
    """Records of a file, up to the capacity of a phone."""

    records: list[dict[str, Any]]


def _file_of_form() -> RecordsBody:
    """Parse the uploaded file; raises InvalidInputError."""
    sent = request.files.get("file")
    try:
        body = _FileBody.model_validate(from_json(sent.read() if sent else b""))
    except ValidationError as error:
        raise invalid_input(error) from None
    except ValueError:
        body = None
    if body is None or len(body.records) > _MAX_FILE_RECORDS:
        raise InvalidInputError.of_field("file", "unreadable", Message("not_field_page_file"))
    return body


def _ids() -> list[UUID]:
    found = []
    for written in request.form.getlist("record")[:MOST]:
        try:
            found.append(UUID(written))
        except ValueError:
            abort(404)
    return found


def _clashing_first(found: list[Reviewed]) -> list[Reviewed]:
    """Sort clashing records first, those of one new house together."""
    return sorted(found, key=lambda each: (not each.clashes, str(each.same_as or each.id)))


def _becomes(round_: Round) -> str:
    """Return what a new house or flat becomes when the user takes it over, in words."""
    if activates(round_):
        return _("gets a code that is valid at once")
    return _("becomes a proposal, for an approver")


def _sum(round_: Round, taken: TakenOver) -> str:
    """Return the count of each kind in words."""
    words = {**KIND_WORDS, "same": N_("the same house, made once")}
    becomes = _becomes(round_)
    return ", ".join(
        f"{figure(count)} {_(words[kind]).lower()}"
        + (f" ({becomes})" if kind in ("new", "flats") else "")
        for kind, count in taken.done.items()
    )
