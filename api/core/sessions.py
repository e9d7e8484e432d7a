"""The session cookie of the desk, and protection against cross-site request forgery.

Browsers send a cookie with requests that other sites cause, so writes need a second proof that
other sites cannot have: the token of a form (`csrf`), or the header `X-Csrf-Token`. Requests whose
`Sec-Fetch-Site` or `Origin` names another site are refused as well.
"""

from typing import Final

from flask import Request, g, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from api.core.context import public_url
from api.core.requests import SAFE_METHODS
from registry.access.sessions import WHOLE_HOURS, form_token, is_form_token

COOKIE: Final = "desk"
HEADER: Final = "X-Csrf-Token"
FIELD: Final = "csrf"
_NAME_COOKIE: Final = "desk_name"
"""Cookie with the signed-in user's own name, stored only in their browser."""
_MAX_NAME_COOKIE: Final = 100
_PAGES_PATH: Final = "/desk"
_SAME_SITE: Final = ("same-origin", "none")
_PAGES: Final = "desk"
"""Prefix of the desk's blueprints, which check the token of their form themselves."""


def sent_token(asked: Request) -> str | None:
    """Return the session token of the cookie; None without one, or if another site may have sent
    it.
    """
    token = asked.cookies.get(COOKIE)
    if token is None or asked.method in SAFE_METHODS:
        return token
    if is_cross_site():
        return None
    if (asked.blueprint or "").startswith(_PAGES):
        return token
    return token if is_form_token(token, asked.headers.get(HEADER, "")) else None


def own_form_token() -> str:
    """Return the CSRF token for forms of this page; empty without a session."""
    token = g.get("started_session") or request.cookies.get(COOKIE)
    return form_token(token) if token else ""


def has_form_token() -> bool:
    """Whether the submitted CSRF token belongs to the session."""
    given = request.form.get(FIELD) or request.headers.get(HEADER, "")
    token = request.cookies.get(COOKIE)
    return token is not None and is_form_token(token, given)


def keep_session(response: Response, token: str, own_name: str | None = None) -> None:
    """Set the session cookie (HttpOnly, SameSite=Lax) until the session ends.

    `own_name` is the name of the signed-in user.
    """
    # An empty name deletes that of a previous user.
    name = (own_name or "")[:_MAX_NAME_COOKIE]
    for cookie, value, path in ((COOKIE, token, "/"), (_NAME_COOKIE, name, _PAGES_PATH)):
        response.set_cookie(
            cookie,
            value,
            max_age=WHOLE_HOURS * 3600 if value else 0,
            path=path,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )


def drop_session(response: Response) -> None:
    """Delete the cookies."""
    for cookie, path in ((COOKIE, "/"), (_NAME_COOKIE, _PAGES_PATH)):
        response.delete_cookie(
            cookie, path=path, httponly=True, samesite="Lax", secure=request.is_secure
        )


def own_name() -> str:
    """Return the signed-in user's name from the cookie; empty if unknown."""
    return request.cookies.get(_NAME_COOKIE, "")


def refuse_other_sites() -> None:
    """Reject a form submitted from another site; raises Forbidden."""
    if is_cross_site():
        raise Forbidden


def is_cross_site() -> bool:
    """Whether the browser reports that another site made this request."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in _SAME_SITE
    # The scheme is unknown behind a proxy, so only hosts are compared.
    own = {_host(request.host_url), _host(public_url())}
    return origin is not None and _host(origin) not in own


def _host(url: str) -> str:
    return url.partition("://")[2].rstrip("/")  # not by a parser: the header may contain anything
