"""Counts requests by kind and outcome; never by caller or subject."""

from dataclasses import dataclass
from typing import Final

from flask import Response

from api.core.context import counts
from api.core.endpoint import Facts
from api.core.hooks import After
from api.core.requests import Request
from registry.core.messages import N_


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, declared by endpoints, with its title."""

    code: str
    title: str


KINDS: Final = (
    Kind("lookup", N_("Look-up of a code")),
    Kind("geocode", N_("Geocoding")),
    Kind("validate", N_("Validation")),
    Kind("autocomplete", N_("Autocomplete")),
    Kind("reverse", N_("Reverse geocoding")),
    Kind("batch", N_("Batches")),
    Kind("units", N_("Administrative units")),
    Kind("coverage", N_("Coverage")),
    Kind("tiles", N_("Maps, OGC")),
    Kind("mcp", N_("Tools for assistants")),
    Kind("copies", N_("Copies: feed, packs, files")),
    Kind("reports", N_("Field reports")),
    Kind("certificates", N_("Papers")),
    Kind("writing", N_("Deliveries and changes")),
)
OTHER: Final = Kind("other", N_("Other pages"))
_LIMITED: Final = 429


def count_service(facts: Facts | None) -> After | None:
    """Make a hook that counts a request by kind; health checks and assets have none."""
    kind = OTHER.code if facts is None else facts.kind
    if kind is None:
        return None

    def count(_asked: Request, response: Response) -> Response:
        counts().count(kind, _outcome(response.status_code))
        return response

    return count


def _outcome(status: int) -> str:
    if status == _LIMITED:
        return "limited"
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "failed"
