"""Schemas of the OpenAPI document as generators of clients read them best."""

import json
import re
from typing import Any, Final

_REFERENCE: Final = re.compile(r'"#/components/schemas/([^"]+)"')


def used(schemas: dict[str, Any], *places: Any) -> dict[str, Any]:
    """Those of the schemas that the places lead to, by whatever way.

    The others describe parameters, which stand with their endpoints, and files.
    """
    found = set[str]()
    ahead = {name for place in places for name in _named(place)}
    while ahead:
        name = ahead.pop()
        found.add(name)
        ahead |= _named(schemas[name]) - found
    return {name: schema for name, schema in schemas.items() if name in found}


def _named(place: Any) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(place, default=str)))


def trim(schemas: dict[str, Any]) -> None:
    """Take out names as titles, and defaults, which are told in words.

    Generators call classes by the titles, and make a member with a default one that must be there.
    """
    for schema in schemas.values():
        schema.pop("title", None)
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
            default = field.pop("default", None)
            if default is not None:
                words = f"{json.dumps(default)} by default"
                told = field.get("description")
                field["description"] = f"{told} ({words})" if told else words
