"""For load balancers and developers: is it alive, is it ready, what can it do."""

from typing import Literal

from flask import Blueprint, Response, current_app, jsonify
from pydantic import BaseModel, ConfigDict

from api.context import register
from api.openapi import Answer, NoParameters, answers, spec
from api.packing import packed

blueprint = Blueprint("health", __name__)


class Health(Answer):
    """State of the service."""

    status: str


class Readiness(Health):
    """State of the service, and of what it leaves to the background."""

    jobs: Literal["ok", "failing"]


class Document(BaseModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")

    openapi: str


@blueprint.get("/healthz")
@spec.validate(resp=answers(Health), tags=["health"])
def healthz(query: NoParameters) -> Response:  # noqa: ARG001 - SpecTree refuses all others
    """Whether the process answers; says nothing of the database."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
@spec.validate(resp=answers(Readiness, 503), tags=["health"])
def readyz(query: NoParameters) -> Response:  # noqa: ARG001
    """Whether requests can be served: database reachable, schema of this version, units loaded.

    `jobs` is `failing` while no worker lives: imports over HTTP wait, all else is served.
    """
    register().check_ready()
    return jsonify({"status": "ready", "jobs": register().jobs_state()})


@blueprint.get("/openapi.json")
@spec.validate(resp=answers(Document), tags=["health"])
def openapi(query: NoParameters) -> Response:  # noqa: ARG001
    """This document."""
    return packed(Response(current_app.extensions["openapi"], content_type="application/json"))
