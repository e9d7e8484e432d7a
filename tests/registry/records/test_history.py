"""History at any moment and step by step; random operations against a model."""

import datetime
import inspect
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from registry.core.errors import (
    GoneError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
)
from registry.lifecycle.table import BY_NAME, LEGAL_FROM
from registry.records.history import Step, lookup_as_of, moment_of, record_at
from registry.units.gazetteer import VIET_NAM
from tests.support.lifecycle import COMMUNE, LANG, Town, town

Moment = datetime.datetime


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"history_{worker_id}") as made:
        yield made


def now(place: Town) -> Moment:
    moment: Moment = place.rows("SELECT clock_timestamp()")[0][0]
    return moment


def changed_fields(step: Step) -> dict[str, tuple[object, object]]:
    return {change.field: (change.before, change.after) for change in step.changes}


# --- step by step --------------------------------------------------------------------------------


def test_history_lists_every_step_with_its_reason(place: Town) -> None:
    code = place.house("1", **LANG)
    place.do("renumber", code=code, house_number="3", decision_number="7/QĐ", reason="đánh lại")
    place.do("retire", code=code, reason="phá dỡ")
    steps = place.steps(code)
    assert [step.operation for step in steps] == ["propose", "activate", "renumber", "retire"]
    assert changed_fields(steps[1]) == {"status": ("proposed", "active")}
    assert changed_fields(steps[2]) == {"house_number": ("1", "3")}
    renumbered = steps[2]
    assert (renumbered.actor, renumbered.reason) == ("tests", "đánh lại")
    assert renumbered.decision_number == "7/QĐ"
    assert changed_fields(steps[0])["street"] == (None, "Phố Láng")


def test_history_includes_changes_of_the_street_and_containing_localities(
    place: Town,
) -> None:
    place.street("Phố Một")
    place.street("Phố Hai")
    for name in ("Khu phố 1", "Khu phố 2", "Tổ 3, Khu phố 1"):
        place.do("name-locality", commune=COMMUNE, locality=name)
    code = place.house("5", "Phố Một", locality="Tổ 3, Khu phố 1")
    here = {"commune": COMMUNE}
    place.do("rename-street", **here, street="Phố Một", new_name="Phố Mốt")
    place.do("merge-locality", **here, locality="Khu phố 1", into="Khu phố 2", reason="t")
    place.do("rename-locality", **here, locality="Khu phố 2", new_name="Khu phố 12")
    place.do("merge-street", **here, street="Phố Mốt", into="Phố Hai", reason="t")
    steps = place.steps(code)[2:]
    assert [(step.operation, changed_fields(step)) for step in steps] == [
        ("rename_street", {"street": ("Phố Một", "Phố Mốt")}),
        ("merge_locality", {"localities": ("Tổ 3, Khu phố 1", "Tổ 3, Khu phố 2")}),
        ("rename_locality", {"localities": ("Tổ 3, Khu phố 2", "Tổ 3, Khu phố 12")}),
        ("merge_street", {"street": ("Phố Mốt", "Phố Hai")}),
    ]
    for step in place.steps(code):
        at = record_at(place.reads, code, step.at)
        assert at == step.record


def test_history_lists_the_successors_of_a_record(place: Town) -> None:
    one, other = place.house("61", **LANG), place.house("63", **LANG)
    halves = [{"house_number": number} for number in ("61A", "61B")]
    parts = [r.code for r in place.do("split", code=one, parts=halves, reason="t").records]
    new = sorted(code for code in parts if code != one)
    place.do("merge", codes=[other], into=new[0], reason="t")

    assert [(s.operation, sorted(s.successors)) for s in place.steps(one)][-1] == ("split", new)
    assert [step.predecessors for step in place.steps(new[0])] == [(one,), (other,)]
    assert place.steps(other)[-1].successors == (new[0],)
    assert not any(step.successors or step.predecessors for step in place.steps(other)[:-1])


