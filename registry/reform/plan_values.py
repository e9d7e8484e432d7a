"""The values of a plan: units that end or begin, and parts that go to them."""

import datetime
from dataclasses import dataclass, field

from registry.reform.reading import Document
from registry.reform.resolution import NewUnit, Selector
from registry.units.gazetteer import Gazetteer, Unit


@dataclass(frozen=True, slots=True, eq=False)
class Born:
    """A unit that the resolution creates."""

    definition: NewUnit
    line: int | None

    @property
    def code(self) -> str:
        """Its official code."""
        return self.definition.code

    @property
    def level(self) -> str:
        """province | commune."""
        return level_of(self.definition.code)


Successor = Unit | Born


@dataclass(frozen=True, slots=True)
class Leg:
    """What goes from a current unit to one of the new state; `told` is None for all of it."""

    source: Unit
    successor: Successor
    selector: Selector | None
    line: int | None


@dataclass(slots=True)
class Alteration:
    """The changes of a continuing unit."""

    unit: Unit
    line: int | None
    name: str | None = None
    name_en: str | None = None
    kind: str | None = None
    province: Successor | None = None
    district: str | None = None


@dataclass(slots=True)
class Plan:
    """A resolution in terms of units."""

    document: Document
    gazetteer: Gazetteer
    born: dict[str, Born] = field(default_factory=dict)
    ended: dict[int, Unit] = field(default_factory=dict)
    end_lines: dict[int, int | None] = field(default_factory=dict)
    legs: list[Leg] = field(default_factory=list)
    altered: dict[int, Alteration] = field(default_factory=dict)
    parted: dict[int, tuple[Unit, Leg | None]] = field(default_factory=dict)
    """Communes and districts of split provinces → the province, and the leg; None if they stay."""
    provinces: dict[str, Successor] = field(default_factory=dict)
    """Code of a new commune → its province."""

    @property
    def day(self) -> datetime.date:
        """First day of the new state."""
        return self.document.resolution.resolution.effective

    @property
    def number(self) -> str:
        """Number of the resolution."""
        return self.document.resolution.resolution.number

    @property
    def touched(self) -> dict[int, Unit]:
        """Current units that it ends, alters, takes from or gives to, by id."""
        found = dict(self.ended)
        found |= {each.unit.id: each.unit for each in self.altered.values()}
        for leg in self.legs:
            found[leg.source.id] = leg.source
            if isinstance(leg.successor, Unit):
                found[leg.successor.id] = leg.successor
        return found

    @property
    def affected(self) -> frozenset[int]:
        """The touched units and the provinces that receive communes, by id: whom it concerns."""
        receiving = [*self.provinces.values(), *(each.province for each in self.altered.values())]
        return frozenset(self.touched) | {u.id for u in receiving if isinstance(u, Unit)}

    def line_of_end(self, unit: Unit) -> int | None:
        """Return the line that ends a unit."""
        return self.end_lines.get(unit.id)

    def bearers(self, code: str) -> list[Unit]:
        """Return all units that have or had the code."""
        return self.gazetteer.with_code(code)

    def legs_of(self, source: Unit) -> list[Leg]:
        """Return the legs that leave a unit."""
        return [leg for leg in self.legs if leg.source is source]


def level_of(code: str) -> str:
    """Return the level of a unit by the length of its code."""
    return {2: "province", 3: "district"}.get(len(code), "commune")
