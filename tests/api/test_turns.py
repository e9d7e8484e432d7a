"""Turns of requests that answer many rows."""

from contextlib import ExitStack, suppress

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.core.access import admitted_bytes
from api.core.context import EXTENSION
from registry.core.database import BusyError

MANY = ("/v1/batch/validate", "/v1/routes", "/v1/routes/papers", "/try", "/route")
UNREADABLE = {"data": b"{", "content_type": "application/json"}


def take_all(app: Flask) -> ExitStack:
    turns = ExitStack()
    with suppress(BusyError):
        while True:
            turns.enter_context(app.extensions[EXTENSION].reads.batch())
    return turns


@pytest.mark.parametrize("path", MANY)
def test_turn_is_taken_before_the_body_is_read(app: Flask, client: FlaskClient, path: str) -> None:
    with take_all(app):
        assert client.post(path, **UNREADABLE).status_code == 503
        with app.test_request_context(path, method="POST"), pytest.raises(BusyError):
            admitted_bytes()
        assert client.get("/v1/units/00004").status_code == 200
    assert client.post(path, **UNREADABLE).status_code in (400, 415, 422)


def test_turn_is_released_after_the_last_row(client: FlaskClient) -> None:
    for _ in range(5):
        answer = client.post("/v1/batch/validate", json={"rows": [{"address": "27 Láng"}]})
        assert answer.status_code == 200
        assert answer.get_json()["rows"]
