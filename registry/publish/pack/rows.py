"""The statements that read a commune for a pack, and their rows."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from registry.core.sql import Statements
from registry.core.tables.records import Goes, going
from registry.records.entrances import Entrance
from registry.units.gazetteer import today

JsonObject = dict[str, Any]

UNITS_OF_DEGREE: Final = 1_000_000
_PRECISION: Final = 5
"""Decimals of the boundary; _BEND is its simplification tolerance in degrees, about two metres."""
_BEND: Final = 0.00002

PACKED: Final = going(Goes.PACKED)
SQL: Final = Statements(
    __file__,
    units_of_degree=str(UNITS_OF_DEGREE),
    packed=", ".join(f"h.{column.name}" for column in PACKED),
    bend=str(_BEND),
    precision=str(_PRECISION),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Which records to read: all of the commune, or those that changed."""

    unit_id: int
    demo: bool
    codes: list[str] | None = None
    streets: list[int] = field(default_factory=list)
    """Ids of renamed streets, whose records changed with them."""
    localities: list[int] = field(default_factory=list)
    """Ids of renamed localities, whose records and inner localities changed with them."""
    use: str | None = None
    """Only doors with this use."""

    @property
    def parameters(self) -> JsonObject:
        """Inputs of the statements."""
        return {
            "unit": self.unit_id,
            "demo": self.demo,
            "codes": self.codes,
            "streets": self.streets,
            "localities": self.localities,
            "use": self.use,
            "day": today(),
        }


class Door(NamedTuple):
    """A row of `doors`."""

    code: str
    street_id: int | None
    locality_id: int | None
    former_unit_id: int | None
    house_number_key: str | None
    house_number: str | None
    building_name: str | None
    floor: str | None
    unit_number: str | None
    parent_code: str | None
    x: int | None
    y: int | None
    entrances: list[Entrance] | None
    packed: tuple[Any, ...]
    """The values of PACKED."""

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "Door":
        """From a row."""
        own = len(cls._fields) - 1
        return cls._make((*row[:own], row[own:]))


class Place(NamedTuple):
    """A row of `streets` or `localities`."""

    id: int
    kind: str
    name: str
    former: list[list[str]] | None
    renamed: bool
    parent_id: int | None = None
