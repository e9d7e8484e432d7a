"""Sign-in with a key, and sign-out; for accounts see `api.desk.oidc`."""

from typing import Final
from urllib.parse import urlsplit

from flask import g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import Caller, caller, sign_in
from api.core.context import register
from api.core.endpoint import public_page, signed_in_page
from api.core.sessions import COOKIE, drop_session, keep_session, refuse_other_sites
from api.desk.blueprint import desk_blueprint, resubmit_page, sign_in_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import complaint
from registry.access.accounts import is_account
from registry.access.sessions import begin_session, end_session
from registry.core.database import session_scope
from registry.core.errors import ForbiddenError, KeyRequiredError
from registry.core.messages import Message

blueprint = page_blueprint("signing_in", "/desk/sign-in")
"""Open to everybody, since there is no session yet."""
leaving = desk_blueprint("leaving")

_HOME: Final = "/desk"
_KEPT: Final = "kept."
"""Prefix of fields of the form kept during sign-in."""


@blueprint.get("")
@public_page(reads_key=False, audited=True)
def get_sign_in() -> BaseResponse:
    """The sign-in form."""
    leads_to = own_path(request.args.get("to"))
    return sign_in_page(leads_to=leads_to, left=request.args.get("left") == "account")


@blueprint.post("")
@public_page(reads_key=False, audited=True)
def post_sign_in() -> BaseResponse:
    """Exchange a key for a session and continue; a kept form is shown for submission."""
    refuse_other_sites()
    leads_to = own_path(request.form.get("to"))
    kept = _kept()
    try:
        holder = sign_in(request.form.get("key", "").strip())
    except KeyRequiredError as error:
        return sign_in_page(401, leads_to=leads_to, kept=kept, wrong=complaint(error))
    return start_session(holder, leads_to, kept)


@blueprint.post("/kept")
@public_page(reads_key=False, audited=True)
def post_kept() -> BaseResponse:
    """Show a form that was kept while its user signed in in another tab."""
    refuse_other_sites()
    return resubmit_page(own_path(request.form.get("to")), _kept())


def start_session(
    holder: Caller, leads_to: str, kept: MultiDict[str, str], own_name: str | None = None
) -> BaseResponse:
    """Start the session of an authenticated user, and redirect."""
    if holder.key_id is None:
        raise ForbiddenError(Message("key_or_account_required"))
    with session_scope(register().engine) as session:
        token = begin_session(session, holder.key_id)
    g.started_session = token
    response = resubmit_page(leads_to, kept) if kept else redirect(leads_to, 303)
    keep_session(response, token, own_name)
    return response


def _kept() -> MultiDict[str, str]:
    """Return the kept form, with original field names."""
    return MultiDict(
        (name.removeprefix(_KEPT), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(_KEPT)
    )


def own_path(given: str | None) -> str:
    """Return the path if it is a page of the desk, else its home page; never another site."""
    path = urlsplit(given or _HOME)
    own = not path.scheme and not path.netloc and (path.path + "/").startswith(f"{_HOME}/")
    # `///desk` is another site for browsers, and a path for urlsplit.
    return given if given and own and given.startswith(_HOME) and "\\" not in given else _HOME


@leaving.post("/sign-out")
@signed_in_page("carrier")
def post_sign_out() -> BaseResponse:
    """End the session and clear cached pages; then offer to sign out at the issuer."""
    token = request.cookies.get(COOKIE, "")
    with session_scope(register().engine) as session:
        end_session(session, token)
        by_account = is_account(session, caller().key_id)
    response = redirect(f"/desk/sign-in{'?left=account' if by_account else ''}", 303)
    drop_session(response)
    # Cached pages of the user.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
