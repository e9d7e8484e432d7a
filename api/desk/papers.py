"""Documents at the desk: plates and their life cycle, lists, certificates, decisions."""

from dataclasses import replace
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import (
    ONCE,
    commune_written,
    desk_blueprint,
    desk_page,
    done,
    once_of_form,
    read_model,
    room,
    show_errors_on,
    writable_communes,
)
from api.desk.forms import Form
from api.desk.operations import Subject, serve
from api.desk.record_operations import commune_override
from api.desk.records_words import Preview, label_of
from api.v1.certificates import CertificateBody, RevokeBody
from api.v1.papers import DecisionBody, ListBody, PlatesBody, as_pdf, notices_line, site
from geo import code as codes
from geo.label import named
from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.core.messages import N_, _
from registry.lifecycle.requests import Doors, OperationRequest
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done
from registry.publish.paper import numbers
from registry.publish.paper.certificates import (
    draft_certificate,
    issue_certificate,
    issued_in,
    revoke,
)
from registry.publish.paper.decisions import DecisionForm, decidable, done_decision
from registry.publish.paper.lists import print_list
from registry.publish.paper.plates import PlateForm, print_plates
from registry.publish.paper.typesetting import MESSAGES, Paper

blueprint = desk_blueprint("papers", "/desk/papers")
room("/desk/papers", N_("Papers, plates"), "editor")

SIZES: Final = ("200x150", "180x120", "150x100", "120x80", "90x60")
"""The first is the minimum for a door at a street (Thông tư 08/2024/TT-BXD, Điều 20)."""
LIFE: Final = tuple(BY_NAME[name] for name in ("issue-plates", "mount-plates", "lose-plates"))
_PAGE: Final = "/desk/papers"
_OF_EACH: Final = 20
_DOORS: Final = ("commune", "street", "locality", "former_commune")


class Plates(Subject):
    """Plates of doors, named by codes or by street or hamlet."""

    late = ("on", "reason")
    confirm = N_("Write it")
    leads_to = _PAGE

    def form(self, **more: Any) -> Form:
        """Return the form: doors and day."""
        self.trail = self.leads_to, _("Papers, plates")
        overrides = {"commune": commune_override(blank=True)}
        return Form(self.operation.request, overrides=overrides, **more)

    def ask(self, form: Form) -> OperationRequest:
        """Build the request; with codes, street and hamlet are ignored."""
        given = form.given()
        if given.get("codes"):
            given = {n: v for n, v in given.items() if n == "codes" or n not in Doors.model_fields}
        return form.request(given)

    def preview(self, made: Done) -> Preview:
        """Return the number of plates, and the doors."""
        place = f" {named(made.place.kind, made.place.name)}." if made.place else ""
        plates = _("{count:n} plates", count=made.rewritten)
        return replace(
            super().preview(made),
            rows=(),
            affected=None,
            lead=f"{_('Nothing is written yet.')} {plates}.{place}",
            lines=[
                (codes.format(each.code), label_of(gazetteer(), each.record))
                for each in made.records
            ],
        )

    def done(self, made: Done) -> tuple[str, str]:
        """Return the URL of the documents page, and the message."""
        what = _(self.operation.called)
        return self.leads_to, _("{count:n} plates: {what}.", count=made.rewritten, what=what)


for _operation in LIFE:
    serve(blueprint, f"/{_operation.name}", _operation, Plates, methods=("POST",))


@blueprint.get("")
@signed_in_page("editor")
def get_papers(error: RegistryError | None = None) -> BaseResponse:
    """The forms, issued certificates, and events for which a decision can be printed."""
    made = register()
    with session_scope(made.engine) as session:
        decided = decidable(session, _OF_EACH)
    return desk_page(
        "desk/papers.html",
        error=error,
        communes=writable_communes(),
        sizes=SIZES,
        life=[(each.name, _(each.called)) for each in LIFE],
        decided=decided,
        issued=issued_in(made.reads, limit=_OF_EACH),
        asked_code=request.args.get("code", ""),
        typed=request.form or request.args,
    )


