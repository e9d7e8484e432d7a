"""Every endpoint answers as the example of it in examples.yaml."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.support.demo import first_demo
from tests.support.units import open_app
from tests.support.web import api_rules

SERVER = "http://127.0.0.1:8000"
LEFT_OUT = "…"
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
OPTIONS = ("--data-urlencode", "--json", "--data-binary", "-H", "-X")
KEY_REQUIRED = {"status": 401, "code": "key_required", LEFT_OUT: LEFT_OUT}
"""The answer of an example that shows none."""
EXAMPLES = [
    (endpoint, example["curl"], example.get("answer", KEY_REQUIRED))
    for endpoint, examples in yaml.safe_load(
        Path(__file__).with_name("examples.yaml").read_text(encoding="utf-8")
    ).items()
    for example in examples
]


def request_of(command: str) -> dict[str, Any]:
    """Arguments of a test client's `open` for `curl URL`, with

    -G --data-urlencode name=value … (a query), --json TEXT, -X METHOD, or -H 'Name: value'
    --data-binary TEXT.
    """
    words = shlex.split(command)[1:]
    (url,) = [word for word in words if word.startswith(SERVER)]
    options = [(a, b) for a, b in pairwise(words) if a in OPTIONS]
    query = dict(b.split("=", 1) for a, b in options if a == "--data-urlencode")
    assert ("-G" in words) == bool(query)
    assert len(words) == 1 + bool(query) + 2 * len(options), f"the test cannot run: {command}"
    methods = [b for a, b in options if a == "-X"]
    bodies = [b for a, b in options if a in ("--json", "--data-binary")]
    headers = dict(b.split(": ", 1) for a, b in options if a == "-H")
    if "--json" in words:
        headers["Content-Type"] = "application/json"
    return {
        "path": url.removeprefix(SERVER),
        "method": methods[0] if methods else "POST" if bodies else "GET",
        "query_string": query or None,
        "data": bodies[0].encode() if bodies else None,
        "headers": headers,
    }


def differences(shown: Any, real: Any, at: str = "answer") -> list[str]:
    """Differences between an answer and the documented one; `…` matches anything."""
    if shown == LEFT_OUT:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = [f"{at}: no {name}" for name in shown if name not in {*real, LEFT_OUT}]
        more = (
            []
            if LEFT_OUT in shown
            else [f"{at}: also {name}" for name in real if name not in shown]
        )
        return missing + more + [d for n in shown if n in real for d in _at(shown, real, n, at)]
    if isinstance(shown, list) and isinstance(real, list):
        shortened = shown[-1:] == [LEFT_OUT]
        head = shown[:-1] if shortened else shown
        if len(real) < len(head) or (len(real) > len(head) and not shortened):
            return [f"{at}: {len(real)} items"]
        return [d for i in range(len(head)) for d in differences(head[i], real[i], f"{at}[{i}]")]
    return [] if shown == real else [f"{at}: {real!r}, not {shown!r}"]


def _at(shown: Any, real: Any, name: str, at: str) -> list[str]:
    return differences(shown[name], real[name], f"{at}.{name}")


@pytest.fixture(scope="module")
def app(admin_url: str, worker_id: str) -> Iterator[Flask]:
    """The application over a register as the first `bin/run` leaves it."""
    with first_demo(admin_url, f"docs_{worker_id}") as url, open_app(url) as made:
        yield made


def name_of(method: str, rule: Rule) -> str:
    """`GET /v1/units/{code}`."""
    return f"{method} " + PLACEHOLDER.sub(r"{\1}", rule.rule)


@pytest.mark.parametrize(
    ("endpoint", "command", "shown"), EXAMPLES, ids=[each[0] for each in EXAMPLES]
)
def test_example_matches_the_answer(
    app: Flask, client: FlaskClient, endpoint: str, command: str, shown: Any
) -> None:
    asked = request_of(command)
    path = urlsplit(asked["path"]).path
    rule, _ = app.url_map.bind("").match(path, method=asked["method"], return_rule=True)
    assert endpoint == name_of(asked["method"], rule)
    assert differences(shown, client.open(**asked).get_json(force=True)) == []


def test_every_endpoint_has_an_example(app: Flask) -> None:
    # Operations are in docs/lifecycle.md, whose test runs their examples.
    described = {
        name_of(method, rule)
        for rule in api_rules(app)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not (method == "POST" and rule.rule.startswith("/v1/operations/"))
    }
    assert {endpoint for endpoint, *_ in EXAMPLES} == described | {"POST /mcp"}


def test_comparison_finds_what_differs() -> None:
    real = {"a": {"b": 1, "c": [1, 2, 3]}}
    assert differences({"a": {"b": 1, "…": "…"}}, real) == []
    assert differences({"a": {"b": 1, "c": [1, "…"]}}, real) == []
    for wrong in (
        {"a": {"b": 1}},
        {"a": {"b": 2, "…": "…"}},
        {"a": {"b": 1}, "x": 1},
        {"a": {"b": 1, "c": [1, 2]}},
        {"a": {"b": 1, "c": [1, 2, 3, 4]}},
        {"a": {"b": 1, "c": [2, "…"]}},
    ):
        assert differences(wrong, real), wrong
