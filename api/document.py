"""The OpenAPI document: what the endpoints declare, and what SpecTree cannot say of them.

Who may ask, files, headers, and every code of a problem by endpoint and status. The codes come from
the table of `api.errors`, so that an error which is added there is told here.

Clients are generated from it: each body and answer has one media type, though other forms are taken
and given too (docs/api.md), and no schema says what nothing uses.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from threading import Lock
from typing import Any, Final

from flask import current_app, json

from api.document_problems import codes_of, describe_misfits, problem_response
from api.document_schemas import trim, used
from api.document_words import DESCRIPTION, TAGS
from api.endpoint import Facts, declared_by, title_of
from api.errors import UNIT_CODE
from api.field import HEADER as FIELD_CODE
from api.ogc import blueprint as ogc
from api.openapi import spec
from api.requests import FORMS
from registry.batch import OPERATIONS
from registry.core.messages import Message, in_vietnamese, speaking
from registry.drawing.tiles import MAX_ZOOM
from registry.external_ids import MAX_VALUE, SCHEME
from registry.features.collections import COLLECTIONS

_JSON, _CSV, _FORM = "application/json", "text/csv", FORMS[-1]
_BYTES: Final = {"type": "string", "format": "binary"}
_KEY, _KEY_HEADER, _ROUND = "key", "keyInHeader", "fieldCode"
_SECURITY_SCHEMES: Final = {
    _KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "Khoá API (an API key): `Authorization: Bearer KEY`",
    },
    _KEY_HEADER: {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    _ROUND: {
        "type": "apiKey",
        "in": "header",
        "name": FIELD_CODE,
        "description": Message("round_code_label"),
    },
}
_WITH_KEY: Final[list[dict[str, list[str]]]] = [{_KEY: []}, {_KEY_HEADER: []}]
_WITH_OR_WITHOUT: Final = [{}, *_WITH_KEY]
"""What holds where an operation says nothing: said there, generators would take it for a must."""
_PATH_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "code": {"pattern": UNIT_CODE, "examples": ["00004"]},
    "commune": {"pattern": "^[0-9]{5}$", "examples": ["00199"]},
    "address_code": {"maxLength": 200, "examples": ["0000-0647"]},
    "operation": {"enum": list(OPERATIONS), "examples": ["geocode"]},
    "scheme": {"pattern": SCHEME, "examples": ["postcode"]},
    "value": {"maxLength": MAX_VALUE, "examples": ["11114"]},
    "number": {"maxLength": 40, "examples": ["GXN-4K7M-29TR-0R"]},
    "report_id": {"minimum": 0, "examples": [12]},
    "receipt": {"pattern": "^[A-Za-z0-9_-]{22}$", "examples": ["pQ3x0mJc8yZr1sWkT6uVbA"]},
    "import_id": {"minimum": 0, "maximum": 2**63 - 1, "examples": [3]},
    "reform_id": {"minimum": 0, "maximum": 2**63 - 1, "examples": [7]},
    "pending_id": {"minimum": 0, "maximum": 2**63 - 1, "examples": [7]},
    "collection": {"enum": list(COLLECTIONS), "examples": ["communes"]},
    "feature": {"maxLength": 20, "examples": ["00199"]},
    "webhook_id": {"minimum": 0, "maximum": 2**63 - 1, "examples": [2]},
    "z": {"minimum": 0, "maximum": MAX_ZOOM, "examples": [15]},
    "x": {"minimum": 0, "examples": [26019]},
    "y": {"minimum": 0, "examples": [14417]},
}
"""Path parameter → its schema beyond its type."""
_WORDS: Final = {
    "address_code": "Code of an address, in any writing, or its eleven spoken digits",
    "code": "Code of an administrative unit",
    "commune": "Code of a commune of today",
    "operation": "What is asked of each row",
    "scheme": "Whose value it is: postcode, parcel, a name of the operator's own",
    "value": "What that scheme calls the record",
    "number": "Number of a certificate, as printed below its QR",
    "report_id": "Number of the entry in the queue",
    "receipt": "What filing the report answered",
    "import_id": "Number of the import",
    "reform_id": "Number of the reform",
    "pending_id": "Number of the pending operation",
    "collection": "Which layer",
    "feature": "Key of the feature: a code, or the id of a street or locality",
    "webhook_id": "Number of the webhook",
    "z": "Zoom of the tile",
    "x": "Column of the tile, from the west",
    "y": "Row of the tile, from the north",
    "limit": "How many at most",
    "offset": "How many to pass over",
    "level": "Only units of this level",
    "lon": "Degrees east, EPSG:4326",
    "lat": "Degrees north, EPSG:4326",
    "radius_m": "How far a door may be, in metres",
}
"""Parameters that mean the same everywhere."""
_EXAMPLES: Final = {"lon": 105.85028, "lat": 21.02446, "after": "0"}
_FILLED_IN: Final = ("q", "text")
"""Parameters that need not be there, without which the answer says nothing."""
_FILE_PART: Final = _BYTES | {"description": "The file, of any form"}
"""A part of these forms, which no model declares: it is read from the disk."""
_BOUNDARIES_PART: Final = _FILE_PART | {"description": "Polygons of units, where the file names it"}
_PARTS: Final = {"file": _FILE_PART, "boundaries": _BOUNDARIES_PART}
_SEEN: Final = '"42"'
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "description": "ETag of the record as it was seen: a change since then is 412",
    "schema": {
        "type": "string",
        "pattern": r'^(\*|"[0-9]{1,18}(-[0-9a-f]*)?")$',
        "examples": [_SEEN],
    },
    "example": _SEEN,
}


class Description:
    """The document of an application as it is sent, made when it is first asked for.

    That takes a second, for which no process of a server has to wait before it answers.
    """

    def __init__(self) -> None:
        self._made: str | None = None

    def text(self) -> str:
        """JSON; needs the application's context, with every route registered."""
        with _AT_ONCE:
            if self._made is None:
                with speaking(None):  # one document for all, whoever asks first
                    self._made = json.dumps(document(), default=str)
            return self._made


