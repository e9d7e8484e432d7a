"""What is asked of the service, counted by kind and outcome; by whom and about what, never."""

from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, current_app
from flask.globals import request_ctx

from api.context import counts
from api.endpoint import facts_of
from registry.core.messages import both


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, which endpoints declare, and its name."""

    code: str
    vietnamese: str
    english: str


KINDS: Final = (
    Kind("lookup", *both("Look-up of a code")),
    Kind("geocode", *both("Geocoding")),
    Kind("validate", *both("Validation")),
    Kind("autocomplete", *both("Autocomplete")),
    Kind("reverse", *both("Reverse geocoding")),
    Kind("batch", *both("Batches")),
    Kind("units", *both("Administrative units")),
    Kind("coverage", *both("Coverage")),
    Kind("tiles", *both("Maps, OGC")),
    Kind("mcp", *both("Tools for assistants")),
    Kind("copies", *both("Copies: feed, packs, files")),
    Kind("reports", *both("Field reports")),
    Kind("certificates", *both("Papers")),
    Kind("writing", *both("Deliveries and changes")),
)
OTHER: Final = Kind("other", *both("Other pages"))
_LIMITED: Final = 429


def count_service(app: Flask) -> None:
    """Count every answer of `app`; what only looks whether it lives, and files, are not."""
    app.after_request(_count)


def _count(response: Response) -> Response:
    endpoint = request_ctx.request.endpoint
    kind = facts_of(current_app, endpoint).kind if endpoint else OTHER.code
    if kind is not None:
        counts().count(kind, _outcome(response.status_code))
    return response


def _outcome(status: int) -> str:
    if status == _LIMITED:
        return "limited"
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "failed"
