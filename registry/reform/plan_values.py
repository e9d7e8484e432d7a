"""What a resolution does to units, as values: who ends, who is born, what goes where."""

import datetime
from dataclasses import dataclass, field

from registry.reform.reading import Document
from registry.reform.resolution import NewUnit, Told
from registry.units.gazetteer import Gazetteer, Unit


@dataclass(frozen=True, slots=True, eq=False)
class Born:
    """A unit that the resolution makes."""

    said: NewUnit
    line: int | None

    @property
    def code(self) -> str:
        """Its official code."""
        return self.said.code

    @property
    def level(self) -> str:
        """province | commune."""
        return level_of(self.said.code)


Heir = Unit | Born


@dataclass(frozen=True, slots=True)
class Leg:
    """What goes from a living unit to one of the new state; `told` is None for all of it."""

    source: Unit
    heir: Heir
    told: Told | None
    line: int | None


@dataclass(slots=True)
class Alteration:
    """What changes of a unit that lives on."""

    unit: Unit
    line: int | None
    name: str | None = None
    name_en: str | None = None
    kind: str | None = None
    province: Heir | None = None
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
    """Communes and districts of parted provinces → the province, and what it leaves it by; None
    where it stays."""
    provinces: dict[str, Heir] = field(default_factory=dict)
    """Code of a born commune → its province."""

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
        """Living units that it ends, alters, takes from or gives to, by id."""
        found = dict(self.ended)
        found |= {each.unit.id: each.unit for each in self.altered.values()}
        for leg in self.legs:
            found[leg.source.id] = leg.source
            if isinstance(leg.heir, Unit):
                found[leg.heir.id] = leg.heir
        return found

    @property
    def affected(self) -> frozenset[int]:
        """Those, and the provinces into which communes come: whom it concerns, by id."""
        receiving = [*self.provinces.values(), *(each.province for each in self.altered.values())]
        return frozenset(self.touched) | {u.id for u in receiving if isinstance(u, Unit)}

    def line_of_end(self, unit: Unit) -> int | None:
        """The line that ends a unit."""
        return self.end_lines.get(unit.id)

    def bearers(self, code: str) -> list[Unit]:
        """Every unit that bears or bore the code."""
        return self.gazetteer.with_code(code)

    def legs_of(self, source: Unit) -> list[Leg]:
        """What leaves a unit."""
        return [leg for leg in self.legs if leg.source is source]


def level_of(code: str) -> str:
    """Of the unit that bears a code of that length."""
    return {2: "province", 3: "district"}.get(len(code), "commune")
