"""The OpenAPI document, built from the declarations of endpoints and their types.

The codes of problems come from the table of `api.core.errors`, so that an error which is added
there is described here.

Clients are generated from it: each body and answer has one media type, though other forms are taken
and given too, as descriptions tell, and no schema says what nothing uses.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from threading import Lock
from typing import Any, Final

from flask import current_app, json

from api.core.endpoint import Facts, declared_by, title_of
from api.core.errors import STATUS, UNIT_CODE
from api.core.requests import FORMS, parts_of
from api.core.types import Problem
from api.document.problems import codes_of, describe_misfits, problem_response
from api.document.schemas import Schemas
from api.document.words import DESCRIPTION, TAGS
from api.maps.ogc import blueprint as ogc
from api.v1.field import HEADER as FIELD_CODE
from registry.core.messages import Message, in_vietnamese, speaking
from registry.core.schemes import MAX_VALUE, SCHEME
from registry.publish.batch import OPERATIONS
from registry.publish.drawing.tiles import MAX_ZOOM
from registry.publish.features.collections import COLLECTIONS

_JSON, _CSV, _FORM = "application/json", "text/csv", FORMS[-1]
_PLACEHOLDER: Final = re.compile(r"<(?:(\w+):)?(\w+)>")
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "": {"type": "string"},
    "path": {"type": "string", "format": "path"},
    "int": {"type": "integer", "format": "int32"},
}
"""Converter of a rule → its schema."""
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
"""Default security, set on the document: on an operation, generators take a key as required."""
_PATH_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "code": {"pattern": UNIT_CODE, "examples": ["00004"]},
    "commune": {"pattern": "^[0-9]{5}$", "examples": ["00199"]},
    "address_code": {"maxLength": 200, "examples": ["0000-0647"]},
    "operation": {"enum": list(OPERATIONS), "examples": ["geocode"]},
    "scheme": {"pattern": SCHEME, "examples": ["dia_chi_so"]},
    "value": {"maxLength": MAX_VALUE, "examples": ["1152812345"]},
    "number": {"maxLength": 40, "examples": ["GXN-4K7M-29TR-0R"]},
    "report_id": {"minimum": 0, "examples": [12]},
    "receipt": {"pattern": "^[A-Za-z0-9_-]{22}$", "examples": ["pQ3x0mJc8yZr1sWkT6uVbA"]},
    "batch_id": {"minimum": 0, "maximum": 2**63 - 1, "examples": [7]},
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
"""Path parameter → its schema in addition to its type."""
_WORDS: Final = {
    "address_code": "Address code in any writing, or eleven spoken digits",
    "code": "Code of an administrative unit",
    "commune": "Code of a current commune",
    "operation": "What to do with each row",
    "scheme": "Scheme of the value",
    "value": "Identifier of the record in the scheme",
    "number": "Certificate number",
    "report_id": "Number of the entry in the queue",
    "receipt": "Receipt of the report",
    "batch_id": "Number of the large batch",
    "import_id": "Number of the import",
    "reform_id": "Number of the reform",
    "pending_id": "Number of the pending operation",
    "collection": "Name of the layer",
    "feature": "Code, or id of a street or locality",
    "webhook_id": "Number of the webhook",
    "z": "Zoom of the tile",
    "x": "Column of the tile, from the west",
    "y": "Row of the tile, from the north",
    "limit": "Maximum number of results",
    "offset": "Number of results to skip",
    "level": "Only units of this level",
    "lon": "Degrees east, EPSG:4326",
    "lat": "Degrees north, EPSG:4326",
    "radius_m": "Maximum distance in metres",
}
"""Descriptions of parameters that mean the same everywhere."""
_EXAMPLES: Final = {"lon": 105.85028, "lat": 21.02446, "after": "0"}
_PREFILLED: Final = ("q", "text")
"""Optional parameters without which an answer is empty."""
_FILE_PART: Final = _BYTES | {"description": "The file, in any supported format"}
"""A part of upload forms; no model declares it, since it is read from disk."""
_BOUNDARIES_PART: Final = _FILE_PART | {"description": "Polygons that the file names"}
_PARTS: Final = {"file": _FILE_PART, "boundaries": _BOUNDARIES_PART}
_ETAG: Final = '"42"'
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "description": "ETag of the record as seen; 412 if it changed",
    "schema": {
        "type": "string",
        "pattern": r'^(\*|"[0-9]{1,18}(-[0-9a-f]*)?")$',
        "examples": [_ETAG],
    },
    "example": _ETAG,
}


class Description:
    """The document as JSON, built at the first request.

    That takes a second, which would delay the start of each process.
    """

    def __init__(self) -> None:
        self._made: str | None = None

    def text(self) -> str:
        """Return the JSON; needs the application context, with every route registered."""
        with _BUILDING:
            if self._made is None:
                with speaking(None):  # the same in whatever language it is first requested
                    self._made = json.dumps(document(), default=str)
            return self._made


_BUILDING: Final = Lock()


def document() -> dict[str, Any]:
    """Return the document; needs the application context, with every route registered."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    problems: dict[str, Any] = {}
    ogc_prefix = str(ogc.url_prefix)
    for rule, method, view in _operations():
        facts, path = declared_by(view), _PLACEHOLDER.sub(r"{\2}", rule)
        operation = _operation(rule, method, view, schemas)
        statuses = _statuses(operation, facts)
        for status in sorted(statuses):
            codes = codes_of(status, facts.problem_codes)
            name = f"{status}-{'-'.join(codes)}"
            problems.setdefault(name, problem_response(status, codes))
            operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
        wrong_as_400 = path.startswith(ogc_prefix)
        describe_misfits(operation, schemas.by_name, wrong_as_400=wrong_as_400)
        paths.setdefault(path, {})[method] = operation
    schemas.name(Problem, "serialization")
    tags = {operation["tags"][0] for item in paths.values() for operation in item.values()}
    return {
        "openapi": "3.1.0",
        # Client generators derive the package name from the title.
        "info": {"title": "Dia chi so API", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in TAGS if tag in tags],
        "paths": paths,
        "components": {
            "schemas": schemas.used(paths, problems, words=_WORDS),
            "responses": problems,
            "securitySchemes": _SECURITY_SCHEMES,
        },
        "security": _WITH_OR_WITHOUT,
    }


