"""Suggestions while an address is typed."""

import datetime
from typing import Self

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from api.core.columns import Typed
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.errors import UNIT_CODE
from api.core.shapes import WithScheme, unit_ref
from geo.code import format as code_display
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.search.autocomplete import DEFAULT_LIMIT, MAX_LIMIT, Typing, autocomplete
from registry.search.autocomplete.suggestion import Suggestion, SuggestionType
from registry.search.disclosure import disclose_suggestions
from registry.units.gazetteer import UnitRef, today

blueprint = Resource("autocomplete", "/v1/autocomplete", tag="search", kind="autocomplete")


class AutocompleteQuery(WithScheme):
    """The text typed so far, and filters."""

    q: Typed = Field(
        description="Typed text, at least two letters or digits; codes only complete",
        examples=["12 tran h"],
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many lines at most")
    within: str | None = Field(
        None, pattern=UNIT_CODE, description="Only inside the unit with this code"
    )
    lon: float | None = Field(
        None, ge=-180, le=180, allow_inf_nan=False, description="Near here first, with lat"
    )
    lat: float | None = Field(
        None, ge=-90, le=90, allow_inf_nan=False, description="Near here first, with lon"
    )

    @model_validator(mode="after")
    def _both_of_two(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise invalid_value("lon_and_lat", Message("lon_and_lat"))
        return self

    @property
    def typing(self) -> Typing:
        """The parsed query."""
        lon, lat = self.lon, self.lat
        near = (lon, lat) if lon is not None and lat is not None else None
        return Typing(self.q, self.limit, self.within, near)


class SuggestionLine(TypedDict):
    """One suggestion."""

    type: SuggestionType
    label: str
    """Text to display"""
    text: str
    """Replacement for q; if it ends in a comma, more has to be typed"""
    code: str | None
    """Only of a door"""
    code_display: str | None
    places: int
    """Communes with a street, locality or building of this name"""
    commune: UnitRef | None
    province: UnitRef | None
    lon: float | None
    lat: float | None
    former_name: str | None
    """The typed name, if it is called differently today"""


def suggestion_line(
    found: Suggestion, day: datetime.date, *, ids: bool | str = False
) -> SuggestionLine:
    """Return a suggestion as an answer, with units named as on `day`."""
    return SuggestionLine(
        type=found.type,
        label=found.label,
        text=found.text,
        code=found.code,
        code_display=code_display(found.code) if found.code else None,
        places=found.places,
        commune=unit_ref(found.commune, day, ids=ids),
        province=unit_ref(found.province, day, ids=ids),
        lon=found.lon,
        lat=found.lat,
        former_name=found.former_name,
    )


class SuggestionList(TypedDict):
    """Suggestions, the likeliest first; empty below two letters and without a match."""

    suggestions: list[SuggestionLine]


@blueprint.get("")
@public(statuses=(404,), operation_id="autocomplete", discloses=True)
def get_autocomplete(query: AutocompleteQuery) -> SuggestionList:
    """Suggestions for typed text: places, communes and numbers.

    Without diacritics, with abbreviations, former names and one typing error.
    """
    known, ids = register(), query.asked_ids
    found = autocomplete(gazetteer(), known.reads, known.place_names.get(), query.typing)
    day = today()
    lines = [suggestion_line(one, day, ids=ids) for one in disclose_suggestions(found)]
    return SuggestionList(suggestions=lines)
