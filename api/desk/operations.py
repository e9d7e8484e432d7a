"""The one view of the desk for all that is done to the register: a form, a preview, then doing it.

Before anything is written the very same is tried and rolled back, and what it did is shown. Each
operation is an endpoint by itself, so that its role stands there.
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
from api.desk.blueprint import ONCE, desk_page, done, done_before, filed, new_once, once_of_form
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
    """Code of the commune whose boundary it shows."""
    lon: float | None = None
    lat: float | None = None
    pin: bool = False
    """Whether a door is there, and not only the middle of the map."""
    points: str = ""
    """Filters of the list of records whose points it shows."""
    before: tuple[float, float] | None = None
    """Where the door is on record, when it is to move."""


class Subject(ABC):
    """What an operation is about: a record, several, a street, or nothing that exists yet."""

    first = "preview"
    """The step of a form that names none."""
    own_fields: tuple[str, ...] = ()
    """Fields of its forms that are not the operation's."""
    late: tuple[str, ...] = ()
    """Fields that only the preview asks for."""
    confirm = N_("Do it")
    leads_to: str
    """The page that shows what was done, known before anything is loaded."""
    trail: tuple[str, str]
    """Address and name of the page from which one comes."""
    heading: str
    label = ""
    """What it is about, in a line."""
    seen: str | int | None = None
    """What it was like when somebody looked, as the form carries it."""
    record: Record | None = None
    """The record that it is about, where it is one."""
    lines: Sequence[tuple[str, str]] = ()
    """Code and label of the records that it is about."""
    map: DeskMap | None = None
    streets: Sequence[Any] = ()
    localities: Sequence[Any] = ()
    asked: Any
    """What a form asks for: the request of the operation, or of several each its own."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.heading = title(operation)

    def load(self) -> None:  # noqa: B027 - what does not exist yet is not looked up
        """Look it up; raises NotFoundError, OutsideUnitsError, ConflictError."""

    def form(self, **more: Any) -> Form:
        """The fields of the operation."""
        return Form(self.operation.request, **more)

    def ask(self, form: Form) -> Any:
        """What a form asks for; raises InvalidInputError."""
        return form.request(form.given())

    def holds(self) -> bool:
        """Whether it still is as it was previewed; `perform` refuses a record that is not."""
        return True

    def perform(self, *, dry_run: bool, **how: Any) -> Done | SeveralDone:
        """Do what is asked for, or try it."""
        note_operation(self.operation, [self.asked])
        seen = self.seen if isinstance(self.seen, int) else None
        about = (register().engine, self.operation, self.asked)
        return perform(*about, actor=caller().name, seen_event=seen, dry_run=dry_run, **how)

    def preview(self, made: Any) -> Preview:
        """What a dry run did."""
        with session_scope(register().read_engine) as session:
            return preview_of(session, gazetteer(), self.operation, made, self.record)

    @abstractmethod
    def done(self, made: Any) -> tuple[str, str]:
        """Where to go when it is done, and what to say there."""

    def carried(self) -> list[tuple[str, str]]:
        """Hidden fields of its forms, beside those of the operation."""
        return []

    def latest(self) -> LastChange | None:
        """What somebody else did to it since the form was opened."""
        return None

    def links(self, error: RegistryError) -> list[tuple[str, str]]:
        """Address and name of what has the address or the name already."""
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
    """Register the endpoint of an operation on such a subject."""

    def view(**path: Any) -> BaseResponse:
        return answer(subject(operation, **given, **path))

    view.__name__ = name or operation.kind
    facts = signed_in_page(operation.role, discloses=discloses)
    blueprint.route(rule, methods=methods)(facts(view))


def answer(subject: Subject) -> BaseResponse:
    """The form; what it would do; or what was done."""
    if request.method in SAFE_METHODS:
        subject.load()
        return _form_page(subject, subject.form())
    step = request.form.get("_step", subject.first)
    if "_far" in request.form and "_sure" not in request.form:
        step = "preview"  # nobody has confirmed that it is so far
    own = (*_OWN_FIELDS, *subject.own_fields)
    typed = MultiDict((n, v) for n, v in request.form.items(multi=True) if n not in own)
    once = once_of_form() if step == "do" else None
    form: Form | None = None
    try:
        # Of a form that is sent twice also what is looked up may have changed in between.
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
        return done_before(subject.leads_to)
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
    return filed(made.pending_id) if made.pending_id is not None else done(*subject.done(made))


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
        kept=[*kept, *subject.carried()],
        once=new_once(),
        was=WAS,
    )
