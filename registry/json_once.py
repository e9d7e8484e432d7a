"""JSON of which no object names a member twice: the standard lets the last win, without a word."""

import json
from typing import Any


class GivenTwiceError(ValueError):
    """A member that stands twice in one object; `name` is cut."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name[:100]


def loads_once(text: str | bytes) -> Any:
    """What the text holds; raises GivenTwiceError, or what `json.loads` raises.

    >>> loads_once('{"a": 1, "b": {"a": 2}}')
    {'a': 1, 'b': {'a': 2}}
    """
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise GivenTwiceError(name)
            seen.add(name)
    return made
