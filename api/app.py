"""The Flask application."""

from flask import Flask, json
from flask.json.provider import DefaultJSONProvider

from api import health, units
from api.context import EXTENSION
from api.errors import register_errors
from api.logs import log_requests
from api.openapi import spec
from registry.register import Register

MAX_BODY_BYTES = 1_000_000


class _Json(DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False
    compact = True


def create_app(register: Register) -> Flask:
    """The application over an opened register; creating it needs no database."""
    app = Flask("api", static_folder=None)
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions[EXTENSION] = register
    register_errors(app)
    log_requests(app)
    for blueprint in (health.blueprint, units.blueprint):
        app.register_blueprint(blueprint)
    with app.app_context():
        app.extensions["openapi"] = json.dumps(spec.spec)
    return app
