"""Paper at the desk: plates and their life, lists, certificates, and decisions of what was done."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from api.access import caller, requires
from api.audit import note
from api.certificates import CertificateBody, RevokeBody
from api.context import gazetteer, register
from api.desk.blueprint import desk_blueprint, desk_page, done, room
from api.errors import invalid_input, status_of
from api.pages.shell import complaint, words
from api.papers import DecisionBody, ListBody, PlatesBody, as_pdf, site
from registry.database import session_scope
from registry.errors import RegistryError
from registry.gazetteer import today
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.paper.certificates import issue_certificate, issued_in, revoke
from registry.paper.decisions import DecisionForm, decidable, done_decision
from registry.paper.lists import print_list
from registry.paper.plates import PLATE_FORM, PlateForm, print_plates

blueprint = desk_blueprint("papers", "/desk/papers")
room("/desk/papers", "Giấy tờ, biển", "Papers, plates", "editor")

Form = TypeVar("Form", bound=BaseModel)

SIZES: Final = ("180x120", "150x100", "120x80", "90x60")
_LIFE: Final = ("issue-plates", "mount-plates", "lose-plates")
_OF_EACH: Final = 20
_DOORS: Final = ("commune", "street", "locality")


@blueprint.get("")
@requires("editor")
def get_papers() -> BaseResponse:
    """The forms, the certificates that were issued, and what a decision may be printed of."""
    return _page()


@blueprint.post("/plates")
@requires("editor")
def post_plates() -> BaseResponse:
    """A PDF of plates; or, by the button, what became of those plates."""
    act = request.form.get("act", "print")
    if act in _LIFE:
        return _tried(lambda: _lived(act))
    return _tried(_plates)


@blueprint.post("/list")
@requires("editor")
def post_list() -> BaseResponse:
    """A PDF with a list for the wall, or with boxes to tick."""
    return _tried(_list)


@blueprint.post("/certificate")
@requires("editor")
def post_certificate() -> BaseResponse:
    """Issue a certificate; its PDF."""
    return _tried(_certificate)


@blueprint.post("/decision")
@requires("editor")
def post_decision() -> BaseResponse:
    """The decision of a naming or numbering that was done, with its annex."""
    return _tried(_decision)


@blueprint.post("/revoke")
@requires("editor")
def post_revoke() -> BaseResponse:
    """Take a certificate back."""
    return _tried(_revoked)


def _plates() -> BaseResponse:
    given = _doors() | {name: request.form[name] for name in ("size", "sheet") if _has(name)}
    asked = _read(PlatesBody, given)
    form = PlateForm(asked.size, asked.sheet, asked.roll_mm, asked.bleed_mm)
    with session_scope(register().engine) as session:
        return as_pdf(print_plates(session, gazetteer(), site(), asked, form))


def _lived(act: str) -> BaseResponse:
    operation = BY_NAME[act]
    made = perform(
        register().engine, operation, _read(operation.request, _doors()), actor=caller().name
    )
    note(count=made.rewritten, units=made.units, event_id=made.event_id)
    return done(
        "/desk/papers",
        f"Đã ghi {made.rewritten} biển: {operation.vi}.",
        f"{made.rewritten} plates: {operation.name.replace('-', ' ')}.",
    )


def _list() -> BaseResponse:
    asked = _read(ListBody, _doors() | {"purpose": request.form.get("purpose", "wall")})
    with session_scope(register().engine) as session:
        return as_pdf(print_list(session, gazetteer(), site(), asked, asked.purpose))


def _certificate() -> BaseResponse:
    made = register()
    given = {name: request.form[name] for name in ("code", "document_number") if _has(name)}
    asked = _read(CertificateBody, given)
    certificate, paper = issue_certificate(
        made.engine,
        made.reads,
        gazetteer(),
        site(),
        asked.code,
        document_number=asked.document_number,
    )
    response = as_pdf(paper)
    response.headers["Certificate-Number"] = certificate.shown
    return response


def _decision() -> BaseResponse:
    made = register()
    form = DecisionForm(number=request.form.get("number", "").strip() or None)
    asked = _read(DecisionBody, {"event_id": request.form.get("event_id", "")})
    event = asked.event_id or 0
    return as_pdf(done_decision(made.engine, made.reads, gazetteer(), site(), event, form))


def _revoked() -> BaseResponse:
    number = request.form.get("number", "")
    asked = _read(RevokeBody, {"reason": request.form.get("reason", "").strip()})
    revoke(register().engine, number, reason=asked.reason)
    note(count=1)
    return done("/desk/papers", f"Đã thu hồi {number}.", f"{number} was taken back.")


def _doors() -> dict[str, Any]:
    """The doors of a form: codes, or a street or hamlet of a commune."""
    codes = request.form.get("codes", "").replace(",", " ").split()
    if codes:
        return {"codes": codes}
    return {name: request.form[name].strip() for name in _DOORS if _has(name)}


def _has(name: str) -> bool:
    return bool(request.form.get(name, "").strip())


def _read(model: type[Form], given: dict[str, Any]) -> Form:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalid_input(error, model) from error


def _tried(work: Callable[[], BaseResponse]) -> BaseResponse:
    """What it makes; or the page again, with what is wrong and all that was typed."""
    try:
        return work()
    except RegistryError as error:
        return _page(status_of(error), wrong=complaint(error), typed=request.form)


def _page(status: int = 200, **values: Any) -> BaseResponse:
    asking, made, known, day = caller(), register(), gazetteer(), today()
    with session_scope(made.engine) as session:
        decided = decidable(session, asking.sees, _OF_EACH)
    own = asking.units or ()
    return desk_page(
        "desk/papers.html",
        status,
        communes=[
            (code, unit.version_on(day).full_name)
            for code in own
            for unit in known.with_code(code)
            if unit.level == "commune" and unit.alive_on(day)
        ],
        sizes=SIZES,
        size=PLATE_FORM.size,
        life=[(name, words(BY_NAME[name].vi, name.replace("-", " "))) for name in _LIFE],
        decided=decided,
        issued=issued_in(made.reads, asking.sees, limit=_OF_EACH),
        asked_code=request.args.get("code", ""),
        **{"typed": request.args} | values,
    )
