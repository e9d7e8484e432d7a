"""Records inside a polygon, a circle or along a line: counted, or listed in a file.

For outages, clearances and delivery zones. Counts are free; records are charged to the budget like
all codes that the caller did not name (`registry.access.budget`).
"""

from typing import Any, Final, Literal

from flask import Response
from pydantic import BaseModel, Field

from api.core.access import as_caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.types import Day, Request
from api.v1.export import MEDIA_TYPES, Streamed, as_file
from registry.publish.export.area import MOST_KM2, Area, Within, pay_for, records_within
from registry.publish.export.run import ExportOptions, export_stream
from registry.records.uses import Kind

blueprint = Resource("within", "/v1/within", tag="changes", kind="copies")

_MAX_BUFFER_M: Final = 25_000
_EXAMPLE: Final = {
    "geometry": {"type": "Point", "coordinates": [105.8060, 21.0211]},
    "buffer_m": 500,
}


class AreaGeometry(BaseModel):
    """A GeoJSON geometry, longitude first; other members are ignored."""

    type: Literal["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
    coordinates: list[Any]


class WithinBody(Request):
    """An area."""

    geometry: AreaGeometry = Field(
        description=f"A polygon, or a point or line with `buffer_m`; at most {MOST_KM2:,} km²"
    )
    buffer_m: float | None = Field(
        None,
        gt=0,
        le=_MAX_BUFFER_M,
        allow_inf_nan=False,
        description="Metres around it, on both sides of a line",
    )
    use: Kind | None = Field(None, description="Only doors with this use")
    demo: bool = Field(False, description="Include demonstration records")


class WithinQuery(Request):
    """Format of the file."""

    format: Streamed = Field("csv", description="File format")
    on: Day | None = Field(None, description="Day of an additional label column")
    external: bool = Field(False, description="Add a column of external identifiers")


@blueprint.post("")
@keyed(
    "carrier",
    writes=False,
    replica=True,
    in_turn=True,
    operation_id="count_within",
    example=_EXAMPLE,
)
def post_within(json: WithinBody) -> Within:
    """Count the records in an area, by commune.

    Records with a point, without restricted places; free of charge.
    """
    return _counted(json)[1]


@blueprint.post("/records")
@keyed(
    "carrier",
    statuses=(404,),
    writes=False,
    replica=True,
    in_turn=True,
    operation_id="list_within",
    example=_EXAMPLE,
    media_types=MEDIA_TYPES,
    discloses=True,
)
def post_within_records(query: WithinQuery, json: WithinBody) -> Response:
    """The records in an area as a file.

    All or none: 422 `area_holds_too_many` beyond the hourly budget, 429 beyond what is left.
    """
    area, found = _counted(json)
    pay_for(found)
    options = ExportOptions(
        query.format,
        demo=json.demo,
        on=query.on,
        external=query.external,
        use=json.use,
        area=area.ewkb,
    )
    parts = as_caller(export_stream(register().engine, options))
    return as_file(parts, query.format, "within")


def _counted(asked: WithinBody) -> tuple[Area, Within]:
    area, found = records_within(
        *(register().read_engine, gazetteer(), asked.geometry.model_dump_json(), asked.buffer_m),
        use=asked.use,
        demo=asked.demo,
    )
    note(count=found.records, units=[commune.code for commune in found.communes])
    return area, found
