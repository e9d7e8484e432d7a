"""A carrier's route: order a list of addresses into stops."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, ClassVar, Final, Literal, NotRequired

from flask import Response, jsonify, request
from pydantic import Field
from typing_extensions import TypedDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from api.core.access import count_rows
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import CODES_OF_TABLES, Resource, public
from api.core.shapes import DatedLabel, unit_ref, with_label_on
from api.core.types import WORDING, Request, Wording, Words
from api.v1.papers import as_pdf, site
from geo.code import format as code_display
from registry.core.errors import DatabaseUnavailableError
from registry.core.messages import Message
from registry.files.formats.formats import FORMATS
from registry.publish.batch.pasted import read_pasted, text_of
from registry.publish.batch.rows import Table, json_line, read_table
from registry.publish.paper.routes import print_sheet, print_stickers
from registry.publish.paper.typesetting import Paper
from registry.publish.route.distances import Point
from registry.publish.route.listing import OPERATION, lines_of, unread_of
from registry.publish.route.outputs import to_geojson, to_gpx
from registry.publish.route.placing import RouteParcel, Unplaced
from registry.publish.route.run import (
    NOTICES,
    Measure,
    Order,
    Route,
    RouteOptions,
    Visit,
    plan_route,
    turn,
)
from registry.publish.route.walking import Side
from registry.records.lookup import CodeForms, code_forms
from registry.search.judge.verdicts import Question
from registry.units import TODAYS_WORDING
from registry.units.gazetteer import Gazetteer, UnitRef, today

MAX_LINES: Final = 500
"""Most lines of one list over HTTP."""
PAPERS: Final = {"sheet": print_sheet, "stickers": print_stickers}
GPX: Final = FORMATS["gpx"].media_type
GEOJSON: Final = FORMATS["geojson"].media_type
_JSON: Final = "application/json"
_PDF: Final = "application/pdf"
_LINES: Final = "text/plain"
_TABLES: Final = (
    "text/csv",
    "application/octet-stream",
    *(FORMATS[each].media_type for each in ("xls", "ods", "xlsx")),
)

blueprint = Resource("route", "/v1/routes", tag="search", kind="batch")

_EXAMPLE: Final = {"rows": [{"code": "1H6X-XH2V", "ref": "VD-01"}, {"address": "27 Láng, Hà Nội"}]}


class RouteQuery(Request):
    """Options of the route."""

    order: Order = Field(
        "walking",
        description="`walking`: by street, side and number; `shortest`: shortest route found",
    )
    start: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Code or `lat, lon`; the first stop by default",
        examples=["21.0285, 105.8542"],
    )
    end: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Code or `lat, lon`; any stop by default",
        examples=["21.0285, 105.8542"],
    )
    round_trip: bool = Field(default=False, description="Return to the start; `end` is ignored")
    wording: Wording | None = WORDING

    @property
    def wish(self) -> RouteOptions:
        """The parsed query."""
        wordings = self.wording or TODAYS_WORDING
        return RouteOptions(self.order, self.start, self.end, self.round_trip, wordings)


class PapersQuery(RouteQuery):
    """Document to print."""

    paper: Literal["sheet", "stickers"] = Field(
        "sheet", description="`sheet`: list to tick; `stickers`: one per parcel"
    )


class RouteBody(Request):
    """The list as JSON; other media types are the list itself."""

    one_of_several: ClassVar[bool] = True

    rows: list[dict[str, Any]] = Field(
        description="Each with `code` or `address`, and optionally `ref`"
    )


class RoutePoint(TypedDict):
    """Degrees, EPSG:4326."""

    lon: float
    lat: float


class RouteStop(TypedDict):
    """A door, and the lines of the list for it."""

    at: Annotated[int, Field(examples=[1])]
    """From 1, in the order of the route"""
    code: Annotated[str, Field(examples=["1H6XXH2V"])]
    """Canonical, no hyphen"""
    code_display: Annotated[str, Field(examples=["1H6X-XH2V"])]
    label: str
    door: Annotated[str, Field(examples=["27 Phố Láng"])]
    """The label without administrative units"""
    commune: UnitRef | None
    street: str | None
    """Street, or hamlet if the door has no street"""
    side: Side | None
    """Side of the street, by the number"""
    number: str | None
    position: RoutePoint | None
    delivery_hint: str | None
    metres: int | None
    """From the previous stop, or from `start`"""
    parcels: list[RouteParcel]
    label_on: NotRequired[DatedLabel]
    """Only with `wording`"""


class RouteChoice(TypedDict):
    """A possible place of a line."""

    label: str
    door: CodeForms | None
    """The door, if it is registered"""


class RouteQuestion(TypedDict):
    """A question to settle before the route."""

    code: Annotated[str, Field(examples=["ask_which"])]
    text: str
    text_en: str
    choices: list[RouteChoice]


class UnplacedLine(TypedDict):
    """A line of the list without a certain door."""

    line: int
    ref: str | None
    given: str
    """Text read as its address or code"""
    status: Annotated[str, Field(examples=["complete"])]
    """A verdict, the reason for none, or a problem's code"""
    message: str
    message_en: str
    level: str | None
    """Level of the place found"""
    question: RouteQuestion | None


class RouteNotice(TypedDict):
    """A notice about the route."""

    code: Annotated[str, Field(examples=["routing_silent"])]
    message: Words


