"""A map of shares as one SVG, drawn by the server: no script, no style sheet, no outside host.

Colours are presentation attributes, which a strict Content-Security-Policy permits. Shapes have a
`<title>` for screen readers and pointers, and a link if the caller gives one. A page
shows the texts for phones, larger and fewer, by its style sheet (`choropleth-phone`).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
import shapely

from registry.core.labels import percent
from registry.coverage.palette import AUDIT, LEGEND, NO_TARGET, ShareClass, class_of
from registry.coverage.shapes import Drawing, Island, Shape

_MAP_PX: Final = (620, 900)
"""Maximum width and height of the shapes."""
_INSET_PX: Final = (196, 132)
_GAP_PX: Final = 14
_FOOT_PX: Final = 60
_LETTER_PX: Final = 0.6
"""Average width of a letter, relative to the font size."""
_SIZES_PX: Final = (17, 15)
"""Font sizes of a label: the largest that fits, or no label."""
_PHONE_PX: Final = 26
"""Of all texts for phones, which show the drawing at half its size."""
_ALWAYS_NAMED: Final = ("01", "79")
"""Hà Nội and Thành phố Hồ Chí Minh: small on the map, but what readers look for first."""
_DOT_PX: Final = 1.8
_STRAIGHT: Final = 1e-6
"""Tolerance of a straight line, for rounding errors of degrees."""
_SEA, _LINE, _INK, _QUIET = "#f3f7fa", "#5f6c78", "#1b2733", "#55616d"

NOT_A_BOUNDARY: Final = "Hình vẽ để thống kê, không phải địa giới hành chính pháp lý."
CELLS: Final = "Ô gần đúng quanh trụ sở xã, chưa nạp ranh giới thật."

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """The figures of a unit."""

    share: float | None
    """None without a target."""
    estimate: bool
    """Whether the target is an estimate, which is stated wherever the share is shown."""

    @property
    def words(self) -> str:
        """The share for display."""
        if self.share is None:
            return NO_TARGET.label
        return f"{percent(self.share)}{' (theo số ước tính)' if self.estimate else ''}"


def draw_choropleth(
    drawing: Drawing,
    figures: Mapping[str, Figure],
    *,
    title: str,
    ident: str = "ban-do",
    link: Callable[[str], str] | None = None,
) -> str:
    """Return the drawing as an SVG element, coloured by the figure of each code.

    `ident` distinguishes drawings of one page; `link` returns the URL of a unit's page. An
    archipelago is coloured by its commune's figure, else by its province's.
    """
    frame = _Frame.around([shape.geometry for shape in drawing.shapes])
    width = max(frame.width, 240) + (_INSET_PX[0] + _GAP_PX if drawing.islands else 0)
    height = max(frame.height, len(drawing.islands) * (_INSET_PX[1] + _GAP_PX))
    role = "group" if link else "img"  # elements inside of an image are not selectable
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + _FOOT_PX}"'
        f' role="{role}" aria-labelledby="{ident}-ten" class="choropleth"'
        ' font-family="inherit" text-anchor="middle">'
        f'<title id="{ident}-ten">{escape(title)}</title>',
        _patterns(ident),
        f'<rect width="{width}" height="{height + _FOOT_PX}" fill="{_SEA}"/>',
        f'<g stroke="{_LINE}" stroke-width=".5" stroke-linejoin="round" fill-rule="evenodd">',
        *(_area(shape, frame, figures.get(shape.code), ident, link) for shape in drawing.shapes),
        "</g>",
        *_wide(_labels(drawing.shapes, frame, figures, _SIZES_PX)),
        *_phone(_labels(drawing.shapes, frame, figures, (_PHONE_PX,))),
        *_insets(drawing.islands, frame, width, height, figures, ident, link),
        *_wide(_foot(drawing, width, height, 15)),
        *_phone(_foot(drawing, width, height, _PHONE_PX)),
        "</svg>",
    ]
    return "".join(parts)


def draw_legend() -> str:
    """The scale of colours, as a list in HTML."""
    parts = ['<ul class="legend" aria-label="Thang màu tỷ lệ hộ có mã">']
    for at, each in enumerate(LEGEND):
        parts.append(
            '<li><svg viewBox="0 0 26 17" width="26" height="17" aria-hidden="true">'
            f"{_patterns('chu-giai') if at == 0 else ''}"
            f'<rect x="1" y="1" width="24" height="15" fill="{_fill(each, "chu-giai")}"'
            f' stroke="{_QUIET}" stroke-width=".6"/></svg> {escape(each.label)}</li>'
        )
    return "".join((*parts, "</ul>"))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Projects degrees to pixels; a degree of longitude is narrower than one of latitude."""

    west: float
    north: float
    x_scale: float
    y_scale: float
    width: int
    height: int

    @classmethod
    def around(cls, geometries: Iterable[Any], size: Point = _MAP_PX) -> "_Frame":
        solid = [each for each in geometries if not shapely.is_empty(each)]
        west, south, east, north = shapely.total_bounds(solid) if solid else (102, 8, 110, 24)
        narrow = math.cos(math.radians((south + north) / 2))
        across, down = max(east - west, 1e-3) * narrow, max(north - south, 1e-3)
        scale = min((size[0] - 16) / across, (size[1] - 16) / down)
        return cls(
            west=west - 8 / (scale * narrow),
            north=north + 8 / scale,
            x_scale=scale * narrow,
            y_scale=scale,
            width=math.ceil(across * scale + 16),
            height=math.ceil(down * scale + 16),
        )

    def point(self, lon: float, lat: float) -> Point:
        return (lon - self.west) * self.x_scale, (self.north - lat) * self.y_scale

    def path(self, geometry: Any) -> str:
        """Return the outline in tenths of a pixel; '' if it vanishes."""
        return "".join(self._ring(ring) for ring in _rings(geometry))

    def _ring(self, ring: Any) -> str:
        at = _corners(shapely.get_coordinates(ring))
        x = (at[:, 0] - self.west) * self.x_scale
        y = (self.north - at[:, 1]) * self.y_scale
        points = np.rint(np.column_stack((x, y)) * 10).astype(int)
        steps = np.diff(points, axis=0)
        steps = steps[np.any(steps != 0, axis=1)][:-1]
        if len(steps) < 2:
            return ""
        moves = " ".join(f"{_tenths(dx)} {_tenths(dy)}" for dx, dy in steps.tolist())
        first = points[0].tolist()
        return f"M{_tenths(first[0])} {_tenths(first[1])}l{moves}z"


