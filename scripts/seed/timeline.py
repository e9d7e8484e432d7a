"""Units and their versions: the three maps and the later changes as lives in time.

An identity ends only by merger, split or abolition; all else makes a new version of it.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from geo.text import transliterate
from scripts.seed import wheels
from scripts.seed.changes import Change, find_changes, reform_basis
from scripts.seed.earlier import EarlierStep
from scripts.seed.maps import AdminMap, MapUnit, Note
from scripts.seed.reform import Reform
from scripts.seed.rows import (
    DATE_BASIS,
    EARLIER_STEP,
    OPEN,
    REFORM,
    Identity,
    Succession,
    Unit,
    Version,
)
from scripts.seed.seats import Point, Seats

PROVINCES_BASIS = "202/2025/QH15 of 2025-06-12"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything read from the wheels and concluded from it."""

    earlier: AdminMap
    former: AdminMap
    current: AdminMap
    step: EarlierStep
    reform: Reform
    seats: Seats
    province_notes: Mapping[str, Note]
    commune_notes: Mapping[str, Note]


@dataclass(frozen=True, slots=True)
class State:
    """What one map says of a unit, from `since` on. Parents are identities, not codes."""

    since: str
    kind: str
    name: str
    province: Identity | None
    district: Identity | None
    legal_basis: str
    date_basis: str
    source: str

    def is_unlike(self, other: "State") -> bool:
        """Tell whether the unit changed in a way that makes a new version."""
        mine = (self.kind, self.name, self.province, self.district)
        return mine != (other.kind, other.name, other.province, other.district)


class Timeline:
    """The identities of every level, built once, and the rows made from them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._changes = {
            "province": find_changes(sources.current.provinces, sources.province_notes),
            "commune": find_changes(sources.current.communes, sources.commune_notes),
        }
        self._basis = reform_basis(sources.current.communes, sources.commune_notes)

    # Which identity a code meant on each map.

    def earlier_identity(self, level: str, code: str) -> Identity:
        """Return the identity that had this code on the earlier map."""
        return Identity(level, code, OPEN)

    def former_identity(self, level: str, code: str) -> Identity:
        """Return the identity that had this code on 30 June 2025."""
        step, earlier = self._sources.step, self._sources.earlier
        if level == "district":
            # The earlier map leaves out the five island districts, which are old.
            islands = self._sources.reform.island_districts
            known = code in earlier.districts or code in islands
            is_new = not known or code in step.split_districts
        else:
            is_new = level == "commune" and code not in earlier.communes
        return Identity(level, code, EARLIER_STEP if is_new else OPEN)

    def current_identity(self, level: str, code: str) -> Identity:
        """Return the identity that has this code today."""
        reform = self._sources.reform
        kept = reform.kept_provinces if level == "province" else reform.kept_communes
        return self.former_identity(level, code) if code in kept else Identity(level, code, REFORM)

    # States, oldest first.

    def _earlier_states(self, level: str) -> Iterable[tuple[Identity, State]]:
        step = self._sources.step.renamed
        for code, unit in _units(step, level).items():
            district = unit.parent if level == "commune" else ""
            province = step.districts[district].parent if district else unit.parent
            yield (
                self.earlier_identity(level, code),
                State(
                    OPEN,
                    unit.kind,
                    unit.name,
                    self.earlier_identity("province", province) if province else None,
                    self.earlier_identity("district", district) if district else None,
                    "",
                    DATE_BASIS[EARLIER_STEP],
                    wheels.EARLIER.source,
                ),
            )

    def _former_states(self, level: str) -> Iterable[tuple[Identity, State]]:
        former, earlier = self._sources.former, self._sources.earlier
        for code, unit in _units(former, level).items():
            district = unit.parent if level == "commune" else ""
            province = former.districts[district].parent if district else unit.parent
            since = EARLIER_STEP if code in _units(earlier, level) else OPEN
            identity = self.former_identity(level, code)
            yield (
                identity,
                State(
                    identity.born or since,
                    unit.kind,
                    unit.name,
                    self.former_identity("province", province) if province else None,
                    self.former_identity("district", district) if district else None,
                    "",
                    DATE_BASIS[identity.born or since],
                    wheels.UNITS.source,
                ),
            )

    def _current_states(self, level: str) -> Iterable[tuple[Identity, State]]:
        current = self._sources.current
        for code, unit in _units(current, level).items():
            province = unit.parent
            identity = self.current_identity(level, code)
            merged = PROVINCES_BASIS if identity.born == REFORM else ""
            yield (
                identity,
                State(
                    REFORM,
                    unit.kind,
                    unit.name,
                    self.current_identity("province", province) if province else None,
                    None,
                    self._basis[province] if province else merged,
                    DATE_BASIS[REFORM],
                    f"{wheels.UNITS.source}; {wheels.NOTES.source}",
                ),
            )

    def _changed_states(self, level: str) -> Iterable[tuple[Identity, State]]:
        units = _units(self._sources.current, level)
        changes: Mapping[str, Change] = self._changes.get(level, {})
        for code, change in changes.items():
            province = units[code].parent
            yield (
                self.current_identity(level, code),
                State(
                    change.valid_from,
                    change.kind,
                    units[code].name,
                    self.current_identity("province", province) if province else None,
                    None,
                    change.legal_basis,
                    change.date_basis,
                    wheels.NOTES.source,
                ),
            )

    def lives(self, level: str) -> dict[Identity, list[State]]:
        """Return each identity's states, oldest first, without repetitions."""
        lives: dict[Identity, list[State]] = {}
        for states in (
            self._earlier_states,
            self._former_states,
            self._current_states,
            self._changed_states,
        ):
            for identity, state in states(level):
                known = lives.setdefault(identity, [])
                if not known or state.is_unlike(known[-1]):
                    known.append(state)
                else:
                    source = _joined((known[-1].source, state.source))
                    known[-1] = dataclasses.replace(known[-1], source=source)
        return lives

    # Rows.

    def ended(self, identity: Identity) -> str:
        """Return the day the identity ended, empty while it lives."""
        sources, level, code = self._sources, identity.level, identity.code
        if identity.born == REFORM:
            return OPEN
        former = _units(sources.former, level)
        if code not in former or self.former_identity(level, code) != identity:
            return EARLIER_STEP
        alive = code in _units(sources.current, level)
        return OPEN if alive and self.current_identity(level, code) == identity else REFORM

    def units(self) -> Iterable[Unit]:
        """Yield the rows of units.csv."""
        for level in ("province", "district", "commune"):
            for identity, states in self.lives(level).items():
                point, area = self._seat(identity)
                yield Unit(
                    level,
                    identity.code,
                    identity.born,
                    self.ended(identity),
                    _number(point[0]) if point else "",
                    _number(point[1]) if point else "",
                    "" if area is None else _number(area),
                    _joined(state.source for state in states),
                )

    def _seat(self, identity: Identity) -> tuple[Point | None, float | None]:
        level, code, seats = identity.level, identity.code, self._sources.seats
        if self.ended(identity) == EARLIER_STEP:
            return None, None
        if level == "district":
            return seats.districts.get(code), None
        if level == "province":
            # A kept province has its geocoded seat; a merged one only the middle of its land.
            kept = code in self._sources.reform.kept_provinces
            known = self._sources.former if kept or not identity.born else self._sources.current
            unit = known.provinces[code]
            return (unit.lon, unit.lat) if unit.lon and unit.lat else None, None
        if self.ended(identity) == OPEN:
            return seats.current.get(code), self._sources.current.communes[code].area_km2
        return seats.former.get(code), None

    def versions(self) -> Iterable[Version]:
        """Yield the rows of unit_versions.csv."""
        for level in ("province", "district", "commune"):
            for identity, states in self.lives(level).items():
                end = self.ended(identity)
                ends = [(state.since, state.date_basis) for state in states[1:]]
                ends.append((end, DATE_BASIS[end]))
                for state, (valid_to, end_basis) in zip(states, ends, strict=True):
                    # With an open beginning, the date that has a basis is the end.
                    basis = state.date_basis if state.since else end_basis
                    yield _version(identity, state, valid_to, basis)

    def successions(self) -> Iterable[Succession]:
        """Yield the rows of unit_successions.csv; an identity that lives on has none."""
        step, reform = self._sources.step, self._sources.reform
        earlier, former, current = (
            self.earlier_identity,
            self.former_identity,
            self.current_identity,
        )
        both = f"{wheels.EARLIER.source}; {wheels.UNITS.source}"
        once = wheels.UNITS.source
        for level, pairs in (("district", step.districts), ("commune", step.communes)):
            yield from _successions(level, pairs, level, earlier, former, EARLIER_STEP, both)
        for level, pairs in (("province", reform.provinces), ("commune", reform.communes)):
            yield from _successions(level, pairs, level, former, current, REFORM, once)
        yield from _successions(
            "district", reform.island_districts, "commune", former, current, REFORM, once
        )


