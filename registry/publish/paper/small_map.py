"""A small map for papers, from the register alone: doors, street names, the commune's boundary.

Coordinates are millimetres of its frame, for a template to draw.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from geo.label import number_of
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.publish.drawing.surroundings import REACH_M, surroundings
from registry.records.record import Record

SQL: Final = Statements(__file__, "queries.sql")

_LEAST_M: Final = 60.0
"""Half of the least height of a map, in metres: a single door has no extent."""
_PIN_WORDS_MM: Final = 4.4
"""Distance of the number below the pin."""
_LETTER_MM: Final = 1.35
_LINE_MM: Final = 3.2
_BARS_M: Final = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of paper in millimetres, and the area drawn on it."""

    width: float
    height: float
    lon: float
    lat: float
    half_m: float
    """Half of the height, in metres on the ground."""

    @property
    def scale(self) -> float:
        """Millimetres per metre."""
        return self.height / (2 * self.half_m)

    @property
    def metres_east(self) -> float:
        """Metres of a degree of longitude."""
        return 111_320 * math.cos(math.radians(self.lat))

    def at(self, lon: float, lat: float) -> Point:
        """Return the position of a point."""
        return self.of_metres((lon - self.lon) * self.metres_east, (self.lat - lat) * 110_570)

    def of_metres(self, x: float, y: float) -> Point:
        """Return the position of a point given in metres east and south of the centre."""
        return (
            round(self.width / 2 + x * self.scale, 2),
            round(self.height / 2 + y * self.scale, 2),
        )

    def contains(self, point: Point) -> bool:
        """Whether a point lies inside."""
        return 0 <= point[0] <= self.width and 0 <= point[1] <= self.height


class _Placement:
    """Keeps track of placed texts, so that none overlap."""

    def __init__(self, frame: Frame, *taken: tuple[float, float, float, float]) -> None:
        self._frame = frame
        self._taken = list(taken)

    def take(self, words: str, x: float, y: float) -> bool:
        """Place words centred at x, y; return whether there was room."""
        half = len(words) * _LETTER_MM / 2 + 0.6
        box = (x - half, y - _LINE_MM / 2, x + half, y + _LINE_MM / 2)
        frame = self._frame
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= frame.width and box[3] <= frame.height
        if not inside or any(
            box[0] < right and left < box[2] and box[1] < bottom and top < box[3]
            for left, top, right, bottom in self._taken
        ):
            return False
        self._taken.append(box)
        return True


def map_around(reads: Reads, record: Record, size: tuple[float, float]) -> dict[str, Any] | None:
    """Draw the neighbourhood of a record; None without a point."""
    if record.lon is None or record.lat is None:
        return None
    frame = Frame(*size, record.lon, record.lat, float(REACH_M))
    around = surroundings(reads, code=record.code, lon=record.lon, lat=record.lat, province_id=None)
    x, y = frame.of_metres(0, 0)
    number = number_of(record.label_parts) or ""
    room = _Placement(frame, (x - 3, y - 3, x + 3, y + 3), _bar_box(frame))
    room.take(number + "  ", x, y + _PIN_WORDS_MM)
    names = list(
        _texts(room, ((frame.of_metres(s.x, s.y), s.words or "") for s in around.streets), 4.0)
    )
    doors = [(frame.of_metres(spot.x, spot.y), spot.words or "") for spot in around.doors]
    return {
        **_drawn(reads, frame, doors, room, [record.unit_id]),
        "names": names,
        "pin": {"x": x, "y": y, "below": y + _PIN_WORDS_MM, "words": number},
    }


def map_of(
    reads: Reads,
    doors: Sequence[tuple[float, float, str]],
    units: Sequence[int | None],
    size: tuple[float, float],
) -> dict[str, Any] | None:
    """Draw doors, each (lon, lat, number); None without any."""
    if not doors:
        return None
    west, east = min(d[0] for d in doors), max(d[0] for d in doors)
    south, north = min(d[1] for d in doors), max(d[1] for d in doors)
    lon, lat = (west + east) / 2, (south + north) / 2
    wide = (east - west) * 111_320 * math.cos(math.radians(lat))
    high = (north - south) * 110_570
    half = max(_LEAST_M, 0.56 * max(high, wide * size[1] / size[0]))
    frame = Frame(*size, lon, lat, half)
    room = _Placement(frame, _bar_box(frame))
    placed = [(frame.at(x, y), words) for x, y, words in doors]
    return {**_drawn(reads, frame, placed, room, units), "names": [], "pin": None}


def _drawn(
    reads: Reads,
    frame: Frame,
    doors: Sequence[tuple[Point, str]],
    room: _Placement,
    units: Sequence[int | None],
) -> dict[str, Any]:
    shown = [(point, words) for point, words in doors if frame.contains(point)]
    bar = _bar_m(frame)
    return {
        "width": frame.width,
        "height": frame.height,
        "doors": [point for point, _ in shown],
        "numbers": list(_texts(room, shown, 2.4)),
        "boundary": _boundary(reads, frame, [unit for unit in units if unit is not None]),
        "bar": {"mm": bar * frame.scale, "metres": bar},
    }


def _texts(
    room: _Placement, spots: Sequence[tuple[Point, str]] | Iterator[tuple[Point, str]], above: float
) -> Iterator[dict[str, Any]]:
    """Yield words above their points, where there is room."""
    for (x, y), words in spots:
        if words and room.take(words, x, y - above):
            yield {"x": x, "y": round(y - above, 2), "words": words}


def _bar_m(frame: Frame) -> int:
    """Return a round number of metres, about a fifth of the width."""
    return max(
        (metres for metres in _BARS_M if metres * frame.scale <= frame.width / 4),
        default=_BARS_M[0],
    )


def _bar_box(frame: Frame) -> tuple[float, float, float, float]:
    return (0.0, frame.height - 6, frame.width / 4 + 14, frame.height)


def _boundary(reads: Reads, frame: Frame, units: list[int]) -> list[list[Point]]:
    """Return the lines of the communes' boundaries inside the frame."""
    east = frame.width / frame.scale / 2 / frame.metres_east
    north = frame.half_m / 110_570
    asked = {
        "units": units,
        "west": frame.lon - east,
        "east": frame.lon + east,
        "south": frame.lat - north,
        "north": frame.lat + north,
        "tolerance": 0.2 / frame.scale / 110_570,
    }
    lines: list[list[Point]] = []
    for (geometry,) in reads.rows(SQL.driver("boundaries_around"), asked) if units else ():
        lines += ([frame.at(lon, lat) for lon, lat in line] for line in _lines(geometry))
    return lines


def _lines(geometry: dict[str, Any] | None) -> list[list[list[float]]]:
    """Return the lines of a GeoJSON geometry, without points where a boundary only touches."""
    if geometry is None:
        return []
    kind, inner = geometry["type"], geometry.get("coordinates") or []
    if kind == "GeometryCollection":
        return [line for each in geometry["geometries"] for line in _lines(each)]
    if kind == "LineString":
        return [inner] if inner else []
    return list(inner) if kind == "MultiLineString" else []
