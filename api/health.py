"""For load balancers and developers: is it alive, is it ready, what can it do."""

from flask import Blueprint, Response, current_app, json
from spectree import Response as Answers

from api.context import register
from api.openapi import Answer, Problem, spec

blueprint = Blueprint("health", __name__)


class Health(Answer):
    """State of the service."""

    status: str


@blueprint.get("/healthz")
@spec.validate(resp=Answers(HTTP_200=Health), tags=["health"])
def healthz() -> Response:
    """Whether the process answers; says nothing of the database."""
    return Response(json.dumps({"status": "ok"}), content_type="application/json")


@blueprint.get("/readyz")
@spec.validate(resp=Answers(HTTP_200=Health, HTTP_503=Problem), tags=["health"])
def readyz() -> Response:
    """Whether requests can be served: database reachable, schema of this version, units loaded."""
    register().check_ready()
    return Response(json.dumps({"status": "ready"}), content_type="application/json")


@blueprint.get("/openapi.json")
@spec.validate(tags=["health"])
def openapi() -> Response:
    """This document."""
    document = current_app.extensions["openapi"]
    return Response(document, content_type="application/json")