def _corners(at: Any) -> Any:
    """Return the points at which a ring turns: on a grid many are on a straight line.

    >>> _corners(np.array([(0, 0), (1, 0), (2, 0), (2, 2), (0, 0)])).tolist()
    [[0, 0], [2, 0], [2, 2], [0, 0]]
    """
    steps = np.diff(at, axis=0)
    turn = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]
    forward = np.sum(steps[:-1] * steps[1:], axis=1) > 0
    straight = (np.abs(turn) <= _STRAIGHT * np.max(np.abs(steps)) ** 2) & forward
    return at[np.concatenate(([True], ~straight, [True]))]


def _tenths(value: int) -> str:
    """
    >>> _tenths(5), _tenths(-12), _tenths(30)
    ('.5', '-1.2', '3')
    """
    whole, rest = divmod(abs(value), 10)
    digits = f"{whole or ''}.{rest}" if rest else str(whole)
    return f"-{digits}" if value < 0 else digits


def _rings(geometry: Any) -> Iterator[Any]:
    for polygon in _polygons(geometry):
        yield polygon.exterior
        yield from polygon.interiors


def _polygons(geometry: Any) -> list[Any]:
    return [each for each in shapely.get_parts([geometry]) if each.geom_type == "Polygon"]


def _area(
    shape: Shape,
    frame: _Frame,
    figure: Figure | None,
    ident: str,
    link: Callable[[str], str] | None,
) -> str:
    found = figure or Figure(None, estimate=False)
    fill = _fill(class_of(found.share), ident)
    outline = frame.path(shape.geometry)
    if not outline:
        return ""
    area = (
        f'<path data-code="{shape.code}" fill="{fill}" d="{outline}">'
        f"<title>{escape(shape.name)}: {escape(found.words)}</title></path>"
    )
    return _linked(area, shape.code, link)


