"""Errors in the form of another geocoder."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, jsonify

from api.core.errors import status_of
from registry.core.errors import RegistryError

_BAD_REQUEST = 400
_UNPROCESSABLE = 422
View = Callable[[], Response]


class UsageError(Exception):
    """Invalid usage, with the message of the other geocoder."""


def errors_as(body: Callable[[int, str], dict[str, Any]]) -> Callable[[View], View]:
    """Answer errors of an endpoint with a body built from status and message.

    Errors before the endpoint, such as limits or a missing key, are problem documents as elsewhere.
    """

    def answer(status: int, message: str) -> Response:
        response = jsonify(body(status, message))
        response.status_code = status
        return response

    def decorate(view: View) -> View:
        @wraps(view)
        def call() -> Response:
            try:
                response = view()
            except UsageError as error:
                return answer(_BAD_REQUEST, str(error))
            except RegistryError as error:
                status = status_of(error)
                return answer(_BAD_REQUEST if status == _UNPROCESSABLE else status, error.detail)
            response.headers["Cache-Control"] = "no-store"
            return response

        return call

    return decorate
