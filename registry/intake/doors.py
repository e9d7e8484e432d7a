"""Doors as columns: what `geo` reads from a spelling, ready for COPY and for SQL."""

from dataclasses import astuple, dataclass
from typing import Final

from geo.address import Door
from geo.text import fold

DOOR_COLUMNS: Final = (
    "number text, number_key text, alley_only boolean, street_kind text, street_name text,"
    " street_key text, place_kinds text[], place_names text[], place_keys text[],"
    " building_name text, building_key text, storey text, flat text, hint text"
)
DOOR_NAMES: Final = tuple(column.split()[0] for column in DOOR_COLUMNS.split(", "))


@dataclass(frozen=True, slots=True)
class DoorRow:
    """The columns of `DOOR_COLUMNS`, in their order; localities innermost first."""

    number: str | None
    number_key: str | None
    alley_only: bool
    street_kind: str | None
    street_name: str | None
    street_key: str | None
    place_kinds: list[str]
    place_names: list[str]
    place_keys: list[str]
    building_name: str | None
    building_key: str | None
    storey: str | None
    flat: str | None
    hint: str | None


def door_row(door: Door | None) -> tuple[object, ...]:
    """The columns of a door; nothing but empty ones for None."""
    door = door or Door()
    number, street, flat = door.house_number, door.street, door.flat
    row = DoorRow(
        number=number.written if number else None,
        number_key=number.key if number else None,
        alley_only=number.alley_only if number else False,
        street_kind=(street.kind or "đường") if street else None,
        street_name=street.name if street else None,
        street_key=street.key if street else None,
        place_kinds=[place.kind for place in door.localities],
        place_names=[place.name for place in door.localities],
        place_keys=[place.key for place in door.localities],
        building_name=flat.building if flat else None,
        building_key=fold(flat.building) if flat and flat.building else None,
        storey=flat.floor if flat else None,
        flat=flat.unit if flat else None,
        hint=door.hint,
    )
    return astuple(row)
