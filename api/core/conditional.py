"""Conditional requests: 304 Not Modified and 412 Precondition Failed."""

from http import HTTPStatus

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed


def conditional(response: Response) -> Response:
    """Return the response, emptied (304) if the caller already has it by its ETag.

    Raises PreconditionFailed if If-Match names another state: werkzeug alone would send the current
    representation with that status.
    """
    response.make_conditional(request)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed
    return response
