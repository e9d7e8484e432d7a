"""Blueprints of the desk: CSRF protection of forms, error pages, messages, navigation."""

import datetime
import secrets
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from operator import itemgetter
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Flask, redirect, request
from markupsafe import Markup
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.context import gazetteer, register
from api.core.errors import invalid_input, registry_problem
from api.core.limits import has_key
from api.core.requests import SAFE_METHODS, refuse_nul
from api.core.sessions import FIELD, has_form_token, own_form_token, own_name, refuse_other_sites
from api.pages.blueprint import page_blueprint
from api.pages.failures import http_page
from api.pages.shell import complaint, page
from registry.core.errors import (
    AlreadyDoneError,
    ForbiddenError,
    InvalidInputError,
    KeyRequiredError,
    RegistryError,
)
from registry.core.messages import N_, Message, _, number
from registry.core.roles import Role
from registry.lifecycle.change_words import field_words
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.words import FIELDS, KINDS, METHODS
from registry.units.gazetteer import VIET_NAM, Unit, today
from registry.units.written_units import unit_written

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., BaseResponse]

ROLES: Final[dict[Role, str]] = {
    "anonymous": N_("no role"),
    "carrier": N_("carrier"),
    "merchant": N_("merchant"),
    "viewer": N_("viewer"),
    "editor": N_("editor"),
    "approver": N_("approver"),
    "admin": N_("administrator"),
}
_ROOMS: Final[list[tuple[str, str, Role]]] = []
"""URL, title and least role of each section of the desk."""
_ORDER: Final = (
    *("desk", "records", "proposals", "reports", "field", "import", "streets", "hamlets", "papers"),
    *("targets", "services", "my-reports", "webhooks", "keys", "audit"),
)
"""Last path segment of the sections, in the order of the navigation."""
EVENTS: Final = {
    "import": N_("import"),
    "field": N_("a round in the field"),
    "rollback": N_("rollback of an import"),
    "boundaries": N_("boundaries loaded"),
    "reform": N_("reform"),
    "withdraw_reform": N_("reform withdrawn"),
    "targets": N_("targets"),
    "propose_retire": N_("proposed to retire"),
    "reject_report": N_("report rejected"),
    "undo_reform": N_("reform undone"),
    "units": N_("units of the seeds"),
    "services": N_("service areas loaded"),
    "rekey": N_("keys of comparing made anew"),
}
"""Kinds of events that are not lifecycle operations."""
_FORM_WORDS: Final = {
    "unit": N_("unit"),
    "name": N_("name"),
    "households": N_("number of households"),
    "source": N_("source"),
    "reference_date": N_("day of the number"),
    "word": N_("word to who reported"),
    "place": N_("hamlet or street"),
    "until": N_("until"),
    "file": N_("File"),
    "document_number": N_("number in your books"),
    "number": N_("number"),
    "state": N_("state"),
    "after": N_("page"),
    "before": N_("page"),
}
"""Fields of forms and filters beside `registry.lifecycle.words.FIELDS`."""
_CHOICES: Final = ("literal_error", "enum")
ONCE: Final = "_once"
_MESSAGE_COOKIE: Final = "said"
"""Cookie with a message for the page after a form."""
_MAX_KEPT: Final = 200_000
"""Most characters of a form that is kept while its user signs in again."""


def room(url: str, title: str, role: Role) -> None:
    """Add a section to the desk's navigation, for users with `role` or above."""
    _ROOMS.append((url, title, role))


def room_title(path: str) -> str:
    """Return the title of the section of a path; empty outside of all sections."""
    found = [each for each in _ROOMS if f"{path}/".startswith(f"{each[0]}/")]
    if not found:
        return ""
    return _(max(found, key=lambda each: len(each[0]))[1])


def desk_blueprint(name: str, url_prefix: str = "/desk") -> Blueprint:
    """Return a blueprint for desk pages, each a `signed_in_page`; forms contain `csrf_field()`."""
    made = page_blueprint(f"desk_{name}", url_prefix)
    made.before_request(_check_form)
    made.register_error_handler(KeyRequiredError, ask_to_sign_in)
    made.register_error_handler(RegistryError, error_page)
    made.register_error_handler(HTTPException, http_page)
    made.context_processor(_shared)
    return made


def prepare_desk(app: Flask) -> None:
    """Add the globals of desk templates."""
    app.jinja_env.globals.update(
        csrf=own_form_token,
        csrf_field=_csrf_field,
        moment=moment,
        event_words=event_words,
        form_words=form_words,
        value_of_form=value_of_form,
        distance=distance,
        unit_name=unit_name,
    )


