"""Read a resolution from YAML or a table, with the line of each member."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from geo.text import fold
from registry.core.invalid import message_of
from registry.core.messages import Message
from registry.files.formats.formats import TABLES
from registry.reform.members import MEMBERS
from registry.reform.refusals import REFUSALS, Refusal, ResolutionRefusedError
from registry.reform.resolution import Resolution

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml if available, thirty times as fast."""
MAX_BYTES: Final = 64 * 1024 * 1024
_TABLES: Final = frozenset(TABLES) - {".txt"}
"""Suffixes of tables; any other file is YAML."""
Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A resolution, and the line of each of its members."""

    path: Path
    resolution: Resolution
    lines: Mapping[Place, int]
    areas: Mapping[str, str] = field(default_factory=dict)
    """For a stored resolution: code → polygon of its file of boundaries at that time (WKB)."""

    delivered_boundaries: Path | None = None
    """The file of boundaries, if it is not next to this one under the given name."""

    @property
    def boundaries(self) -> Path:
        """The file of boundaries that it names."""
        return self.delivered_boundaries or self.path.parent / (self.resolution.boundaries or "")

    def line(self, *place: int | str) -> int | None:
        """Return the line of `place`, or of its nearest parent that has one."""
        return line_of(self.lines, place)


def read_resolution(path: Path) -> Document:
    """Read a resolution. Raises ResolutionRefusedError, and OSError if the file is missing."""
    if path.stat().st_size > MAX_BYTES:
        raise ResolutionRefusedError([Refusal("file_too_large", None)])
    if path.suffix.lower() in _TABLES:
        from registry.reform.table_form import read_table

        content, lines = read_table(path)
    else:
        content, lines = _read_yaml(path)
    try:
        return Document(path, Resolution.model_validate(content), lines)
    except ValidationError as error:
        raise ResolutionRefusedError(list(_refusals(error, lines))) from None


def resolution_of(stored: Mapping[str, Any]) -> Document:
    """Restore a stored resolution (`reform.resolution`)."""
    lines = {tuple(place): line for place, line in stored["lines"]}
    return Document(Path(), Resolution.model_validate(stored["said"]), lines, stored["areas"])


def kept(document: Document, areas: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON values that `resolution_of` reads."""
    return {
        "areas": dict(areas),
        "said": document.resolution.model_dump(mode="json", exclude_unset=True),
        "lines": [[list(place), line] for place, line in document.lines.items() if len(place) < 6],
    }


def line_of(lines: Mapping[Place, int], place: Place) -> int | None:
    """Return the line of the longest prefix of `place` that has one."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return lines.get(())


def _refusals(error: ValidationError, lines: Mapping[Place, int]) -> Iterator[Refusal]:
    """Yield one refusal per place: of a union's alternatives, the first."""
    seen: set[int | None] = set()
    found = error.errors(include_url=False, include_input=False)
    places = [tuple(part for part in item["loc"] if _is_of_file(part)) for item in found]
    for place, item in zip(places, found, strict=True):
        if any(len(other) > len(place) == len(_common(other, place)) for other in places):
            continue  # a parent is wrong only because of its member
        line = line_of(lines, place)
        if line not in seen:
            seen.add(line)
            code = item["type"] if item["type"] in REFUSALS else "malformed"
            yield Refusal(code, line, ".".join(map(str, place)), _in_words(item))


def _in_words(item: ErrorDetails) -> Message:
    """Describe what is wrong with a member, and suggest the right name."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        meant = _meant(str(item["loc"][-1]))
        return Message("member_unknown_meant", meant=meant) if meant else Message("member_unknown")
    return Message(_WRONG[kind], **context) if kind in _WRONG else message_of(item)


def _meant(written: str) -> str | None:
    """Return the member of this name in a table, or of the most similar name."""
    key = fold(written.replace("_", " "))
    if found := MEMBERS.get(key):
        return found
    near = get_close_matches(key, MEMBERS, 1, _LIKE)
    return MEMBERS[near[0]] if near else None


_LIKE: Final = 0.75
_WRONG: Final = {
    "missing": "field_missing",
    "literal_error": "must_be_one_of",
    "string_pattern_mismatch": "unit_code_digits",
    "string_type": "text_required",
    "string_too_short": "still_empty",
    "string_too_long": "longer_than_characters",
    "too_short": "too_few_items",
    "tuple_type": "list_required",
    "model_type": "object_required",
    "dict_type": "object_required",
    "date_from_datetime_parsing": "day_format_iso",
    "date_parsing": "day_format_iso",
    "float_parsing": "number_required",
    "int_parsing": "whole_number_required",
    "bool_parsing": "true_or_false_required",
}
"""Type of pydantic's error → message, and the parameters from its context."""


def _common(one: Place, other: Place) -> Place:
    """Return the common prefix."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(part for part, _ in pairs)


def _is_of_file(part: int | str) -> bool:
    """Whether it is part of the file, unlike the alternatives of a union."""
    return isinstance(part, int) or not re.match(r"constrained-str|[A-Z]|function-", part)


def _read_yaml(path: Path) -> tuple[Any, dict[Place, int]]:
    try:
        written = path.read_text(encoding="utf-8-sig")
        _refuse_aliases(written)
        node = yaml.compose(written, Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise ResolutionRefusedError([Refusal("not_yaml", None, "UTF-8")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or ""
        line = mark.line + 1 if mark else None
        raise ResolutionRefusedError([Refusal("not_yaml", line, problem)]) from error
    except RecursionError as error:
        raise ResolutionRefusedError([Refusal("not_yaml", None, "nested too deep")]) from error
    lines: dict[Place, int] = {}
    twice: list[Refusal] = []
    content = _value(node, (), lines, twice)
    if twice:
        raise ResolutionRefusedError(twice)
    return content, lines


def _refuse_aliases(written: str) -> None:
    """Refuse aliases, which may expand to more than fits into memory."""
    for token in yaml.scan(written, Loader=_LOADER):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            line = token.start_mark.line + 1
            raise ResolutionRefusedError([Refusal("alias_used", line)])


def _value(
    node: yaml.Node | None, place: Place, lines: dict[Place, int], twice: list[Refusal]
) -> Any:
    """Convert a node to Python; scalars stay text, because `00175` is a code, not a number."""
    if node is None:
        return None
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, held in node.value:
            name = str(key.value)
            if name in found:
                twice.append(Refusal("key_repeated", key.start_mark.line + 1, name))
            # Coordinates need no lines; there may be thousands.
            within = {} if name == "polygon" else lines
            found[name] = _value(held, (*place, name), within, twice)
            lines[*place, name] = key.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(held, (*place, at), lines, twice) for at, held in enumerate(node.value)]
    return None if node.tag.endswith(":null") else node.value
