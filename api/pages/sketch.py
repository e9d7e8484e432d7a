"""The small map of an address page: an SVG drawn by the server, without external resources."""

import math
from collections.abc import Iterator
from typing import Final

from markupsafe import Markup, escape

from registry.core.messages import _
from registry.publish.drawing.surroundings import OUTLINE_SIDE, REACH_M, Spot, Surroundings

WIDTH: Final = 640
HEIGHT: Final = 340
_SCALE: Final = HEIGHT / (2 * REACH_M)
_BAR_M: Final = 50
_LETTER: Final = {"number": 7.0, "street": 9.0}
"""Approximate width of a character; its height is twice that."""
_LAYERS: Final = {"wide": 1.0, "narrow": 2.1}
"""How large texts are: a phone shows the drawing at half its size, so it has larger ones there, and
fewer. The style sheet shows one of the two.
"""
_GAP_M: Final = 80
"""Doors of a street that are further apart are not joined by a line."""
_STREET_BESIDE: Final = (18.0, -10.0, 34.0, -26.0, -40.0, 50.0)
"""Vertical offsets of a street's name, the best first."""


def draw_sketch(
    around: Surroundings,
    *,
    number: str | None,
    exact: bool,
    entrances: tuple[Spot, ...] = (),
    description: str = "",
) -> Markup:
    """Return an SVG of the doors near one; `exact` is false for an approximate point.

    `description` names the marks of the entrances.
    """
    label = _("Small map around this address")
    parts = [
        f'<svg class="sketch sketch-grows" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="',
        str(escape("; ".join(filter(None, (label, description))))),
        '">',
        f'<rect class="sketch-ground" width="{WIDTH}" height="{HEIGHT}"/>',
        *_rows(around.rows),
        *_doors(around, number or ""),
        *_pin(number, exact=exact),
        *_entrances(entrances),
        *_scale_bar(),
        *_province(around),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - all texts are escaped


def _place(spot: Spot) -> tuple[float, float]:
    return WIDTH / 2 + spot.x * _SCALE, HEIGHT / 2 + spot.y * _SCALE


def _text(what: str, x: float, y: float, text: str) -> str:
    return f'<text class="sketch-{what}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


class _Room:
    """Occupied areas, so that texts do not overlap."""

    def __init__(self, size: float, number: str) -> None:
        self._size = size
        own = max(24, 5.5 * len(number) * size)
        inset = OUTLINE_SIDE + 28
        self._taken = [
            (
                WIDTH / 2 - own,
                HEIGHT / 2 - 54,
                WIDTH / 2 + own,
                HEIGHT / 2 + 22 + 8 * size,
            ),  # the pin
            (WIDTH - inset - 4, HEIGHT - inset - 4, WIDTH, HEIGHT),  # the province
            (0.0, HEIGHT - 24 - 10 * size, 80 + 32 * size, HEIGHT),  # the bar
        ]

    def take(self, what: str, x: float, y: float, text: str) -> bool:
        """Reserve space for a text centred at x with its baseline at y; False if it is occupied."""
        letter = _LETTER[what] * self._size
        half = len(text) * letter / 2 + 2
        box = (x - half, y - 1.6 * letter, x + half, y + 0.4 * letter)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
        if not inside or any(
            box[0] < right and left < box[2] and box[1] < bottom and top < box[3]
            for left, top, right, bottom in self._taken
        ):
            return False
        self._taken.append(box)
        return True


def _doors(around: Surroundings, number: str) -> Iterator[str]:
    for spot in around.doors:
        x, y = _place(spot)
        yield f'<circle class="sketch-door" cx="{x:.0f}" cy="{y:.0f}" r="4"/>'
    for name, size in _LAYERS.items():
        yield f'<g class="sketch-{name}">'
        room = _Room(size, number)
        names = list(_names(around.streets, room, size))
        for spot in around.doors:
            x, y = _place(spot)
            if spot.words and room.take("number", x, y - 8, spot.words):
                yield _text("number", x, y - 8, spot.words)
        yield from names
        yield "</g>"


def _rows(rows: tuple[tuple[Spot, ...], ...]) -> Iterator[str]:
    """Where streets and alleys run, as far as their doors show."""
    for row in rows:
        steps = []
        for before, spot in zip((None, *row), row, strict=False):
            x, y = _place(spot)
            is_near = before and math.hypot(spot.x - before.x, spot.y - before.y) < _GAP_M
            steps.append(f"{'L' if is_near else 'M'}{x:.0f} {y:.0f}")
        yield f'<path class="sketch-row" d="{"".join(steps)}"/>'


def _names(streets: tuple[Spot, ...], room: _Room, size: float) -> Iterator[str]:
    for spot in streets:
        x, y = _place(spot)
        text = spot.words or ""
        half = len(text) * _LETTER["street"] * size / 2 + 4
        x = min(max(x, half), WIDTH - half)  # inside the image
        for below in _STREET_BESIDE:
            if room.take("street", x, y + below * size, text):
                yield _text("street", x, y + below * size, text)
                break


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


def _entrances(entrances: tuple[Spot, ...]) -> Iterator[str]:
    for spot in entrances:
        x, y = _place(spot)
        if 0 < x < WIDTH and 0 < y < HEIGHT:
            yield (
                f'<rect class="sketch-entrance" x="{x - 9:.0f}" y="{y - 9:.0f}" width="18"'
                f' height="18" rx="4"/>{_text("mark", x, y, spot.words or "")}'
            )


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
