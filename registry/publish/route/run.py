"""Plans a route from a list: each line of the list is in it once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Semaphore
from typing import Final, Literal

from geo.label import alley_word, door_words, named, number_of
from geo.points import point_in
from registry.core.errors import GoneError, InvalidInputError, NotFoundError
from registry.core.messages import N_, Message, Text
from registry.core.reads import Reads
from registry.publish.route.distances import Point
from registry.publish.route.listing import Line
from registry.publish.route.placing import Placed, Stop, Unplaced, place
from registry.publish.route.routing_server import (
    SILENT,
    UNREADABLE,
    RoutingError,
    Table,
    road_table,
)
from registry.publish.route.shortest import MAX_STOPS, TooLateError
from registry.publish.route.walking import Door, Side, side_of, walking_order
from registry.publish.route.way import Way
from registry.records.lookup import lookup
from registry.records.record import Record, names_on
from registry.units import TODAYS_WORDING, Wordings, label_day
from registry.units.gazetteer import Gazetteer, today

Order = Literal["walking", "shortest"]
Measure = Literal["straight_lines", "roads"]
NO_POSITION: Final = "no_position"
BUSY: Final = "order_busy"
LATE: Final = "order_late"
NOTICES: Final = {
    SILENT: Text(N_("The routing server does not answer: measured in straight lines")),
    UNREADABLE: Text(N_("The routing server's answer cannot be used: measured in straight lines")),
    BUSY: Text(
        N_(
            "Another route is being made: this is the walking order, in straight lines;"
            " try again soon"
        )
    ),
    LATE: Text(N_("Ordering took too long: this is the walking order")),
    NO_POSITION: Text(
        N_("Some stops have no position: they stand by their numbers and are not measured")
    ),
}
"""Stable code of a notice → its text."""
turn: Final = Semaphore(1)
"""One slow ordering at a time in this process, so that other requests are answered."""


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """Options of a route."""

    order: Order = "walking"
    start: str | None = None
    """A code or a point; None for the first stop."""
    end: str | None = None
    """A code or a point; None for any stop."""
    round_trip: bool = False
    """Whether it ends where it starts."""
    wordings: Wordings = TODAYS_WORDING
    """Wordings of the stops' labels."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop of the route."""

    stop: Stop
    commune: str | None
    street: str | None
    """Street, or hamlet without a street."""
    side: Side | None
    number: str | None
    door: str
    """The label without its units, for use below a heading."""
    metres: int | None = None
    """From the previous stop or the start; None if either has no position."""

    @property
    def point(self) -> Point | None:
        """(lon, lat)"""
        return point_of(self.stop.record)


@dataclass(frozen=True, slots=True)
class Route:
    """A route, and the unplaced and empty lines of its list."""

    visits: tuple[Visit, ...]
    unplaced: tuple[Unplaced, ...]
    empty: tuple[int, ...]
    order: Order
    """The actual order, which may differ from the requested one."""
    measured_by: Measure
    metres: int
    seconds: int | None
    """Only by road."""
    start: Point | None
    """None if it starts at its first stop."""
    end: Point | None
    notices: tuple[str, ...]
    """Codes of NOTICES."""
    wordings: Wordings

    @property
    def parcels(self) -> int:
        """Number of lines with a stop."""
        return sum(len(visit.stop.parcels) for visit in self.visits)


def plan_route(
    gazetteer: Gazetteer,
    reads: Reads,
    lines: Sequence[Line],
    options: RouteOptions,
    routing_url: str | None = None,
) -> Route:
    """Plan the route of a list, measured by road if the server at `routing_url` answers.

    Raises InvalidInputError for an invalid start or end, an empty list, or too many stops for the
    shortest order; also as `place` does.
    """
    if not lines:
        raise InvalidInputError.of_field("list", "empty_list", Message("list_empty"))
    start = _position(reads, "start", options.start)
    end = start if options.round_trip else _position(reads, "end", options.end)
    placed = place(gazetteer, reads, lines, label_day(None, options.wordings))
    return order_route(gazetteer, placed, options, start, end, routing_url)


