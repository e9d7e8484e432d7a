"""The cookie of the desk, and what proves that a request with it was meant by who sits there.

A cookie is sent by the browser whoever made the request, so what would write needs a second proof
that other sites cannot have: the token of a form (`csrf`), or the header `X-Csrf-Token`; and a
browser that says where the request comes from must not say elsewhere.
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
_NAME: Final = "desk_name"
"""Cookie of how the signed-in one is called, for their own browser alone: it is stored nowhere."""
_LONGEST_NAME: Final = 100
_PAGES_PATH: Final = "/desk"
_SAME_SITE: Final = ("same-origin", "none")
_PAGES: Final = "desk"
"""Blueprints of the desk begin with it: they read the token of their form themselves."""


def sent_token(asked: Request) -> str | None:
    """What the cookie holds; None without one, and where another site may have sent it."""
    token = asked.cookies.get(COOKIE)
    if token is None or asked.method in SAFE_METHODS:
        return token
    if comes_from_elsewhere():
        return None
    if (asked.blueprint or "").startswith(_PAGES):
        return token
    return token if is_form_token(token, asked.headers.get(HEADER, "")) else None


def own_form_token() -> str:
    """What a form of this page carries; empty where nobody sits."""
    token = g.get("begun_session") or request.cookies.get(COOKIE)
    return form_token(token) if token else ""


def has_form_token() -> bool:
    """Whether the form that was sent was made for the session that sends it."""
    given = request.form.get(FIELD) or request.headers.get(HEADER, "")
    token = request.cookies.get(COOKIE)
    return token is not None and is_form_token(token, given)


def keep_session(response: Response, token: str, own_name: str | None = None) -> None:
    """Give the browser the cookie: for this site, for no script, until the session ends.

    `own_name` is how the signed-in one is called.
    """
    # Of somebody else, who sat here before, no name stays.
    name = (own_name or "")[:_LONGEST_NAME]
    for cookie, value, path in ((COOKIE, token, "/"), (_NAME, name, _PAGES_PATH)):
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
    """Take the cookies back."""
    for cookie, path in ((COOKIE, "/"), (_NAME, _PAGES_PATH)):
        response.delete_cookie(
            cookie, path=path, httponly=True, samesite="Lax", secure=request.is_secure
        )


def own_name() -> str:
    """How the signed-in one is called, as far as their browser knows."""
    return request.cookies.get(_NAME, "")


def refuse_other_sites() -> None:
    """Refuse a form that another site sends in its visitors' names; raises Forbidden."""
    if comes_from_elsewhere():
        raise Forbidden


def comes_from_elsewhere() -> bool:
    """Whether the browser says that another site made this request."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in _SAME_SITE
    # Behind a proxy the scheme is not known, so only the host is compared.
    own = {_host(request.host_url), _host(public_url())}
    return origin is not None and _host(origin) not in own


def _host(url: str) -> str:
    return url.partition("://")[2].rstrip("/")  # not by a parser: anything may be in a header
