"""The register as a streamed file, for keys of the role carrier."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from flask import Response
from pydantic import Field

from api.core.access import as_caller
from api.core.audit import note
from api.core.context import register
from api.core.endpoint import Resource, keyed
from api.core.errors import UNIT_CODE
from api.core.types import Day, Request
from registry.core.errors import DatabaseUnavailableError
from registry.core.messages import Message
from registry.publish.export.formats import FORMATS, STREAMED
from registry.publish.export.run import ExportOptions, export_stream
from registry.records import uses
from registry.records.history import moment_of
from registry.units.gazetteer import today

blueprint = Resource("export", "/v1/export", tag="changes", kind="copies")

if TYPE_CHECKING:
    Streamed = str
else:
    Streamed = Literal[tuple(STREAMED)]
MEDIA_TYPES: Final = tuple(FORMATS[each].media_type for each in STREAMED)
_turn = threading.BoundedSemaphore(1)
"""One export a process: it occupies a connection and a thread as long as its caller reads."""


class ExportQuery(Request):
    """Content and format of the file."""

    format: Streamed = Field("csv", description="File format")
    layer: Literal["households", "communes", "provinces"] = Field(
        "households",
        description="Records, or boundaries (geojson or geoparquet)",
    )
    unit: str | None = Field(None, pattern=UNIT_CODE, description="Only this province or commune")
    as_of: str | None = Field(
        None, max_length=40, description="As recorded at a day or a time with offset"
    )
    on: Day | None = Field(None, description="Day of an additional label column")
    external: bool = Field(False, description="Add a column of external identifiers")
    use: uses.Kind | None = Field(None, description="Only records with this use; `dwelling`: homes")
    demo: bool = Field(False, description="Include demonstration records")

    @property
    def options(self) -> ExportOptions:
        """The parsed query; raises InvalidInputError."""
        return ExportOptions(
            self.format,
            self.unit,
            as_of=None if self.as_of is None else moment_of(self.as_of),
            demo=self.demo,
            on=self.on,
            external=self.external,
            use=self.use,
            layer=self.layer,
        )


@blueprint.get("")
@keyed(
    "carrier",
    statuses=(404,),
    replica=True,
    operation_id="export",
    media_types=MEDIA_TYPES,
)
def get_export(query: ExportQuery) -> Response:
    """All records that may be shown, or boundaries, as a file.

    One at a time per server process, else 503; an interrupted file has no proper end.
    """
    parts = as_caller(_in_turn(query.options))
    response = as_file(parts, query.format, f"{query.layer}-{query.unit or 'VN'}")
    note(units=[query.unit] if query.unit else [])
    return response


def as_file(parts: Iterator[bytes], format_: str, what: str) -> Response:
    """Stream a file dated today; raises what generating its first part raises."""
    first = next(parts)  # raise errors of the query before anything is sent
    form = FORMATS[format_]
    response = Response(_all(first, parts), mimetype=form.media_type)
    name = f"dia-chi-so-{what}-{today():%Y%m%d}{form.suffixes[0]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _in_turn(options: ExportOptions) -> Iterator[bytes]:
    if not _turn.acquire(blocking=False):
        raise DatabaseUnavailableError(Message("export_busy"))
    try:
        yield from export_stream(register().engine, options)
    finally:
        _turn.release()


def _all(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
