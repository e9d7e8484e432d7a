"""Properties of units in features, and the units of a code."""

import datetime

from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, Unit


def communes_in(gazetteer: Gazetteer, code: str, day: datetime.date) -> list[int]:
    """Return ids of the communes of a day in the unit with this code, or of that commune itself.

    Raises InvalidInputError for a malformed code, NotFoundError if no unit has it that day.
    """
    found = unit_by_code(gazetteer, code, day)
    inside = [found] if found.level == "commune" else gazetteer.members(found, day)
    return sorted(unit.id for unit in inside if unit.level == "commune")


def unit_properties(name: str, unit: Unit | None, day: datetime.date) -> dict[str, str | None]:
    """Return code and name of a unit as two properties."""
    if unit is None:
        return {f"{name}_code": None, name: None}
    return {f"{name}_code": unit.code, name: unit.version_on(day).full_name}
