"""What is asked of the service, counted by kind and outcome; by whom and about what, never."""

from dataclasses import dataclass
from typing import Final

from flask import Flask, Response
from flask.globals import request_ctx

from api.context import counts
from registry.core.messages import both


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, in words, and the blueprints that answer it."""

    code: str
    vietnamese: str
    english: str
    blueprints: tuple[str, ...]


KINDS: Final = (
    Kind("lookup", *both("Look-up of a code"), ("addresses", "external", "address")),
    Kind("geocode", *both("Geocoding"), ("geocode", "search")),
    Kind("validate", *both("Validation"), ("validate", "try_it")),
    Kind("autocomplete", *both("Autocomplete"), ("autocomplete",)),
    Kind("reverse", *both("Reverse geocoding"), ("reverse",)),
    Kind("batch", *both("Batches"), ("batch", "route", "route_page")),
    Kind("units", *both("Administrative units"), ("units",)),
    Kind("coverage", *both("Coverage"), ("coverage", "coverage_board")),
    Kind("tiles", *both("Maps, OGC"), ("tiles", "ogc")),
    Kind("mcp", *both("Tools for assistants"), ("mcp",)),
    Kind(
        "copies",
        *both("Copies: feed, packs, files"),
        ("changes", "history", "packs", "export", "open_data", "webhooks"),
    ),
    Kind(
        "reports",
        *both("Field reports"),
        ("reports", "many_reports", "receipts", "report_forms", "field"),
    ),
    Kind("certificates", *both("Papers"), ("certificates", "papers", "verify")),
    Kind(
        "writing",
        *both("Deliveries and changes"),
        ("imports", "operations", "reforms", "targets"),
    ),
)
OTHER: Final = Kind("other", *both("Other pages"), ())
_NOT_COUNTED: Final = frozenset({"health", "assets"})
_OF_BLUEPRINT: Final = {name: kind.code for kind in KINDS for name in kind.blueprints}
_LIMITED: Final = 429


def count_service(app: Flask) -> None:
    """Count every answer of `app`; what only looks whether it lives, and files, are not."""
    app.after_request(_count)


def _count(response: Response) -> Response:
    name = (request_ctx.request.endpoint or "").partition(".")[0]
    if name not in _NOT_COUNTED:
        counts().count(_OF_BLUEPRINT.get(name, OTHER.code), _outcome(response.status_code))
    return response


def _outcome(status: int) -> str:
    if status == _LIMITED:
        return "limited"
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "failed"
