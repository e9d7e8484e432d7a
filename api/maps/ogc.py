"""OGC API Features: the register as layers for QGIS, GDAL and others, by one URL.

Parts 1 and 2 of the standard (OGC 17-069r4, 18-058r1), which requires 400 for invalid parameters,
and pages linked by `next`. Households and buildings need a key, as in the change feed; streets and
units are open.

Pages continue after the last key; a small box uses the spatial index, a large one a walk along
codes. Households need a key as a page discloses a thousand codes. Rejected: pygeoapi 0.24, which
pages by `offset`, brings a second GDAL (rasterio) and leaves days, labels and VN-2000 to us; tipg
1.6, a second server (FastAPI).
"""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, NotRequired
from urllib.parse import urlencode

from flask import Response, g, request
from pydantic import Field
from pydantic_core import to_json
from typing_extensions import TypedDict

from api.core.audit import note
from api.core.context import gazetteer, public_url, register
from api.core.endpoint import Resource, keyed, public
from api.core.errors import BBOX, DATETIME, UNIT_CODE, problem
from api.core.types import Request, Words
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.files.formats.formats import FORMATS
from registry.publish.features.collections import (
    COLLECTIONS,
    EXTENT,
    Collection,
    collection_named,
)
from registry.publish.features.feature import Feature
from registry.publish.features.query import MOST, FeatureQuery, parse_query
from registry.publish.features.read import read_one, read_page
from registry.publish.features.systems import CRS84, SYSTEMS, geojson_geometries
from registry.records import uses
from registry.units import FIRST_KNOWN_DAY

blueprint = Resource("ogc", "/ogc", tag="gis", kind="tiles")

_OPEN_LAYERS: Final = [each.id for each in COLLECTIONS.values() if not each.of_doors]

GEOJSON: Final = FORMATS["geojson"].media_type
_JSON: Final = "application/json"
_OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.1"
_PER_PAGE: Final = 100
_OPEN_MAX_AGE_S: Final = 60
_CONFORMS: Final = (
    *(
        f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}"
        for part in ("core", "geojson")
    ),
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
_ONE_OF_SYSTEMS: Final = "URI of a system of the collection, in its axis order; CRS84 by default"


class OgcQuery(Request):
    """Format of the answer."""

    f: Literal["json"] = Field("json", description="The only format")


class OgcFeatureQuery(OgcQuery):
    """Day, and coordinate system."""

    datetime_: str | None = Field(
        None,
        alias="datetime",
        max_length=100,
        description="As of a day, a time with offset, or the last day of an interval",
        examples=["2025-06-30"],
        json_schema_extra={"pattern": DATETIME},
    )
    crs: str | None = Field(
        None, max_length=200, description=_ONE_OF_SYSTEMS, json_schema_extra={"enum": [*SYSTEMS]}
    )


class OgcItemsQuery(OgcFeatureQuery):
    """Area, and page."""

    limit: int = Field(
        _PER_PAGE, ge=1, description=f"Features of a page; values above {MOST:,} are reduced to it"
    )
    bbox: str | None = Field(
        None,
        max_length=200,
        description="west,south,east,north in degrees, or in `bbox-crs`",
        examples=["105.80,21.01,105.82,21.03"],
        json_schema_extra={"pattern": BBOX},
    )
    bbox_crs: str | None = Field(
        None,
        alias="bbox-crs",
        max_length=200,
        description=_ONE_OF_SYSTEMS,
        json_schema_extra={"enum": [*SYSTEMS]},
    )
    unit: str | None = Field(
        None,
        pattern=UNIT_CODE,
        description="Only in this unit of that day",
        examples=["00199"],
    )
    after: str | None = Field(None, max_length=20, description="Given by the link `next`")

    @property
    def asked(self) -> FeatureQuery:
        """The parsed query; raises InvalidInputError."""
        return parse_query(
            limit=self.limit,
            bbox=self.bbox,
            bbox_crs=_system("bbox-crs", self.bbox_crs),
            moment=self.datetime_,
            unit=self.unit,
            after=self.after,
        )


class OgcDoorsQuery(OgcItemsQuery):
    """Filter of households and buildings."""

    use: uses.Kind | None = Field(None, description="Only records with this use; `dwelling`: homes")

    @property
    def asked(self) -> FeatureQuery:
        """The parsed query; raises InvalidInputError."""
        return replace(super().asked, use=self.use)


class OgcLink(TypedDict):
    """A link to another resource."""

    href: str
    rel: Annotated[str, Field(examples=["next"])]
    type: Annotated[str, Field(examples=[GEOJSON])]
    title: NotRequired[str]


class OgcLanding(TypedDict):
    """The landing page."""

    title: str
    description: Words
    links: list[OgcLink]


