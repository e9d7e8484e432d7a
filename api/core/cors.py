"""Which web pages of other sites may ask: what is open to everybody, and nothing with a key.

They may also read that there is no such route, and that a key is needed: without that a page's
developer is told no more than that the request failed.
"""

from typing import Final

from flask import Response

from api.core.endpoint import Facts
from api.core.hooks import After
from api.core.requests import Request

NOBODY: Final = "none"
EVERYBODY: Final = "*"
_UNAUTHORIZED: Final = 401
_SENT: Final = (
    "Content-Type, Idempotency-Key, If-None-Match, MCP-Protocol-Version, Mcp-Method, Mcp-Name"
)
"""Beside what any page may send: what a question or a report needs, and a message to `/mcp`."""
_PREFLIGHT_S: Final = "86400"


def allow_other_sites(origins: tuple[str, ...], facts: Facts | None) -> After | None:
    """After each request: pages of `origins` may read what needs no key, except pages of ours."""
    if NOBODY in origins or (facts is not None and facts.page):
        return None
    is_open = facts is None or facts.role == "anonymous"  # without facts there is nothing there
    everybody = EVERYBODY in origins

    def allow(asked: Request, response: Response) -> Response:
        needs_key = response.status_code == _UNAUTHORIZED and asked.method != "OPTIONS"
        if not is_open and not needs_key:
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
            _describe(asked, response)
        return response

    return allow


def _describe(asked: Request, response: Response) -> None:
    """What a page may send, before it sends it; and what it may read beside the body."""
    headers = response.headers
    if asked.method == "OPTIONS" and "Access-Control-Request-Method" in asked.headers:
        headers["Access-Control-Allow-Methods"] = headers.get("Allow", "")
        headers["Access-Control-Allow-Headers"] = _SENT
        headers["Access-Control-Max-Age"] = _PREFLIGHT_S
    else:
        headers["Access-Control-Expose-Headers"] = (
            "ETag, Retry-After, RateLimit, RateLimit-Policy, Unread-Columns,"
            " Changed-Rows, Unchanged-Rows, Rows-Without-Door, Next-Since"
        )
