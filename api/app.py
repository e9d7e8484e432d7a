"""The Flask application."""

from typing import Any, Final

from flask import Flask, Response, json
from flask.json.provider import JSONProvider
from pydantic_core import from_json, to_json

from api import (
    addresses,
    autocomplete,
    batch,
    coverage,
    geocode,
    health,
    history,
    lifecycle,
    reverse,
    units,
    validate,
)
from api.access import Authenticate, guard, nobody
from api.context import EXTENSION
from api.cors import allow_other_sites
from api.errors import register_errors
from api.logs import LoggedFlask
from api.openapi import document
from api.requests import Request, refuse_undecodable
from registry.register import Register

MAX_BODY_BYTES: Final = 1_000_000


class _Json(JSONProvider):
    """JSON by pydantic's core: it writes UTF-8 itself, and reads no lone surrogate and no NaN."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return to_json(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return from_json(s, allow_inf_nan=False)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = to_json(self._prepare_response_obj(args, kwargs))
        return Response(body, content_type="application/json")


def create_app(register: Register, authenticate: Authenticate = nobody) -> Flask:
    """The application over an opened register; creating it needs no database.

    `authenticate` says who sends a request; without one nothing can be written over HTTP.
    """
    app = LoggedFlask("api", static_folder=None)
    app.request_class = Request
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions[EXTENSION] = register
    register_errors(app)
    app.before_request(refuse_undecodable)
    reads = (
        addresses.blueprint,
        autocomplete.blueprint,
        batch.blueprint,
        coverage.blueprint,
        geocode.blueprint,
        health.blueprint,
        reverse.blueprint,
        units.blueprint,
        validate.blueprint,
    )
    guard(app, authenticate, reads)
    for blueprint in (*reads, history.blueprint, lifecycle.blueprint):
        app.register_blueprint(blueprint)
    allow_other_sites(app, register.settings.cors_origins)
    with app.app_context():
        app.extensions["openapi"] = json.dumps(document())
    return app
