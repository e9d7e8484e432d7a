"""docs/reference/api.md: a section for each endpoint of the OpenAPI document, and every code."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

from api.app import create_app
from api.core.endpoint import Facts, declared_by, title_of
from api.core.errors import STATUS
from api.document.fold import document
from api.document.words import TAGS
from registry.core.settings import ROOT, Settings
from registry.register import Register

EXAMPLES: Final = ROOT / "api" / "document" / "examples.yaml"
FIELD_CODES: Final = ROOT / "api" / "document" / "field_codes.csv"
_NO_DATABASE: Final = "postgresql://nobody@127.0.0.1:1/nothing"
"""Never connected to: the declarations of an application need no database."""
_SHARED_BY: Final = 3
"""A parameter with one meaning in this many subjects is listed as common."""
_JSON: Final = "application/json"
_ANY: Final = 2**31
"""Greater limits are those of the number's type, and not shown."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, and its part of the OpenAPI document."""

    method: str
    path: str
    title: str
    facts: Facts
    described: dict[str, Any]
    in_path: dict[str, str]
    """Descriptions of the parameters in the path."""
    parameters: dict[str, str]
    """Descriptions of those in the query, the headers and the bodies."""

    @property
    def name(self) -> str:
        """`GET /v1/units`."""
        return f"{self.method} {self.path}"


def endpoint_sections() -> str:
    """A section for each endpoint, by subject; parameters of one meaning stand once, above.

    The operations of the register's table are in docs/reference/operations.md.
    """
    examples = read_examples()
    by_tag: dict[str, list[Endpoint]] = {tag: [] for tag in TAGS}
    tags: dict[str, set[str]] = defaultdict(set)
    in_paths = {}
    for each in endpoints():
        if each.path.startswith("/v1/operations/") and each.method == "POST":
            continue
        tag = each.described["tags"][0]
        by_tag[tag].append(each)
        in_paths.update(each.in_path)
        for line in each.parameters.values():
            tags[line].add(tag)
    common = {line for line, where in tags.items() if len(where) >= _SHARED_BY}
    parts = ["## Common parameters", "In the path:", _listed(sorted(in_paths.values()))]
    parts += ["Elsewhere:", _listed(sorted(common))]
    for tag, found in by_tag.items():
        counted = Counter(line for each in found for line in each.parameters.values())
        shared = {line for line, times in counted.items() if times > 1} - common
        parts.append(f"## {tag.capitalize()}")
        if shared:
            parts.append(_listed(sorted(shared)))
        for each in found:
            parts += _section(each, common | shared, examples.get(each.name, ()))
    return "\n\n".join(parts)


def error_codes() -> str:
    """One line a code of a problem document."""
    known = sorted(STATUS.items(), key=lambda each: (each[1], each[0].code))
    return _listed(
        f"{status.value} `{error.code}`: {_first_line(error.__doc__)}" for error, status in known
    )


def field_codes() -> str:
    """The codes in `errors` of a 422; those of one meaning in one line."""
    meanings: dict[str, list[str]] = defaultdict(list)
    with FIELD_CODES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            meanings[row["english"]].append(f"`{row['code']}`")
    return _listed(f"{', '.join(codes)}: {words}" for words, codes in meanings.items())


@lru_cache(maxsize=1)
def endpoints() -> tuple[Endpoint, ...]:
    """Return all endpoints of the document."""
    register = Register.open(Settings(), _NO_DATABASE)
    with closing(register):
        app = create_app(register)
        with app.test_request_context():
            described = document()
    schemas = described["components"]["schemas"]
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        view = app.view_functions[rule.endpoint]
        for method, operation in described["paths"].get(path, {}).items():
            if method.upper() in (rule.methods or ()):
                found.append(
                    Endpoint(
                        *(method.upper(), path, title_of(view), declared_by(view), operation),
                        in_path=dict(_given(operation, "path")),
                        parameters=_parameters(operation, schemas),
                    )
                )
    return tuple(found)


