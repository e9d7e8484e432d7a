"""Answers to whoever has seen one before: nothing new (304), or not what it was (412)."""

from http import HTTPStatus

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed


def conditional(response: Response) -> Response:
    """The response, empty (304) where its ETag says that the caller holds it already.

    Raises PreconditionFailed where If-Match asks for another state: werkzeug alone would send the
    present one with that status.
    """
    response.make_conditional(request)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed
    return response
