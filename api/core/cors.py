"""CORS: pages of other sites may read open endpoints, and nothing that needs a key.

They may also read 404 of an unknown route and 401: without the header a developer would only see
that the request failed.
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
"""Request headers that queries, reports and messages to `/mcp` need beside the safelisted ones."""
_PREFLIGHT_S: Final = "86400"


def allow_other_sites(origins: tuple[str, ...], facts: Facts | None) -> After | None:
    """Make a hook that lets pages of `origins` read open endpoints, except our own pages."""
    if NOBODY in origins or (facts is not None and facts.page):
        return None
    is_open = facts is None or facts.role == "anonymous"  # no facts: unknown route
    everybody = EVERYBODY in origins

    def allow(asked: Request, response: Response) -> Response:
        needs_key = response.status_code == _UNAUTHORIZED and asked.method != "OPTIONS"
        if not is_open and not needs_key:
            return response
        headers = response.headers
        origin = asked.headers.get("Origin")
        if everybody:
            # The same for all, so that one cached answer serves all sites.
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
    """Add the preflight headers, or the response headers that a page may read."""
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
