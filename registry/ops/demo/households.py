"""Generates plausible households of a commune, deterministic for a seed.

Streets that recur across communes, alleys in the three traditions, ranges and letters, towers with
flats, nested hamlets, rural doors without a number. Only the commune is real: names are drawn from
`registry.ops.demo.names`, and positions are random within a disc around the commune's seat, of a
part of its area, and may fall into a neighbour.

Uses only `random.Random.random`, whose sequence Python guarantees.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from registry.ops.demo.names import BUILDINGS, HAMLETS, HAMLETS_BY_WORD, HIGHWAYS, STREETS, Customs


class DemoHousehold(NamedTuple):
    """One row of an import file; the fields are its columns."""

    source_ref: str
    house_number: str
    street: str
    locality: str
    building: str
    floor: str
    unit: str
    commune_code: str
    former_commune_code: str
    longitude: str
    latitude: str
    households_count: int
    position_accuracy_m: int


@dataclass(frozen=True, slots=True)
class DemoCommune:
    """The parameters of a commune's households."""

    code: str
    kind: str
    customs: Customs
    lon: float
    lat: float
    area_km2: float
    former_codes: tuple[str, ...]
    """Codes of the communes merged into it."""
    tower_share: float
    """Share of its households in towers."""


_STREET_SHARE: Final = {"phuong": 0.85, "xa": 0.3, "dac_khu": 0.5}
"""Share of the households with a street; the others have a hamlet."""
_DOORS_PER_STREET: Final = 16
_DOORS_PER_HAMLET: Final = 30
_SETTLED: Final = 0.4
"""Radius of the settled disc, relative to a disc of the commune's area."""
_PACE_M: Final = 7.0
_YARD_M: Final = 30.0
_GOLDEN_ANGLE: Final = math.pi * (3 - math.sqrt(5))
_M_PER_DEGREE: Final = 111_320.0
_LETTERS: Final = "ABCDE"

_Draw = Callable[[], float]


def households_of(commune: DemoCommune, count: int, seed: int) -> Iterator[DemoHousehold]:
    """Yield `count` households of the commune: towers first, then streets, then hamlets."""
    return _Author(commune, seed).write(count)


