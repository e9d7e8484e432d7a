"""A feature as it was found, and a page of them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing with a place."""

    id: str
    wkb: bytes | None
    """Longitude and latitude, WGS 84; None where its place is not known."""
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Features in the order of their keys."""

    features: tuple[Feature, ...]
    after: str | None
    """Key behind which the next page begins; None on the last one."""


def page_of(features: list[Feature], limit: int) -> Page:
    """The page, of one feature more than it may have where there are more."""
    if len(features) <= limit:
        return Page(tuple(features), None)
    return Page(tuple(features[:limit]), features[limit - 1].id)
