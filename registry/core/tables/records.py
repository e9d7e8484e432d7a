"""The record of a household or building: each column with its uses and label.

Code that imports, publishes, returns, feeds, packs or exports records loops over these columns: a
column added here, and in a migration, is included everywhere.
"""

from dataclasses import dataclass
from enum import Flag, auto
from typing import Any, Final

from geoalchemy2 import Geometry, WKBElement
from geoalchemy2.shape import to_shape
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from registry.core.messages import N_
from registry.core.tables import FILLED, KEY, METADATA


class Goes(Flag):
    """The uses of a column. Points and ids of places are converted by their users."""

    NOWHERE = 0
    DELIVERED = auto()
    """Imported from deliveries, under the same name."""
    EDITED = auto()
    """Changed by operations and forms."""
    ANSWERED = auto()
    """A member of `registry.records.record.Record`."""
    TRACED = auto()
    """Its changes are part of the history."""
    FED = auto()
    """Part of the change feed."""
    PACKED = auto()
    """Part of packs."""
    EXPORTED = auto()
    """A column of exports and features."""
    EVERYWHERE = DELIVERED | EDITED | ANSWERED | TRACED | FED | PACKED | EXPORTED


@dataclass(frozen=True, slots=True)
class Described:
    """The description of a column besides type and comment."""

    goes: Goes
    member: str
    """Its name in requests, answers and the feed."""
    label: str
    """Its label, a msgid; empty if it is never shown."""
    within: tuple[int, int] | None = None
    """Range of a delivered integer, or of the length of a text; others are rejected."""


def _column(
    name: str,
    type_: TypeEngine[Any] | type[TypeEngine[Any]],
    comment: str,
    goes: Goes = Goes.NOWHERE,
    *,
    member: str | None = None,
    label: str = "",
    required: bool = False,
    primary_key: bool = False,
    filled: bool = False,
    within: tuple[int, int] | None = None,
) -> "Column[Any]":
    return Column(
        name,
        type_,
        primary_key=primary_key,
        server_default=FILLED if filled else None,
        nullable=not (required or primary_key),
        comment=comment,
        info={"described": Described(goes, member or name, label, within)},
    )


_SHOWN: Final = Goes.ANSWERED | Goes.TRACED | Goes.FED | Goes.PACKED | Goes.EXPORTED
_NAMED: Final = _SHOWN & ~Goes.PACKED
"""Packs have the label of these parts instead."""
_READ: Final = Goes.ANSWERED

