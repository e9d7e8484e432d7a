"""The view for all operations at the desk: form, preview, execution.

The preview performs the same operation, rolls it back, and shows its effects. Each operation is an
endpoint of its own, which declares its role. The form has the event of the seen state; a change
since is 412. Before, each subject had a preview that computed beside the operation what it would
do.

Codes drawn by previews are lost: proposals, splits and replacements take twice as many of 846
million.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import registry_problem, status_of
from api.core.requests import SAFE_METHODS
from api.desk.blueprint import (
    ONCE,
    desk_page,
    done,
    new_once,
    once_of_form,
    redirect_already_done,
    redirect_to_pending,
)
from api.desk.forms import WAS, Form, more_parts
from api.desk.records_words import Preview, effect_words, preview_of, title
from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import AlreadyDoneError, RegistryError, StaleError
from registry.core.messages import N_, _
from registry.lifecycle.run import once_only, perform
from registry.lifecycle.several import SeveralDone
from registry.lifecycle.table import Operation
from registry.lifecycle.work import Done
from registry.records.desk_records import LastChange
from registry.records.record import Record

_OWN_FIELDS: Final = ("csrf", "_step", "_seen", "_far", "_sure", ONCE)


@dataclass(frozen=True, slots=True)
class DeskMap:
    """A map beside a form or a preview."""

    unit: str
    """Code of the commune whose boundary is shown."""
    lon: float | None = None
    lat: float | None = None
    pin: bool = False
    """Whether the point is a door, and not only the centre of the map."""
    points: str = ""
    """Query of the list of records whose points are shown."""
    before: tuple[float, float] | None = None
    """Recorded point of a door that moves."""


class Subject(ABC):
    """The subject of an operation: a record, several, a street, or a new one."""

    first = "preview"
    """The default step of a form."""
    own_fields: tuple[str, ...] = ()
    """Form fields that are not members of the request."""
    late: tuple[str, ...] = ()
    """Fields shown only on the preview."""
    confirm = N_("Do it")
    leads_to: str
    """URL of the result, known before loading."""
    trail: tuple[str, str]
    """URL and name of the previous page."""
    heading: str
    label = ""
    """The subject in one line."""
    seen: str | int | None = None
    """State of the subject when the form was opened, submitted with the form."""
    record: Record | None = None
    """The record, if the subject is one."""
    lines: Sequence[tuple[str, str]] = ()
    """Code and label of the records."""
    map: DeskMap | None = None
    streets: Sequence[Any] = ()
    localities: Sequence[Any] = ()
    asked: Any
    """The request of the form, or a list with one for each record."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.heading = title(operation)

    def load(self) -> None:  # noqa: B027 - new subjects are not looked up
        """Look up the subject; raises NotFoundError, OutsideUnitsError, ConflictError."""

    def form(self, **more: Any) -> Form:
        """Return the form of the operation."""
        return Form(self.operation.request, **more)

    def ask(self, form: Form) -> Any:
        """Build the request from a form; raises InvalidInputError."""
        return form.request(form.given())

    def holds(self) -> bool:
        """Whether the subject is unchanged since the preview; `perform` itself checks records."""
        return True

    def perform(self, *, dry_run: bool, **how: Any) -> Done | SeveralDone:
        """Perform the request, or try it."""
        note_operation(self.operation, [self.asked])
        seen = self.seen if isinstance(self.seen, int) else None
        about = (register().engine, self.operation, self.asked)
        return perform(*about, actor=caller().name, seen_event=seen, dry_run=dry_run, **how)

    def preview(self, made: Any) -> Preview:
        """Return the effects of a dry run."""
        with session_scope(register().read_engine) as session:
            return preview_of(session, gazetteer(), self.operation, made, self.record)

    @abstractmethod
    def done(self, made: Any) -> tuple[str, str]:
        """Return the URL to redirect to afterwards, and the message."""

    def hidden_fields(self) -> list[tuple[str, str]]:
        """Return the hidden fields of its forms, beside those of the operation."""
        return []

    def latest(self) -> LastChange | None:
        """Return what somebody else changed since the form was opened."""
        return None

    def links(self, error: RegistryError) -> list[tuple[str, str]]:
        """Return URL and name of what already has the address or name."""
        record: Any = error.extra.get("taken_by")
        place: Any = error.extra.get("place")
        if record:
            return [(f"/desk/records/{record['code_display']}", record["code_display"])]
        called = _("See {name}", name=place["name"]) if place else ""
        return [(f"{self.leads_to}/{place['id']}", called)] if place else []


