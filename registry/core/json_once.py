"""JSON of which no object names a member twice: the standard lets the last win, without a word."""

import json
import math
from typing import Any


class GivenTwiceError(ValueError):
    """A member that stands twice in one object; `name` is cut."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name[:100]


def loads_once(text: str | bytes, *, finite: bool = False) -> Any:
    """What the text holds; raises GivenTwiceError, or ValueError for what is no JSON or too deep.

    `finite`: what JSON could not be written with again, `NaN` of other programs or 1e999, is null.

    >>> loads_once('{"a": 1, "b": {"a": 2}}')
    {'a': 1, 'b': {'a': 2}}
    >>> loads_once('{"a": NaN, "b": 1e999, "c": 1.5}', finite=True)
    {'a': None, 'b': None, 'c': 1.5}
    """
    numbers: Any = {"parse_constant": _nothing, "parse_float": _finite} if finite else {}
    try:
        return json.loads(text, object_pairs_hook=once, **numbers)
    except RecursionError:
        raise ValueError("too deep") from None


def _nothing(_name: str) -> None:
    return None


def _finite(written: str) -> float | None:
    number = float(written)
    return number if math.isfinite(number) else None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these members; raises GivenTwiceError, in a time that grows as they do."""
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise GivenTwiceError(name)
            seen.add(name)
    return made