def _linked(drawn: str, code: str, link: Callable[[str], str] | None) -> str:
    return drawn if link is None else f'<a href="{escape(link(code))}">{drawn}</a>'


def _wide(texts: Iterable[str]) -> Iterator[str]:
    yield from ('<g class="choropleth-wide">', *texts, "</g>")


def _phone(texts: Iterable[str]) -> Iterator[str]:
    yield from ('<g class="choropleth-phone" display="none">', *texts, "</g>")


def _labels(
    shapes: Iterable[Shape],
    frame: _Frame,
    figures: Mapping[str, Figure],
    sizes: tuple[int, ...],
) -> Iterator[str]:
    """Yield names that fit into their shape, larger shapes first, without overlaps.

    Shapes that are always named come first, and their names may cross their border.
    """
    taken: list[tuple[float, float, float, float]] = []
    for shape in sorted(shapes, key=_label_order):
        if shapely.is_empty(shape.geometry):
            continue
        largest = max(_polygons(shape.geometry), key=shapely.area, default=None)
        if largest is None:
            continue
        west, south, east, north = shapely.bounds(largest)
        lon, lat = shapely.get_coordinates(shapely.point_on_surface(largest))[0]
        x, y = frame.point(lon, lat)
        room = ((east - west) * frame.x_scale, (north - south) * frame.y_scale)
        name = _short(shape.name)
        always = shape.code in _ALWAYS_NAMED
        for size in sizes:
            across = len(name) * size * _LETTER_PX
            box = (x - across / 2, y - size * 0.7, x + across / 2, y + size * 0.7)
            inside = box[0] > 2 and box[2] < frame.width - 2
            fits = across <= room[0] * 1.05 and size * 1.2 <= room[1] and inside
            at_last = always and size == sizes[-1]
            if (fits or at_last) and not any(_meet(box, other) for other in taken):
                taken.append(box)
                figure = figures.get(shape.code)
                each = class_of(figure.share if figure else None)
                yield _label(x, y + size * 0.35, name, size, each)
                break


def _label_order(shape: Shape) -> tuple[bool, float]:
    return shape.code not in _ALWAYS_NAMED, -shapely.area(shape.geometry)