class RouteAnswer(TypedDict):
    """The route. Each line of the list is once in a stop, unplaced or empty."""

    order: Order
    """Order used: `walking` if the shortest could not be computed"""
    measured_by: Measure
    """`straight_lines`, or `roads` by the operator's routing server"""
    metres: int
    seconds: int | None
    """Only by road"""
    start: RoutePoint | None
    end: RoutePoint | None
    stops: list[RouteStop]
    unplaced: list[UnplacedLine]
    empty_lines: list[int]
    unread_columns: list[str]
    """Headers of columns that were not read"""
    notices: list[RouteNotice]


@blueprint.post("")
@public(
    answer=RouteAnswer,
    statuses=(415,),
    takes_session=True,
    audited=True,
    operation_id="plan_route",
    codes=CODES_OF_TABLES,
    example=_EXAMPLE,
    in_turn=True,
    discloses=True,
)
def post_route(query: RouteQuery, json: RouteBody) -> Response:
    """Order a list of codes or addresses into a route.

    Takes JSON `rows`, lines (`text/plain`), CSV or a workbook; returns JSON, or by `Accept` GPX,
    GeoJSON or PDF. Nothing is kept.
    """
    table, found = _planned(query, json)
    wanted = request.accept_mimetypes.best_match((_JSON, GPX, GEOJSON, _PDF), _JSON)
    return route_response(found, wanted, unread_of(table))


@blueprint.post("/papers")
@public(
    statuses=(415,),
    takes_session=True,
    audited=True,
    operation_id="print_route",
    codes=CODES_OF_TABLES,
    example=_EXAMPLE,
    media_types=("application/pdf",),
    in_turn=True,
    discloses=True,
)
def post_route_papers(query: PapersQuery, json: RouteBody) -> Response:
    """The route as a PDF: sheet or stickers."""
    _, found = _planned(query, json)
    return as_pdf(paper_of(found, query.paper))


def _planned(query: RouteQuery, json: RouteBody | None) -> tuple[Table, Route]:
    if json:
        table = read_table("ndjson", OPERATION, map(json_line, json.rows))
    elif request.mimetype in (_LINES, *_TABLES):
        body = request.get_data(cache=False)
        is_file = request.mimetype != _LINES
        table = read_pasted(OPERATION, text_of(body, "", MAX_LINES), is_file=is_file)
    else:
        raise UnsupportedMediaType(f"one of {', '.join((_JSON, _LINES, *_TABLES))} is needed")
    return table, planned(table, query.wish)


def planned(table: Table, wish: RouteOptions) -> Route:
    """The route of a table as far as one may be asked for; raises what `plan_route` raises."""
    lines = list(islice(lines_of(table), MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        raise RequestEntityTooLarge(f"more than {MAX_LINES} lines")
    count_rows(len(lines))
    note(count=len(lines))
    made = register()
    url = made.settings.routing_url
    return made.asked(lambda: plan_route(gazetteer(), made.reads, lines, wish, url))


def paper_of(found: Route, paper: str) -> Paper:
    """Print one of PAPERS of a route.

    Raises DatabaseUnavailableError while another one is printed: typesetting takes seconds.
    """
    if not turn.acquire(blocking=False):
        raise DatabaseUnavailableError(Message("route_print_busy"))
    try:
        return PAPERS[paper](site(), found)
    finally:
        turn.release()


def route_response(found: Route, kind: str, unread: Sequence[str] = ()) -> Response:
    """Return the route in one of its media types."""
    if kind == _PDF:
        return as_pdf(paper_of(found, "sheet"))
    if kind == GPX:
        response = Response(to_gpx(found, f"Tuyến {today():%d/%m/%Y}"), content_type=GPX)
    else:
        response = jsonify(to_geojson(found) if kind == GEOJSON else _body(found, unread))
        response.content_type = kind
    response.headers["Cache-Control"] = "no-store"
    return response


def _body(found: Route, unread: Sequence[str]) -> RouteAnswer:
    known = gazetteer()
    return RouteAnswer(
        order=found.order,
        measured_by=found.measured_by,
        metres=found.metres,
        seconds=found.seconds,
        start=_point(found.start),
        end=_point(found.end),
        stops=[_stop(known, at, visit) for at, visit in enumerate(found.visits, 1)],
        unplaced=list(map(_unplaced, found.unplaced)),
        empty_lines=list(found.empty),
        unread_columns=list(unread),
        notices=[{"code": code, "message": NOTICES[code]} for code in found.notices],
    )


def _point(point: Point | None) -> RoutePoint | None:
    return RoutePoint(lon=point[0], lat=point[1]) if point else None


def _stop(known: Gazetteer, at: int, visit: Visit) -> RouteStop:
    stop = visit.stop
    record = stop.record
    body = RouteStop(
        at=at,
        code=record.code,
        code_display=code_display(record.code),
        label=stop.label,
        door=visit.door,
        commune=unit_ref(known.units.get(record.unit_id or 0), today()),
        street=visit.street,
        side=visit.side,
        number=visit.number,
        position=_point(visit.point),
        delivery_hint=record.delivery_hint,
        metres=visit.metres,
        parcels=list(stop.parcels),
    )
    return with_label_on(body, stop.on)


def _unplaced(each: Unplaced) -> UnplacedLine:
    question = each.question
    return UnplacedLine(
        line=each.parcel.line,
        ref=each.parcel.ref,
        given=each.given,
        status=each.status,
        message=each.messages[0],
        message_en=each.messages[1],
        level=each.level,
        question=_question(question) if question else None,
    )


def _question(question: Question) -> RouteQuestion:
    return RouteQuestion(
        code=question.code,
        text=question.text,
        text_en=question.text_en,
        choices=[
            RouteChoice(
                label=choice.label,
                door=code_forms(choice.code) if choice.code else None,
            )
            for choice in question.choices
        ],
    )
