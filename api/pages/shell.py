"""Shared by all pages: language, template globals and security headers."""

import gzip
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, Response, current_app, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import register
from api.pages.assets import asset_url, has_map, script_urls
from registry.core import messages
from registry.core.errors import RegistryError
from registry.core.labels import percent
from registry.core.messages import LANGUAGES, _, chosen_language, number
from registry.files.formats.formats import TABLES
from registry.lifecycle.words import FIELDS

_COOKIE: Final = "lang"
_YEAR_S: Final = 31_536_000
_MIN_COMPRESSED: Final = 1_000
_PARAMETER: Final = re.compile(r"([a-z_]+)(?:\.[0-9]+)?: ")

# No inline scripts or styles, no other hosts, no framing. `data:` images are the buttons in the map
# library's style sheet.
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
_OF_TILES: Final = ("img-src", "connect-src")
"""Directives extended by the server of the operator's base map, if it is another one."""
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # URLs of pages contain codes, which other sites need not know.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def language() -> str:
    """Return the chosen language, `vi` or `en`."""
    return chosen_language()


def pair(vi: str, en: str) -> str:
    """Return the text in the page's language, for texts outside the catalogue."""
    return en if chosen_language() == "en" else vi


def figure(value: int) -> str:
    """Format a number for the page's language: 20.000, or 20,000."""
    return number(value)


def percent_words(share: float | None) -> str:
    """Format a share as a percentage for the page's language."""
    shown = percent(share)
    return shown if chosen_language() == "vi" else shown.replace(",", ".")


def complaint(error: RegistryError) -> str:
    """Return the error message in the page's language, without the name of a parameter."""
    errors: Any = error.extra.get("errors")
    if errors:
        return str(errors[0]["detail"])
    parameter = _PARAMETER.match(error.detail)
    known = parameter is not None and parameter[1] in FIELDS
    return error.detail[parameter.end() :] if parameter and known else error.detail


def choose_language() -> BaseResponse | None:
    """Before each page: store `?lang=` in a cookie, and redirect without it."""
    asked = request.args.get(_COOKIE)
    if asked not in LANGUAGES:
        known = request.cookies.get(_COOKIE)
        messages.choose_language(known if known in LANGUAGES else LANGUAGES[0])
        return None
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != _COOKIE]
    response = redirect(request.path + (f"?{urlencode(rest)}" if rest else ""), 303)
    response.set_cookie(
        _COOKIE,
        asked,
        max_age=_YEAR_S,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page."""
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Cookie", "Accept-Encoding"))
    return secured(response)


def secured(response: Response) -> Response:
    """Add the security headers of pages, and compress the response if accepted."""
    base = register().basemap
    response.headers["Content-Security-Policy"] = _policy(base and base.origin)
    response.headers.update(_HEADERS)
    body = response.get_data()
    if len(body) >= _MIN_COMPRESSED and request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.content_encoding = "gzip"
    return response


@lru_cache(maxsize=2)
def _policy(tiles: str | None) -> str:
    """Return the Content-Security-Policy, with the server of the base map's tiles."""
    more = f" {tiles}" if tiles else ""
    return "; ".join(part + more if part.startswith(_OF_TILES) else part for part in _POLICY)


def prepare_templates(app: Flask) -> None:
    """Add the globals of templates."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        _=_,
        pair=pair,
        asset=asset_url,
        script=_script,
        lang=chosen_language,
        figure=figure,
        has_map=has_map,
        other=_other,
        table_suffixes=",".join(TABLES),
    )


def _script(name: str) -> Markup:
    """Return the tags of a page's script and its translations."""
    tag = Markup('<script type="module" src="{}"></script>')
    return Markup().join(tag.format(url) for url in script_urls(name, chosen_language()))


def _other() -> dict[str, str]:
    """Return the other language, and the URL of this page in it."""
    to = "vi" if chosen_language() == "en" else "en"
    # The answer to a POST has no URL of its own, nor does an undecodable query.
    args: list[tuple[str, str]] = []
    if request.method == "GET":
        with suppress(BadRequest):
            args = list(request.args.items(multi=True))
    path = request.path if _is_shown_by_get() else "/"
    return {"lang": to, "url": f"{path}?{urlencode([*args, (_COOKIE, to)])}"}


def _is_shown_by_get() -> bool:
    rule = request.url_rule
    if rule is None or "GET" in (rule.methods or ()):
        return True
    adapter = current_app.url_map.bind("")
    return bool(adapter.test(request.path, "GET"))