def _section(
    each: Endpoint, elsewhere: set[str], examples: Sequence[dict[str, Any]]
) -> Iterator[str]:
    sentences = [f"{each.title.rstrip('.')}.", each.described["description"]]
    notes = []
    if each.facts.takes_round_code:
        notes.append("code of a field round")
    if each.facts.discloses:
        notes.append("budget")
    if answer := _answer(each.described):
        notes.append(f"answer {answer}")
    if codes := [f"`{code}`" for code in each.facts.codes]:
        notes.append(f"problems {', '.join(codes)}")
    yield f"### `{each.name}`"
    yield " ".join(filter(None, sentences)) + f" ({'; '.join(notes)})" * bool(notes)
    if own := [line for line in each.parameters.values() if line not in elsewhere]:
        yield _listed(own)
    if also := [f"`{name}`" for name, line in each.parameters.items() if line in elsewhere]:
        yield f"Also {', '.join(also)}."
    for example in examples:
        if "answer" in example or re.search("[?]|--json|--data", example["curl"]):
            yield _example(example)


def _answer(described: dict[str, Any]) -> str:
    names = []
    for status, response in described["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status < "300":
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                names.append(f"`{name}`" if name and media_type == _JSON else media_type)
    return ", ".join(dict.fromkeys(names))


def _given(described: dict[str, Any], *places: str) -> Iterator[tuple[str, str]]:
    for each in described["parameters"]:
        if each["in"] in places:
            needed = each["required"] and each["in"] != "path"
            words = each["description"]
            yield each["name"], _line(each["name"], each["schema"], words, needed=needed)


def _parameters(described: dict[str, Any], schemas: dict[str, Any]) -> dict[str, str]:
    """Those of the query, the headers and the bodies."""
    found = dict(_given(described, "query", "header"))
    for content in described.get("requestBody", {"content": {}})["content"].values():
        model = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        for name, schema in model.get("properties", {}).items():
            needed = name in model.get("required", ())
            words = schema.get("description", "")
            found[name] = _line(name, schema, words, needed=needed, schemas=schemas)
    return found


def _line(
    name: str,
    schema: dict[str, Any],
    words: str,
    *,
    needed: bool,
    schemas: dict[str, Any] | None = None,
) -> str:
    words, by_default, default = " ".join(words.split()).rstrip(".").partition(" (")
    if default.endswith(" by default)"):
        default = default.removesuffix(" by default)").strip('"')
    else:
        words, default = f"{words}{by_default}{default}", str(schema.get("default", ""))
    notes = [*_kind(schema, schemas or {}), *(["required"] if needed else [])]
    if default.lower() not in ("", "none", "false", "[]"):
        notes.append(f"default {default}")
    note = f" ({', '.join(notes)})" if notes else ""
    return f"`{name}`{note}: {words[:1].upper()}{words[1:]}"


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """Yield a short form of the type of a value with its limits."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    if len(kinds) > 1:
        yield " or ".join(dict.fromkeys(word for kind in kinds for word in _kind(kind, schemas)))
        return
    (kind,) = kinds
    if "$ref" in kind:
        inner = schemas.get(kind["$ref"].rpartition("/")[2], {})
        if members := inner.get("properties"):
            yield f"object with {', '.join(f'`{name}`' for name in members)}"
        return
    if values := kind.get("enum"):
        if not str(values[0]).startswith("http"):
            yield "|".join(map(str, values))
        return
    if kind.get("type") == "array":
        inside = " ".join(_kind(kind["items"], schemas))
        yield f"list of {inside}" if "object" in inside or "|" in inside else "list"
        return
    least = kind.get("minimum", kind.get("exclusiveMinimum"))
    most = kind.get("maximum", kind.get("maxLength"))
    most = None if most is not None and most > _ANY else most
    limits = "" if most is None else f"≤{most}" if least is None else f"{least}–{most}"
    is_text = kind.get("type", "string") == "string"
    if words := " ".join(filter(None, ("" if is_text else str(kind["type"]), limits))):
        yield words


def _example(example: dict[str, Any]) -> str:
    lines = [f"$ {example['curl']}"]
    if "answer" in example:
        lines.append(json.dumps(example["answer"], ensure_ascii=False, separators=(", ", ":")))
    return "\n".join(["```console", *lines, "```"])


def read_examples() -> dict[str, list[dict[str, Any]]]:
    """Return the examples of each endpoint: the request, and the answer unless a key is needed."""
    read: dict[str, list[dict[str, Any]]] = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    return read


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _first_line(words: str | None) -> str:
    return (words or "").partition("\n")[0]
