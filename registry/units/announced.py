"""Announced changes of units: decided, and not yet in effect."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from registry.core.messages import both
from registry.units.gazetteer import Extent, Gazetteer, Unit, UnitVersion

Change = Literal["born", "renamed", "moved", "ended", "gives_part", "takes_in"]
_ORDER: Final[tuple[Change, ...]] = (
    "born",
    "takes_in",
    "renamed",
    "moved",
    "gives_part",
    "ended",
)


@dataclass(frozen=True, slots=True)
class Other:
    """A unit at the other end of a change, with its name on that day."""

    unit: Unit
    name: str
    name_en: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announced change of a unit."""

    day: datetime.date | None
    """None if the decision is signed but its effective date is unknown."""
    change: Change
    name: str
    """Its full name from that day on; the last one of a unit that ends."""
    kind: str
    province: tuple[str, str] | None
    """Code and full name of its province then; None for a province."""
    others: tuple[Other, ...]
    """Its successors, or the units from which it receives parts."""
    legal_basis: str | None
    message: str
    message_en: str


def announced(gazetteer: Gazetteer, unit: Unit) -> list[Announcement]:
    """Return the announced changes of a unit by day, undated ones last; empty for most units."""
    whole, found = gazetteer.coming, list(_without_day(gazetteer, unit))
    if whole is not None and unit.id in whole.units:
        day = (gazetteer.turns_on or datetime.date.max) - datetime.timedelta(days=1)
        found += _changes(whole, whole.units[unit.id], day)
    return sorted(found, key=lambda one: (one.day or datetime.date.max, _ORDER.index(one.change)))


def to_be_born(gazetteer: Gazetteer, code: str) -> list[Announcement]:
    """Return the first announced change of each future unit with a code."""
    whole = gazetteer.coming
    coming = whole.with_code(code) if whole is not None else []
    unborn = (unit for unit in coming if unit.id not in gazetteer.units)
    return [one for unit in unborn for one in announced(gazetteer, unit)[:1]]


def _changes(whole: Gazetteer, unit: Unit, day: datetime.date) -> Iterator[Announcement]:
    """Yield the changes after `day`, unordered."""
    for before, version in zip((None, *unit.versions), unit.versions, strict=False):
        if version.valid_from is not None and version.valid_from > day:
            yield from _of_version(whole, unit, before, version, version.valid_from)
    for on, others in _days(whole, unit, day, onward=True).items():
        if on != unit.ended:
            yield _announcement(whole, unit, "gives_part", on, others, unit.version_on(on))
    for on, others in _days(whole, unit, day, onward=False).items():
        yield _announcement(whole, unit, "takes_in", on, others, unit.version_on(on))
    if unit.ended is not None and unit.ended > day:
        others = _days(whole, unit, day, onward=True).get(unit.ended, ())
        last = unit.version_on(unit.ended)
        yield _announcement(whole, unit, "ended", unit.ended, others, last)


def _without_day(known: Gazetteer, unit: Unit) -> Iterator[Announcement]:
    """Yield signed changes without a date, except those carried out since."""
    for version in unit.signed:
        yield from _of_version(known, unit, unit.versions[-1], version, None)


def _of_version(
    whole: Gazetteer,
    unit: Unit,
    before: UnitVersion | None,
    now: UnitVersion,
    on: datetime.date | None,
) -> Iterator[Announcement]:
    if before is None or unit.born == on:
        yield _announcement(whole, unit, "born", on, (), now)
        return
    if (before.name, before.kind) != (now.name, now.kind):
        yield _announcement(whole, unit, "renamed", on, (), now, before)
    if before.province_id != now.province_id:
        yield _announcement(whole, unit, "moved", on, (), now)


def _days(
    whole: Gazetteer, unit: Unit, day: datetime.date, *, onward: bool
) -> dict[datetime.date, tuple[Other, ...]]:
    """Return future succession steps from or to the unit, by day."""
    found: dict[datetime.date, tuple[Other, ...]] = {}
    for step in whole.successors(unit) if onward else whole.predecessors(unit):
        on, other = step.effective_on, step.successor if onward else step.predecessor
        if on > day:
            named = other.version_on(on if onward else on - datetime.timedelta(days=1))
            named_other = Other(other, named.full_name, named.full_name_en, step.extent)
            found[on] = (*found.get(on, ()), named_other)
    return found


def _announcement(
    whole: Gazetteer,
    unit: Unit,
    change: Change,
    on: datetime.date | None,
    others: tuple[Other, ...],
    now: UnitVersion,
    before: UnitVersion | None = None,
) -> Announcement:
    province = whole.units.get(now.province_id or 0)
    held = province.version_on(on or datetime.date.max) if province else None
    basis = now.legal_basis if on is None else _legal_basis(unit, on, others)
    vi, en = _text(change, on, others)
    by = f" ({basis})" if basis else ""
    was = before or now
    return Announcement(
        on,
        change,
        now.full_name,
        now.kind,
        (province.code, held.full_name) if province and held else None,
        others,
        basis,
        vi.format(
            day=f"{on:%d/%m/%Y}" if on else "",
            unit=was.full_name,
            now=now.full_name,
            province=held.full_name if held else "",
            others=", ".join(other.name for other in others),
        )
        + by,
        en.format(
            day=on,
            unit=was.full_name_en,
            now=now.full_name_en,
            province=held.full_name_en if held else "",
            others=", ".join(other.name_en for other in others),
        )
        + by,
    )


def _legal_basis(unit: Unit, on: datetime.date, others: tuple[Other, ...]) -> str | None:
    """Return the legal basis of its version that begins on the day, else of a successor's."""
    versions = [v for one in (unit, *(other.unit for other in others)) for v in one.versions]
    bases = [version.legal_basis for version in versions if version.valid_from == on]
    return next((basis for basis in bases if basis), None)


def _text(change: Change, on: datetime.date | None, others: tuple[Other, ...]) -> tuple[str, str]:
    if on is None:
        return _WITHOUT_DAY[change]
    if change == "ended" and not others:
        return _ABOLISHED
    if change == "ended" and len(others) > 1:
        return _SPLIT
    return _TEXTS[change]


_TEXTS: Final[dict[Change, tuple[str, str]]] = {
    "born": both("{unit} is established on {day}"),
    "renamed": both("From {day} {unit} is {now}"),
    "moved": both("From {day} {unit} belongs to {province}"),
    "ended": both("On {day} {unit} is merged into {others}"),
    "gives_part": both("From {day} a part of {unit} belongs to {others}"),
    "takes_in": both("From {day} {unit} takes in land of {others}"),
}
_SPLIT: Final = both("On {day} {unit} is divided between {others}")
_ABOLISHED: Final = both("{unit} ends on {day}")
_WITHOUT_DAY: Final[dict[Change, tuple[str, str]]] = {
    "renamed": both("{unit} is to be {now}; the day is not known yet"),
    "moved": both("{unit} is to belong to {province}; the day is not known yet"),
}
