"""The API does what /openapi.json says: fuzzed by it, and checked against it."""

import json
import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from tests.support.units import open_app

schemathesis.serializer.alias("application/x-ndjson", "text/plain")

# The routes are known without a database.
with open_app("postgresql://nobody@127.0.0.1:1/nothing") as _app:
    _PATHS = _app.test_client().get("/openapi.json").get_json()["paths"]
# Without a server schemathesis does not unpack what it asks for.
PLAIN = {"Accept-Encoding": "identity"}
FUZZED = [
    (path, method, mode)
    for path in sorted(_PATHS)
    for method, operation in _PATHS[path].items()
    for mode in GenerationMode
    # Where there is no parameter, none can be wrong.
    if mode is GenerationMode.POSITIVE or operation["parameters"] or "requestBody" in operation
    # A batch takes any text: each of its lines is good or bad by itself.
    if mode is GenerationMode.POSITIVE or not path.startswith("/v1/batch/")
]


@pytest.fixture(scope="session")
def document(app: Flask) -> dict[str, Any]:
    made: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return made


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, made) for path, item in document["paths"].items() for made in item.values()]


def test_every_route_is_in_the_document(app: Flask, document: dict[str, Any]) -> None:
    rules = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, m) for path, item in document["paths"].items() for m in item}
    assert rules == described


def test_every_reference_leads_somewhere_and_every_operation_is_named_once(
    document: dict[str, Any],
) -> None:
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)


def test_every_schema_is_valid(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator({**schema, "components": document["components"]})


def test_problems_are_described_as_problem_documents(document: dict[str, Any]) -> None:
    for path, operation in operations(document):
        responses = operation["responses"]
        problems = {status for status in responses if int(status) >= 400}
        assert "422" in problems, path
        assert "503" in problems or path in ("/", "/healthz", "/openapi.json"), path
        for status in problems:
            assert list(responses[status]["content"]) == ["application/problem+json"], path


def test_parameters_are_described_and_never_null(document: dict[str, Any]) -> None:
    for _, operation in operations(document):
        for parameter in operation["parameters"]:
            kinds = ("string", "integer", "number", "boolean", "array")
            assert parameter["schema"].get("type") in kinds, parameter
            assert parameter["schema"].get("default", 0) is not None, parameter


def test_document_is_openapi_3_1_in_utf_8(client: FlaskClient) -> None:
    response = client.get("/openapi.json")
    assert response.get_json()["openapi"].startswith("3.1")
    assert "Địa chỉ số" in response.text
    assert response.content_type == "application/json"


@pytest.mark.parametrize(("path", "method", "mode"), FUZZED)
def test_fuzzing_finds_no_contradiction(
    app: Flask, path: str, method: str, mode: GenerationMode
) -> None:
    """Data that fits the document and data that does not, all checks of schemathesis."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {"mode": "all", "max-examples": 60},
            # A NUL, a code of no unit, a day of the future, both code and text: 400, 404 and 422
            # that no schema of a parameter can say.
            # Without a key every operation is 401; tests/api/test_lifecycle.py sends them with one.
            "checks": {
                "positive_data_acceptance": {"expected-statuses": [200, 400, 401, 404, 422]}
            },
        }
    )
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    statuses = set()

    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def fuzz(case: schemathesis.Case) -> None:
        statuses.add(case.call_and_validate(headers=PLAIN).status_code)

    fuzz()
    # No made-up code of a door is registered.
    assert statuses & ({200, 404} if mode is GenerationMode.POSITIVE else {422}) or statuses == {
        401
    }
    assert 500 not in statuses