@blueprint.post("/plates")
@signed_in_page("editor")
@show_errors_on(get_papers)
def post_plates() -> BaseResponse:
    """Plates as a PDF."""
    given = _doors() | _given("size", "sheet", "skip")
    asked = read_model(PlatesBody, given)
    form = PlateForm(asked.size, asked.sheet, asked.roll_mm, asked.bleed_mm)
    with session_scope(register().engine) as session:
        paper = print_plates(session, gazetteer(), site(), asked, form, skip=asked.skip)
    return _sheet(paper, asked.skip)


@blueprint.post("/list")
@signed_in_page("editor")
@show_errors_on(get_papers)
def post_list() -> BaseResponse:
    """A list as a PDF, for the wall or as a checklist."""
    asked = read_model(ListBody, _doors() | _given("skip", purpose="wall"))
    with session_scope(register().engine) as session:
        paper = print_list(session, gazetteer(), site(), asked, asked.purpose, skip=asked.skip)
    return _sheet(paper, asked.skip)


@blueprint.post("/certificate")
@signed_in_page("editor", discloses=True)
@show_errors_on(get_papers)
def post_certificate() -> BaseResponse:
    """Preview a certificate, or issue it as a PDF."""
    made = register()
    asked = read_model(CertificateBody, _given("code", "document_number"))
    about = (made.reads, gazetteer(), site(), asked.code)
    if request.form.get("step") != "do":
        draft, paper = draft_certificate(*about, document_number=asked.document_number)
        return _preview(
            _("Issue a certificate of address"),
            lines=[(codes.format(draft.code), draft.label)],
            notices=paper.notices,
            once=draft.number,
        )
    certificate, paper = issue_certificate(
        *(made.engine, *about),
        document_number=asked.document_number,
        number=numbers.read(once_of_form() or ""),
    )
    response = as_pdf(paper)
    response.headers["Certificate-Number"] = certificate.shown
    return response


@blueprint.post("/decision")
@signed_in_page("editor")
@show_errors_on(get_papers)
def post_decision() -> BaseResponse:
    """The decision of a naming or numbering that was performed, with its annex."""
    made = register()
    form = DecisionForm(number=request.form.get("number", "").strip() or None)
    event = read_model(DecisionBody, {"event_id": request.form.get("event_id", "")}).event_id or 0
    return _sheet(done_decision(made.engine, made.reads, gazetteer(), site(), event, form))


@blueprint.post("/revoke")
@signed_in_page("editor")
@show_errors_on(get_papers)
def post_revoke() -> BaseResponse:
    """Revoke a certificate."""
    number = request.form.get("number", "")
    asked = read_model(RevokeBody, {"reason": request.form.get("reason", "").strip()})
    revoke(register().engine, number, reason=asked.reason)
    note(count=1)
    return done(_PAGE, _("{number} was taken back.", number=number))


def _sheet(paper: Paper, skipped: int = 0) -> BaseResponse:
    """Return the PDF, after a page with its notices if there are any."""
    notices = notices_line(paper)
    if not notices or request.form.get("seen_notices") == notices:
        return as_pdf(paper)
    more = any(notice.code == "more" for notice in paper.notices)
    return _preview(
        _("Before it is printed"),
        notices=paper.notices,
        seen_notices=notices,
        skipped=skipped,
        after=skipped + paper.items if more else None,
    )


def _preview(heading: str, **values: Any) -> BaseResponse:
    """Render a page with the effects, and a form that confirms them."""
    own = ("csrf", "step", "seen_notices", "skip", ONCE)
    return desk_page(
        "desk/paper_preview.html",
        heading=heading,
        kept=[(n, v) for n, v in request.form.items(multi=True) if n not in own],
        action=request.path,
        code_display=codes.format,
        messages=MESSAGES,
        **{"lines": (), "notices": (), "seen_notices": "", "after": None} | values,
    )


def _doors() -> dict[str, Any]:
    """Return the doors of the form: codes, or a street or hamlet of a commune."""
    codes = request.form.get("codes", "").replace(",", " ").split()
    if codes:
        return {"codes": codes}
    given = {name: request.form[name].strip() for name in _DOORS if _has(name)}
    return given | (
        {"commune": commune_written(given["commune"]).code} if "commune" in given else {}
    )


def _given(*names: str, **defaults: str) -> dict[str, Any]:
    """Return the named fields of the form, with `defaults` for empty ones."""
    return defaults | {n: request.form[n].strip() for n in (*names, *defaults) if _has(n)}


def _has(name: str) -> bool:
    return bool(request.form.get(name, "").strip())
