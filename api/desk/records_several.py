"""One operation on the records ticked in a list: one preview, then all of them or none."""

import re
from collections.abc import Callable
from typing import Any, Final

from flask import request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note, note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import invalid_input, registry_problem, status_of
from api.desk.blueprint import (
    desk_blueprint,
    desk_page,
    done,
    done_before,
    filed,
    new_once,
    once_of_form,
    whole,
)
from api.desk.records_forms import Form
from api.desk.records_words import label_of, preview_of, title
from api.pages.shell import complaint
from geo import code as codes
from geo.code import CodeError
from registry.core.database import session_scope
from registry.core.errors import (
    AlreadyDoneError,
    ConflictError,
    InvalidInputError,
    RegistryError,
)
from registry.core.invalid import wrong_code
from registry.core.messages import Message, _
from registry.lifecycle.several import Each, SeveralDone, perform_several
from registry.lifecycle.table import BY_NAME, Operation
from registry.records.desk_records import records_of

blueprint = desk_blueprint("records_several", "/desk/records/several")

SEVERAL: Final = tuple(BY_NAME[name] for name in ("verify", "activate", "retire", "reinstate"))
"""What can be done with several records at once: nothing is told of each by itself."""
MERGE: Final = BY_NAME["merge"]
"""Begun with those ticked: which of them continues the others is chosen first."""
_LIST: Final = re.compile(r"/desk/records(\?[!-~]*)?")
"""Where a list may be that is gone back to: an address as browsers write it."""
_ASKED: Final = ("on", "decision_number", "reason")


def _endpoint(operation: Operation) -> Callable[[], BaseResponse]:
    def several() -> BaseResponse:
        return _answer(operation)

    several.__name__ = f"several_{operation.kind}"
    return several


def _answer(operation: Operation) -> BaseResponse:
    """The form with what was ticked; what it would do; or what was done."""
    step = request.form.get("_step", "form")
    typed = {name: request.form[name] for name in _ASKED if name in request.form}
    back = request.form.get("back", "")
    back = back if _LIST.fullmatch(back) else "/desk/records"
    ticked = _ticked()
    _check(ticked)
    error: RegistryError | None = None
    tried: SeveralDone | None = None
    try:
        if step == "do":
            return _do(operation, ticked, typed, back)
        if step == "preview":
            tried = _perform(operation, ticked, typed, dry_run=True)
    except AlreadyDoneError:
        return done_before(back)
    except (InvalidInputError, ConflictError) as raised:
        error = raised
        registry_problem(raised)  # for the audit log
    return _page(operation, ticked, typed, back, tried, error)


@blueprint.post("/merge")
@signed_in_page(MERGE.role)
def post_merge() -> BaseResponse:
    """Which of those ticked continues the others; then the form of that one, filled in."""
    ticked = _ticked()
    _check(ticked)
    if len(ticked) < 2:
        raise InvalidInputError.of_field("record", "missing", Message("select_two_dwellings"))
    with session_scope(register().read_engine) as session:
        records = records_of(session, ticked)
    back = request.form.get("back", "")
    return desk_page(
        "desk/record_merge.html",
        heading=title(MERGE),
        back=back if _LIST.fullmatch(back) else "/desk/records",
        records=[
            (codes.format(code), label_of(gazetteer(), each), each.status == "active", others)
            for code, each in records.items()
            for others in [" ".join(codes.format(c) for c in records if c != code)]
        ],
    )


def _perform(
    operation: Operation, ticked: dict[str, int], typed: dict[str, str], **more: Any
) -> SeveralDone:
    said = {name: value.strip() for name, value in typed.items() if value.strip()}
    model = operation.request
    try:
        several = [
            Each(code, model.model_validate({"code": code, **said}), seen)
            for code, seen in ticked.items()
        ]
    except ValidationError as error:
        raise invalid_input(error, model) from error
    note_operation(operation, [each.request for each in several])
    return perform_several(register().engine, operation, several, actor=caller().name, **more)


def _do(
    operation: Operation, ticked: dict[str, int], typed: dict[str, str], back: str
) -> BaseResponse:
    made = _perform(operation, ticked, typed, once=once_of_form())
    note_done(made)
    if made.pending_id is not None:
        return filed(made.pending_id)
    count, what = len(made.records), _(operation.called)
    return done(back, _("Done ({what}): {count} records", what=what, count=count))


def _page(
    operation: Operation,
    ticked: dict[str, int],
    typed: dict[str, str],
    back: str,
    tried: SeveralDone | None,
    error: RegistryError | None,
) -> BaseResponse:
    known = gazetteer()
    form = Form(operation, communes=(), typed=typed, error=error)
    fields = [f for group in form.groups() for f in group.fields if f.name in _ASKED]
    with session_scope(register().read_engine) as session:
        records = records_of(session, ticked)
        made = tried.records if tried else ()
        preview = preview_of(session, known, operation, made) if tried else None
    refused = [
        (codes.format(each.code), each.error.detail) for each in (tried.refused if tried else ())
    ]
    left_out = {each.code for each in (tried.refused if tried else ())}
    return desk_page(
        "desk/record_several.html",
        status_of(error) if error else 200,
        heading=title(operation),
        operation=operation,
        fields=fields,
        records=[(codes.format(c), label_of(known, r)) for c, r in records.items()],
        ticked=[(c, s) for c, s in ticked.items() if c not in left_out],
        whole=list(ticked.items()),
        preview=preview,
        needs_second=tried is not None and tried.needs_second,
        refused=refused,
        typed=typed,
        trouble=complaint(error) if error else None,
        told=error.extra.get("refused", {}) if error else {},
        once=new_once(),
        back=back,
        shown_code=codes.format,
    )


def _ticked() -> dict[str, int]:
    """The code of each record that was ticked, and the event of its state as it was listed."""
    found: dict[str, int] = {}
    for written in request.form.getlist("record"):
        code, _, seen = written.partition(".")
        try:
            canonical = codes.validate(code)
        except CodeError as error:
            raise InvalidInputError.of_field("record", error.code, wrong_code(error)) from None
        found[canonical] = whole(seen) or 0
    if not found:
        raise InvalidInputError.of_field("record", "missing", Message("no_dwelling_selected"))
    return found


def _check(ticked: dict[str, int]) -> None:
    """Raises OutsideUnitsError where one is of a commune that the caller does not see."""
    known = gazetteer()
    with session_scope(register().read_engine) as session:
        records = records_of(session, ticked)
    note(units={known.units[r.unit_id].code for r in records.values() if r.unit_id})


for _operation in SEVERAL:
    blueprint.post(f"/{_operation.name}")(signed_in_page(_operation.role)(_endpoint(_operation)))
