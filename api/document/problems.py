"""Problems in the OpenAPI document: the codes of each endpoint, and examples."""

from collections.abc import Collection
from typing import Any, Final

from api.core.errors import MIMETYPE, STATUS, http_code, status_title
from registry.core.errors import BudgetSpentError
from registry.core.messages import Message

_NOT_COMMON: Final = frozenset(
    {
        "code_mistyped",
        "gone",
        "field_code_unknown",
        "field_code_ended",
        "withdrawn",
        "cursor_refused",
        "illegal_transition",
        "address_taken",
        "name_taken",
        "undo_blocked",
        "report_decided",
        "report_stale",
        "too_many_reports",
        BudgetSpentError.code,
        "outside_units",
        "own_delivery",
        "own_proposal",
        "second_person_needed",
        "pending_decided",
        "pending_stale",
        "already_done",
        "several_refused",
        "import_state",
        "reform_state",
        "batch_state",
        "verdict_changed",
        "units_in_use",
        "idempotency_key_reused",
        "too_many_vanished",
        "unreadable_file",
        "columns_not_recognised",
        "commune_not_named",
        "sheet_not_chosen",
        "file_links_elsewhere",
        "file_too_costly",
        "too_many_rows",
        "system_not_confirmed",
        "cluster_error",
        "leaving",
        "storage_unavailable",
        "signing_key_unavailable",
    }
)
"""Codes that only endpoints declaring them may answer (`Facts.problem_codes`)."""
# Keyword of a parameter's schema → codes of its violations.
_MISFITS: Final = {
    "minLength": ("string_too_short",),
    "maxLength": ("string_too_long",),
    "pattern": ("string_pattern_mismatch",),
    "minimum": ("greater_than_equal",),
    "maximum": ("less_than_equal",),
    "exclusiveMinimum": ("greater_than",),
    "enum": ("literal_error",),
}
_MISREAD: Final = {
    "integer": ("int_parsing",),
    "number": ("float_parsing", "finite_number"),
    "boolean": ("bool_parsing",),
}


def codes_of(status: int, declared: Collection[str]) -> dict[str, str]:
    """Return codes of problems with this status, common or declared → their meaning."""
    found = {
        error.code: (error.__doc__ or "").partition("\n")[0]
        for error, known in STATUS.items()
        if known == status and (error.code not in _NOT_COMMON or error.code in declared)
    }
    return found or {http_code(status): status_title(status)}


def problem_response(status: int, codes: dict[str, str]) -> dict[str, Any]:
    """Return a problem response with one of these codes.

    The codes are in its description and examples: client generators cannot merge a schema that
    narrows the shared one (`allOf`), and drop the whole answer.
    """
    response: dict[str, Any] = {
        "description": f"{status_title(status)}: {', '.join(f'`{code}`' for code in codes)}",
        "content": {
            MIMETYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    code: {"summary": words, "value": _example(status, code)}
                    for code, words in codes.items()
                },
            }
        },
    }
    if status in (429, 503):
        response["headers"] = {
            "Retry-After": {"description": "Seconds", "schema": {"type": "string"}}
        }
    return response


def _example(status: int, code: str) -> dict[str, Any]:
    detail = Message("problem_description")
    made: dict[str, Any] = {
        "type": f"urn:diachiso:problem:{code}",
        "title": status_title(status),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if status == 422:
        misfit = {"field": "limit", "code": "less_than_equal", "detail": "nhiều nhất là 20 (…)"}
        made["errors"] = [misfit]
    return made


def describe_misfits(
    operation: dict[str, Any], schemas: dict[str, Any], *, wrong_as_400: bool
) -> None:
    """Describe invalid parameters: as 422 or, as OGC API requires, 400."""
    refusal = operation["responses"]["422"]
    refusal["description"] = _misfits(operation, schemas)
    if wrong_as_400:
        del operation["responses"]["422"]
        described = _misfits(operation, schemas).removeprefix(status_title(422))
        refusal["description"] = status_title(400) + described
        operation["responses"]["400"] = refusal


def _misfits(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Describe a 422: the codes in `errors` that follow from the declared schemas."""
    found: dict[str, None] = {"unknown_parameter": None, "given_twice": None}
    fields = [(p["schema"], p.get("required", False)) for p in operation["parameters"]]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if name in schemas:
            required_names = schemas[name].get("required", ())
            found |= {"malformed_json": None, "model_type": None}
            fields += [
                (s, n in required_names) for n, s in schemas[name].get("properties", {}).items()
            ]
    for schema, required in fields:
        found |= {"missing": None} if required else {}
        for kind in (schema, *schema.get("anyOf", ())):
            for keyword, misfits in _MISFITS.items():
                found |= dict.fromkeys(misfits if keyword in kind else ())
            found |= dict.fromkeys(_MISREAD.get(kind.get("type", ""), ()))
            found |= {"malformed_day": None} if kind.get("format") == "date" else {}
    codes = ", ".join(f"`{code}`" for code in sorted(found))
    listed = "docs/reference/api.md"
    return f"{status_title(422)}: `invalid_input`; in `errors` {codes}, and what {listed} lists"
