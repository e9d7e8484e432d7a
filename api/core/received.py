"""Uploaded files, as parts of a form or as the body itself, stored on disk."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

from flask import current_app, json, request
from werkzeug.exceptions import LengthRequired

from api.core.bodies import BODY
from api.core.context import register
from api.core.endpoint import facts_of
from api.core.requests import Request
from registry.core.errors import InvalidInputError
from registry.core.json_once import DuplicateMemberError, loads_once
from registry.core.messages import Message
from registry.files import kept

FILE = "file"
"""The required part of an upload form."""


def keep_files_below_var() -> None:
    """Before each request: write the files of an upload form to the folder for incoming files."""
    if facts_of(current_app, request.endpoint or "").upload:
        with kept.refusals():
            cast(Request, request).files_below = kept.incoming_folder(register().settings)


@contextmanager
def received(file_name: str | None, *more: str) -> Iterator[Mapping[str, tuple[Path, str]]]:
    """Yield path and file name by part of the form; `more` are allowed beside `file`.

    A body that is not a form is `file` itself, named `file_name`. Files that the block did not move
    are deleted at its end.
    """
    with ExitStack() as stack:
        parts = {}
        with kept.refusals():
            for part, (path, name) in _files(file_name, more):
                stack.callback(path.unlink, missing_ok=True)
                parts[part] = path, name
        for part, (path, _) in parts.items():
            if path.stat().st_size == 0:
                raise InvalidInputError.of_field(part, "empty", Message("file_empty"))
        yield parts


def parse_mapping(text: str | None) -> dict[str, str] | None:
    """Parse a JSON object header → field; None without one. Raises InvalidInputError."""
    if not text:
        return None
    try:
        loads_once(text)
        mapping = json.loads(text)  # which reads no half of a sign
    except DuplicateMemberError as error:
        raise InvalidInputError.of_field(
            "mapping", "given_twice", Message("named_twice", name=error.name)
        ) from None
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise InvalidInputError.of_field(
            "mapping",
            "malformed_json",
            Message("mapping_not_object"),
        )
    if "\0" in "".join((*mapping, *mapping.values())):
        raise InvalidInputError.of_field("mapping", "nul_character", Message("text_has_nul"))
    return mapping


def _files(file_name: str | None, more: tuple[str, ...]) -> Iterator[tuple[str, tuple[Path, str]]]:
    if not cast(Request, request).is_form:
        yield FILE, (_body_file(), file_name or FILE)
        return
    given = [(part, file) for part in request.files for file in request.files.getlist(part)]
    names = [part for part, _ in given]
    if FILE not in names or len(set(names)) < len(names) or not {FILE, *more} >= set(names):
        raise InvalidInputError.of_field(
            FILE,
            "missing",
            Message("file_part_required"),
        )
    for part, file in given:
        path = kept.adopted(register().settings, Path(file.stream.name))
        yield part, (path, file.filename or FILE)


def _body_file() -> Path:
    """Return a file with the whole body; raises without Content-Length, or for a shorter body.

    A broken connection ends a chunked body like a complete one, and half of a table is still a
    table.
    """
    if request.content_length is None:
        raise LengthRequired(str(Message("content_length_required")))
    settings = register().settings
    written: Path | None = request.environ.get(BODY)
    if written is not None:
        return kept.adopted(settings, written)
    body = request.get_data(cache=False)
    if len(body) != request.content_length:
        raise InvalidInputError.of_field(
            FILE,
            "incomplete",
            Message("upload_incomplete", received=len(body), expected=request.content_length),
        )
    path = kept.incoming(settings)
    path.write_bytes(body)
    return path
