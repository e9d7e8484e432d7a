"""The API conforms to /openapi.json: fuzzed with it, and checked against it."""

import gzip
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
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.definitions import OPENAPI_31

from api.core.errors import STATUS
from geo.text import has_diacritics
from tests.support.thorough import examples, gate_takes_one_of
from tests.support.units import open_app
from tests.support.web import api_rules

# The routes are known without a database.
with open_app("postgresql://nobody@127.0.0.1:1/nothing") as _app:
    _DOCUMENT = _app.test_client().get("/openapi.json").get_json()
OGC = "/ogc"
"""Below it what is wrong with a parameter is 400, as its standard wants it."""
EXPORTED = {
    "text/csv": "csv",
    "application/gzip": "csv.gz",
    "application/x-ndjson": "ndjson",
    "application/geo+json": "geojson",
    "application/vnd.apache.parquet": "geoparquet",
}
EXAMPLES = examples(8, 16)
# Without a server schemathesis does not unpack what it asks for.
PLAIN = {"Accept-Encoding": "identity"}
FUZZED = gate_takes_one_of(
    3,
    (
        (path, method, mode)
        for path, item in sorted(_DOCUMENT["paths"].items())
        for method, operation in item.items()
        for mode in GenerationMode
        # Without a key nothing is looked at; tests/api/test_lifecycle.py sends these with one.
        if not operation.get("security")
        # Without parameters, none can be invalid.
        if mode is GenerationMode.POSITIVE or operation["parameters"] or "requestBody" in operation
    ),
)


@pytest.fixture(scope="session")
def document(app: Flask) -> dict[str, Any]:
    made: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return made


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, made) for path, item in document["paths"].items() for made in item.values()]


def test_every_route_is_in_the_document(app: Flask, document: dict[str, Any]) -> None:
    rules = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in api_rules(app)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, m) for path, item in document["paths"].items() for m in item}
    assert rules == described


def test_references_resolve_and_operation_ids_are_unique(
    document: dict[str, Any],
) -> None:
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    # Generators make functions and files of them.
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_operations_and_tags_are_described_in_vietnamese_first(document: dict[str, Any]) -> None:
    found = [operation["summary"] for _, operation in operations(document)]
    found += [tag["description"] for tag in document["tags"]]
    for words in found:
        vietnamese, _, english = words.partition(" (")
        assert has_diacritics(vietnamese), words
        assert english.endswith(")"), words
        assert not has_diacritics(english), words


