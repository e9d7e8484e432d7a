"""The small map of an address page: an SVG drawn by the server, with nothing to load."""

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup, escape

from api.pages.shell import words
from registry.drawing.surroundings import OUTLINE_SIDE, REACH_M, Spot, Surroundings

WIDTH: Final = 640
HEIGHT: Final = 340
_SCALE: Final = HEIGHT / (2 * REACH_M)
_BAR_M: Final = 50
_APART: Final = (34.0, 15.0)
"""Numbers nearer than this to one another are left out, across and down."""


def draw_sketch(around: Surroundings, *, number: str | None, exact: bool) -> Markup:
    """An SVG of the doors near one; `exact` is false where the point is only about right."""
    parts = [
        f'<svg class="sketch" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="',
        str(escape(words("Bản đồ nhỏ quanh địa chỉ này", "Small map around this address"))),
        '">',
        f'<rect class="sketch-ground" width="{WIDTH}" height="{HEIGHT}"/>',
        *_doors(around.doors),
        *_names(around.streets),
        *_pin(number, exact=exact),
        *_scale_bar(),
        *_province(around),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - every text in it is escaped


def _place(spot: Spot) -> tuple[float, float]:
    return WIDTH / 2 + spot.x * _SCALE, HEIGHT / 2 + spot.y * _SCALE


def _text(what: str, x: float, y: float, said: str) -> str:
    return f'<text class="sketch-{what}" x="{x:.0f}" y="{y:.0f}">{escape(said)}</text>'


def _doors(doors: tuple[Spot, ...]) -> Iterator[str]:
    taken = [(WIDTH / 2, HEIGHT / 2)]
    for spot in doors:
        x, y = _place(spot)
        yield f'<circle class="sketch-door" cx="{x:.0f}" cy="{y:.0f}" r="4"/>'
        free = all(abs(x - a) > _APART[0] or abs(y - 10 - b) > _APART[1] for a, b in taken)
        if spot.words and free and 14 < y < HEIGHT - 6 and 20 < x < WIDTH - 20:
            taken.append((x, y - 10))
            yield _text("number", x, y - 8, spot.words)


def _names(streets: tuple[Spot, ...]) -> Iterator[str]:
    for spot in streets:
        x, y = _place(spot)
        # Inside of the picture, and not on the pin.
        x, y = min(max(x, 90), WIDTH - 90), min(max(y + 18, 24), HEIGHT - 40)
        if abs(x - WIDTH / 2) < 90 and abs(y - HEIGHT / 2) < 40:
            y = HEIGHT / 2 + 52
        yield _text("street", x, y, spot.words or "")


def _pin(number: str | None, *, exact: bool) -> Iterator[str]:
    x, y = WIDTH / 2, HEIGHT / 2
    if not exact:
        yield f'<circle class="sketch-about" cx="{x:.0f}" cy="{y:.0f}" r="46"/>'
    yield (
        f'<path class="sketch-pin" d="M{x:.0f} {y:.0f}c-9-14-18-22-18-33a18 18 0 0 1 36 0'
        f'c0 11-9 19-18 33z"/><circle class="sketch-eye" cx="{x:.0f}" cy="{y - 33:.0f}" r="6.5"/>'
    )
    if number:
        yield _text("own", x, y + 22, number)


def _scale_bar() -> Iterator[str]:
    length = _BAR_M * _SCALE
    y = HEIGHT - 16
    yield (
        f'<path class="sketch-bar" d="M16 {y - 5}v5h{length:.0f}v-5"/>'
        f'<text class="sketch-metres" x="{22 + length:.0f}" y="{y}">{_BAR_M} m</text>'
    )


def _province(around: Surroundings) -> Iterator[str]:
    province = around.province
    if province is None:
        return
    left, top = WIDTH - OUTLINE_SIDE - 18, HEIGHT - OUTLINE_SIDE - 18
    yield (
        f'<g transform="translate({left} {top})">'
        f'<rect class="sketch-inset" x="-10" y="-10" width="{OUTLINE_SIDE + 20}"'
        f' height="{OUTLINE_SIDE + 20}" rx="6"/>'
        f'<path class="sketch-province" d="{escape(province.path)}"/>'
        f'<circle class="sketch-here" cx="{province.x:.1f}" cy="{province.y:.1f}" r="4"/></g>'
    )
