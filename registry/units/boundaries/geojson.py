"""Read untrusted GeoJSON (RFC 7946), feature by feature.

A file of gigabytes needs no more memory than its largest feature. Any error raises one
UnreadableFileError or InvalidInputError of one line.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.core.messages import Message
from registry.core.sources import LIMITS, ByteStream, Limits, read_text, shown

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
# Truncated tokens are reported where they begin: besides strings, at most `-Infinity` or an escape.
_LONGEST_LITERAL: Final = 16
# Spellings of "WGS 84, longitude first" in the member `crs`, which RFC 7946 removed.
_WGS_84: Final = ("CRS84", "EPSG:4326", "EPSG::4326")


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a collection: parsed JSON, not yet validated."""

    number: int
    """Its place in the file, from 1."""
    properties: Mapping[str, Any]
    geometry: Any


def read_features(file: ByteStream, name: str, limits: Limits = LIMITS) -> Iterator[Feature]:
    """Yield the features of the FeatureCollection in `file`.

    The text after the features is checked too, so the caller must discard the features if the
    iteration raises. `name` is the file's name in errors.
    """
    scanner = _Scanner(read_text(file, name, limits), name, limits.feature_characters)
    kind = None
    number = 0
    for key in scanner.members():
        if key != "features":
            value = scanner.value()
            kind = value if key == "type" else kind
            if key == "crs":
                _check_crs(value, name)
            continue
        for value in scanner.elements():
            number += 1
            if number > limits.features:
                raise UnreadableFileError(
                    Message("too_many_features", name=name, most=limits.features)
                )
            yield _feature(value, number, name)
    if kind != "FeatureCollection":
        what = f"its type is {shown(kind)}" if kind is not None else "it has no type"
        raise UnreadableFileError(Message("not_feature_collection", name=name, reason=what))
    scanner.end()


def _feature(value: object, number: int, name: str) -> Feature:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        raise UnreadableFileError(Message("element_not_a_feature", name=name, number=number))
    properties = value.get("properties")
    return Feature(
        number, properties if isinstance(properties, dict) else {}, value.get("geometry")
    )


def _check_crs(crs: object, name: str) -> None:
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    stated = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(stated, str) or not stated.upper().endswith(_WGS_84):
        raise InvalidInputError(
            Message(
                "boundaries_not_in_wgs84",
                name=name,
                stated=shown(stated or crs, 60),
            )
        )


class _Scanner:
    """Reads JSON from chunks: walks the outermost object, decodes each value in it at once."""

    def __init__(self, pieces: Iterator[str], name: str, limit: int) -> None:
        self._pieces = pieces
        self._name = name
        self._limit = limit
        self._text = ""
        self._position = 0
        self._gone = 0  # characters before _text
        self._decode = json.JSONDecoder().raw_decode

    def members(self) -> Iterator[str]:
        """Yield keys of the outermost object; the caller reads each value before the next key."""
        self._expect("{", "is no GeoJSON FeatureCollection: it does not begin with {")
        if self._peek() == "}":
            self._position += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise self._malformed(self._position)
            self._expect(":")
            yield key
            if not self._goes_on("}"):
                return

    def elements(self) -> Iterator[object]:
        """Yield the elements of the next array."""
        self._expect("[", "is no GeoJSON FeatureCollection: its features are no array")
        if self._peek() == "]":
            self._position += 1
            return
        while True:
            yield self.value()
            if not self._goes_on("]"):
                return

    def value(self) -> object:
        """Return the next JSON value."""
        self._peek()
        while True:
            try:
                value, end = self._decode(self._text, self._position)
            except json.JSONDecodeError as error:
                in_string = error.msg.startswith("Unterminated string")
                near_end = error.pos > len(self._text) - _LONGEST_LITERAL
                if (in_string or near_end) and self._grow():
                    continue
                raise self._malformed(error.pos, cut=in_string) from None
            except RecursionError:
                raise UnreadableFileError(
                    Message("json_nested_too_deep", name=self._name)
                ) from None
            except ValueError as error:  # an integer of thousands of digits
                raise UnreadableFileError(
                    Message("json_unreadable", name=self._name, reason=error)
                ) from None
            # A number at the end of the buffer may have more digits in the next chunk.
            if end == len(self._text) and self._text[end - 1] not in '"]}' and self._grow():
                continue
            self._position = end
            return value

    def end(self) -> None:
        """Raise unless the outermost object is at the end of the file."""
        if self._peek():
            raise UnreadableFileError(Message("json_has_several_documents", name=self._name))

    def _peek(self) -> str:
        """Return the next non-blank character without consuming it; empty at the end."""
        while True:
            self._position = _end_of_blanks(self._text, self._position)
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._grow():
                return ""

    def _expect(self, character: str, otherwise: str = "") -> None:
        if self._peek() != character:
            if otherwise and self._peek():
                raise UnreadableFileError(
                    Message("json_unexpected", name=self._name, problem=otherwise)
                )
            raise self._malformed(self._position)
        self._position += 1

    def _goes_on(self, closing: str) -> bool:
        """Whether a comma comes next, rather than the closing bracket."""
        if self._peek() == closing:
            self._position += 1
            return False
        self._expect(",")
        return True

    def _grow(self) -> bool:
        """Read at least as much text as is buffered; return False at the end of the file.

        Doubling keeps the work linear, although a feature is decoded again each time.
        """
        self._gone += self._position
        self._text = self._text[self._position :]
        self._position = 0
        if len(self._text) > self._limit:
            raise UnreadableFileError(
                Message("feature_too_long", name=self._name, most=self._limit)
            )
        wanted = max(1, len(self._text))
        more = io.StringIO()
        for piece in self._pieces:
            more.write(piece)
            if more.tell() >= wanted:
                break
        self._text += more.getvalue()
        return more.tell() > 0

    def _malformed(self, position: int, *, cut: bool = False) -> UnreadableFileError:
        """Return the error at `position`: a truncated file, or else an unexpected character."""
        rest = self._text[position:]
        if cut or (len(rest) < _LONGEST_LITERAL and not set(rest) & set(",:[]{}")):
            return UnreadableFileError(Message("boundaries_json_truncated", name=self._name))
        return UnreadableFileError(
            Message("json_character_misplaced", name=self._name, position=self._gone + position + 1)
        )


def _end_of_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position