@pytest.mark.thorough
def test_every_schema_is_valid(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator({**schema, "components": document["components"]})


def test_document_is_valid_by_the_schema_of_the_openapi_initiative(
    document: dict[str, Any],
) -> None:
    validator = Draft202012Validator(OPENAPI_31)
    assert [f"{e.instance_path}: {e.message}" for e in validator.iter_errors(document)] == []
    with_fault = document | {"paths": {"no-slash": {}}}
    assert not validator.is_valid(with_fault)


def answer_of(document: dict[str, Any], operation: dict[str, Any], status: str) -> dict[str, Any]:
    """A response, inline or resolved from its reference."""
    found: dict[str, Any] = operation["responses"][status]
    while "$ref" in found:
        found = document["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found


def test_problems_are_described_as_problem_documents(document: dict[str, Any]) -> None:
    for path, operation in operations(document):
        problems = {status for status in operation["responses"] if int(status) >= 400}
        assert ("400" if path.startswith(OGC) else "422") in problems, path
        assert "503" in problems or path in ("/healthz", "/openapi.json"), path
        for status in problems:
            content = answer_of(document, operation, status)["content"]
            assert list(content) == ["application/problem+json"], path


def test_every_problem_code_is_known_and_has_a_valid_example(
    document: dict[str, Any],
) -> None:
    known = {error.code for error in STATUS}
    by_status = {
        *("bad_request", "length_required", "request_entity_too_large"),
        "unsupported_media_type",
    }
    for name, response in document["components"]["responses"].items():
        content = response["content"]["application/problem+json"]
        # Client generators read one schema and no narrowing one.
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
        schema = {**content["schema"], "components": document["components"]}
        validator = Draft202012Validator(schema)
        assert set(content["examples"]) <= known | by_status, name
        for code, example in content["examples"].items():
            assert validator.is_valid(example["value"]), name
            assert example["value"]["code"] == code, name
            assert f"`{code}`" in response["description"], name


def test_response_formats_chosen_by_a_parameter_are_described(
    document: dict[str, Any],
) -> None:
    offered = {
        (path, form): list(answer_of(document, operation, "200")["content"])
        for path, operation in operations(document)
        for parameter in operation["parameters"]
        for form in parameter["schema"].get("enum", ())
        if parameter["name"] == "format" and form != "json"
    }
    assert offered == {
        **{
            ("/v1/reforms/{reform_id}/undecided", form): [
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/geo+json",
            ]
            for form in ("xlsx", "geojson")
        },
        **{
            (path, form): list(EXPORTED)
            for path in ("/v1/export", "/v1/within/records")
            for form in EXPORTED.values()
        },
    }


def test_each_body_and_response_has_one_schema(document: dict[str, Any]) -> None:
    """A generated client knows then what it sends and what it gets."""
    for path, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        given = [answer_of(document, operation, status) for status in operation["responses"]]
        for each in (*bodies, *(answer for answer in given if "content" in answer)):
            # Of the one file that may be a workbook or a map, the bytes.
            schemas = {json.dumps(kind["schema"]) for kind in each["content"].values()}
            assert len(schemas) == 1, (path, list(each["content"]))


def test_each_body_and_parameter_has_a_valid_example(document: dict[str, Any]) -> None:
    for path, operation in operations(document):
        needed = [p for p in operation["parameters"] if p["required"]]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        for each in (*needed, *([body] if body else [])):
            schema = {**each["schema"], "components": document["components"]}
            assert Draft202012Validator(schema).is_valid(each["example"]), (path, each)


def test_schemas_are_used_and_need_no_default(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert used == set(schemas)
    for name, schema in schemas.items():
        for field, expected in schema.get("properties", {}).items():
            # With a default it is one that has to be there, to some generators.
            assert not {"title", "default"} & set(expected), (name, field)


def test_title_is_a_valid_package_name(document: dict[str, Any]) -> None:
    assert document["info"]["title"].isascii()
    assert "Địa chỉ số" in document["info"]["description"]


def test_document_is_compressed(client: FlaskClient) -> None:
    packed = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == client.get("/openapi.json").data


def test_every_operation_states_the_required_role(document: dict[str, Any]) -> None:
    schemes = set(document["components"]["securitySchemes"])
    # Stated per operation, generators would make the key mandatory.
    assert {} in document["security"]
    for path, operation in operations(document):
        asked = operation.get("security", document["security"])
        assert {name for way in asked for name in way} <= schemes
        if operation["tags"] == ["health"]:
            assert asked == [], path
        elif operation["tags"] == ["field"]:
            assert asked == [{"fieldCode": []}], path
            assert {"403", "429"} <= set(operation["responses"]), path
        else:
            assert {"401", "429"} <= set(operation["responses"]), path
            # A caller with a key may lack the required role.
            assert ({} not in asked) == ("403" in operation["responses"]), path


def test_every_field_of_a_body_is_described(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name.endswith(("Body", "Form", "Request", "Patch")):
            for field, described in schema.get("properties", {}).items():
                assert described.get("description"), (name, field)


def test_parameters_are_described_and_never_null(document: dict[str, Any]) -> None:
    for _, operation in operations(document):
        for parameter in operation["parameters"]:
            kinds = ("string", "integer", "number", "boolean", "array")
            assert parameter["schema"].get("type") in kinds, parameter
            assert parameter["schema"].get("default", 0) is not None, parameter
            assert parameter["description"], parameter


def test_document_is_openapi_3_1_in_utf_8(client: FlaskClient) -> None:
    response = client.get("/openapi.json")
    assert response.get_json()["openapi"].startswith("3.1")
    assert "Địa chỉ số" in response.text
    assert response.content_type == "application/json"


def rarely_meant(path: str) -> bool:
    """Whether random data rarely forms a valid request.

    A code or number whose check letter fits its others; a kind of report with what that kind takes;
    a receipt; the code of a round; either a code or both of a point; either a text or its parts,
    and a scheme that units have; either a code or a text; a tile, whose invalid numbers are another
    path. Which examples are made depends on the modules that are loaded.
    """
    several = ("/v1/reports", "/v1/services", "/v1/geocode", "/v1/units/convert")
    return path in several or any(
        name in path for name in ("{address_code}", "{number}", "{receipt}", "/v1/field/", "{z}")
    )


CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "generation": {"mode": "all", "max-examples": EXAMPLES},
        # A NUL, a code of no unit, a day of the future, both code and text: 400, 404 and 422
        # that no parameter schema can express.
        "checks": {"positive_data_acceptance": {"expected-statuses": [200, 400, 404, 422]}},
    }
)


@pytest.fixture(scope="module")
def described(app: Flask) -> BaseSchema:
    """The fuzzed schema: parsing it takes as long as some dozen examples."""
    return schemathesis.openapi.from_wsgi("/openapi.json", app, config=CONFIG)


# Threads of the pool of connections ask `random` for how long each lives, between two draws.
@pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
@pytest.mark.parametrize(("path", "method", "mode"), FUZZED)
def test_fuzzing_finds_no_contradiction(
    described: BaseSchema, path: str, method: str, mode: GenerationMode
) -> None:
    """Data that fits the document and data that does not, all checks of schemathesis."""
    statuses = set()

    @given(case=described[path][method.upper()].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
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
    wrong = 400 if path.startswith(OGC) else 422
    meant = {200, 404} if mode is GenerationMode.POSITIVE else {wrong}
    assert statuses & meant or rarely_meant(path)
    assert 500 not in statuses
