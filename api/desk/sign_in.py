"""Signing in and out: a key is exchanged for a session; accounts are in `api.desk.oidc`."""

from typing import Final
from urllib.parse import urlsplit

from flask import g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import Caller, caller, sign_in
from api.core.context import register
from api.core.endpoint import public_page, signed_in_page
from api.core.sessions import COOKIE, drop_session, keep_session, refuse_other_sites
from api.desk.blueprint import again, desk_blueprint, sign_in_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import complaint
from registry.access.accounts import is_account
from registry.access.sessions import begin_session, end_session
from registry.core.database import session_scope
from registry.core.errors import ForbiddenError, KeyRequiredError
from registry.core.messages import Message

blueprint = page_blueprint("signing_in", "/desk/sign-in")
"""Open to everybody: what it does has no session yet."""
leaving = desk_blueprint("leaving")

_HOME: Final = "/desk"
_KEPT: Final = "kept."
"""Before the names of fields of the form that waits for the signing in."""


@blueprint.get("")
@public_page(reads_key=False, audited=True)
def get_sign_in() -> BaseResponse:
    """The form; whoever sits already is led on."""
    leads_to = own_path(request.args.get("to"))
    return sign_in_page(leads_to=leads_to, left=request.args.get("left") == "account")


@blueprint.post("")
@public_page(reads_key=False, audited=True)
def post_sign_in() -> BaseResponse:
    """Exchange a key for a session, and go on where it was; a kept form is shown to be sent."""
    refuse_other_sites()
    leads_to = own_path(request.form.get("to"))
    kept = _kept()
    try:
        holder = sign_in(request.form.get("key", "").strip())
    except KeyRequiredError as error:
        return sign_in_page(401, leads_to=leads_to, kept=kept, wrong=complaint(error))
    return begin(holder, leads_to, kept)


@blueprint.post("/kept")
@public_page(reads_key=False, audited=True)
def post_kept() -> BaseResponse:
    """A form that waited while its writer signed in on another page, to be sent."""
    refuse_other_sites()
    return again(own_path(request.form.get("to")), _kept())


def begin(
    holder: Caller, leads_to: str, kept: MultiDict[str, str], own_name: str | None = None
) -> BaseResponse:
    """Begin the session of who has shown who they are, and lead on."""
    if holder.key_id is None:
        raise ForbiddenError(Message("key_or_account_required"))
    with session_scope(register().engine) as session:
        token = begin_session(session, holder.key_id)
    g.begun_session = token
    response = again(leads_to, kept) if kept else redirect(leads_to, 303)
    keep_session(response, token, own_name)
    return response


def _kept() -> MultiDict[str, str]:
    """The form that waits, under the names of its fields."""
    return MultiDict(
        (name.removeprefix(_KEPT), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(_KEPT)
    )


def own_path(given: str | None) -> str:
    """A page of the desk to lead on to: nothing of another site."""
    path = urlsplit(given or _HOME)
    own = not path.scheme and not path.netloc and (path.path + "/").startswith(f"{_HOME}/")
    # `///desk` is another site for browsers, and a path for urlsplit.
    return given if given and own and given.startswith(_HOME) and "\\" not in given else _HOME


@leaving.post("/sign-out")
@signed_in_page("carrier")
def post_sign_out() -> BaseResponse:
    """End the session; going back shows nothing more. Who has an account may leave that as well."""
    token = request.cookies.get(COOKIE, "")
    with session_scope(register().engine) as session:
        end_session(session, token)
        by_account = is_account(session, caller().key_id)
    response = redirect(f"/desk/sign-in{'?left=account' if by_account else ''}", 303)
    drop_session(response)
    # What the browser keeps of the pages of who has left.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
