"""Schemas of the OpenAPI document as generators of clients read them best."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

_AT: Final = "#/components/schemas/"
_REFERENCE: Final = re.compile(f'"{_AT}([^"]+)"')


class Schemas:
    """The schemas of types, by the names of the types."""

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}

    def name(self, described: Any, mode: JsonSchemaMode) -> str:
        """The name of a type, whose schema is added with all that it refers to."""
        name: str = described.__name__
        if name not in self.by_name:
            made = TypeAdapter(described).json_schema(ref_template=f"{_AT}{{model}}", mode=mode)
            for each, schema in {**made.pop("$defs", {}), name: made}.items():
                self.by_name.setdefault(each, schema)
        return name

    def reference(self, described: Any, mode: JsonSchemaMode) -> dict[str, str]:
        """A reference to the schema of a type."""
        return {"$ref": f"{_AT}{self.name(described, mode)}"}

    def used(self, *places: Any, words: Mapping[str, str]) -> dict[str, Any]:
        """Those of the schemas that the places lead to, by whatever way.

        The others describe parameters, which stand with their endpoints. `words` describe members
        of bodies that mean the same everywhere.
        """
        found = set[str]()
        ahead = {name for place in places for name in _named(place)}
        while ahead:
            name = ahead.pop()
            found.add(name)
            ahead |= _named(self.by_name[name]) - found
        made = {name: schema for name, schema in self.by_name.items() if name in found}
        for name, schema in made.items():
            _trim(schema, words if name.endswith(("Body", "Form")) else {})
        return made


def _named(place: Any) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(place, default=str)))


def _trim(schema: dict[str, Any], words: Mapping[str, str]) -> None:
    """Remove names as titles, and say defaults in words.

    Generators call classes by the titles, and make a member with a default one that must be there.
    """
    schema.pop("title", None)
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if name in words and not field.get("description"):
            field["description"] = words[name]
        default = field.pop("default", None)
        if default is not None:
            by_default = f"{json.dumps(default)} by default"
            described = field.get("description")
            field["description"] = f"{described} ({by_default})" if described else by_default