class OgcConformance(TypedDict):
    """Conformance classes."""

    conformsTo: list[str]


class OgcSpatialExtent(TypedDict):
    """Bounding box, in degrees."""

    bbox: list[tuple[float, float, float, float]]
    crs: str


class OgcTemporalExtent(TypedDict):
    """The range of days that can be requested."""

    interval: list[tuple[str | None, str | None]]
    trs: str


class OgcExtent(TypedDict):
    """Extent in space and time."""

    spatial: OgcSpatialExtent
    temporal: OgcTemporalExtent


class OgcCollection(TypedDict):
    """One layer."""

    id: Annotated[str, Field(examples=["communes"])]
    title: str
    description: Words
    extent: OgcExtent
    itemType: Literal["feature"]
    crs: list[str]
    storageCrs: str
    links: list[OgcLink]


class OgcCollections(TypedDict):
    """All layers."""

    links: list[OgcLink]
    collections: list[OgcCollection]


class OgcFeature(TypedDict):
    """One feature; its members are those of its collection."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any] | None
    properties: dict[str, Any]
    links: NotRequired[list[OgcLink]]
    """Only of a single feature"""


class OgcFeatures(TypedDict):
    """A page of features."""

    type: Literal["FeatureCollection"]
    numberReturned: int
    links: list[OgcLink]
    features: list[OgcFeature]


@blueprint.errorhandler(InvalidInputError)
def bad_request(error: InvalidInputError) -> Response:
    """Answer 400, as the standard requires, where the rest of the API answers 422."""
    g.problem = error
    return problem(HTTPStatus.BAD_REQUEST, error.code, error.detail, **error.extra)


@blueprint.get("", strict_slashes=False)
@public(cache=None)
def get_ogc(query: OgcQuery) -> OgcLanding:  # noqa: ARG001
    """Landing page, the URL for QGIS and other clients."""
    return OgcLanding(
        title="Địa chỉ số",
        description=Message("register_title"),
        links=[
            _link("", "self", _JSON),
            OgcLink(href=f"{public_url()}/openapi.json", rel="service-desc", type=_OPENAPI),
            OgcLink(href=f"{public_url()}/docs", rel="service-doc", type="text/html"),
            _link("/conformance", "conformance", _JSON),
            _link("/collections", "data", _JSON),
        ],
    )


@blueprint.get("/conformance")
@public(cache=None)
def get_ogc_conformance(query: OgcQuery) -> OgcConformance:  # noqa: ARG001
    """Conformance classes."""
    return OgcConformance(conformsTo=list(_CONFORMS))


@blueprint.get("/collections")
@public(cache=None)
def list_ogc_collections(query: OgcQuery) -> OgcCollections:  # noqa: ARG001
    """All layers."""
    return OgcCollections(
        links=[_link("/collections", "self", _JSON)],
        collections=[_described(each) for each in COLLECTIONS.values()],
    )


@blueprint.get("/collections/<collection>")
@public(cache=None)
def get_ogc_collection(collection: str, query: OgcQuery) -> OgcCollection:  # noqa: ARG001
    """A layer: extent, coordinate systems, links."""
    return _described(collection_named(collection))


@blueprint.get("/collections/households/items")
@keyed(
    "carrier",
    answer=OgcFeatures,
    statuses=(404,),
    takes_session=False,
    writes=False,
    replica=True,
    media_types=(GEOJSON,),
)
def list_ogc_households(query: OgcDoorsQuery) -> Response:
    """Dwellings of a box, unit, use or day.

    No restricted ones; `demo` marks made-up records.
    """
    return _doors(COLLECTIONS["households"], query)


@blueprint.get("/collections/buildings/items")
@keyed(
    "carrier",
    answer=OgcFeatures,
    statuses=(404,),
    takes_session=False,
    writes=False,
    replica=True,
    media_types=(GEOJSON,),
)
def list_ogc_buildings(query: OgcDoorsQuery) -> Response:
    """Buildings of a box, unit, use or day."""
    return _doors(COLLECTIONS["buildings"], query)


@blueprint.get("/collections/<collection>/items")
@public(
    answer=OgcFeatures, media_types=(GEOJSON,), parameters={"collection": {"enum": _OPEN_LAYERS}}
)
def list_ogc_features(collection: str, query: OgcItemsQuery) -> Response:
    """Features of a layer, of a box, unit or day."""
    return _kept(_page(_open(collection), query))


@blueprint.get("/collections/households/items/<feature>")
@keyed(
    "carrier",
    answer=OgcFeature,
    takes_session=False,
    writes=False,
    replica=True,
    media_types=(GEOJSON,),
    discloses=True,
)
def get_ogc_household(feature: str, query: OgcFeatureQuery) -> Response:
    """The household with a code."""
    return _one(COLLECTIONS["households"], feature, query)


@blueprint.get("/collections/buildings/items/<feature>")
@keyed(
    "carrier",
    answer=OgcFeature,
    takes_session=False,
    writes=False,
    replica=True,
    media_types=(GEOJSON,),
    discloses=True,
)
def get_ogc_building(feature: str, query: OgcFeatureQuery) -> Response:
    """The building with a code."""
    return _one(COLLECTIONS["buildings"], feature, query)


@blueprint.get("/collections/<collection>/items/<feature>")
@public(
    answer=OgcFeature, media_types=(GEOJSON,), parameters={"collection": {"enum": _OPEN_LAYERS}}
)
def get_ogc_feature(collection: str, feature: str, query: OgcFeatureQuery) -> Response:
    """One feature of a layer."""
    return _kept(_one(_open(collection), feature, query))


def _open(name: str) -> Collection:
    """Return a collection that everybody may read; raises NotFoundError."""
    found = collection_named(name)
    if found.of_doors:
        raise NotFoundError(Message("collection_requires_key"))
    return found


def _doors(what: Collection, query: OgcItemsQuery) -> Response:
    response = _page(what, query)
    response.headers["Cache-Control"] = "no-store"
    return response


def _kept(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = _OPEN_MAX_AGE_S
    return response


def _page(what: Collection, query: OgcItemsQuery) -> Response:
    crs = _system("crs", query.crs)
    page = read_page(register().read_engine, gazetteer(), what, query.asked)
    note(count=len(page.features), units=[query.unit] if query.unit else [])
    links = [
        OgcLink(href=_here(request.args.get("after")), rel="self", type=GEOJSON),
        _link(f"/collections/{what.id}", "collection", _JSON),
    ]
    if page.after is not None:
        links.append(OgcLink(href=_here(page.after), rel="next", type=GEOJSON))
    head = {"type": "FeatureCollection", "numberReturned": len(page.features), "links": links}
    features = b",\n".join(_features(page.features, crs))
    return _geojson(to_json(head)[:-1] + b',"features":[\n' + features + b"\n]}", crs)


def _one(what: Collection, key: str, query: OgcFeatureQuery) -> Response:
    crs = _system("crs", query.crs)
    asked = parse_query(
        limit=1, bbox=None, bbox_crs=None, moment=query.datetime_, unit=None, after=None
    )
    found = read_one(register().read_engine, gazetteer(), what, asked, key)
    note(count=1)
    (feature,) = _features((found,), crs)
    links = [
        _link(f"/collections/{what.id}/items/{found.id}", "self", GEOJSON),
        _link(f"/collections/{what.id}", "collection", _JSON),
    ]
    return _geojson(feature[:-1] + b',"links":' + to_json(links) + b"}", crs)


def _features(found: tuple[Feature, ...], crs: str) -> Iterable[bytes]:
    """Yield each feature as GeoJSON."""
    geometries = geojson_geometries([feature.wkb for feature in found], crs)
    for feature, geometry in zip(found, geometries, strict=True):
        yield b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b}' % (
            to_json(feature.id),
            geometry.encode(),
            to_json(feature.properties),
        )


def _geojson(body: bytes, crs: str) -> Response:
    response = Response(body, content_type=GEOJSON)
    response.headers["Content-Crs"] = f"<{crs}>"
    return response


def _system(field: str, asked: str | None) -> str:
    """Return the requested coordinate system; raises InvalidInputError for an unknown one."""
    if asked is not None and asked not in SYSTEMS:
        raise InvalidInputError.of_field(field, "unknown_crs", Message("crs_uri_required"))
    return asked or CRS84


def _described(what: Collection) -> OgcCollection:
    here = f"/collections/{what.id}"
    return OgcCollection(
        id=what.id,
        title=f"{what.vietnamese} ({what.english})",
        description=what.about,
        extent={
            "spatial": {"bbox": [EXTENT], "crs": CRS84},
            "temporal": {
                "interval": [(f"{FIRST_KNOWN_DAY}T00:00:00+07:00", None)],
                "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
            },
        },
        itemType="feature",
        crs=list(SYSTEMS),
        storageCrs=CRS84,
        links=[_link(here, "self", _JSON), _link(f"{here}/items", "items", GEOJSON)],
    )


def _link(path: str, rel: str, kind: str) -> OgcLink:
    return OgcLink(href=f"{public_url()}{blueprint.url_prefix}{path}", rel=rel, type=kind)


def _here(after: str | None) -> str:
    """Return the URL of this request, continued after a key."""
    parameters = {name: value for name, value in request.args.items() if name != "after"}
    if after is not None:
        parameters["after"] = after
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{public_url()}{request.path}{query}"
