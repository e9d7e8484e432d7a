"""Reverse geocoding: from a point to addresses."""

from pydantic import Field

from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.shapes import WithPostal
from api.core.types import WORDING, Day, Wording
from api.v1.features import FeatureCollection, feature_collection
from registry.publish.batch import PointQuestion
from registry.search.disclosure import disclose_answers
from registry.search.reverse import DEFAULT_RADIUS_M, MAX_LIMIT, MAX_RADIUS_M, reverse
from registry.units import label_day

blueprint = Resource("reverse", "/v1/reverse", tag="search", kind="reverse")


class ReverseQuery(WithPostal):
    """A point, in degrees, WGS 84."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    limit: int = Field(1, ge=1, le=MAX_LIMIT)
    radius_m: float = Field(DEFAULT_RADIUS_M, gt=0, le=MAX_RADIUS_M, allow_inf_nan=False)
    on: Day | None = Field(None, description="Day of an additional label, `label_on`")
    wording: Wording | None = WORDING

    @property
    def asked(self) -> PointQuestion:
        """The parsed query."""
        return PointQuestion(
            self.lon, self.lat, self.limit, self.radius_m, label_day(self.on, self.wording)
        )


class ReverseBody(ReverseQuery):
    """The same, as JSON."""


class ReverseForm(ReverseQuery):
    """The same, as a form."""


@blueprint.get("")
@public(retried=True, operation_id="reverse", discloses=True)
def get_reverse(query: ReverseQuery) -> FeatureCollection:
    """Doors near a point, the nearest first, or its commune.

    Empty outside Viet Nam.
    """
    return nearest(query)


@blueprint.post("")
@public(
    retried=True,
    operation_id="reverse_by_post",
    example={"lon": 105.80612, "lat": 21.02113, "limit": 1},
    discloses=True,
)
def post_reverse(json: ReverseBody, form: ReverseForm) -> FeatureCollection:
    """The same by POST, to keep points out of URLs."""
    return nearest(json or form)


def nearest(query: ReverseQuery) -> FeatureCollection:
    """Return the places nearest to a point."""
    known, asked = gazetteer(), query.asked
    found = reverse(
        known,
        register().reads,
        lon=asked.lon,
        lat=asked.lat,
        limit=asked.limit,
        radius_m=asked.radius_m,
        on=asked.on,
    )
    return feature_collection(
        known, point_query(asked), disclose_answers(found), asked.on, query.extras
    )


def point_query(asked: PointQuestion) -> str:
    """Return the queried point as answers repeat it."""
    return f"{asked.lat},{asked.lon}"
