"""The change feed: for whoever keeps a copy of the register."""

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
    """A street or locality; its id holds within this register, whatever it is called."""

    id: int
    name: Annotated[str, Field(examples=["Phố Láng"])]


class FeedLink(TypedDict):
    """A retired code that a record continues."""

    code: str
    kind: Literal["merge", "split", "replace"]


class UnitEntry(TypedDict):
    """A unit of any map, and how it reads behind a door."""

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
    """Of what event an entry is."""

    position: int | None
    """Of the event in the feed; null before the feed"""
    operation: Annotated[str | None, Field(examples=["import", "renumber"])]
    request: NotRequired[str]
    """`X-Request-Id` of what wrote it, where a request did"""


class StreetEntry(Change):
    """A street under its name of now."""

    type: Literal["street"]
    id: int
    name: str


class LocalityEntry(Change):
    """A locality, and what holds it, under their names of now."""

    type: Literal["locality"]
    localities: list[FeedPlace]
    """The smallest first"""


class RecordEntry(Change):
    """Of one record."""

    code: Annotated[str, Field(examples=["1H6XXH2V"])]


class KeptEntry(RecordEntry):
    """Of a record that the follower has to know."""

    continues: list[FeedLink]
    """Retired codes that lead to it"""


class FeedEntrance(TypedDict):
    """Where one gets in beside `lon`, `lat`; what is not known is left out."""

    kind: Kind
    lon: float
    lat: float
    accuracy_m: NotRequired[float]
    note: NotRequired[str]
    seen_on: NotRequired[datetime.date]
    source: NotRequired[Source]


class PutEntry(KeptEntry):
    """The record as it is."""

    type: Literal["put"]
    kind: Literal["household", "building"]
    status: Literal["proposed", "active"]
    inside: Annotated[str | None, Field(examples=["Tầng 3"])]
    """What stands before the number"""
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
    """Code of the building that holds it"""
    households_count: int
    lon: float | None
    lat: float | None
    position_method: str | None
    position_accuracy_m: float | None
    verified_on: str | None
    delivery_hint: str | None
    entrances: list[FeedEntrance]
    uses: list[UseTold]
    """What stands there beside homes or in their place; none at a mere dwelling"""


class TransformEntry(KeptEntry):
    """The record is retired, and these continue it."""

    type: Literal["transform"]
    kind: Literal["merge", "split", "replace"]
    continued_by: list[str]


class RetireEntry(KeptEntry):
    """The record is retired, and nothing continues it."""

    type: Literal["retire"]


class RemoveEntry(RecordEntry):
    """The record is no more to be held."""

    type: Literal["remove"]


FeedEntry = Annotated[
    UnitEntry | StreetEntry | LocalityEntry | PutEntry | TransformEntry | RetireEntry | RemoveEntry,
    Field(discriminator="type"),
]


class ChangesPage(TypedDict):
    """A page of the feed."""

    register: str
    """Which register this is"""
    entries: list[FeedEntry]
    cursor: str
    """What asks for the next page, as `after`"""
    more: bool
    """Whether to ask for it at once"""


class ChangesQuery(Request):
    """Where to go on, and what is followed."""

    after: str | None = Field(None, max_length=200, description="`cursor` of the last page")
    limit: int = Field(1_000, ge=1, le=MAX_ENTRIES)
    unit: str | None = Field(
        None, pattern=UNIT_CODE, description="Only this province or commune", examples=["00199"]
    )
    demo: bool = Field(default=False, description="Include demonstration records")
    format: Literal["json", "ndjson"] | None = Field(
        None, description="As the Accept header says by default, else JSON"
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