HOUSEHOLD: Final = Table(
    "household",
    METADATA,
    _column("code", KEY, "Permanent code, canonical, no hyphen; never reused", _READ,
            label=N_("Code"), primary_key=True),
    _column("kind", Text, "household | building (parent record of flats)", _SHOWN | Goes.EDITED,
            label=N_("Kind"), required=True),
    _column("status", Text, "reserved | proposed | active | retired", _SHOWN,
            label=N_("Status"), required=True),
    _column("unit_id", Integer, "Current commune; NULL only if never bound to a door",
            _READ | Goes.TRACED, member="commune", label=N_("Code of the commune")),
    _column("former_unit_id", Integer, "Commune of an earlier map, if known",
            _READ | Goes.TRACED, member="former_commune",
            label=N_("Code of the former commune")),
    _column("house_number", Text, "As written: Số 5A, ngách 34, ngõ 12", _READ,
            label=N_("House number")),
    _column("house_number_key", KEY, "Canonical path: 12/34/5A", _READ | Goes.TRACED,
            member="house_number", label=N_("House number")),
    _column("street_id", BigInteger, "Street", _READ | Goes.TRACED,
            member="street", label=N_("Name of the street")),
    _column("locality_id", BigInteger, "Innermost locality", _READ | Goes.TRACED,
            member="localities", label=N_("Hamlet, quarter")),
    _column("building_name", Text, "Toà nhà, chung cư, block", _NAMED | Goes.EDITED,
            member="building", label=N_("Name of the building")),
    _column("building_key", KEY, "Folded building, block and tower, for matching", _READ),
    _column("floor", Text, "Tầng", _NAMED | Goes.EDITED | Goes.DELIVERED, label=N_("Floor")),
    _column("unit_number", Text, "Căn hộ, phòng", _NAMED | Goes.EDITED | Goes.DELIVERED,
            label=N_("Number of the flat or room")),
    _column("parent_code", KEY, "Building that it is in", _READ | Goes.TRACED | Goes.FED,
            member="parent", label=N_("Code of the building")),
    _column("households_count", Integer,
            "Hộ that share it until they get their own records; 0 for a building, so that sums"
            " count hộ, and where nobody lives", Goes.EVERYWHERE,
            label=N_("Households that share it"),
            required=True, filled=True),
    _column("point", Geometry("POINT", srid=4326, spatial_index=False),
            "Entrance, lon/lat EPSG:4326", Goes.TRACED | Goes.FED),
    _column("position_method", Text,
            "survey, gps, imagery, parcel, geocoded, interpolated, centroid, unknown",
            _SHOWN | Goes.EDITED, label=N_("How the position was found")),
    _column("position_accuracy_m", Double, "Radius in metres within which the entrance lies",
            _SHOWN | Goes.EDITED, label=N_("Accuracy of the position (metres)")),
    _column("verified_on", Date, "Last seen to exist", _SHOWN, label=N_("Verified on")),
    _column("delivery_hint", Text, "Landmark: gần chợ …; never a person",
            Goes.EVERYWHERE & ~Goes.EXPORTED,
            label=N_("Hint for delivery, without names of people")),
    _column("entrances", JSONB(none_as_null=True),
            "Entrances besides the point, 1 to 8: kind, lon, lat, accuracy_m, note, seen_on,"
            " source; mostly NULL", _READ | Goes.TRACED | Goes.FED, label=N_("Entrances")),
    _column("uses", JSONB(none_as_null=True),
            "Uses besides or instead of homes, 1 to 500: use, name, key, since, until; NULL for a"
            " mere dwelling",
            Goes.EVERYWHERE & ~Goes.EDITED, label=N_("Uses, with names of organisations")),
    _column("restricted", Boolean, "Never in tiles, exports, packs, reverse, suggestions",
            _READ | Goes.TRACED, label=N_("Leave out of lists, maps and exports"), required=True,
            filled=True),
    _column("event_id", BigInteger, "Event that wrote this state; set by the database", _READ,
            required=True, filled=True),
    _column("recorded_at", DateTime(timezone=True),
            "When this state was recorded; set by the database", required=True,
            filled=True),
)  # fmt: skip
HOUSEHOLD_VERSION: Final = Table(
    "household_version",
    METADATA,
    Column("code", KEY, primary_key=True),
    Column("valid_from", DateTime(timezone=True), primary_key=True),
    Column("valid_to", DateTime(timezone=True), nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("ended_by_event_id", BigInteger, nullable=False),
    *(
        Column(column.name, column.type, nullable=column.nullable)
        for column in HOUSEHOLD.c
        if column.name not in ("code", "event_id", "recorded_at")
    ),
)
STAMPED: Final = ("event_id", "recorded_at")
"""Columns that the database fills in; the application may insert all others."""


def described(column: "Column[Any]") -> Described:
    """Return the description of a column of HOUSEHOLD."""
    found: Described = column.info["described"]
    return found


def going(goes: Goes) -> "list[Column[Any]]":
    """Return the columns of HOUSEHOLD with this use, in order."""
    return [column for column in HOUSEHOLD.c if goes in described(column).goes]


def state() -> list[str]:
    """Return names of the columns of a version besides code and validity."""
    return [column.name for column in HOUSEHOLD.c if column.name not in ("code", "recorded_at")]


def lon_lat(point: WKBElement) -> tuple[float, float]:
    """Return the coordinates of a point column in degrees (EPSG:4326)."""
    (lon, lat), *_ = to_shape(point).coords
    return lon, lat