def desk_page(
    template: str, status: int = 200, *, error: RegistryError | None = None, **values: Any
) -> BaseResponse:
    """Render a desk page, which browsers must not store.

    With an error it shows the message, and the submitted form.
    """
    if error is not None:
        status = registry_problem(error).status_code
        values = {"wrong": complaint(error), "typed": request.form} | values
    response = page(template, status, **{"typed": MultiDict()} | values)
    response.headers["Cache-Control"] = "no-store"
    if _MESSAGE_COOKIE in request.cookies:
        response.delete_cookie(_MESSAGE_COOKIE, path="/desk")
    return response


def show_errors_on(page: Callable[..., BaseResponse]) -> Callable[[View], View]:
    """Decorate the view of a form: show its errors on `page`, with the typed values."""

    def decorate(view: View) -> View:
        @wraps(view)
        def tried(**path: Any) -> BaseResponse:
            try:
                return view(**path)
            except AlreadyDoneError:
                return redirect_already_done(request.path.rpartition("/")[0])
            except RegistryError as error:
                return page(**path, error=error)

        return tried

    return decorate


def read_model(model: type[Model], given: Mapping[str, Any]) -> Model:
    """Validate a form or query; raises InvalidInputError."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalid_input(error, model) from error


def read_query(model: type[Model]) -> Model:
    """Validate the query, ignoring blank filters; raises InvalidInputError."""
    return read_model(model, {name: value for name, value in request.args.items() if value.strip()})


def done(url: str, message: str) -> BaseResponse:
    """Redirect after a form was performed to a page that shows `message` once."""
    response = redirect(url, 303)
    response.set_cookie(
        _MESSAGE_COOKIE, message[:500], max_age=60, httponly=True, samesite="Lax", path="/desk"
    )
    return response


def error_page(error: RegistryError) -> BaseResponse:
    """Render an error as a desk page."""
    problem = registry_problem(error)
    trouble = _with_field(error)
    if type(error) is ForbiddenError and has_key(caller()):
        role = ROLES[caller().role]
        heading = _("Not for a {role}", role=_(role))
        trouble = _("Ask somebody who may do it.")
    elif request.method in SAFE_METHODS:
        heading = _("This page cannot be shown")
    else:
        heading = _("This was not done")
    return desk_page(
        "desk/message.html",
        problem.status_code,
        heading=heading,
        trouble=trouble,
        code=error.code,
        wrote=request.method not in SAFE_METHODS,
    )


def _with_field(error: RegistryError) -> str:
    """Return the error message, preceded by the label of its field."""
    errors: Any = error.extra.get("errors") or [{"field": "", "code": ""}]
    label = form_words(str(errors[0]["field"]))
    message = complaint(error)
    if errors[0]["code"] in _CHOICES:
        message = _("no such choice")
    return f"{label}: {message}" if label else message


def form_words(name: str) -> str:
    """Return the label of a form field or filter; empty for a hidden one."""
    inside = name.startswith(("parts.", "entrances.", "uses."))
    name = name.rpartition(".")[2] if inside else name.partition(".")[0]
    if name in FIELDS:
        return field_words(name)
    return _(_FORM_WORDS[name]) if name in _FORM_WORDS else ""


def value_of_form(name: str, value: str) -> str:
    """Return the value of a form field in words."""
    words = {"position_method": METHODS, "kind": KINDS}.get(name, {}).get(value)
    return _(words) if words else value


def distance(metres: float) -> str:
    """Format a distance: 85 m, 6,1 km."""
    if metres < 1_000:
        return f"{metres:.0f} m"
    return f"{number(round(metres / 1_000, 1))} km"


def parse_int(written: str | None) -> int | None:
    """Parse a non-negative integer of a form or query; None for anything else.

    >>> parse_int("12"), parse_int("-1"), parse_int("9" * 5_000), parse_int("")
    (12, None, None, None)
    """
    fits = written is not None and written.isascii() and written.isdigit() and len(written) < 19
    return int(written or "") if fits else None


def new_once() -> str:
    """Return a token for the form of a preview, which is performed once."""
    return secrets.token_urlsafe(12)


def once_of_form() -> str | None:
    """Return the token of the submitted form; None without one."""
    return request.form.get(ONCE, "")[:40] or None


def redirect_to_pending(pending_id: int) -> BaseResponse:
    """Redirect to an operation that waits for a second person."""
    return done(
        f"/desk/proposals/{pending_id}",
        _("Sent, and nothing is written yet: this waits for a second person."),
    )


def redirect_already_done(url: str) -> BaseResponse:
    """Redirect to the result of a form that was submitted again."""
    return done(url, _("It is written already."))


def ask_to_sign_in(_error: KeyRequiredError) -> BaseResponse:
    """Ask for sign-in, then continue; a submitted form is kept on the page meanwhile."""
    here = request.full_path.rstrip("?")
    if request.method in SAFE_METHODS:
        return redirect(f"/desk/sign-in?{urlencode({'to': here})}", 303)
    return sign_in_page(401, leads_to=request.path, kept=_typed(), ended=True)


def sign_in_page(
    status: int = 200,
    *,
    leads_to: str = "/desk",
    kept: MultiDict[str, str] | None = None,
    **values: Any,
) -> BaseResponse:
    """Render the sign-in page; `kept` is a form to be submitted afterwards."""
    fields = list(kept.items(multi=True)) if kept else []
    issuer = register().settings.oidc_issuer
    return desk_page(
        "desk/sign_in.html", status, leads_to=leads_to, kept=fields, issuer=issuer, **values
    )


def resubmit_page(leads_to: str, kept: MultiDict[str, str], status: int = 200) -> BaseResponse:
    """Render a form that was not performed, to be checked and submitted again."""
    fields = list(kept.items(multi=True))
    return desk_page("desk/again.html", status, leads_to=leads_to, kept=fields)


def _typed() -> MultiDict[str, str]:
    """Return the submitted form without its token; empty if it is too long to keep."""
    typed = MultiDict(
        (name, value) for name, value in request.form.items(multi=True) if name != FIELD
    )
    size = sum(len(name) + len(value) for name, value in typed.items(multi=True))
    return typed if size <= _MAX_KEPT else MultiDict()


def _check_form() -> BaseResponse | None:
    if request.method in SAFE_METHODS:
        return None
    refuse_other_sites()
    if not has_form_token():
        return resubmit_page(request.path, _typed(), 403)
    refuse_nul(request.form)
    return None


def _shared() -> dict[str, Any]:
    """Return the context of desk templates."""
    asking = caller()
    return {
        "me": asking,
        "my_units": _my_units,
        "my_name": own_name(),
        "role_words": _(ROLES[asking.role]),
        "rooms": [(url, _(title)) for url, title, role in _rooms() if asking.may(role)],
        "said_once": request.cookies.get(_MESSAGE_COOKIE, ""),
        "may": asking.may,
    }


def _rooms() -> list[tuple[str, str, Role]]:
    """Return the sections in the order of an office's daily work, those for administrators last."""
    return sorted(_ROOMS, key=lambda each: _ORDER.index(each[0].rpartition("/")[2]))


