"""The collections of features: their descriptions, and the functions that read them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from registry.core.errors import NotFoundError
from registry.core.messages import Message, both
from registry.publish.features.doors import buildings, households
from registry.publish.features.feature import Page
from registry.publish.features.places import localities, streets
from registry.publish.features.query import FeatureQuery
from registry.publish.features.services import offices, service_areas
from registry.publish.features.units import communes, provinces
from registry.units.gazetteer import Gazetteer

EXTENT: Final = (101.0, 5.0, 118.0, 24.0)
"""Bounds of Viet Nam with its archipelagos, in degrees."""


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection, a layer of a map."""

    id: str
    vietnamese: str
    english: str
    about: Message
    read: Callable[[Session, Gazetteer, FeatureQuery], Page]
    of_doors: bool = False
    """Whether its keys are address codes, which only a carrier may list."""


_ALL: Final = (
    Collection(
        "households",
        *both("Dwellings of households"),
        Message("layer_dwellings_note"),
        households,
        of_doors=True,
    ),
    Collection(
        "buildings",
        *both("Buildings"),
        Message("layer_buildings_note"),
        buildings,
        of_doors=True,
    ),
    Collection(
        "streets",
        *both("Streets"),
        Message("layer_streets_note"),
        streets,
    ),
    Collection(
        "localities",
        *both("Hamlets, quarters"),
        Message("layer_localities_note"),
        localities,
    ),
    Collection(
        "communes",
        *both("Communes, wards, special zones"),
        Message("layer_units_note"),
        communes,
    ),
    Collection(
        "provinces",
        *both("Provinces and cities"),
        Message("layer_units_note"),
        provinces,
    ),
    Collection(
        "offices",
        *both("Offices"),
        Message("layer_offices_note"),
        offices,
    ),
    Collection(
        "service_areas",
        *both("Service areas"),
        Message("layer_areas_note"),
        service_areas,
    ),
)
COLLECTIONS: Final = {collection.id: collection for collection in _ALL}


def collection_named(name: str) -> Collection:
    """Return a collection; raises NotFoundError for an unknown name."""
    found = COLLECTIONS.get(name)
    if found is None:
        raise NotFoundError(Message("collection_unknown", collections=", ".join(COLLECTIONS)))
    return found
