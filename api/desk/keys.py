"""Keys and accounts: create, bind to units, rotate and revoke, for administrators."""

import datetime
from collections.abc import Callable
from typing import Any, Final, cast, get_args

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.context import register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import ROLES, desk_blueprint, desk_page, done, room, show_errors_on
from registry.access import keys
from registry.access.keys import KeyDetails, KeyMade, NewKey
from registry.core.database import session_scope
from registry.core.days import parse_day
from registry.core.errors import ConflictError, InvalidInputError, NotFoundError, RegistryError
from registry.core.messages import N_, Message, _
from registry.core.roles import Role
from registry.units.gazetteer import today

blueprint = desk_blueprint("keys", "/desk/keys")
room("/desk/keys", N_("Keys"), "admin")

_SHOWN: Final = 200
_STATES: Final = {
    "active": N_("in use"),
    "expired": N_("expired"),
    "revoked": N_("is revoked"),
    "widened": N_("to be narrowed"),
}
"""Filters of the list: states of keys, and keys whose units a reform has widened."""


@blueprint.get("")
@signed_in_page("admin")
def get_keys(error: RegistryError | None = None) -> BaseResponse:
    """Keys and accounts, optionally by name, unit or state."""
    asked, state = request.args.get("q", "").strip(), request.args.get("state", "")
    with session_scope(register().engine) as session:
        every = keys.list_keys(session)
    found = [key for key in every if _matches(key, asked.casefold(), state)]
    return desk_page(
        "desk/keys.html",
        error=error,
        keys=found[:_SHOWN],
        count=len(found),
        asked=asked,
        state=state,
        widened=sum(bool(key.widened) for key in every),
        **_words(),
    )


@blueprint.post("")
@signed_in_page("admin")
@show_errors_on(get_keys)
def post_key() -> BaseResponse:
    """Create a key; only this response contains it."""
    form = request.form
    new = NewKey(
        form.get("name", ""),
        _role(form.get("role", "")),
        _codes(),
        expires_on=_last_day(),
        approves_own="alone" in form,
    )
    with session_scope(register().engine) as session:
        made = keys.create_key(session, new)
    return _shown_once(made)


@blueprint.get("/<int:number>")
@signed_in_page("admin")
def get_key(number: int) -> BaseResponse:
    """A key, and its operations."""
    with session_scope(register().engine) as session:
        return desk_page("desk/key.html", key=_key(session, number), **_words())


@blueprint.post("/<int:number>/units")
@signed_in_page("admin")
def post_units(number: int) -> BaseResponse:
    """Bind a key to other units."""
    return _changed(number, lambda session, name: keys.bind_key(session, name, _codes()))


@blueprint.post("/<int:number>/alone")
@signed_in_page("admin")
def post_alone(number: int) -> BaseResponse:
    """Allow or forbid a key to approve its own deliveries."""
    allowed = request.form.get("alone") == "yes"
    return _changed(
        number, lambda session, name: keys.let_approve_own(session, name, allowed=allowed)
    )


@blueprint.post("/<int:number>/revoke")
@signed_in_page("admin")
def post_revoke(number: int) -> BaseResponse:
    """Revoke a key."""
    if number == caller().key_id:
        raise ConflictError(Message("own_key_in_use"))
    return _changed(number, keys.revoke_key)


@blueprint.post("/<int:number>/readmit")
@signed_in_page("admin")
def post_readmit(number: int) -> BaseResponse:
    """Readmit an account."""
    return _changed(number, keys.readmit_account)


@blueprint.post("/<int:number>/rotate")
@signed_in_page("admin")
def post_rotate(number: int) -> BaseResponse:
    """Rotate the secret of a key; only this response contains it."""
    overlap_h = 0.0 if "at_once" in request.form else keys.DEFAULT_OVERLAP_H
    with session_scope(register().engine) as session:
        made = keys.rotate_key(session, _key(session, number).name, overlap_h=overlap_h)
    return _shown_once(made)


def _matches(key: KeyDetails, asked: str, state: str) -> bool:
    if state == "widened" and not key.widened:
        return False
    if state in _STATES and state != "widened" and key.state(_now()) != state:
        return False
    return asked in key.name.casefold() or asked in key.units


def _words() -> dict[str, Any]:
    """Return the labels for templates of keys."""
    return {
        "now": _now(),
        "today": today(),
        "states": {state: _(words) for state, words in _STATES.items()},
        "roles": {role: _(words) for role, words in ROLES.items()},
    }


def _changed(number: int, change: Callable[[Session, str], object]) -> BaseResponse:
    with session_scope(register().engine) as session:
        change(session, _key(session, number).name)
    return done(f"/desk/keys/{number}", _("Done."))


def _key(session: Session, number: int) -> KeyDetails:
    for key in keys.list_keys(session):
        if key.id == number:
            return key
    raise NotFoundError(Message("key_number_unknown", number=number))


def _shown_once(made: KeyMade) -> BaseResponse:
    return desk_page("desk/key_made.html", made=made)


def _role(given: str) -> Role:
    if given not in get_args(Role):
        raise InvalidInputError(Message("choose_role"))
    return cast(Role, given)


def _codes() -> list[str]:
    """Return the codes of units, without duplicates."""
    return list(dict.fromkeys(request.form.get("units", "").replace(",", " ").split()))


def _last_day() -> datetime.date | None:
    """Return the last day of validity: by default a year from now; None for no end."""
    if "endless" in request.form:
        return None
    given = request.form.get("expires", "").strip()
    try:
        return parse_day(given) if given else today() + datetime.timedelta(days=keys.DEFAULT_DAYS)
    except ValueError as error:
        raise InvalidInputError(Message("day_unreadable", given=repr(given))) from error


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