def _operations() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Yield rule, method and function of each endpoint in the document."""
    for rule in current_app.url_map.iter_rules():
        view = current_app.view_functions[rule.endpoint]
        if declared_by(view).is_operation:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield rule.rule, method.lower(), view


def _operation(
    rule: str, method: str, view: Callable[..., Any], schemas: Schemas
) -> dict[str, Any]:
    """Return an operation without its error responses."""
    facts, parts = declared_by(view), parts_of(view)
    title = title_of(view)
    more = " ".join((inspect.getdoc(view) or "").partition("\n\n")[2].split("\n"))
    unless = ", unless the operator opens it to everybody" if facts.opened_by else ""
    role = "" if facts.role == "anonymous" else f"Role: {facts.role}{unless}."
    operation: dict[str, Any] = {
        "operationId": facts.operation_id or view.__name__,
        "summary": f"{in_vietnamese(title).rstrip('.')} ({title.rstrip('.')})",
        "description": " ".join(filter(None, (more, role))),
        "tags": [facts.tag],
        "parameters": _parameters(rule, facts, parts, schemas),
        "responses": _answers(facts, schemas),
    }
    body = {
        media_type: {"schema": schemas.reference(parts[part], "validation")}
        for part, media_type in ((("form", _FORM),) if "json" not in parts else (("json", _JSON),))
        if part in parts
    }
    if body:
        operation["requestBody"] = {"content": body, "required": True}
    _describe_upload(operation, facts, schemas.by_name)
    if facts.example is not None:
        for content in body.values():
            content["example"] = facts.example
    if facts.preconditions:
        operation["parameters"].append(_IF_MATCH | {"required": method == "patch"})
    operation["parameters"] += facts.headers
    if facts.takes_round_code:
        operation["security"] = [{_ROUND: []}]
    elif not facts.reads_key:
        operation["security"] = []
    elif facts.role != "anonymous":
        operation["security"] = _WITH_KEY
    return operation


def _parameters(
    rule: str, facts: Facts, parts: Mapping[str, Any], schemas: Schemas
) -> list[dict[str, Any]]:
    """Return the parameters of path, query and headers."""
    made = []
    for converter, name in _PLACEHOLDER.findall(rule):
        own = dict(facts.parameters.get(name, {}))
        words = own.pop("description", _WORDS[name])
        schema = _TYPES[converter] | _PATH_PARAMETERS[name] | own
        made.append(_parameter(name, "path", schema, words, required=True))
    for part, place in (("query", "query"), ("headers", "header")):
        if part not in parts:
            continue
        schema = schemas.by_name[schemas.name(parts[part], "validation")]
        for name, described in schema.get("properties", {}).items():
            if _leaves_json(name, described):
                continue
            words = described.get("description") or _WORDS[name]
            required = name in schema.get("required", ())
            made.append(_parameter(name, place, dict(described), words, required=required))
    return made


def _parameter(
    name: str, place: str, schema: dict[str, Any], words: str, *, required: bool
) -> dict[str, Any]:
    schema.pop("title", None)
    if "anyOf" in schema:
        # A parameter may be absent, but not null.
        schema.update(next(kind for kind in schema.pop("anyOf") if kind["type"] != "null"))
        del schema["default"]
    made = {
        "name": name,
        "in": place,
        "schema": schema,
        "required": required,
        "description": words,
    }
    if required or name in _PREFILLED:
        examples = schema.get("examples", [_EXAMPLES.get(name)])
        if examples[0] is not None:
            made["example"] = examples[0]  # the default value on /docs
    return made


def _answers(facts: Facts, schemas: Schemas) -> dict[str, Any]:
    """Return the success responses: typed JSON, or a file."""
    made: dict[str, Any] = {}
    if facts.answer or not facts.accepted:
        made["200"] = {"description": HTTPStatus.OK.phrase}
        is_file = not facts.answer
        described = (
            {"schema": _BYTES}
            if is_file
            else {"schema": schemas.reference(facts.answer, "serialization")}
        )
        media_types = facts.media_types or (() if is_file else (_JSON,))
        if media_types:
            made["200"]["content"] = dict.fromkeys(media_types, described)
    if facts.accepted:
        schema = schemas.reference(facts.accepted, "serialization")
        made["202"] = {
            "description": HTTPStatus.ACCEPTED.phrase,
            "content": {_JSON: {"schema": schema}},
        }
    return made


def _statuses(operation: dict[str, Any], facts: Facts) -> set[int]:
    """Return the error statuses of an operation."""
    declared = {
        *(400, 422, *facts.statuses),  # every route rejects undecodable requests
        *(int(known) for error, known in STATUS.items() if error.code in facts.problem_codes),
    }
    holds = {
        503: facts.needs_database,
        404: any(each["in"] == "path" for each in operation["parameters"]),
        412: facts.preconditions,
        # Any body may arrive too slowly.
        **dict.fromkeys((408, 413), "requestBody" in operation),
        **dict.fromkeys((411, 415, 507), bool(facts.upload)),
        429: facts.takes_round_code or facts.reads_key or facts.in_turn,
        401: facts.reads_key and not facts.takes_round_code,
        403: facts.role != "anonymous",
    }
    return declared | {status for status, is_so in holds.items() if is_so}


def _describe_upload(operation: dict[str, Any], facts: Facts, schemas: dict[str, Any]) -> None:
    """Describe a form with its files; its query parameters are for a body that is the file."""
    if not facts.upload:
        return
    operation["parameters"] = [p for p in operation["parameters"] if p["in"] == "path"]
    for content in operation["requestBody"]["content"].values():
        schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        schema.setdefault("properties", {}).update({name: _PARTS[name] for name in facts.upload})
        schema["required"] = ["file"]


def _leaves_json(name: str, schema: dict[str, Any]) -> bool:
    """Whether a parameter selects another format than the JSON described."""
    kinds = schema.get("anyOf", [schema])
    return name == "format" and any("json" in kind.get("enum", ()) for kind in kinds)
