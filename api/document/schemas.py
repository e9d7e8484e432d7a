"""Schemas of the OpenAPI document, in the form that client generators handle best."""

import json
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, Final, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from typing_extensions import is_typeddict

_AT: Final = "#/components/schemas/"
_REFERENCE: Final = re.compile(f'"{_AT}([^"]+)"')


_ANSWER: Final = ConfigDict(
    extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True
)


class Schemas:
    """Schemas by the names of their types."""

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}
        self._types: dict[str, Any] = {}

    def name(self, described: Any, mode: JsonSchemaMode) -> str:
        """Return the name of a type, and add its schema with all that it refers to."""
        name: str = described.__name__
        if name not in self.by_name:
            self._read_docstrings(described)
            made = TypeAdapter(described).json_schema(ref_template=f"{_AT}{{model}}", mode=mode)
            for each, schema in {**made.pop("$defs", {}), name: made}.items():
                self.by_name.setdefault(each, schema)
                self._inherit_descriptions(each, mode)
        return name

    def _read_docstrings(self, described: Any) -> None:
        """Let pydantic describe members of answers by their attribute docstrings."""
        for part in get_args(described):
            self._read_docstrings(part)
        is_answer = is_typeddict(described) or is_dataclass(described)
        if isinstance(described, type) and is_answer and described.__name__ not in self._types:
            self._types[described.__name__] = described
            config = vars(described).get("__pydantic_config__", {})
            setattr(described, "__pydantic_config__", _ANSWER | config)  # noqa: B010
            for member in get_type_hints(described, include_extras=True).values():
                self._read_docstrings(member)

    def _inherit_descriptions(self, name: str, mode: JsonSchemaMode) -> None:
        """Add descriptions from base types: pydantic does not read those of a TypedDict's bases."""
        for base in filter(is_typeddict, getattr(self._types.get(name), "__orig_bases__", ())):
            members = self.by_name[name]["properties"]
            for member, schema in self.by_name[self.name(base, mode)]["properties"].items():
                if "description" in schema:
                    members[member].setdefault("description", schema["description"])

    def reference(self, described: Any, mode: JsonSchemaMode) -> dict[str, str]:
        """Return a reference to the schema of a type."""
        return {"$ref": f"{_AT}{self.name(described, mode)}"}

    def used(self, *places: Any, words: Mapping[str, str]) -> dict[str, Any]:
        """Return the schemas referenced from `places`, directly or indirectly.

        The rest describe parameters, which are inlined in their endpoints. `words` describe members
        of bodies that mean the same everywhere.
        """
        found = set[str]()
        ahead = {name for place in places for name in _named(place)}
        while ahead:
            name = ahead.pop()
            found.add(name)
            ahead |= _named(self.by_name[name]) - found
        made = {name: self.by_name[name] for name in sorted(found)}
        for name, schema in made.items():
            _trim(schema, words if name.endswith(("Body", "Form")) else {})
        return made


def _named(place: Any) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(place, default=str)))


def _trim(schema: dict[str, Any], words: Mapping[str, str]) -> None:
    """Remove generated titles, and move defaults into descriptions.

    Generators name classes by the titles, and treat a member with a default as required.
    """
    schema.pop("title", None)
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if "description" in field:
            field["description"] = " ".join(field["description"].split())
        if name in words and not field.get("description"):
            field["description"] = words[name]
        default = field.pop("default", None)
        if default is not None:
            by_default = f"{json.dumps(default)} by default"
            described = field.get("description")
            field["description"] = f"{described} ({by_default})" if described else by_default