class _Author:
    """Generates one commune, keeping track of used names and rows."""

    def __init__(self, commune: DemoCommune, seed: int) -> None:
        self._commune = commune
        self._draw: _Draw = random.Random(f"{seed}/{commune.code}").random  # noqa: S311
        self._ref = f"DEMO-{seed}-{commune.code}-"
        self._written = 0
        self._taken: set[tuple[str, str]] = set()
        self._radius_m = _SETTLED * math.sqrt(commune.area_km2 / math.pi) * 1000
        self._m_per_lon = _M_PER_DEGREE * math.cos(math.radians(commune.lat))

    def write(self, count: int) -> Iterator[DemoHousehold]:
        commune = self._commune
        in_towers = int(count * commune.tower_share)
        on_streets = round((count - in_towers) * _STREET_SHARE[commune.kind])
        in_hamlets = count - in_towers - on_streets
        # A large commune has longer streets, as names are limited.
        per_street = max(_DOORS_PER_STREET, on_streets // 150)
        per_hamlet = max(_DOORS_PER_HAMLET, in_hamlets // 60)
        for doors in self._split(in_towers, 60):
            yield from self._tower(doors)
        for doors in self._split(on_streets, per_street):
            yield from self._street(doors)
        for doors in self._split(in_hamlets, per_hamlet):
            yield from self._hamlet(doors)

    def _split(self, count: int, usual: int) -> Iterator[int]:
        """Split `count` into parts of half to one and a half times the usual size."""
        while count:
            part = min(count, 1 + int(usual * (0.5 + self._draw())))
            yield part
            count -= part

    def _street(self, doors: int) -> Iterator[DemoHousehold]:
        draw, customs = self._draw, self._commune.customs
        street, former = self._street_name()
        lon, lat = self._place()
        angle = draw() * math.tau
        pace_m = min(_PACE_M, self._radius_m / doors)
        step_lon = math.cos(angle) * pace_m / self._m_per_lon
        step_lat = math.sin(angle) * pace_m / _M_PER_DEGREE
        for index, number in enumerate(_house_numbers(draw, customs.alley, doors)):
            side = (draw() - 0.5) * 4
            yield self._row(
                house_number=number,
                street=street,
                former=former,
                lon=lon + step_lon * index - step_lat * side,
                lat=lat + step_lat * index + step_lon * side,
                households=_households(draw(), 0.93),
            )

    def _tower(self, flats: int) -> Iterator[DemoHousehold]:
        draw, commune = self._draw, self._commune
        street, former = self._street_name()
        lon, lat = self._place()
        building = BUILDINGS[int(draw() * len(BUILDINGS))]
        number = str(1 + int(draw() * 300))
        per_floor = 2 + flats // 12
        point = "." if commune.customs.alley == "hẻm" else ""
        for index in range(flats):
            storey, flat = index // per_floor + 2, index % per_floor + 1
            # Buildings avoid the number 13.
            floor = "12A" if storey == 13 else str(storey)
            yield self._row(
                house_number=number,
                street=street,
                building=building,
                floor=floor,
                unit=f"{floor:0>2}{point}{flat:02}",
                former=former,
                lon=lon,
                lat=lat,
                households=1,
            )

    def _hamlet(self, doors: int) -> Iterator[DemoHousehold]:
        draw = self._draw
        urban = self._commune.kind == "phuong"
        hamlet, former = self._hamlet_name(urban=urban)
        inner = self._commune.customs.urban_inner if urban else self._commune.customs.rural_inner
        inner = inner if draw() < 0.5 else None
        numbered = draw() < (0.6 if urban else 0.35)
        lon, lat = self._place()
        for index in range(doors):
            # A sunflower spiral keeps yards apart.
            distance_m = _YARD_M * math.sqrt(index)
            angle = index * _GOLDEN_ANGLE
            yield self._row(
                house_number=str(index + 1) if numbered else "",
                locality=f"{inner} {index // 12 + 1}, {hamlet}" if inner else hamlet,
                former=former,
                lon=lon + distance_m * math.cos(angle) / self._m_per_lon,
                lat=lat + distance_m * math.sin(angle) / _M_PER_DEGREE,
                households=_households(draw(), 0.97),
            )

    def _row(
        self,
        *,
        house_number: str,
        former: str,
        lon: float,
        lat: float,
        households: int,
        street: str = "",
        locality: str = "",
        building: str = "",
        floor: str = "",
        unit: str = "",
    ) -> DemoHousehold:
        self._written += 1
        luck = self._draw()
        return DemoHousehold(
            f"{self._ref}{self._written:06}",
            house_number,
            street,
            locality,
            building,
            floor,
            unit,
            self._commune.code,
            former,
            f"{lon:.6f}",
            f"{lat:.6f}",
            households,
            3 + int(luck * luck * 40),
        )

    def _place(self) -> tuple[float, float]:
        """Return a random point of the settled disc."""
        distance_m = self._radius_m * math.sqrt(self._draw())
        angle = self._draw() * math.tau
        return (
            self._commune.lon + distance_m * math.cos(angle) / self._m_per_lon,
            self._commune.lat + distance_m * math.sin(angle) / _M_PER_DEGREE,
        )

    def _former(self) -> str:
        """Return a former commune or nothing, as half of all papers omit it."""
        codes = self._commune.former_codes
        return codes[int(self._draw() * len(codes))] if codes and self._draw() < 0.5 else ""

    def _street_name(self) -> tuple[str, str]:
        """Return a street that is new in the former commune returned with it.

        The same name may recur in another former commune, as in reality.
        """
        draw, customs = self._draw, self._commune.customs
        former = self._former()
        luck = draw()
        if luck < customs.numbered_streets:
            name = f"Đường số {1 + int(draw() * 30)}"
        elif luck < customs.numbered_streets + 0.04:
            name = f"Đường {'DNB'[int(draw() * 3)]}{1 + int(draw() * 20)}"
        elif luck < customs.numbered_streets + (0.05 if self._commune.kind == "phuong" else 0.2):
            name = (
                HIGHWAYS[int(draw() * len(HIGHWAYS))]
                if draw() < 0.5
                else f"ĐT{200 + int(draw() * 770)}"
            )
        else:
            # Squaring favours the first names.
            name = STREETS[int(draw() ** 2 * len(STREETS))]
        name = self._unused(name, former, STREETS, "Đường số")
        return self._with_word(name), former

    def _with_word(self, name: str) -> str:
        """Vary the name as people do: `Nguyễn Trãi`, `Phố Nguyễn Trãi`, `Đường Nguyễn Trãi`."""
        luck = self._draw()
        if name not in STREETS or name.startswith("Đường") or luck > 0.4:
            return name
        return f"{self._commune.customs.street_word if luck < 0.3 else 'Đường'} {name}"

    def _hamlet_name(self, *, urban: bool) -> tuple[str, str]:
        draw, customs = self._draw, self._commune.customs
        former = self._former()
        words = customs.urban if urban else customs.rural
        word = words[int(draw() * len(words))]
        names = HAMLETS_BY_WORD.get(word, HAMLETS)
        if urban or (word not in HAMLETS_BY_WORD and draw() < 0.4):
            return self._unused(f"{word} {1 + int(draw() * 12)}", former, (), word), former
        candidates = tuple(f"{word} {name}" for name in names)
        name = candidates[int(draw() * len(candidates))]
        return self._unused(name, former, candidates, word), former

    def _unused(self, name: str, former: str, others: tuple[str, ...], numbered: str) -> str:
        """Return `name`, or the next of `others` or a numbered name that is unused in `former`."""
        if (name, former) in self._taken:
            start = others.index(name) if name in others else 0
            order = (*others[start:], *others[:start])
            name = next((other for other in order if (other, former) not in self._taken), "")
        number = 1
        while not name or (name, former) in self._taken:
            name = f"{numbered} {number}"
            number += 1
        self._taken.add((name, former))
        return name


def _households(luck: float, alone: float) -> int:
    """Return how many households share a door: mostly one, sometimes two, more in lodgings."""
    if luck < alone:
        return 1
    rest = (luck - alone) / (1 - alone)
    return 2 if rest < 0.6 else 3 + int((rest - 0.6) * 15)


def _house_numbers(draw: _Draw, alley: str, count: int) -> Iterator[str]:
    """Yield `count` distinct numbers of a street, in order."""
    # Most streets start outside of the commune, which has only a stretch of them.
    number = int(draw() ** 2 * 150)
    while count > 0:
        number += 1 if draw() < 0.5 else 2
        luck = draw()
        if luck < 0.6:
            numbers = [str(number)]
        elif luck < 0.68:
            numbers = [str(number), f"{number}{_LETTERS[int(draw() * 5)]}"]
        elif luck < 0.72:
            numbers = [f"{number}-{number + 2}"]
            number += 2
        else:
            numbers = _alley_numbers(draw, alley, number)
        yield from numbers[:count]
        count -= len(numbers)


def _alley_numbers(draw: _Draw, alley: str, number: int) -> list[str]:
    """Return the doors of an alley that branches off at `number`, in a uniform notation."""
    doors = 2 + int(draw() * 8)
    writes = _WRITERS[alley][int(draw() * len(_WRITERS[alley]))]
    numbers = []
    for door in range(1, doors + 1):
        letter = _LETTERS[int(draw() * 5)] if draw() < 0.25 else ""
        numbers.append(writes(number, None, f"{door}{letter}"))
    if draw() < 0.3:
        branch = doors + 1 + int(draw() * 10)
        numbers += [writes(number, branch, str(door)) for door in range(1, 2 + int(draw() * 5))]
    return numbers


def _slashed(alley: int, branch: int | None, door: str) -> str:
    return f"{alley}/{door}" if branch is None else f"{alley}/{branch}/{door}"


def _ngo(alley: int, branch: int | None, door: str) -> str:
    return (
        f"Số {door}, ngõ {alley}" if branch is None else f"Số {door}, ngách {branch}, ngõ {alley}"
    )


def _kiet(alley: int, branch: int | None, door: str) -> str:
    return (
        f"Số {door}, kiệt {alley}" if branch is None else f"Số {door}, hẻm {branch}, kiệt {alley}"
    )


def _plate_of_kiet(alley: int, branch: int | None, door: str) -> str:
    return f"K{alley}/{door}" if branch is None else f"K{alley}/H{branch}/{door}"


_WRITERS: Final = {
    "ngõ": (_slashed, _ngo, _ngo),
    "kiệt": (_slashed, _kiet, _plate_of_kiet, _plate_of_kiet),
    "hẻm": (_slashed,),
}
