"""docs/reference/api.md: an index of the OpenAPI document's endpoints, and every code."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
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
_REPEATED: Final = 4
"""So many parameters, or problems, of the endpoint above are not named again."""
_BUNDLES: Final = {
    "parts": (
        *("house_number", "street", "locality", "building", "floor", "unit"),
        *("commune", "district", "province", "postcode"),
    ),
    "address": (
        *("commune", "former_commune", "house_number", "street", "locality"),
        *("building", "floor", "unit_number"),
    ),
    "labels": ("ids", "scheme", "postal", "on", "wording"),
    "features": ("datetime", "crs", "limit", "bbox", "bbox-crs", "unit", "after"),
}
"""Parameters that several endpoints take, by the name that the page gives them."""
_MEMBERS: Final = re.compile(r" Members?: ([^.]+)")


def endpoint_index() -> str:
    """A section for each subject, a paragraph for each endpoint.

    The operations of the register's table are in docs/reference/operations.md.
    """
    register = Register.open(Settings(), _NO_DATABASE)
    with closing(register):
        app = create_app(register)
        with app.test_request_context():
            described = document()
    schemas = described["components"]["schemas"]
    by_tag: dict[str, list[_Entry]] = {tag: [] for tag in TAGS}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        view = app.view_functions[rule.endpoint]
        for method, operation in described["paths"].get(path, {}).items():
            if method.upper() not in (rule.methods or ()) or (
                method == "post" and path.startswith("/v1/operations/")
            ):
                continue
            by_tag[operation["tags"][0]].append(
                _entry(f"{method.upper()} {path}", operation, view, schemas)
            )
    return "\n\n".join(part for tag, entries in by_tag.items() for part in _section(tag, entries))


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


@dataclass(frozen=True)
class _Entry:
    """An endpoint: its link and title, and what may stand once for several."""

    title: str
    notes: list[str]
    parameters: list[str]
    problems: list[str]


def _entry(
    name: str, operation: dict[str, Any], view: Callable[..., Any], schemas: dict[str, Any]
) -> _Entry:
    facts = declared_by(view)
    at = f"{_VIEWER}/{operation['tags'][0]}/{operation['operationId']}"
    notes = [note.removeprefix("Role: ") for note in _ROLE.findall(operation["description"])]
    notes += ["code of a field round"] if facts.takes_round_code else []
    notes += ["budget"] if facts.discloses else []
    return _Entry(
        f"[`{name}`]({at}): {title_of(view).rstrip('.')}.",
        [f"*{note}*" for note in notes],
        list(_parameters(operation, schemas)),
        [f"`{code}`" for code in facts.codes],
    )


def _section(tag: str, entries: list[_Entry]) -> Iterator[str]:
    """What all endpoints of a subject share, then a paragraph for each."""
    yield f"## {tag.capitalize()}"
    shared = _Entry(
        "All:",
        _of_all([each.notes for each in entries]),
        _of_all([each.parameters for each in entries]),
        _of_all([each.problems for each in entries]),
    )
    if len(entries) == 1:
        shared = _Entry("", [], [], [])
    if words := _words(shared.notes, shared.parameters, shared.problems):
        yield f"All: {words}"
    before: list[str] = []
    problems: list[str] = []
    for each in entries:
        parameters = [name for name in each.parameters if name not in shared.parameters]
        words = _words(
            [note for note in each.notes if note not in shared.notes],
            _as_above(parameters, before),
            (
                ["as above"]
                if each.problems == problems and len(problems) >= _REPEATED
                else [code for code in each.problems if code not in shared.problems]
            ),
        )
        yield f"{each.title} {words}".rstrip()
        before, problems = parameters, each.problems


def _of_all(lists: list[list[str]]) -> list[str]:
    return [name for name in lists[0] if all(name in each for each in lists)]


def _as_above(parameters: list[str], before: list[str]) -> list[str]:
    """The parameters, those of the paragraph above in two words where all come again."""
    if len(before) >= _REPEATED and set(before) <= set(parameters):
        return ["As above", *(name for name in parameters if name not in before)]
    for name, names in _BUNDLES.items():
        marks = [f"`{each}`" for each in names]
        if set(marks) <= set(parameters):
            rest = [each for each in parameters if each not in marks]
            return _as_above([f"*{name}*", *rest], [])
    return parameters


def _words(notes: list[str], parameters: list[str], problems: list[str]) -> str:
    parts = [", ".join(notes), ", ".join(parameters)]
    parts += [f"Problems: {', '.join(problems)}"] if problems else []
    return " ".join(f"{part}." for part in parts if part)


def shared_parameters() -> str:
    """What the names of parameters in italics stand for."""
    return _listed(
        f"*{name}*: {', '.join(f'`{each}`' for each in names)}" for name, names in _BUNDLES.items()
    )


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
