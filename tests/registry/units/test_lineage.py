"""The unit of a place on a day, by the lineage of its current commune."""

import datetime
from collections.abc import Iterable

import pytest

from registry.units.gazetteer import Gazetteer, Succession, Unit, UnitVersion
from registry.units.lineage import ancestors, units_on
from tests.support.vectors import Row, cases

# name, first day, first day without it
_UNITS = (
    ("a", None, "2025-07-01"),
    ("b", None, "2025-07-01"),
    ("north", "2025-07-01", "2026-03-01"),
    ("south", "2025-07-01", "2026-03-01"),
    ("whole", "2026-03-01", "2099-01-01"),
    ("left", "2099-01-01", None),
    ("right", "2099-01-01", None),
    ("stays", None, None),
    ("joined", None, "2026-03-01"),
    ("joins", None, "2099-01-01"),
)
_STEPS = (
    ("a", "north", "2025-07-01"),
    ("a", "south", "2025-07-01"),
    ("b", "south", "2025-07-01"),
    ("north", "whole", "2026-03-01"),
    ("south", "whole", "2026-03-01"),
    ("whole", "left", "2099-01-01"),
    ("whole", "right", "2099-01-01"),
    ("joined", "stays", "2026-03-01"),
    ("joins", "stays", "2099-01-01"),
)
_NAMES = [name for name, *_ in _UNITS]


def _day(written: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(written) if written else None


def _unit(name: str, born: str | None, ended: str | None) -> Unit:
    life = (_day(born), _day(ended))
    version = UnitVersion(name, name, "xa", None, None, *life, None, "effective")
    ids = (_NAMES.index(name) + 1, "commune", name)
    return Unit(*ids, *life, None, None, None, (version,), ())


@pytest.fixture(scope="module")
def country() -> Gazetteer:
    units = {unit.code: unit for unit in (_unit(*each) for each in _UNITS)}
    steps = tuple(
        Succession(units[old], units[new], "partial", datetime.date.fromisoformat(day))
        for old, new, day in _STEPS
    )
    return Gazetteer(1, {unit.id: unit for unit in units.values()}, steps)


def _ids(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(_NAMES.index(name) + 1 for name in names)


@pytest.mark.parametrize("row", cases("units_of_a_day", "unit"))
def test_units_are_those_of_the_given_day(country: Gazetteer, row: Row) -> None:
    asked = country.units[_ids([row["unit"]])[0]]
    day = datetime.date.fromisoformat(row["day"])
    then = units_on(country, day, asked, _ids(row["known"].split()))
    assert " ".join(one.code for one in then) == row["units"]


def test_ancestors_are_found_over_any_number_of_steps(country: Gazetteer) -> None:
    of_whole, of_stays = (country.units[i] for i in _ids(["whole", "stays"]))
    assert ancestors(country, of_whole) == set(_ids(["a", "b", "north", "south"]))
    assert ancestors(country, of_stays) == set(_ids(["joined"]))