_AT_ONCE: Final = Lock()
"""SpecTree makes its part once for all applications of a process."""


def document() -> dict[str, Any]:
    """The whole of it; needs the application's context, with every route registered."""
    made: dict[str, Any] = deepcopy(spec.spec)
    made["info"]["description"] = DESCRIPTION
    made["servers"] = [{"url": "/"}]
    made["tags"].sort(key=lambda tag: list(TAGS).index(tag["name"]))
    for tag in made["tags"]:
        tag["description"] = TAGS[tag["name"]]
    made["components"]["securitySchemes"] = deepcopy(_SECURITY_SCHEMES)
    made["security"] = _WITH_OR_WITHOUT
    schemas = made["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith(("Body", "Form")):
            _describe_fields(schema.get("properties", {}))
    endpoints = dict(_endpoints())
    problems: dict[str, Any] = {}
    made["components"]["responses"] = problems
    for path, item in made["paths"].items():
        for method, operation in item.items():
            view = endpoints[path, method]
            facts = declared_by(view)
            operation["operationId"] = facts.operation_id or view.__name__
            vietnamese = in_vietnamese(title_of(view)).rstrip(".")
            operation["summary"] = f"{vietnamese} ({operation['summary'].rstrip('.')})"
            _describe_upload(operation, facts, schemas)
            statuses = _describe(operation, facts, method)
            for status in sorted(statuses):
                codes = codes_of(status, facts.codes)
                name = f"{status}-{'-'.join(codes)}"
                problems.setdefault(name, problem_response(status, codes))
                operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
            describe_misfits(operation, schemas, wrong_as_400=path.startswith(str(ogc.url_prefix)))
    trim(schemas)
    made["components"]["schemas"] = used(schemas, made["paths"], problems)
    return made


def _endpoints() -> Iterator[tuple[tuple[str, str], Callable[..., Any]]]:
    """(path, method) of each route → its function."""
    for rule in current_app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        view = current_app.view_functions[rule.endpoint]
        yield from (((path, method.lower()), view) for method in rule.methods or ())


def _describe(operation: dict[str, Any], facts: Facts, method: str) -> set[int]:
    """Complete what is said of an operation; the statuses with which it refuses."""
    if facts.media_types:
        _describe_answer(operation["responses"]["200"], facts.media_types)
    operation["parameters"] = [p for p in operation["parameters"] if not _leaves_json(p)]
    for parameter in operation["parameters"]:
        _describe_parameter(parameter)
        if parameter["in"] == "path" and (own := facts.parameters.get(parameter["name"])):
            parameter |= {name: own[name] for name in ("description",) if name in own}
            parameter["schema"] |= {name: own[name] for name in own if name != "description"}
    body = operation.get("requestBody", {}).get("content", {})
    if _JSON in body:
        body.pop(_FORM, None)
    if facts.example is not None:
        for content in body.values():
            content["example"] = facts.example
    if facts.preconditions:
        operation["parameters"].append(_IF_MATCH | {"required": method == "patch"})
    operation["parameters"] += facts.headers
    # What cannot be decoded is refused by every route.
    statuses = {400} | {int(status) for status in operation["responses"] if int(status) >= 400}
    return statuses | _describe_security(operation, facts)


def _describe_security(operation: dict[str, Any], facts: Facts) -> set[int]:
    """Who may call it; the statuses with which others are refused."""
    if facts.takes_round_code:
        operation["security"] = [{_ROUND: []}]
        return {429}
    if not facts.reads_key:
        operation["security"] = []
        return set()
    if facts.role != "anonymous":
        operation["security"] = _WITH_KEY
        return {401, 403, 429}
    return {401, 429}


def _describe_answer(response: dict[str, Any], media_types: tuple[str, ...]) -> None:
    """An answer that is not `application/json`: a file, or other JSON by the same schema."""
    is_json = all(each.endswith("json") for each in media_types)
    described = response["content"][_JSON] if is_json else {"schema": _BYTES}
    response["content"] = dict.fromkeys(media_types, described)


def _describe_upload(operation: dict[str, Any], facts: Facts, schemas: dict[str, Any]) -> None:
    """A form with its files. What stands in the query belongs to a body that is the file itself."""
    if not facts.upload:
        return
    operation["parameters"] = [p for p in operation["parameters"] if p["in"] == "path"]
    for content in operation["requestBody"]["content"].values():
        schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        schema.setdefault("properties", {}).update({name: _PARTS[name] for name in facts.upload})
        schema["required"] = ["file"]


def _leaves_json(parameter: dict[str, Any]) -> bool:
    """Whether it asks for an answer that the JSON of the document does not describe."""
    kinds = parameter["schema"].get("anyOf", [parameter["schema"]])
    return parameter["name"] == "format" and any("json" in kind.get("enum", ()) for kind in kinds)


def _describe_parameter(parameter: dict[str, Any]) -> None:
    schema = parameter["schema"]
    schema.pop("title", None)
    if "anyOf" in schema:
        # A parameter is there or is not; it cannot be null.
        schema.update(next(kind for kind in schema.pop("anyOf") if kind["type"] != "null"))
        del schema["default"]
    if parameter["in"] == "path":
        schema.update(_PATH_PARAMETERS[parameter["name"]])
    parameter["description"] = parameter["description"] or _WORDS[parameter["name"]]
    if parameter.get("required") or parameter["name"] in _FILLED_IN:
        examples = schema.get("examples", [_EXAMPLES.get(parameter["name"])])
        if examples[0] is not None:
            parameter["example"] = examples[0]  # what /docs asks with, when nothing else is typed


def _describe_fields(properties: dict[str, dict[str, Any]]) -> None:
    for name, schema in properties.items():
        if not schema.get("description") and name in _WORDS:
            schema["description"] = _WORDS[name]
