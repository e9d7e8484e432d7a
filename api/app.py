"""The Flask application."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from flask import Flask, json, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import BadRequest

from api import addresses, coverage, geocode, health, reverse, units
from api.context import EXTENSION
from api.errors import register_errors
from api.logs import LoggedFlask, log_requests
from api.openapi import document
from registry.register import Register

MAX_BODY_BYTES: Final = 1_000_000
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class _Json(DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False
    compact = True


def create_app(register: Register) -> Flask:
    """The application over an opened register; creating it needs no database."""
    app = LoggedFlask("api", static_folder=None)
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions[EXTENSION] = register
    register_errors(app)
    log_requests(app)
    app.before_request(_refuse_undecodable)
    for blueprint in (
        addresses.blueprint,
        coverage.blueprint,
        geocode.blueprint,
        health.blueprint,
        reverse.blueprint,
        units.blueprint,
    ):
        app.register_blueprint(blueprint)
    with app.app_context():
        app.extensions["openapi"] = json.dumps(document())
    return app


def _refuse_undecodable() -> None:
    """Werkzeug would read broken escapes and broken UTF-8 as text that nobody wrote."""
    query = unquote_to_bytes(request.query_string)
    if _BROKEN_ESCAPE.search(request.query_string):
        raise BadRequest("the query holds a % without two hexadecimal digits")
    if b"\0" in query:
        raise BadRequest("the query holds a NUL character")
    try:
        query.decode()
    except UnicodeDecodeError:
        raise BadRequest("the query is not UTF-8") from None