def _version(identity: Identity, state: State, valid_to: str, date_basis: str) -> Version:
    return Version(
        identity.level,
        identity.code,
        identity.born,
        state.since,
        valid_to,
        state.kind,
        state.name,
        transliterate(state.name),
        state.province.code if state.province else "",
        state.district.code if state.district else "",
        state.legal_basis,
        date_basis,
        state.source,
    )


def _successions(
    pred_level: str,
    pairs: Mapping[str, tuple[str, ...]],
    succ_level: str,
    before: Callable[[str, str], Identity],
    after: Callable[[str, str], Identity],
    effective_on: str,
    source: str,
) -> Iterable[Succession]:
    for code, goals in pairs.items():
        pred = before(pred_level, code)
        for goal in goals:
            succ = after(succ_level, goal)
            if pred != succ:
                yield Succession(
                    pred.level,
                    pred.code,
                    pred.born,
                    succ.level,
                    succ.code,
                    succ.born,
                    "full" if len(goals) == 1 else "partial",
                    effective_on,
                    source,
                )


def _units(admin_map: AdminMap, level: str) -> Mapping[str, MapUnit]:
    return {
        "province": admin_map.provinces,
        "district": admin_map.districts,
        "commune": admin_map.communes,
    }[level]


def _number(value: float) -> str:
    """Return at most six decimals, a tenth of a metre, as the wheels have them."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _joined(sources: Iterable[str]) -> str:
    """Return each wheel once, in the order first named."""
    names = [name for source in sources for name in source.split("; ")]
    return "; ".join(dict.fromkeys(names))
