"""From an address to its door."""

from typing import Annotated, Self

from flask import Blueprint, Response
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.context import gazetteer, register
from api.features import FeatureCollection, collection
from api.openapi import UNIT_CODE, Request, answers, spec
from registry.geocode import DEFAULT_LIMIT, MAX_LIMIT, MAX_TEXT, Components, Question, geocode

blueprint = Blueprint("geocode", __name__, url_prefix="/v1/geocode")


def _text(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul_character", "holds a NUL character")
    return value


Query = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_text)]
Column = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_text)]
_COMPONENTS = tuple(Components.__dataclass_fields__)


class GeocodeQuery(Request):
    """An address as one text, or as components."""

    q: Query | None = Field(
        None,
        description="Address of any map, code, coordinates (lat,lon) or Plus Code",
        examples=["Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Hà Nội"],
    )
    house_number: Column | None = Field(None, description="Số nhà, ngõ, ngách, hẻm")
    street: Column | None = Field(None, description="Đường, phố")
    locality: Column | None = Field(None, description="Thôn, ấp, tổ dân phố, khu phố")
    building: Column | None = Field(None, description="Toà nhà, chung cư")
    floor: Column | None = Field(None, description="Tầng")
    unit: Column | None = Field(None, description="Căn hộ, phòng")
    commune: Column | None = Field(None, description="Xã, phường, of any map")
    district: Column | None = Field(None, description="Quận, huyện, of the map before July 2025")
    province: Column | None = Field(None, description="Tỉnh, thành phố, of any map")
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

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        given = [name for name in _COMPONENTS if getattr(self, name) is not None]
        if (self.q is None) == (not given):
            raise PydanticCustomError("text_or_components", "give either q or components")
        if (self.lon is None) != (self.lat is None):
            raise PydanticCustomError("lon_and_lat", "give lon and lat together")
        return self


class GeocodeBody(GeocodeQuery):
    """The same, as JSON."""


class GeocodeForm(GeocodeQuery):
    """The same, as a form."""


@blueprint.get("")
@spec.validate(resp=answers(FeatureCollection, 400, 404, 503), tags=["search"])
def get_geocode(query: GeocodeQuery) -> Response:
    """The door that an address names, or the smallest place of it that is registered."""
    return _answer(query)


@blueprint.post("")
@spec.validate(resp=answers(FeatureCollection, 400, 404, 413, 503), tags=["search"])
def post_geocode(json: GeocodeBody, form: GeocodeForm) -> Response:
    """The same by POST, so that the address stands in no URL and no log."""
    return _answer(json or form)


def _answer(asked: GeocodeQuery) -> Response:
    known = gazetteer()
    components = None
    if asked.q is None:
        components = Components(**{name: getattr(asked, name) for name in _COMPONENTS})
    near = (asked.lon, asked.lat) if asked.lon is not None and asked.lat is not None else None
    question = Question(asked.q, components, asked.limit, near, asked.within)
    return collection(known, asked.q, geocode(known, register().reads, question))