def order_route(
    gazetteer: Gazetteer,
    placed: Placed,
    options: RouteOptions,
    start: Point | None,
    end: Point | None,
    routing_url: str | None,
) -> Route:
    """Order the route over placed doors."""
    visits = walking_order((_visit(gazetteer, stop) for stop in placed.stops), _door, start)
    fixed = [visit for visit in visits if visit.point]
    notices = [NO_POSITION] * (len(fixed) < len(visits))
    if options.order == "shortest" and len(fixed) > MAX_STOPS:
        raise InvalidInputError.of_field(
            "order",
            "too_many_stops",
            Message("too_many_stops", most=MAX_STOPS),
        )
    points = [visit.point for visit in fixed if visit.point]
    way = Way(points, start, end, round_trip=options.round_trip)
    order, places, table = _ordered(way, len(points), options, routing_url, notices)
    measured = way.measured(places, table)
    legs = zip(places, measured.legs, strict=True)
    ordered = [replace(fixed[place], metres=metres) for place, metres in legs]
    return Route(
        tuple(_with_unmeasured(visits, ordered)),
        placed.unplaced,
        placed.empty,
        order,
        "roads" if table else "straight_lines",
        measured.metres,
        measured.seconds,
        start,
        way.end,
        tuple(notices),
        options.wordings,
    )


def _ordered(
    way: Way, count: int, options: RouteOptions, routing_url: str | None, notices: list[str]
) -> tuple[Order, list[int], Table | None]:
    """Return the actual order, the stops in it, and the costs by road if known.

    Adds to `notices` what was not available.
    """
    places = list(range(count))
    if not count or (options.order == "walking" and routing_url is None):
        return "walking", places, None
    if not turn.acquire(blocking=False):
        notices.append(BUSY)
        return "walking", places, None
    try:
        table = _road_table(way, count, routing_url, notices)
        if options.order == "shortest":
            try:
                return "shortest", way.shortest(table), table
            except TooLateError:
                notices.append(LATE)
        return "walking", places, table
    finally:
        turn.release()


def _road_table(way: Way, count: int, routing_url: str | None, notices: list[str]) -> Table | None:
    if routing_url is None or count > MAX_STOPS:
        return None
    try:
        return road_table(routing_url, way.points)
    except RoutingError as error:
        notices.append(error.code)
        return None


def _with_unmeasured(walking: Sequence[Visit], ordered: Sequence[Visit]) -> Iterator[Visit]:
    """Yield the ordered stops, each followed by the stops without a position that it precedes in
    walking order.
    """
    behind: dict[str, list[Visit]] = defaultdict(list)
    before = ""
    for visit in walking:
        if visit.point:
            before = visit.stop.record.code
        else:
            behind[before].append(visit)
    yield from behind[""]
    for visit in ordered:
        yield visit
        yield from behind[visit.stop.record.code]


def point_of(record: Record) -> Point | None:
    """Return the point of a door, (lon, lat); None if unknown or hidden."""
    if record.lon is None or record.lat is None:
        return None
    return record.lon, record.lat


def _visit(gazetteer: Gazetteer, stop: Stop) -> Visit:
    record = stop.record
    unit = gazetteer.units.get(record.unit_id) if record.unit_id else None
    names = names_on(gazetteer, unit, today()) if unit else ()
    alley = alley_word(names[-1] if names else "")
    street = named(record.street_kind, record.street_name) if record.street_name else None
    places = ", ".join(named(kind, name) for kind, name in record.localities)
    return Visit(
        stop,
        names[0] if names else None,
        street or places or None,
        side_of(record.house_number_key) if street else None,
        number_of(record.label_parts, alley),
        ", ".join(door_words(record.label_parts, alley)) or stop.label,
    )


def _door(visit: Visit) -> Door:
    record = visit.stop.record
    inside = (record.building_key or "", record.floor or "", record.unit_number or "")
    return Door(
        record.unit_id,
        record.street_id or (record.locality_id and -record.locality_id),
        visit.street or "~",
        record.house_number_key,
        inside,
        visit.point,
    )


def _position(reads: Reads, field: str, written: str | None) -> Point | None:
    """Return the point of a start or end: given as such, or by a code."""
    if written is None:
        return None
    if point := point_in(written):
        return point
    try:
        record = lookup(reads, written)
    except (InvalidInputError, NotFoundError, GoneError) as error:
        raise InvalidInputError.of_field(field, "no_such_place", error.message) from error
    point = point_of(record)
    if point is None:
        raise InvalidInputError.of_field(field, "no_position", Message("code_has_no_position"))
    return point
