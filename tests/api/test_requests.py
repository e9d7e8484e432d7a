"""How the query of a request is read."""

from urllib.parse import parse_qsl

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.core.requests import Request

HOSTS = ("a.vn", "A.vn:8443", "127.0.0.1:80", "[::1]:8000", "so_nha", "a.")
NO_HOSTS = ("a vn", "a.vn/x", "x@a.vn", "a.vn:port", "[::1", "<a>", "a.vn\n", "a.vn:123456")
PARTS = ("=", "&", "+", ";", "%41", "%C4%90", "%C4", "%90", "%5C", "%5Cx41", "%26", "\\x41", "\\n")


@pytest.mark.parametrize("host", ["", "a.vn,b.vn", "a.vn, a.vn", *NO_HOSTS])
def test_request_without_exactly_one_host_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/healthz", "/v1/geocode?q=x", "/nowhere", "/v1/operations/x"):
        refused = client.get(path, environ_overrides={"HTTP_HOST": host})
        assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_request"), path
    for path in ("/", "/coverage", "/static/x"):
        assert client.get(path, environ_overrides={"HTTP_HOST": host}).status_code == 400, path


@pytest.mark.parametrize("host", HOSTS)
def test_request_with_one_host_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", environ_overrides={"HTTP_HOST": host}).status_code == 200


def test_request_without_a_host_is_refused(app: Flask) -> None:
    asked = EnvironBuilder(path="/healthz").get_environ()
    del asked["HTTP_HOST"]
    _, status, _ = run_wsgi_app(app, asked)
    assert status == "400 BAD REQUEST"


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3).filter(lambda t: "%" not in t)))
def test_query_is_parsed_like_the_standard_library(parts: list[str]) -> None:
    query = "".join(parts).replace("\0", "").encode(errors="ignore")
    asked = Request({"QUERY_STRING": query.decode("latin-1")})
    try:
        wanted = parse_qsl(query.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(BadRequest):
            _ = asked.args
    else:
        assert asked.args == MultiDict(wanted)