def _short(name: str) -> str:
    """
    >>> _short("Thành phố Hà Nội"), _short("Xã Ea Drăng")
    ('Hà Nội', 'Ea Drăng')
    """
    for kind in ("Thành phố ", "Tỉnh ", "Phường ", "Xã ", "Đặc khu ", "Quần đảo "):
        name = name.removeprefix(kind)
    return name


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _label(x: float, y: float, words: str, size: float, each: ShareClass) -> str:
    """Return a name with a halo of its area's colour, so that it is readable across a border."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{each.ink}" stroke="{each.fill}"'
        f' stroke-width="2.4" stroke-linejoin="round" paint-order="stroke"'
        f' pointer-events="none">{escape(words)}</text>'
    )


def _text(x: float, y: float, words: str, size: float, ink: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{ink}"{weight}'
        f' pointer-events="none">{escape(words)}</text>'
    )


def _insets(
    islands: Iterable[Island],
    frame: _Frame,
    width: int,
    height: int,
    figures: Mapping[str, Figure],
    ident: str,
    link: Callable[[str], str] | None,
) -> Iterator[str]:
    """Yield a box for each archipelago, at its own latitude if there is room."""
    across, down = _INSET_PX
    below = float(_GAP_PX) / 2
    order = sorted(islands, key=lambda island: -_middle(island)[1])
    for left, island in zip(range(len(order) - 1, -1, -1), order, strict=True):
        wanted = frame.point(*_middle(island))[1] - down / 2
        last = height - (left + 1) * (down + _GAP_PX) + _GAP_PX / 2
        top = min(max(wanted, below), last)
        below = top + down + _GAP_PX
        yield _inset(island, (width - across - 6, top), figures, ident, link)


def _middle(island: Island) -> Point:
    west, south, east, north = shapely.bounds(island.commune.geometry)
    return (west + east) / 2, (south + north) / 2


def _inset(
    island: Island,
    at: Point,
    figures: Mapping[str, Figure],
    ident: str,
    link: Callable[[str], str] | None,
) -> str:
    across, down = _INSET_PX
    code = island.commune.code if island.commune.code in figures else island.province_code
    figure = figures.get(code) or Figure(None, estimate=False)
    each = class_of(figure.share)
    frame = _Frame.around([island.commune.geometry], (across, down - 40))
    # Islets are smaller than a pixel: each is at least a dot.
    dots = {frame.point(*_centre(polygon)) for polygon in _polygons(island.commune.geometry)}
    drawn = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_DOT_PX}"/>' for x, y in sorted(dots))
    area = (
        f'<g data-code="{code}"><title>{escape(island.name)}: {escape(figure.words)}</title>'
        f'<rect width="{across}" height="{down}" fill="#ffffff" stroke="{_QUIET}"/>'
        f'<g transform="translate({(across - frame.width) / 2:.1f} 38)"'
        f' fill="{_fill(each, ident)}" stroke="{_INK}" stroke-width=".6">'
        f'<path d="{frame.path(island.commune.geometry)}"/>{drawn}</g>'
        + "".join((*_wide(_island_words(island)), *_phone(_island_words_large(island)), "</g>"))
    )
    return f'<g transform="translate({at[0]:.1f} {at[1]:.1f})">{_linked(area, code, link)}</g>'


def _island_words(island: Island) -> Iterator[str]:
    across = _INSET_PX[0]
    yield _text(across / 2, 17, island.name, 15, _INK, bold=True)
    yield _text(across / 2, 34, f"({island.province_name})", 15, _QUIET)


def _island_words_large(island: Island) -> Iterator[str]:
    """On lines of their own: the kind, the name, the province."""
    across, down = _INSET_PX
    name = _short(island.name)
    if kind := island.name.removesuffix(name).strip():
        yield _text(across / 2, 26, kind, _PHONE_PX, _INK, bold=True)
    yield _text(across / 2, 51, name, _PHONE_PX, _INK, bold=True)
    yield _text(across / 2, down - 10, f"({_short(island.province_name)})", _PHONE_PX, _QUIET)


def _centre(polygon: Any) -> Point:
    lon, lat = shapely.get_coordinates(shapely.centroid(polygon))[0]
    return round(float(lon), 3), round(float(lat), 3)


def _foot(drawing: Drawing, width: int, height: int, largest: float) -> Iterator[str]:
    """Yield the notes on the drawing itself, so that copies of it include them."""
    size = min(largest, (width - 12) / (len(NOT_A_BOUNDARY) * 0.54))
    yield _text(width / 2, height + 24, NOT_A_BOUNDARY, size, _INK, bold=True)
    if drawing.approximate:
        yield _text(width / 2, height + 50, CELLS, size, "#b02a00", bold=True)


def _patterns(ident: str) -> str:
    """Return hatches for areas without a share, distinguishable without colours too."""
    return (
        "<defs>"
        f'<pattern id="{ident}-khong" width="6" height="6" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect width="6" height="6" fill="{NO_TARGET.fill}"/>'
        '<path d="M0 0V6" stroke="#868e96" stroke-width="1.6"/></pattern>'
        f'<pattern id="{ident}-qua" width="7" height="7" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(-45)"><rect width="7" height="7" fill="{AUDIT.fill}"/>'
        '<path d="M0 0V7" stroke="#ffffff" stroke-width="1.4"/></pattern>'
        "</defs>"
    )


def _fill(each: ShareClass, ident: str) -> str:
    if each is NO_TARGET:
        return f"url(#{ident}-khong)"
    return f"url(#{ident}-qua)" if each is AUDIT else each.fill