def test_history_of_a_removed_record_ends_with_its_removal(place: Town) -> None:
    (code,) = place.reserve()
    steps = place.steps(code)
    assert [step.operation for step in steps] == ["reserve"]
    made = place.do("propose", commune=COMMUNE, street="Láng", house_number="77").records[0].code
    with place.engine.begin() as connection:
        connection.exec_driver_sql("SELECT open_event('rollback', 'tests')")
        connection.exec_driver_sql("DELETE FROM household WHERE code = %s", (made,))
    steps = place.steps(made)
    assert [(step.operation, step.record is None) for step in steps] == [
        ("propose", False),
        ("rollback", True),
    ]
    assert record_at(place.reads, made, now(place)) is None


def test_unknown_code_has_no_history(place: Town) -> None:
    with pytest.raises(NotFoundError):
        place.steps("1000-0006")
    with pytest.raises(InvalidInputError):
        place.steps("nguyễn trãi")


# --- at a moment ---------------------------------------------------------------------------------


def test_address_is_returned_as_of_a_moment(place: Town) -> None:
    before = now(place)
    code = place.house("11")
    standing = now(place)
    place.retire(code)
    assert lookup_as_of(place.reads, code, standing).status == "active"
    with pytest.raises(GoneError):
        lookup_as_of(place.reads, code, now(place))
    with pytest.raises(NotFoundError):
        lookup_as_of(place.reads, code, before)


def test_day_means_its_end_in_viet_nam() -> None:
    assert moment_of("2026-07-01") == Moment(2026, 7, 1, 23, 59, 59, 999_999, VIET_NAM)
    assert moment_of("1/7/2026") == moment_of("01.07.2026") == moment_of("2026-07-01")
    assert moment_of("2026-07-01T12:00:00+07:00") == Moment(2026, 7, 1, 12, tzinfo=VIET_NAM)
    today = Moment.now(VIET_NAM)
    assert abs(moment_of(today.date().isoformat()) - today) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed_moment"),
        ("2026-02-30", "malformed_moment"),
        ("2026-07-01T12:00:00", "malformed_moment"),
        ("hôm qua", "malformed_moment"),
        ("2026-W01-1", "malformed_moment"),
        ("7/13/2026", "malformed_moment"),
        ("1/7/26", "malformed_moment"),
        ("9999-12-31", "day_in_future"),
        ("2999-01-01T00:00:00+07:00", "day_in_future"),
    ],
)
def test_invalid_or_future_moment_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        moment_of(text)
    errors: Any = raised.value.extra["errors"]
    assert errors[0]["code"] == code


# --- anything at all, against a plain model ------------------------------------------------------


@dataclass
class Door:
    """What a register with perfect memory knows of a code."""

    status: str
    street: int | None = None
    number: str | None = None
    lon: float | None = None
    count: int = 1
    hamlet: int | None = None
    heirs: list[str] = field(default_factory=list)


@dataclass
class Model:
    """Doors by code, names of streets and hamlets; deep-copied at every moment."""

    doors: dict[str, Door] = field(default_factory=dict)
    streets: dict[int, str] = field(default_factory=dict)
    hamlets: dict[int, str] = field(default_factory=dict)

    def seen(self, code: str) -> tuple[object, ...]:
        """The compared columns of a door."""
        door = self.doors[code]
        name = self.streets[door.street] if door.street is not None else None
        hamlet = (("thôn", self.hamlets[door.hamlet]),) if door.hamlet is not None else ()
        return (door.status, name, door.number, door.lon, door.count, hamlet)

    def active_successors(self, code: str) -> set[str]:
        """Codes that continue a retired one, through any number of steps."""
        found: set[str] = set()
        for heir in self.doors[code].heirs:
            door = self.doors[heir]
            found |= {heir} if door.status != "retired" else self.active_successors(heir)
        return found


_unique = count(1)
PLACES: list[Town] = []
"""The register of the running test: hypothesis makes the machines by itself."""


