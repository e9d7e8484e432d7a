"""Geocoding: from an address to its door."""

from collections.abc import Iterable
from typing import Annotated, Any, NotRequired, Self

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from api.core.columns import Columns, Query
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.errors import UNIT_CODE
from api.core.shapes import WithPostal
from api.core.types import WORDING, Day, Wording, without_nones
from api.v1.explanation import Reading, reading_of
from api.v1.features import FeatureCollection, feature_collection
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.search.disclosure import disclose_answers
from registry.search.find.mistyped_codes import MeantCode, SuggestedCode, with_labels
from registry.search.geocode import DEFAULT_LIMIT, MAX_LIMIT, Question, locate
from registry.search.judge.verdicts import REASONS
from registry.units import label_day
from registry.units.gazetteer import today


class Unanswered(TypedDict):
    """Why a code has no address."""

    code: Annotated[str, Field(examples=["code_unknown"])]
    """code_unknown, code_retired, code_not_active or code_mistyped"""
    message: str
    message_en: str


class Found(FeatureCollection):
    """Places, or why a code has none."""

    reason: NotRequired[Unanswered]
    """Why a text that is only a code has no result"""
    suggestions: NotRequired[list[SuggestedCode]]
    """Registered codes similar to a mistyped one"""


class Geocoded(Found):
    """Places; with `explain`, how they were found."""

    explanation: NotRequired[list[Reading]]
    """Only with explain"""


blueprint = Resource("geocode", "/v1/geocode", tag="search", kind="geocode")


class GeocodeQuery(WithPostal, Columns):
    """An address as one text, optionally with units, or as components."""

    q: Query | None = Field(
        None,
        description="Address, code, coordinates (lat,lon) or Plus Code",
        examples=["Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Hà Nội"],
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    lon: float | None = Field(
        None, ge=-180, le=180, allow_inf_nan=False, description="Near here first, with lat"
    )
    lat: float | None = Field(
        None, ge=-90, le=90, allow_inf_nan=False, description="Near here first, with lon"
    )
    within: str | None = Field(
        None, pattern=UNIT_CODE, description="Only inside the unit with this code"
    )
    on: Day | None = Field(None, description="Day of an additional label, `label_on`")
    wording: Wording | None = WORDING

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        self.check_one_of(self.q, "q")
        if (self.lon is None) != (self.lat is None):
            raise invalid_value("lon_and_lat", Message("lon_and_lat"))
        return self

    @property
    def asked(self) -> Question:
        """The parsed query."""
        lon, lat = self.lon, self.lat
        near = (lon, lat) if lon is not None and lat is not None else None
        return Question(
            self.q,
            self.components,
            self.limit,
            near,
            self.within,
            on=label_day(self.on, self.wording),
        )


class GeocodeAsked(GeocodeQuery):
    """The query parameters."""

    explain: bool = Field(False, description="Add how the text was read and judged")


class GeocodeBody(GeocodeQuery):
    """The same, as JSON."""


class GeocodeForm(GeocodeQuery):
    """The same, as a form."""


@blueprint.get("")
@public(statuses=(404,), retried=True, operation_id="geocode", discloses=True)
def get_geocode(query: GeocodeAsked) -> Geocoded:
    """The door that an address names, or the smallest registered place."""
    return geocoded(query, explain=query.explain)


@blueprint.post("")
@public(
    statuses=(404,),
    retried=True,
    operation_id="geocode_by_post",
    example={"q": "Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Hà Nội", "limit": 3},
    discloses=True,
)
def post_geocode(json: GeocodeBody, form: GeocodeForm) -> Found:
    """The same by POST, to keep addresses out of URLs."""
    return geocoded(json or form)


def geocoded(asked: GeocodeQuery, *, explain: bool = False) -> Geocoded:
    """Return the places that an address names."""
    known = gazetteer()
    located = locate(known, register().reads, asked.asked)
    return without_nones(
        Geocoded,
        **feature_collection(
            known, None, disclose_answers(located.answers), asked.asked.on, asked.extras
        ),
        **unanswered(located.meant),
        explanation=[reading_of(known, one) for one in located.tried] if explain else None,
    )


def unanswered(meant: MeantCode | None) -> dict[str, Any]:
    """Return `reason` and `suggestions` of `Found` for a code without an address."""
    if meant is None:
        return {"reason": None, "suggestions": None}
    message, message_en = REASONS[meant.reason]
    mistyped = meant.reason == "code_mistyped"
    return {
        "reason": {"code": meant.reason, "message": message, "message_en": message_en},
        "suggestions": suggested_codes(meant.suggestions) if mistyped else None,
    }


def suggested_codes(codes: Iterable[str]) -> list[SuggestedCode]:
    """Return a `SuggestedCode` for each code that may be shown."""
    return with_labels(gazetteer(), register().reads, today(), codes)
