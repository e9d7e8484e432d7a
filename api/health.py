"""Health checks, and the OpenAPI document."""

from typing import Literal

from flask import Response
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.core.context import description, register
from api.core.endpoint import Resource, public
from api.core.packing import packed
from api.core.types import Request
from registry.core.errors import LeavingError
from registry.core.messages import Message

blueprint = Resource("health", tag="health", kind=None)


class Health(TypedDict):
    """State of the service."""

    status: str


class Readiness(TypedDict):
    """What can be served."""

    status: Literal["ready"]
    reading: Literal["ok"]
    writing: Literal["ok", "unavailable"]
    jobs: Literal["ok", "failing"]
    seconds_ago: float
    """Age of the check, in seconds"""


class ReadinessQuery(Request):
    """What must be available."""

    need: Literal["reading", "writing"] = Field(
        "reading", description="`writing`: 503 also while nothing can be written"
    )


@with_config(extra="allow")
class Document(TypedDict):
    """An OpenAPI 3.1 document."""

    openapi: str


@blueprint.get("/healthz")
@public(needs_database=False, reads_key=False, replica=False, operation_id="get_health", cache=None)
def healthz() -> Health:
    """Whether the process answers, without asking the database."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public(
    reads_key=False, replica=False, operation_id="get_readiness", codes=("leaving",), cache=None
)
def readyz(query: ReadinessQuery) -> Readiness:
    """Whether requests can be served: database, schema and units.

    As seen `seconds_ago`, at most three; callers never wait for the database. `jobs` is `failing`
    without a worker. 503 at once when the server is being stopped.
    """
    if register().settings.leaving.exists():
        raise LeavingError(Message("server_stopping"))
    ready = register().readiness.check(writing=query.need == "writing")
    return Readiness(
        status="ready",
        reading="ok",
        writing="ok" if ready.writing else "unavailable",
        jobs="ok" if ready.jobs else "failing",
        seconds_ago=round(ready.age_s, 1),
    )


@blueprint.get("/openapi.json")
@public(
    answer=Document,
    needs_database=False,
    reads_key=False,
    replica=False,
    operation_id="get_openapi",
)
def openapi() -> Response:
    """This document."""
    return packed(Response(description(), content_type="application/json"))
