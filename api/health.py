"""For load balancers and developers: is it alive, is it ready, what can it do."""

from flask import Blueprint, Response, current_app, jsonify
from pydantic import BaseModel, ConfigDict

from api.context import register
from api.openapi import Answer, NoParameters, answers, spec
from api.packing import packed

blueprint = Blueprint("health", __name__)


class Health(Answer):
    """State of the service."""

    status: str


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
@spec.validate(resp=answers(Health, 503), tags=["health"])
def readyz(query: NoParameters) -> Response:  # noqa: ARG001
    """Whether requests can be served: database reachable, schema of this version, units loaded."""
    register().check_ready()
    return jsonify({"status": "ready"})


@blueprint.get("/openapi.json")
@spec.validate(resp=answers(Document), tags=["health"])
def openapi(query: NoParameters) -> Response:  # noqa: ARG001
    """This document."""
    return packed(Response(current_app.extensions["openapi"], content_type="application/json"))
