"""docs/reference/api.md: an index of the OpenAPI document's endpoints, and every code."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, Final

from api.app import create_app
from api.core.endpoint import declared_by, title_of
from api.core.errors import STATUS
from api.document.fold import document
from api.document.words import TAGS
from registry.core.settings import ROOT, Settings
from registry.register import Register

FIELD_CODES: Final = ROOT / "api" / "document" / "field_codes.csv"
_NO_DATABASE: Final = "postgresql://nobody@127.0.0.1:1/nothing"
"""Never connected to: the declarations of an application need no database."""
_VIEWER: Final = "http://127.0.0.1:8000/docs/try#"
_ROLE: Final = re.compile(r"Role: [^.]+")
_MEMBERS: Final = re.compile(r" Members?: ([^.]+)")


def endpoint_index() -> str:
    """A section for each endpoint, by subject.

    The operations of the register's table are in docs/reference/operations.md.
    """
    register = Register.open(Settings(), _NO_DATABASE)
    with closing(register):
        app = create_app(register)
        with app.test_request_context():
            described = document()
    schemas = described["components"]["schemas"]
    by_tag: dict[str, list[str]] = {tag: [f"## {tag.capitalize()}"] for tag in TAGS}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        view = app.view_functions[rule.endpoint]
        for method, operation in described["paths"].get(path, {}).items():
            if method.upper() not in (rule.methods or ()) or (
                method == "post" and path.startswith("/v1/operations/")
            ):
                continue
            by_tag[operation["tags"][0]] += [
                f"### `{method.upper()} {path}`",
                " ".join(_entry(operation, view, schemas)),
            ]
    return "\n\n".join(part for parts in by_tag.values() for part in parts)


def error_codes() -> str:
    """One line a status, with the codes of its problem documents and their members."""
    codes: dict[int, list[str]] = defaultdict(list)
    for error, status in sorted(STATUS.items(), key=lambda each: (each[1], each[0].code)):
        members = _MEMBERS.search((error.__doc__ or "").partition("\n")[0])
        codes[status.value].append(f"`{error.code}`" + (f" ({members[1]})" if members else ""))
    return _listed(f"{status}: {', '.join(found)}" for status, found in codes.items())


def field_codes() -> str:
    """The codes in `errors` of a 422; those of one meaning in one line."""
    meanings: dict[str, list[str]] = defaultdict(list)
    with FIELD_CODES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            meanings[row["english"]].append(f"`{row['code']}`")
    plain = ", ".join(meanings.pop(""))
    return f"{plain}.\n\n" + _listed(
        f"{', '.join(codes)}: {words}" for words, codes in meanings.items()
    )


def _entry(
    operation: dict[str, Any], view: Callable[..., Any], schemas: dict[str, Any]
) -> Iterator[str]:
    facts = declared_by(view)
    at = f"{_VIEWER}/{operation['tags'][0]}/{operation['operationId']}"
    yield f"[{title_of(view).rstrip('.')}]({at})."
    notes = _ROLE.findall(operation["description"])
    notes += ["Code of a field round"] if facts.takes_round_code else []
    notes += ["Budget"] if facts.discloses else []
    if notes:
        yield f"{'. '.join(notes)}."
    if names := list(_parameters(operation, schemas)):
        yield f"Parameters: {', '.join(names)}."
    if facts.codes:
        yield f"Problems: {', '.join(f'`{code}`' for code in facts.codes)}."


def _parameters(operation: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """Those of the query, the headers and the bodies; what is required is bold."""
    found = {
        each["name"]: each["required"] for each in operation["parameters"] if each["in"] != "path"
    }
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        model = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        found |= {name: name in model.get("required", ()) for name in model.get("properties", {})}
    return (f"**`{name}`**" if needed else f"`{name}`" for name, needed in found.items())


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
