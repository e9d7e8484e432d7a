"""Parses JSON and refuses duplicate members, of which the standard silently keeps the last."""

import json
import math
from typing import Any


class DuplicateMemberError(ValueError):
    """A duplicate member of an object; `name` is truncated."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name[:100]


def loads_once(text: str | bytes, *, finite: bool = False) -> Any:
    """Parse JSON; raises DuplicateMemberError, or ValueError if malformed or too deep.

    With `finite`, numbers that JSON cannot represent, such as `NaN` or 1e999, become null.

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
    """Make an object of members; raises DuplicateMemberError, in linear time."""
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DuplicateMemberError(name)
            seen.add(name)
    return made