def serve(
    blueprint: Blueprint,
    rule: str,
    operation: Operation,
    subject: type[Subject],
    *,
    name: str = "",
    discloses: bool = False,
    methods: tuple[str, ...] = ("GET", "POST"),
    **given: Any,
) -> None:
    """Register the endpoint of an operation on a kind of subject."""

    def view(**path: Any) -> BaseResponse:
        return answer(subject(operation, **given, **path))

    view.__name__ = name or operation.kind
    facts = signed_in_page(operation.role, discloses=discloses)
    blueprint.route(rule, methods=methods)(facts(view))


def answer(subject: Subject) -> BaseResponse:
    """Answer with the form, the preview, or a redirect to the result."""
    if request.method in SAFE_METHODS:
        subject.load()
        return _form_page(subject, subject.form())
    step = request.form.get("_step", subject.first)
    if "_far" in request.form and "_sure" not in request.form:
        step = "preview"  # the user has not confirmed the distance
    own = (*_OWN_FIELDS, *subject.own_fields)
    typed = MultiDict((n, v) for n, v in request.form.items(multi=True) if n not in own)
    once = once_of_form() if step == "do" else None
    form: Form | None = None
    try:
        # Looked up inside: the first submission of a form sent twice may have changed the subject.
        with once_only(register().engine, once):
            subject.load()
            form = subject.form(typed=more_parts(typed) if step == "more" else typed)
            if step in ("form", "edit", "more"):
                return _form_page(subject, form)
            form = form.with_file(request.files.get("file"))
            subject.asked = subject.ask(form)
            sure = step == "do" and subject.holds()
            made = subject.perform(once=once if sure else None, dry_run=not sure)
    except AlreadyDoneError:
        return redirect_already_done(subject.leads_to)
    except RegistryError as error:
        if form is None:
            raise
        registry_problem(error)  # for the audit log
        latest = subject.latest() if isinstance(error, StaleError) else None
        form = subject.form(typed=form.typed, error=error, fresh=latest is not None)
        return _form_page(subject, form, latest)
    if not sure:
        return _preview_page(subject, form, made, again=step == "do")
    note_done(made)
    return (
        redirect_to_pending(made.pending_id)
        if made.pending_id is not None
        else done(*subject.done(made))
    )


def _form_page(subject: Subject, form: Form, latest: LastChange | None = None) -> BaseResponse:
    error = form.error
    return desk_page(
        "desk/operation_form.html",
        status_of(error) if error else 200,
        subject=subject,
        form=form,
        groups=form.groups([n for n in form.names() if error or n not in subject.late]),
        parts=form.parts(),
        complaints=form.complaints(),
        refused=error.extra.get("refused", {}) if error else {},
        links=subject.links(error) if error else [],
        latest=latest,
        effect=effect_words(subject.operation),
        shown_code=code_display,
        was=WAS,
    )


def _preview_page(
    subject: Subject, form: Form, made: Done | SeveralDone, *, again: bool
) -> BaseResponse:
    kept = [(n, v) for n, v in form.typed.items(multi=True) if n not in subject.late]
    return desk_page(
        "desk/operation_preview.html",
        412 if again else 200,
        subject=subject,
        preview=subject.preview(made),
        again=again,
        needs_second=made.needs_second,
        reasons=form.groups({"decision_number", "reason"}.difference(subject.late)),
        late=form.groups(subject.late) if subject.late else [],
        kept=[*kept, *subject.hidden_fields()],
        once=new_once(),
        was=WAS,
    )