def _csrf_field() -> Markup:
    """Return the hidden CSRF field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, own_form_token())


def moment(at: datetime.datetime) -> str:
    """Format a moment in Viet Nam's time."""
    return at.astimezone(VIET_NAM).strftime("%d/%m/%Y %H:%M")


def event_words(kind: str) -> str:
    """Return the kind of an event in words."""
    operation = BY_NAME.get(kind.replace("_", "-"))
    if operation is not None:
        return _(operation.called)
    return _(EVENTS.get(kind, kind))


def unit_name(code: str) -> str:
    """Return the full name of the unit with a code, marked if it has ended."""
    day = today()
    for unit in gazetteer().with_code(code):
        if unit.code == code:
            name = unit.version_on(day).full_name
            return name if unit.alive_on(day) else _("{unit} (ended)", unit=name)
    return code


def communes_of(ids: Collection[int] | None) -> list[tuple[str, str]]:
    """Return code and name of the current communes among `ids` (None: all), sorted by name."""
    known, day = gazetteer(), today()
    units = known.alive(day, level="commune") if ids is None else (known.units[i] for i in ids)
    living = [(u.code, u.version_on(day).full_name) for u in units if u.alive_on(day)]
    return sorted(living, key=itemgetter(1))


def writable_communes() -> list[tuple[str, str]]:
    """Return code and name of the communes to which the caller's key is bound, by name."""
    return communes_of(caller().unit_ids or ())


def commune_written(text: str) -> Unit:
    """Return the current commune that a form field names by code or name.

    Raises InvalidInputError.
    """
    unit = unit_written(gazetteer(), text, today(), "commune")
    if unit.level != "commune":
        name = unit.version_on(today()).full_name
        raise InvalidInputError.of_field(
            "commune", "no_commune", Message("not_a_commune", name=name)
        )
    return unit


def _my_units() -> str:
    """Return the names of the current user's units."""
    asking, known, day = caller(), gazetteer(), today()
    if asking.units is None:
        return _("the whole country") if asking.sees is None else ""
    units = (unit for code in asking.units for unit in known.with_code(code))
    return ", ".join(unit.version_on(day).full_name for unit in units if unit.alive_on(day))
