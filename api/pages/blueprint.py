"""Blueprints of pages: language choice, and errors as pages."""

from flask import Blueprint
from werkzeug.exceptions import HTTPException

from api.pages.failures import http_page, register_page
from api.pages.shell import choose_language
from registry.core.errors import RegistryError


def page_blueprint(name: str, url_prefix: str | None = None) -> Blueprint:
    """Return a blueprint whose endpoints are pages."""
    made = Blueprint(name, __name__, url_prefix=url_prefix)
    made.before_request(choose_language)
    made.register_error_handler(RegistryError, register_page)
    made.register_error_handler(HTTPException, http_page)
    return made
