"""The OpenAPI document: what the endpoints declare, and what SpecTree cannot say of them.

Who may ask, files, headers, and every code of a problem by endpoint and status. The codes come from
the table of `api.errors`, so that an error which is added there is told here.

Clients are generated from it: each body and answer has one media type, though other forms are taken
and given too (docs/api.md), and no schema says what nothing uses.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from threading import Lock
from typing import Any, Final

from flask import current_app, json

from api.document_problems import codes_of, describe_misfits, problem_response
from api.document_schemas import trim, used
from api.document_words import DESCRIPTION, TAGS, put_in_words
from api.endpoint import facts_of
from api.errors import UNIT_CODE
from api.export import KINDS as EXPORTED
from api.field import HEADER as FIELD_CODE
from api.field import blueprint as field
from api.ogc import GEOJSON
from api.ogc import blueprint as ogc
from api.openapi import spec
from api.requests import FORMS
from api.tiles import MIMETYPE as TILE_MIMETYPE
from registry.access.roles import Role
from registry.batch import OPERATIONS
from registry.core.messages import Message, speaking
from registry.drawing.tiles import MAX_ZOOM
from registry.external_ids import MAX_VALUE, SCHEME
from registry.features.collections import COLLECTIONS
from registry.lifecycle.table import OPERATIONS as LIFECYCLE
from registry.pack.basemap import MEDIA_TYPE as PACK_MAP_MIMETYPE
from registry.pack.file import MEDIA_TYPE as PACK_MIMETYPE

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
_OPEN_LAYERS: Final = [each.id for each in COLLECTIONS.values() if not each.of_doors]
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
_OF_COUNTRY: Final = ("/v1/coverage/{code}/series", "/v1/coverage/{code}/gaps")
"""Where the country may stand for a unit."""
_UPLOADS: Final = (
    *("/v1/imports", "/v1/reforms", "/v1/reforms/{reform_id}/decided", "/v1/services"),
)
_WITH_FILE: Final = ("ImportForm", "ReformForm", "DecidedForm", "ServicesForm")
_FILE_PART: Final = _BYTES | {"description": "The file, of any form"}
"""A part of these forms, which no model declares: it is read from the disk."""
_WITH_BOUNDARIES: Final = "ReformForm"
_BOUNDARIES_PART: Final = _FILE_PART | {"description": "Polygons of units, where the file names it"}
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOWNLOADS: Final = {
    **{f"/v1/papers/{kind}": ("application/pdf",) for kind in ("plates", "lists", "decisions")},
    "/v1/certificates": ("application/pdf",),
    "/v1/routes/papers": ("application/pdf",),
    "/tiles/{z}/{x}/{y}": (TILE_MIMETYPE,),
    "/v1/packs/{commune}": (PACK_MIMETYPE,),
    "/v1/packs/{commune}/basemap": (PACK_MAP_MIMETYPE,),
    "/metrics": ("text/plain",),
    "/tiles/base/{z}/{x}/{y}": (TILE_MIMETYPE, "image/png", "image/jpeg", "image/webp"),
    "/v1/export": tuple(kind.partition(";")[0] for _, kind in EXPORTED.values()),
    "/v1/imports/{import_id}/report": ("*/*",),
    "/v1/imports/{import_id}/codes": (_CSV,),
    "/v1/imports/template": (_WORKBOOK,),
    "/v1/reforms/{reform_id}/undecided": (_WORKBOOK, "application/geo+json"),
}
"""Path that answers a file → its media types."""
_OGC: Final = str(ogc.url_prefix)
_FEATURES: Final = re.compile(rf"{_OGC}/collections/[^/]+/items.*")
_LISTED: Final = ("/v1/certificates",)
"""Those of them that answer a list to GET."""
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Chosen by you: the same delivery under it again is the same import",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A random UUID of yours: the same report under it again is filed once",
    "schema": {"type": "string", "format": "uuid"},
}
_NEED_IF_MATCH: Final = re.compile(r"If-Match with")
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
_BODIES: Final[dict[str, Any]] = {
    "/v1/geocode": {"q": "Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Hà Nội", "limit": 3},
    "/v1/reverse": {"lon": 105.80612, "lat": 21.02113, "limit": 1},
    "/v1/validate": {"address": "27 Láng, P. Láng Hạ, Đống Đa, Hà Nội"},
    "/v1/targets": {"targets": [{"unit": "00199", "households": 12_345}]},
    "/v1/imports/{import_id}/answers": {"crs": "EPSG:5897", "mapping": {"Cột A": "street"}},
    "/v1/imports/{import_id}/publish": {"verdict": 1},
    "/v1/imports/{import_id}/rollback": {"keep_later": True},
    "/v1/reforms/{reform_id}/carry": {"verdict": 1},
    "/v1/reforms/{reform_id}/undo": {"reason": "sai phụ lục"},
    "/v1/papers/plates": {"commune": "00199", "street": "Phố Láng", "size": "180x120"},
    "/v1/papers/lists": {"commune": "00199", "locality": "Thôn Đoài", "purpose": "field"},
    "/v1/papers/decisions": {
        "operation": "rename-street",
        "request": {"commune": "00199", "street": "Phố Láng", "new_name": "Đường Láng"},
        "number": "12",
    },
    "/v1/certificates": {"code": "1H6X-XH2V", "document_number": "15"},
    "/v1/certificates/{number}/revoke": {"reason": "in sai"},
    "/v1/reports": {"kind": "confirmed", "code": "1H6X-XH2V"},
    "/v1/batch/reports": {
        "reports": [
            {
                "once": "7f9c24e8-3b12-4fef-91e0-56a2d5a3c1f0",
                "kind": "confirmed",
                "code": "1H6X-XH2V",
            }
        ]
    },
    "/v1/field/records": {
        "records": [
            {
                "id": "7f9c24e8-3b12-4fef-91e0-56a2d5a3c1f0",
                "kind": "right",
                "code": "1H6X-XH2V",
                "at": "2026-11-29T08:00:00+07:00",
            }
        ]
    },
    "/v1/pending-operations/{pending_id}/decline": {"reason": "nhà vẫn ở đó"},
    "/v1/reports/{report_id}/accept": {"reason": "đã đến xem"},
    "/v1/reports/{report_id}/reject": {"reason": "nhà vẫn ở đó"},
    "/v1/webhooks": {"url": "https://giaohang.vn/dia-chi-so", "units": ["00199"]},
    "/v1/webhooks/{webhook_id}": {"state": "active"},
    "/v1/webhooks/{webhook_id}/secret": {"overlap_h": 24},
    "/v1/webhooks/{webhook_id}/replay": {"since": "2026-11-01"},
    "/v1/addresses/{address_code}": {"delivery_hint": "cổng xanh, bấm chuông", "reason": "bổ sung"},
    **{f"/v1/operations/{made.name}": made.example for made in LIFECYCLE},
    "/v1/batch/{operation}": {"rows": [{"q": "27 Láng, Hà Nội"}, {"q": "Phường Láng, Hà Nội"}]},
    **{
        path: {"rows": [{"code": "1H6X-XH2V", "ref": "VD-01"}, {"address": "27 Láng, Hà Nội"}]}
        for path in ("/v1/routes", "/v1/routes/papers")
    },
}
"""Path → an example of what is sent."""


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
    for name in _WITH_FILE:
        schemas[name].setdefault("properties", {})["file"] = _FILE_PART
        schemas[name]["required"] = ["file"]
    schemas[_WITH_BOUNDARIES]["properties"]["boundaries"] = _BOUNDARIES_PART
    for name, schema in schemas.items():
        if name.endswith(("Body", "Form")):
            _describe_fields(schema.get("properties", {}))
    roles = dict(_roles())
    problems: dict[str, Any] = {}
    made["components"]["responses"] = problems
    for path, item in made["paths"].items():
        for method, operation in item.items():
            put_in_words(operation, path, method)
            statuses = _describe(operation, path, method, roles[path, method])
            for status in sorted(statuses):
                codes = codes_of(status, path)
                name = f"{status}-{'-'.join(codes)}"
                problems.setdefault(name, problem_response(status, codes))
                operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
            describe_misfits(operation, schemas, wrong_as_400=path.startswith(_OGC))
    trim(schemas)
    made["components"]["schemas"] = used(schemas, made["paths"], problems)
    return made


def _roles() -> Iterator[tuple[tuple[str, str], Role | None]]:
    """(path, method) of each route → who may ask; None where no key is looked at."""
    for rule in current_app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        facts = facts_of(current_app, rule.endpoint)
        role = facts.role if facts.reads_key else None
        yield from (((path, method.lower()), role) for method in rule.methods or ())


def _describe(operation: dict[str, Any], path: str, method: str, role: Role | None) -> set[int]:
    """Complete what is said of an operation; the statuses with which it refuses."""
    _describe_files(operation, path, method)
    operation["parameters"] = [p for p in operation["parameters"] if not _leaves_json(p)]
    _describe_parameters(operation, path)
    body = operation.get("requestBody", {}).get("content", {})
    if _JSON in body:
        body.pop(_FORM, None)
    if path in _BODIES and method in ("post", "patch"):
        for content in body.values():
            content["example"] = _BODIES[path]
    _describe_headers(operation, path, method)
    # What cannot be decoded is refused by every route.
    statuses = {400} | {int(status) for status in operation["responses"] if int(status) >= 400}
    if role is None:
        operation["security"] = []
        return statuses
    if path.startswith(str(field.url_prefix)):
        operation["security"] = [{_ROUND: []}]
        return statuses | {429}
    if role != "anonymous":
        operation["security"] = _WITH_KEY
        statuses.add(403)
    return statuses | {401, 429}


def _describe_headers(operation: dict[str, Any], path: str, method: str) -> None:
    """What a caller may say beside the parameters."""
    if _NEED_IF_MATCH.search(operation["description"]):
        operation["parameters"].append(_IF_MATCH | {"required": method == "patch"})
    if (method, path) == ("post", "/v1/reports"):
        operation["parameters"].append(_ONCE)


def _describe_files(operation: dict[str, Any], path: str, method: str) -> None:
    """Bodies and answers that are no JSON."""
    if path in _UPLOADS and method == "post":
        _describe_upload(operation, path)
    if path in _DOWNLOADS and (method == "post" or path not in _LISTED):
        file = {"schema": _BYTES}
        operation["responses"]["200"]["content"] = dict.fromkeys(_DOWNLOADS[path], file)
    if _FEATURES.fullmatch(path):
        content = operation["responses"]["200"]["content"]
        content[GEOJSON] = content.pop("application/json")


def _describe_upload(operation: dict[str, Any], path: str) -> None:
    """A form with its file. What stands in the query belongs to a body that is the file itself."""
    operation["parameters"] = [p for p in operation["parameters"] if p["in"] == "path"]
    if path == _UPLOADS[0]:
        operation["parameters"].append(_IDEMPOTENCY_KEY)


def _describe_parameters(operation: dict[str, Any], path: str) -> None:
    """What each parameter is, and what it may be on this path."""
    for parameter in operation["parameters"]:
        _describe_parameter(parameter)
        if path in _OF_COUNTRY and parameter["in"] == "path":
            parameter["schema"]["pattern"] = UNIT_CODE.replace("^(", "^(VN|")
            parameter["description"] += ", or VN for the country"
        if _FEATURES.fullmatch(path) and parameter["name"] == "collection":
            parameter["schema"]["enum"] = _OPEN_LAYERS


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
