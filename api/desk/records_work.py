"""What can be done with a record: a form, what it would do, and then doing it.

One pair of endpoints for each operation of the register's table, so that the gate tells whose it
is. Before anything is written the very same is tried and rolled back, and what it did is shown.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note, note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import registry_problem, status_of
from api.desk.blueprint import (
    ONCE,
    desk_blueprint,
    desk_page,
    done,
    done_before,
    filed,
    new_once,
    once_of_form,
    whole,
)
from api.desk.records_forms import WAS, Form, more_parts
from api.desk.records_words import effect_words, label_of, preview_of, title
from api.pages.shell import complaint
from geo.code import format as code_display
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import (
    AlreadyDoneError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    OutsideUnitsError,
    RegistryError,
    StaleError,
)
from registry.core.labels import STATUSES
from registry.core.messages import Message, Text, _
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME, OPERATIONS, Operation
from registry.lifecycle.work import read_code
from registry.records.desk_records import (
    LastChange,
    Place,
    find_record,
    last_change,
    list_places,
)
from registry.records.record import Record
from registry.units.gazetteer import Gazetteer, today

blueprint = desk_blueprint("records_work", "/desk/records")

OF_RECORD: Final = tuple(made for made in OPERATIONS if made.of_record)
_ALONE: Final = ("reserve", "propose")
"""Operations that can be about no record yet."""
_OWN_FIELDS: Final = ("csrf", "_step", "_seen", "_far", "_sure", ONCE)


_MENDED: Final = (
    *(InvalidInputError, ConflictError, NotFoundError, StaleError),
    OutsideUnitsError,  # a point, or a commune that was chosen
)
"""What is told in the form, beside what was typed."""


def _endpoint(operation: Operation) -> Callable[..., BaseResponse]:
    def work(address_code: str | None = None) -> BaseResponse:
        subject = _subject(operation, address_code) if address_code else None
        return _Desk(operation, subject).answer()

    work.__name__ = f"work_{operation.kind}"
    return work


def _subject(operation: Operation, written: str) -> Record:
    record = find_record(register().reads, gazetteer(), written)
    if record.unit_id is not None:
        note(units=[gazetteer().units[record.unit_id].code])
    if record.status not in operation.from_states and request.method != "POST":
        # Of a form that was filled in the operation says so, and nothing typed is lost.
        raise ConflictError(
            Message(
                "record_status_forbids",
                code=code_display(record.code),
                state=Text(STATUSES[record.status]),
                operation=Text(operation.called),
            )
        )
    return record


class _Desk:
    """One operation, at one step of it."""

    def __init__(self, operation: Operation, subject: Record | None) -> None:
        self.operation = operation
        self.subject = subject
        self.known = gazetteer()
        self.typed = {
            name: value for name, value in request.form.items() if name not in _OWN_FIELDS
        }

    def answer(self) -> BaseResponse:
        """What the step asks for."""
        step = request.form.get("_step", "preview")
        if request.method != "POST":
            return self._form_page(self._form(filled=self._begun()))
        if step == "more":
            return self._form_page(self._form(typed=more_parts(self.typed)))
        if step == "edit":
            return self._form_page(self._form())
        if "_far" in request.form and "_sure" not in request.form:
            step = "preview"  # nobody has said that it is so far
        try:
            asked = self._form().request()
            return self._do(asked) if step == "do" else self._preview_page(asked)
        except AlreadyDoneError:
            return done_before(self._leads_to())
        except _MENDED as error:
            registry_problem(error)  # for the audit log
            return self._again(error)

    def _form(self, **more: Any) -> Form:
        record, units = self.subject, self.known.units
        place = units.get(record.unit_id) if record and record.unit_id else None
        former = units.get(record.former_unit_id) if record and record.former_unit_id else None
        given = {"typed": self.typed} | more
        return Form(
            self.operation,
            record,
            place.code if place else "",
            former.code if former else "",
            communes_of(self.known, caller()),
            **given,
        )

    def _begun(self) -> dict[str, str]:
        """What a new form begins with: what the link says, and the record in its place."""
        begun = request.args.to_dict()
        if self.operation.name == "merge" and self.subject is not None:
            # What ends may be a proposal; what continues it is in force.
            name = "into" if self.subject.status == "active" else "codes"
            begun = {name: code_display(self.subject.code)} | begun
        return begun

    def _seen(self) -> int | None:
        """The event of the state that the form was filled in for."""
        if self.subject is None:
            return None
        return whole(request.form.get("_seen")) or 0

    def _do(self, asked: OperationRequest) -> BaseResponse:
        note_operation(self.operation, [asked])
        made = perform(
            register().engine,
            self.operation,
            asked,
            actor=caller().name,
            seen_event=self._seen(),
            once=once_of_form(),
        )
        note_done(made)
        if made.pending_id is not None:
            return filed(made.pending_id)
        living = [r.code for r in made.records if r.status != "retired"]
        # What a merger leads to need not have been written itself.
        into = getattr(asked, "into", None)
        at = read_code("into", into) if into else (living or [made.records[0].code])[0]
        what = _(self.operation.called)
        if self.operation.name == "reserve":
            said = f"{len(made.records)} mã, từ {code_display(at)}"
            url = f"/desk/records?status=reserved&unit={getattr(asked, 'commune', '') or ''}"
        else:
            shown = find_record(register().reads, self.known, at)
            said, url = label_of(self.known, shown), f"/desk/records/{code_display(at)}"
        return done(url, _("Done ({what}): {said}", what=what, said=said))

    def _preview_page(self, asked: OperationRequest) -> BaseResponse:
        # Codes that are drawn are burnt: of many that are reserved, one is tried.
        tried = asked.model_copy(update={"count": 1}) if hasattr(asked, "count") else asked
        made = perform(
            register().engine,
            self.operation,
            tried,
            actor=caller().name,
            seen_event=self._seen(),
            dry_run=True,
        )
        with session_scope(register().read_engine) as session:
            preview = preview_of(session, self.known, self.operation, made.records, self.subject)
        preview = replace(preview, warnings=tuple(str(w.message) for w in made.warnings))
        return desk_page(
            "desk/record_preview.html",
            heading=self._heading(),
            record=self.subject,
            count=getattr(asked, "count", None),
            preview=preview,
            needs_second=made.needs_second,
            kept=self.typed,
            once=new_once(),
            seen=self._seen(),
            asked=asked,
            back=self._leads_to(),
            shown_code=code_display,
        )

    def _again(self, error: RegistryError) -> BaseResponse:
        """The form with what was typed and what is wrong; beside what is now, where it changed."""
        latest: LastChange | None = None
        if isinstance(error, StaleError) and self.subject is not None:
            with session_scope(register().read_engine) as session:
                latest = last_change(session, self.subject.event_id)
        form = self._form(error=error, fresh=latest is not None)
        return self._form_page(form, status_of(error), latest)

    def _form_page(
        self, form: Form, status: int = 200, latest: LastChange | None = None
    ) -> BaseResponse:
        streets, localities, boundary, centre = self._around(form)
        groups, parts = form.groups(), form.parts()
        error = form.error
        taken: Any = error.extra.get("taken_by") if error else None
        keep_seen = request.method == "POST" and latest is None and self.subject is not None
        return desk_page(
            "desk/record_form.html",
            status,
            heading=self._heading(),
            operation=self.operation,
            form=form,
            groups=groups,
            parts=parts,
            record=self.subject,
            seen=self._seen() if keep_seen else self.subject and self.subject.event_id,
            label=label_of(self.known, self.subject) if self.subject else None,
            trouble=complaint(error) if error else None,
            wrong=[
                (field.label, field.wrong)
                for group in (*groups, *parts)
                for field in group.fields
                if field.wrong
            ],
            taken=taken["code_display"] if taken else None,
            latest=latest,
            streets=streets,
            localities=localities,
            boundary=boundary,
            centre=centre,
            has_point="lon" in form.names(),
            back=self._leads_to(),
            effect=effect_words(self.operation),
            shown_code=code_display,
            was=WAS,
        )

    def _around(
        self, form: Form
    ) -> tuple[list[Place], list[Place], str | None, tuple[float, float] | None]:
        """Names to choose from, and what a map shows first, of the commune that it is about."""
        unit_id = self.subject.unit_id if self.subject else None
        if unit_id is None:
            code = form.typed.get("commune") or form.filled.get("commune", "")
            if not code and len(form.communes) == 1:
                code = form.communes[0][0]
            units = (u.id for u in self.known.with_code(code) if u.alive_on(today()))
            unit_id = next(units, None)
        if unit_id is None:
            return [], [], None, None
        with session_scope(register().read_engine) as session:
            streets, localities = list_places(session, unit_id)
        unit = self.known.units[unit_id]
        centre = (unit.lon, unit.lat) if unit.lon is not None and unit.lat is not None else None
        return streets, localities, unit.code, centre

    def _heading(self) -> str:
        return title(self.operation, self.subject.status if self.subject else "")

    def _leads_to(self) -> str:
        record = self.subject
        return f"/desk/records/{code_display(record.code)}" if record else "/desk/records"


def communes_of(known: Gazetteer, actor: Actor) -> list[tuple[str, str]]:
    """Code and name of the communes in which a bound key may write, by name."""
    day, ids = today(), actor.unit_ids or ()
    units = (known.units[i] for i in ids if i in known.units and known.units[i].alive_on(day))
    return sorted(((u.code, u.version_on(day).full_name) for u in units), key=lambda each: each[1])


for _operation in OF_RECORD:
    blueprint.route(f"/<address_code>/{_operation.name}", methods=["GET", "POST"])(
        signed_in_page(_operation.role, discloses=True)(_endpoint(_operation))
    )
for _name in _ALONE:
    _operation = BY_NAME[_name]
    blueprint.route(f"/new/{_name}", methods=["GET", "POST"], endpoint=f"new_{_operation.kind}")(
        signed_in_page(_operation.role, discloses=True)(_endpoint(_operation))
    )
