"""What no client sends in good faith, to every endpoint: refused in order, never an error of ours.

Schemathesis sends what the document describes, and what it forbids; here is what it never thinks
of: other media types than those described, bodies that are cut off, methods that there are not.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.test import Client

from api.core.access import Caller
from tests.support.units import open_app

FILLED = {"code": "00004", "address_code": "1000-0006", "operation": "geocode", "unit": "00004"}
PARTS = ("%00", "%FF%FE", "9" * 30, "a" * 3_000, "%F0%9F%98%80", "..%2f..%2fetc", "-1")
QUERIES = (
    *("%00=1", "q=%00", "q=%FF", "q=%", "limit=" + "9" * 40, "limit=1e309", "lon=nan&lat=inf"),
    *("q=" + "a" * 10_000, "q=" + "%C4%90" * 1_500, "as_of=9999-99-99", "=&=&&", "a[]=1"),
    "&".join(f"p{i}=1" for i in range(300)),
)
READ = (
    *("application/json", "application/x-www-form-urlencoded", "text/csv"),
    "multipart/form-data; boundary=x",
)
"""What a body may be; of anything else it is no matter what it holds."""
UNREAD = ("multipart/form-data", "application/json; charset=utf-16", "text/plain", "")
BODIES = (
    *(b"", b"{", b"null", b"[]", b"[" * 50_000, b'{"a":' * 20_000, b"\xff\xfe\x00", b'q,q\n"\n'),
    *(b'{"q":"\\u0000","code":"\\ud800"}', b'{"lon":1e400,"count":1' + b"0" * 400 + b"}"),
    *(b"a=%00&q=%FF", b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n\xff\r\n--x--\r\n'),
)
PAGE = "text/html; charset=utf-8"
"""How pages, which people look at, tell what is wrong."""


def anybody(_request: Request) -> Caller:
    return Caller("tests", "admin")


@pytest.fixture(scope="module")
def hostile(database_url: str) -> Iterator[Flask]:
    """The application with all permissions for every caller."""
    with open_app(database_url, anybody) as made:
        yield made


def endpoints(app: Flask) -> list[tuple[str, set[str]]]:
    """Paths with something for each of their parameters, and their methods."""
    return [
        (re.sub(r"<(?:\w+:)?(\w+)>", lambda m: FILLED.get(m[1], "1"), rule.rule), rule.methods)
        for rule in app.url_map.iter_rules()
        if rule.methods
    ]


def check(client: Client, method: str, path: str, **sent: Any) -> int:
    """The status, where the answer is in order."""
    answer = client.open(path, method=method, **sent)
    assert answer.status_code < 500, _described(method, path, sent)
    if answer.status_code >= 400 and method != "HEAD":
        kinds = {"application/problem+json", *(() if path.startswith("/v1") else (PAGE,))}
        if path.startswith(("/mcp", "/nominatim", "/photon")):  # they have problems of their own
            kinds |= {"application/json"}
        assert answer.content_type in kinds, _described(method, path, sent)
    return answer.status_code


def _described(method: str, path: str, sent: dict[str, Any]) -> str:
    return f"{method} {path[:100]} {sent}"[:300]


@pytest.mark.thorough
def test_malformed_paths_and_queries_are_refused(hostile: Flask) -> None:
    client = hostile.test_client()
    for rule in hostile.url_map.iter_rules():
        if "<" in rule.rule and "GET" in (rule.methods or ()):
            for part in PARTS:
                check(client, "GET", re.sub("<[^>]+>", part, rule.rule))
    for path, methods in endpoints(hostile):
        if "GET" in methods:
            for query in QUERIES:
                check(client, "GET", f"{path}?{query}")


@pytest.mark.thorough
def test_any_body_is_refused_or_read(hostile: Flask) -> None:
    client = hostile.test_client()
    for path, methods in endpoints(hostile):
        for method in methods & {"POST", "PUT", "PATCH"}:
            for kind, bodies in (*product(READ, [BODIES]), *product(UNREAD, [BODIES[:3]])):
                for body in bodies:
                    check(client, method, path, data=body, content_type=kind)


def test_unknown_methods_list_the_allowed_ones(hostile: Flask) -> None:
    client = hostile.test_client()
    for path, methods in endpoints(hostile):
        for method in ("PUT", "DELETE", "TRACE", "FOO", "GET", "POST"):
            if method not in methods:
                answer = client.open(path, method=method)
                if answer.status_code == 405:
                    assert answer.headers["Allow"], (method, path)
                else:  # another endpoint of that path
                    assert answer.status_code < 500, (method, path)
