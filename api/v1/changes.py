"""The change feed, for programs that keep a copy of the register."""

import datetime
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, NotRequired

from flask import Response, jsonify, request
from pydantic import Field
from pydantic_core import to_json
from typing_extensions import TypedDict

from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.errors import UNIT_CODE
from api.core.shapes import Span
from api.core.types import Request
from registry.publish.changes import MAX_ENTRIES, Page, read_page
from registry.publish.changes.entries import following
from registry.records.entrances import Kind, Source
from registry.records.uses import UseTold
from registry.units.gazetteer import UnitRef

blueprint = Resource("changes", "/v1/changes", tag="changes", kind="copies")

NDJSON: Final = "application/x-ndjson"


class FeedPlace(TypedDict):
    """A street or locality; its id is stable in this register, across renames."""

    id: int
    name: Annotated[str, Field(examples=["Phố Láng"])]


class FeedLink(TypedDict):
    """A retired code whose successor is the record."""

    code: str
    kind: Literal["merge", "split", "replace"]


class UnitEntry(TypedDict):
    """A unit of any map, and how it is written after a door."""

    type: Literal["unit"]
    id: int
    code: str
    level: Literal["province", "district", "commune"]
    name: str
    province: UnitRef | None
    words: Annotated[str, Field(examples=["Phường Láng, Thành phố Hà Nội"])]
    words_before_2025_07: str | None
    map: Span


class Change(TypedDict):
    """The event of an entry."""

    position: int | None
    """Position of the event in the feed; null if it is older than the feed"""
    operation: Annotated[str | None, Field(examples=["import", "renumber"])]
    request: NotRequired[str]
    """`X-Request-Id` of the request that wrote it, if any"""


class StreetEntry(Change):
    """A street under its current name."""

    type: Literal["street"]
    id: int
    name: str


class LocalityEntry(Change):
    """A locality and those containing it, under their current names."""

    type: Literal["locality"]
    localities: list[FeedPlace]
    """The smallest first"""


class RecordEntry(Change):
    """An entry of one record."""

    code: Annotated[str, Field(examples=["1H6XXH2V"])]


class KeptEntry(RecordEntry):
    """An entry of a record that followers keep."""

    continues: list[FeedLink]
    """Retired codes that it succeeds"""


class FeedEntrance(TypedDict):
    """An entrance other than `lon`, `lat`; unknown members are omitted."""

    kind: Kind
    lon: float
    lat: float
    accuracy_m: NotRequired[float]
    note: NotRequired[str]
    seen_on: NotRequired[datetime.date]
    source: NotRequired[Source]


class PutEntry(KeptEntry):
    """The current state of a record."""

    type: Literal["put"]
    kind: Literal["household", "building"]
    status: Literal["proposed", "active"]
    inside: Annotated[str | None, Field(examples=["Tầng 3"])]
    """What precedes the number"""
    house_number: str | None
    street: FeedPlace | None
    localities: list[FeedPlace]
    """The smallest first"""
    commune: int | None
    """Id of a unit"""
    former_commune: int | None
    """Id of a unit"""
    building: str | None
    floor: str | None
    unit_number: str | None
    parent: str | None
    """Code of the building that contains it"""
    households_count: int
    lon: float | None
    lat: float | None
    position_method: str | None
    position_accuracy_m: float | None
    verified_on: str | None
    delivery_hint: str | None
    entrances: list[FeedEntrance]
    uses: list[UseTold]
    """Uses beside or instead of homes; empty for a plain dwelling"""


class TransformEntry(KeptEntry):
    """The record is retired, with successors."""

    type: Literal["transform"]
    kind: Literal["merge", "split", "replace"]
    continued_by: list[str]


class RetireEntry(KeptEntry):
    """The record is retired, without a successor."""

    type: Literal["retire"]


class RemoveEntry(RecordEntry):
    """Followers must delete the record."""

    type: Literal["remove"]


FeedEntry = Annotated[
    UnitEntry | StreetEntry | LocalityEntry | PutEntry | TransformEntry | RetireEntry | RemoveEntry,
    Field(discriminator="type"),
]


class ChangesPage(TypedDict):
    """A page of the feed."""

    register: str
    """Id of this register"""
    entries: list[FeedEntry]
    cursor: str
    """`after` of the next page"""
    more: bool
    """Whether the next page is available now"""


class ChangesQuery(Request):
    """Where to continue, and filters."""

    after: str | None = Field(None, max_length=200, description="`cursor` of the last page")
    limit: int = Field(1_000, ge=1, le=MAX_ENTRIES)
    unit: str | None = Field(
        None, pattern=UNIT_CODE, description="Only this province or commune", examples=["00199"]
    )
    demo: bool = Field(default=False, description="Include demonstration records")
    format: Literal["json", "ndjson"] | None = Field(
        None, description="By default according to the Accept header, else JSON"
    )


@blueprint.get("")
@keyed(
    "carrier",
    answer=ChangesPage,
    statuses=(404,),
    replica=True,
    operation_id="list_changes",
    codes=("cursor_refused",),
)
def get_changes(query: ChangesQuery) -> Response:
    """Changes since a cursor; without one the whole register first.

    JSON, or NDJSON by `format` or `Accept`.
    """
    wanted = following(gazetteer(), query.unit, demo=query.demo)
    page = read_page(register(), wanted, query.after, query.limit)
    note(count=len(page.entries), units=[query.unit] if query.unit else [])
    form = query.format or ("ndjson" if request.accept_mimetypes.best == NDJSON else "json")
    if form == "ndjson":
        response = Response(b"".join(_lines(page)), content_type=f"{NDJSON}; charset=utf-8")
    else:
        response = jsonify({"register": page.register, "entries": page.entries, **_end(page)})
    response.headers["Cache-Control"] = "no-store"
    return response


def _lines(page: Page) -> Iterator[bytes]:
    for entry in page.entries:
        yield to_json(entry) + b"\n"
    last = {"type": "cursor", "register": page.register, **_end(page)}
    yield to_json(last) + b"\n"


def _end(page: Page) -> dict[str, Any]:
    return {"cursor": page.cursor, "more": page.more}
