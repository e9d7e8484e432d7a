"""The caller's role, units and remaining limits."""

import datetime
from typing import Annotated, cast

from flask import g
from pydantic import Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.context import gazetteer
from api.core.counters import seconds_left
from api.core.endpoint import Resource, public
from api.core.limits import Rate, has_key
from api.core.shapes import unit_ref
from registry.access import budget
from registry.units.gazetteer import VIET_NAM, Gazetteer, UnitRef, today

blueprint = Resource("whoami", "/v1/whoami", tag="access")


class RateLeft(TypedDict):
    """Requests in this minute."""

    per_minute: int
    left: int
    resets_in_s: int


class BudgetLeft(TypedDict):
    """Remaining units of the hourly budget; it refills continuously, fully in `resets_in_s`."""

    per_hour: int
    left: int
    resets_in_s: int


class Ended(UnitRef):
    """A former unit of the key, which may not write in its successors."""

    last_day: datetime.date
    successors: list[UnitRef]


class WhoAmI(TypedDict):
    """The caller, as the register knows it."""

    name: str | None
    """Name of the key; null without one"""
    role: Annotated[str, Field(examples=["editor"])]
    units: list[UnitRef] | None
    """Where the caller may write; null for everywhere, empty for nowhere"""
    ended: list[Ended]
    """Units where it may no longer write, since they have ended"""
    expires_at: str | None
    """Expiry of the key, in Viet Nam's time"""
    rate: RateLeft | None
    """Null without limits"""
    enumeration_budget: BudgetLeft | None
    """Null without limits"""


@blueprint.get("")
@public(takes_session=True, operation_id="get_caller")
def whoami() -> WhoAmI:
    """The caller: role, units, remaining limits."""
    asking = caller()
    expires = asking.expires_at
    return {
        "name": asking.name if has_key(asking) else None,
        "role": asking.role,
        "units": _units(gazetteer(), asking.units, anywhere=asking.unit_ids is None),
        "ended": [cast(Ended, unit.to_dict()) for unit in asking.ended],
        "expires_at": expires.astimezone(VIET_NAM).isoformat() if expires else None,
        "rate": _rate(g.get("rate")),
        "enumeration_budget": _budget(g.get("purse")),
    }


def _units(
    known: Gazetteer, codes: tuple[str, ...] | None, *, anywhere: bool
) -> list[UnitRef] | None:
    if codes is None:
        return None if anywhere else []
    day = today()
    living = (
        next((unit for unit in known.with_code(code) if unit.alive_on(day)), None) for code in codes
    )
    return [unit_ref(unit, day) for unit in living if unit is not None]


def _rate(rate: Rate | None) -> RateLeft | None:
    if rate is None:
        return None
    return {"per_minute": rate.limit, "left": rate.left, "resets_in_s": seconds_left()}


def _budget(purse: budget.Purse | None) -> BudgetLeft | None:
    if purse is None:
        return None
    return {
        "per_hour": purse.limit,
        "left": purse.left(),
        "resets_in_s": purse.whole_in_s(),
    }
