"""A feature, and a page of features."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing with a place."""

    id: str
    wkb: bytes | None
    """Geometry in WGS 84, longitude first; None if unknown."""
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Features in the order of their keys."""

    features: tuple[Feature, ...]
    after: str | None
    """Key after which the next page begins; None on the last page."""


def page_of(features: list[Feature], limit: int) -> Page:
    """Make a page of `features`, which has one more than `limit` if there is a next page."""
    if len(features) <= limit:
        return Page(tuple(features), None)
    return Page(tuple(features[:limit]), features[limit - 1].id)
