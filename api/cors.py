"""Which web pages of other sites may ask: what is open to everybody, and nothing with a key.

They may also read that there is no such route, and that a key is needed: without that a page's
developer is told no more than that the request failed.
"""

from typing import Final

from flask import Flask, Response, request
from flask.globals import request_ctx

from api.endpoint import endpoints_where

NOBODY: Final = "none"
EVERYBODY: Final = "*"
_UNAUTHORIZED: Final = 401
_SENT: Final = (
    "Content-Type, Idempotency-Key, If-None-Match, MCP-Protocol-Version, Mcp-Method, Mcp-Name"
)
"""Beside what any page may send: what a question or a report needs, and a message to `/mcp`."""
_PREFLIGHT_S: Final = "86400"


def allow_other_sites(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of `origins` read what needs no key, except pages of ours.

    Call it once all routes are registered.
    """
    if NOBODY in origins:
        return
    pages = endpoints_where(app, lambda facts: facts.page)
    is_open = endpoints_where(app, lambda facts: facts.role == "anonymous") - pages
    everybody = EVERYBODY in origins

    @app.after_request
    def allow(response: Response) -> Response:
        asked = request_ctx.request
        rule = asked.url_rule
        needs_key = response.status_code == _UNAUTHORIZED and asked.method != "OPTIONS"
        if rule is None:
            told = True  # there is nothing there
        elif rule.endpoint in pages:
            told = False
        else:
            told = needs_key or rule.endpoint in is_open
        if not told:
            return response
        headers = response.headers
        origin = asked.headers.get("Origin")
        if everybody:
            # To all alike, so that one cached answer serves all sites.
            headers["Access-Control-Allow-Origin"] = EVERYBODY
        else:
            headers.add("Vary", "Origin")
            if origin not in origins:
                return response
            headers["Access-Control-Allow-Origin"] = origin
        if origin is not None:
            _describe(response)
        return response


def _describe(response: Response) -> None:
    """What a page may send, before it sends it; and what it may read beside the body."""
    headers = response.headers
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        headers["Access-Control-Allow-Methods"] = headers.get("Allow", "")
        headers["Access-Control-Allow-Headers"] = _SENT
        headers["Access-Control-Max-Age"] = _PREFLIGHT_S
    else:
        headers["Access-Control-Expose-Headers"] = (
            "ETag, Retry-After, RateLimit, RateLimit-Policy, Unread-Columns,"
            " Changed-Rows, Unchanged-Rows, Rows-Without-Door, Next-Since"
        )