class Lives(RuleBasedStateMachine):
    """Random operations on a few doors, streets and hamlets of one commune."""

    codes = Bundle("codes")

    def __init__(self) -> None:
        super().__init__()
        self.place = PLACES[-1]
        self.model = Model()
        self.past: list[tuple[Moment, Model]] = []

    def remember(self) -> None:
        self.past.append((now(self.place), deepcopy(self.model)))

    def fresh_number(self) -> str:
        return str(next(_unique))

    def street_text(self, street: int) -> str:
        return f"Phố {self.model.streets[street]}"

    def hamlet_text(self, hamlet: int) -> str:
        return f"Thôn {self.model.hamlets[hamlet]}"

    def name_hamlet(self, hamlet: int) -> None:
        self.model.hamlets[hamlet] = f"Mới {next(_unique)}"
        self.place.do("name-locality", commune=COMMUNE, locality=self.hamlet_text(hamlet))

    @initialize()
    def two_streets_and_hamlets(self) -> None:
        for at in range(2):
            name = f"Mới {next(_unique)}"
            self.place.street(f"Phố {name}")
            self.model.streets[at] = name
            self.name_hamlet(at)
        self.remember()

    def may(self, name: str, code: str) -> bool:
        return self.model.doors[code].status in BY_NAME[name].from_states

    def attempt(self, name: str, code: str, **fields: Any) -> bool:
        """Perform it; return whether it was legal. What is illegal in the model must be refused."""
        if self.may(name, code):
            self.place.do(name, code=code, **fields)
            return True
        with pytest.raises(IllegalTransitionError) as raised:
            self.place.do(name, code=code, **fields)
        state = self.model.doors[code].status
        assert raised.value.extra == {"state": state, "legal": list(LEGAL_FROM[state])}
        return False

    @rule(target=codes)
    def reserve(self) -> Any:
        made = self.place.reserve(2)
        self.model.doors |= {code: Door("reserved") for code in made}
        self.remember()
        return multiple(*made)

    @rule(target=codes, street=st.integers(0, 1))
    def propose(self, street: int) -> str:
        number = self.fresh_number()
        given = {"commune": COMMUNE, "street": self.street_text(street), "house_number": number}
        (made,) = self.place.do("propose", **given).records
        self.model.doors[made.code] = Door("proposed", street, number)
        self.remember()
        return made.code

    @rule(target=codes, hamlet=st.integers(0, 1))
    def propose_in_hamlet(self, hamlet: int) -> str:
        number = self.fresh_number()
        given = {"commune": COMMUNE, "locality": self.hamlet_text(hamlet), "house_number": number}
        (made,) = self.place.do("propose", **given).records
        self.model.doors[made.code] = Door("proposed", None, number, hamlet=hamlet)
        self.remember()
        return made.code

    @rule(code=codes, street=st.integers(0, 1))
    def activate(self, code: str, street: int) -> None:
        number = self.fresh_number()
        given = {"commune": COMMUNE, "street": self.street_text(street), "house_number": number}
        if self.attempt("activate", code, **given):
            door = self.model.doors[code]
            door.status, door.street, door.number = "active", street, number
        self.remember()

    @rule(code=codes, number=st.integers(1, 3))
    def correct(self, code: str, number: int) -> None:
        if self.attempt("correct", code, households_count=number):
            self.model.doors[code].count = number
        self.remember()

    @rule(code=codes, step=st.integers(0, 9))
    def move(self, code: str, step: int) -> None:
        lon = 105.8 + step / 10_000
        if self.attempt("move", code, lon=lon, lat=21.02):
            self.model.doors[code].lon = lon
        self.remember()

    @rule(code=codes, step=st.integers(0, 9))
    def enter(self, code: str, step: int) -> None:
        gate = {"kind": "vehicles", "lon": 105.8 + step / 10_000, "lat": 21.02}
        self.attempt("entrances", code, entrances=[gate])
        self.remember()

    @rule(code=codes, name=st.sampled_from(["UBND phường Láng", "Nhà thuốc Láng"]))
    def use(self, code: str, name: str) -> None:
        given = [{"use": "dwelling"}, {"use": "other", "name": name}]
        self.attempt("uses", code, uses=given)
        self.remember()

    @rule(code=codes)
    def renumber(self, code: str) -> None:
        number = self.fresh_number()
        if self.attempt("renumber", code, house_number=number):
            self.model.doors[code].number = number
        self.remember()

    @rule(code=codes)
    def verify(self, code: str) -> None:
        self.attempt("verify", code)
        self.remember()

    @rule(code=codes, step=st.sampled_from(("issue-plates", "mount-plates", "lose-plates")))
    def plate(self, code: str, step: str) -> None:
        """A plate is not part of its record: no version is created."""
        with suppress(RegistryError):
            self.place.do(step, codes=[code])
        self.remember()

    @rule(code=codes)
    def retire(self, code: str) -> None:
        if self.attempt("retire", code, reason="t"):
            self.model.doors[code].status = "retired"
        self.remember()

    @rule(code=codes)
    def reinstate(self, code: str) -> None:
        door = self.model.doors[code]
        if door.status == "retired" and door.number is None:
            return  # a plate that was never mounted: another test
        if self.attempt("reinstate", code, reason="t", same_address=True):
            door.status, door.heirs = "active", []
        self.remember()

    @rule(target=codes, code=codes, parts=st.integers(2, 3))
    def split(self, code: str, parts: int) -> Any:
        numbers = [self.fresh_number() for _ in range(parts)]
        given = {"parts": [{"house_number": number} for number in numbers], "reason": "t"}
        if not self.may("split", code):
            self.attempt("split", code, **given)
            return multiple()
        done = self.place.do("split", code=code, **given)
        made = [record.code for record in done.records if record.code != code]
        door = self.model.doors[code]
        door.status, door.heirs = "retired", made
        for new, number in zip(made, numbers, strict=True):
            self.model.doors[new] = Door(
                "active", door.street, number, door.lon, hamlet=door.hamlet
            )
        self.remember()
        return multiple(*made)

    @rule(target=codes, code=codes)
    def replace(self, code: str) -> Any:
        if not self.may("replace", code):
            self.attempt("replace", code, reason="t")
            return multiple()
        done = self.place.do("replace", code=code, reason="t")
        (made,) = [record.code for record in done.records if record.code != code]
        door = self.model.doors[code]
        self.model.doors[made] = replace(door, status="active", heirs=[])
        door.status, door.heirs = "retired", [made]
        self.remember()
        return made

    @rule(code=codes, into=codes)
    def merge(self, code: str, into: str) -> None:
        one, other = self.model.doors[code], self.model.doors[into]
        given = {"codes": [code], "into": into, "reason": "t"}
        if code == into:
            with pytest.raises(InvalidInputError):
                self.place.do("merge", **given)
        elif other.status != "active" or one.status not in BY_NAME["merge"].from_states:
            with pytest.raises(IllegalTransitionError):
                self.place.do("merge", **given)
        else:
            self.place.do("merge", **given)
            one.status, one.heirs = "retired", [into]
        self.remember()

    @rule(street=st.integers(0, 1))
    def rename_street(self, street: int) -> None:
        name = f"Mới {next(_unique)}"
        given = {"commune": COMMUNE, "street": self.street_text(street)}
        self.place.do("rename-street", **given, new_name=f"Phố {name}")
        self.model.streets[street] = name
        self.remember()

    @precondition(lambda self: any(d.street == 0 for d in self.model.doors.values()))
    @rule(data=st.data())
    def renumber_street(self, data: st.DataObject) -> None:
        living = ("proposed", "active")
        doors = [d for d in self.model.doors.values() if d.street == 0 and d.status in living]
        if not doors:
            return
        old = data.draw(st.sampled_from([door.number for door in doors]))
        new = self.fresh_number()
        given = {"commune": COMMUNE, "street": self.street_text(0)}
        self.place.do("renumber-street", **given, numbers=[{"old": old, "new": new}])
        for door in doors:
            if door.number == old:
                door.number = new
        self.remember()

    @rule(data=st.data())
    def merge_streets(self, data: st.DataObject) -> None:
        """The second street becomes part of the first; a new one takes its place."""
        given = {"commune": COMMUNE, "street": self.street_text(1), "into": self.street_text(0)}
        self.place.do("merge-street", **given, reason="t", same_address=True)
        for door in self.model.doors.values():
            if door.street == 1:
                door.street = 0
        self.remember()
        self.model.streets[1] = f"Mới {next(_unique)}"
        self.place.street(self.street_text(1))
        self.remember()

    @rule(hamlet=st.integers(0, 1))
    def rename_hamlet(self, hamlet: int) -> None:
        name = f"Mới {next(_unique)}"
        given = {"commune": COMMUNE, "locality": self.hamlet_text(hamlet)}
        self.place.do("rename-locality", **given, new_name=f"Thôn {name}")
        self.model.hamlets[hamlet] = name
        self.remember()

    @rule(data=st.data())
    def renumber_hamlet(self, data: st.DataObject) -> None:
        """Two doors of the hamlet exchange their numbers, or one gets a new one."""
        doors = [
            door
            for door in self.model.doors.values()
            if door.hamlet == 0 and door.street is None and door.status in ("proposed", "active")
        ]
        if not doors:
            return
        numbers = st.sampled_from([door.number for door in doors])
        one, other = data.draw(st.tuples(numbers, numbers))
        new = {one: self.fresh_number()} if one == other else {one: other, other: one}
        table = [{"old": old, "new": number} for old, number in new.items()]
        given = {"commune": COMMUNE, "locality": self.hamlet_text(0)}
        self.place.do("renumber-locality", **given, numbers=table)
        for door in doors:
            door.number = new.get(door.number, door.number)
        self.remember()

    @rule()
    def merge_hamlets(self) -> None:
        """The second hamlet becomes part of the first; a new one takes its place."""
        given = {"commune": COMMUNE, "locality": self.hamlet_text(1), "into": self.hamlet_text(0)}
        self.place.do("merge-locality", **given, reason="t", same_address=True)
        for door in self.model.doors.values():
            if door.hamlet == 1:
                door.hamlet = 0
        self.remember()
        self.name_hamlet(1)
        self.remember()

    @rule(code=consumes(codes))
    def forget(self, code: str) -> None:
        """Leave a code alone from now on, so that others are chosen."""

    @rule(data=st.data())
    def past_is_as_it_was(self, data: st.DataObject) -> None:
        moment, known = data.draw(st.sampled_from(self.past))
        self.compare(moment, known)

    def compare(self, moment: Moment, known: Model) -> None:
        for code in self.model.doors:
            found = record_at(self.place.reads, code, moment)
            if code not in known.doors:
                assert found is None, code
                continue
            assert found is not None, code
            assert (
                found.status,
                found.street_name,
                found.house_number_key,
                found.lon,
                found.households_count,
                found.localities,
            ) == known.seen(code)

    def teardown(self) -> None:
        for moment, known in self.past[-1:] + self.past[::5]:
            self.compare(moment, known)
        for code, door in self.model.doors.items():
            if door.status == "retired":
                with pytest.raises(GoneError) as raised:
                    self.place.record(code)
                heirs: Any = raised.value.extra["successors"]
                assert {heir["code"] for heir in heirs} == self.model.active_successors(code)
            steps = self.place.steps(code)
            assert steps[-1].record == record_at(self.place.reads, code, now(self.place))


def test_random_tests_cover_every_operation() -> None:
    source = inspect.getsource(Lives) + inspect.getsource(Town)
    # `undo` brings back what another one did: tests/registry/lifecycle/test_undo.py.
    assert [name for name in BY_NAME if f'"{name}"' not in source] == ["undo"]


@pytest.mark.thorough
def test_every_past_moment_matches_the_model(place: Town) -> None:
    PLACES.append(place)
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
