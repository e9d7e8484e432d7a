"""Reading a resolution: YAML, or the same as a table; with the line of each of its members."""

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
"""That of libyaml, thirty times as fast, where it is there."""
MAX_BYTES: Final = 64 * 1024 * 1024
_TABLES: Final = frozenset(TABLES) - {".txt"}
"""Suffixes of tables; any other file is YAML."""
Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A resolution, and on which line of its file everything stands."""

    path: Path
    resolution: Resolution
    lines: Mapping[Place, int]
    areas: Mapping[str, str] = field(default_factory=dict)
    """Of one that was kept: code → polygon of the file of boundaries, as it was then (WKB)."""

    delivered_boundaries: Path | None = None
    """The file of boundaries, where it does not lie beside this one under the name it says."""

    @property
    def boundaries(self) -> Path:
        """The file of boundaries that it names."""
        return self.delivered_boundaries or self.path.parent / (self.resolution.boundaries or "")

    def line(self, *place: int | str) -> int | None:
        """The line of what stands at `place`, or of the nearest that holds it."""
        return line_of(self.lines, place)


def read_resolution(path: Path) -> Document:
    """The resolution of a file. Raises ResolutionRefusedError, and OSError if it is missing."""
    if path.stat().st_size > MAX_BYTES:
        raise ResolutionRefusedError([Refusal("file_too_large", None)])
    if path.suffix.lower() in _TABLES:
        from registry.reform.table_form import read_table

        said, lines = read_table(path)
    else:
        said, lines = _read_yaml(path)
    try:
        return Document(path, Resolution.model_validate(said), lines)
    except ValidationError as error:
        raise ResolutionRefusedError(list(_refusals(error, lines))) from None


def resolution_of(said: Mapping[str, Any]) -> Document:
    """A resolution that was read before and kept (`reform.resolution`)."""
    lines = {tuple(place): line for place, line in said["lines"]}
    return Document(Path(), Resolution.model_validate(said["said"]), lines, said["areas"])


def kept(document: Document, areas: Mapping[str, str]) -> dict[str, Any]:
    """What `resolution_of` reads: JSON values."""
    return {
        "areas": dict(areas),
        "said": document.resolution.model_dump(mode="json", exclude_unset=True),
        "lines": [[list(place), line] for place, line in document.lines.items() if len(place) < 6],
    }


def line_of(lines: Mapping[Place, int], place: Place) -> int | None:
    """The line of the longest beginning of `place` that has one."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return lines.get(())


def _refusals(error: ValidationError, lines: Mapping[Place, int]) -> Iterator[Refusal]:
    """One for each place: of the ways in which a union may be read, the first."""
    seen: set[int | None] = set()
    found = error.errors(include_url=False, include_input=False)
    places = [tuple(part for part in item["loc"] if _is_of_file(part)) for item in found]
    for place, item in zip(places, found, strict=True):
        if any(len(other) > len(place) == len(_common(other, place)) for other in places):
            continue  # what holds it is wrong by that alone
        line = line_of(lines, place)
        if line not in seen:
            seen.add(line)
            code = item["type"] if item["type"] in REFUSALS else "malformed"
            yield Refusal(code, line, ".".join(map(str, place)), _in_words(item))


def _in_words(item: ErrorDetails) -> Message:
    """What is wrong with a member, and which was meant."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        meant = _meant(str(item["loc"][-1]))
        return Message("member_unknown_meant", meant=meant) if meant else Message("member_unknown")
    return Message(_WRONG[kind], **context) if kind in _WRONG else message_of(item)


def _meant(written: str) -> str | None:
    """The member that is called so in a table, or is a slip away."""
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
"""Kind of pydantic's error → words, with members of its context."""


def _common(one: Place, other: Place) -> Place:
    """How both begin."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(part for part, _ in pairs)


def _is_of_file(part: int | str) -> bool:
    """Whether it stands in the file: the members of a union do not."""
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
        said = getattr(error, "problem", None) or ""
        line = mark.line + 1 if mark else None
        raise ResolutionRefusedError([Refusal("not_yaml", line, said)]) from error
    except RecursionError as error:
        raise ResolutionRefusedError([Refusal("not_yaml", None, "nested too deep")]) from error
    lines: dict[Place, int] = {}
    twice: list[Refusal] = []
    said = _value(node, (), lines, twice)
    if twice:
        raise ResolutionRefusedError(twice)
    return said, lines


def _refuse_aliases(written: str) -> None:
    """An alias may stand for more than fits into memory."""
    for token in yaml.scan(written, Loader=_LOADER):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            line = token.start_mark.line + 1
            raise ResolutionRefusedError([Refusal("alias_used", line)])


def _value(
    node: yaml.Node | None, place: Place, lines: dict[Place, int], twice: list[Refusal]
) -> Any:
    """The node as Python; scalars as they are written, for `00175` is no number."""
    if node is None:
        return None
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, held in node.value:
            name = str(key.value)
            if name in found:
                twice.append(Refusal("key_repeated", key.start_mark.line + 1, name))
            # Thousands of coordinates need no line each.
            within = {} if name == "polygon" else lines
            found[name] = _value(held, (*place, name), within, twice)
            lines[*place, name] = key.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(held, (*place, at), lines, twice) for at, held in enumerate(node.value)]
    return None if node.tag.endswith(":null") else node.value
