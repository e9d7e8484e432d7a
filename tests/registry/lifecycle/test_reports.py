"""Reports from the field: how they are put into the queue, counted, and decided."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.core.actors import Actor, acting_as
from registry.core.database import make_engine, session_scope
from registry.core.errors import (
    AddressTakenError,
    ConflictError,
    GoneError,
    IllegalTransitionError,
    InvalidInputError,
    MistypedCodeError,
    NotFoundError,
    OutsideUnitsError,
    ReportDecidedError,
    ReportStaleError,
    TooManyReportsError,
)
from registry.core.reads import Reads
from registry.core.roles import Role
from registry.intake.publishing.rollback import roll_back
from registry.lifecycle.reports import Filed, ReportContent, file_report
from registry.lifecycle.reports.decisions import Decided, Decision, accept, reject
from registry.lifecycle.reports.queue import Entry, Wanted, queue, statement_of
from registry.lifecycle.reports.reporters import Reporter
from registry.records.lookup import lookup
from registry.units.gazetteer import Gazetteer, today
from tests.support.factories import make_household
from tests.support.intake import BA_DINH, LAT, LON, deliveries, door, rows
from tests.support.lifecycle import COMMUNE, LANG, Town, town
from tests.support.waiting import eventually

MOST = 20
"""Reports of one reporter that count on a day."""


@dataclass(frozen=True)
class Field:
    """A commune with its queue."""

    place: Town
    gazetteer: Gazetteer
    unit: int
    elsewhere: int
    used: Any = field(default_factory=lambda: count(101))

    def house(self, **fields: Any) -> str:
        """A new active record at a number of its own."""
        return self.place.house(str(next(self.used)), **LANG | fields)

    def say(
        self,
        kind: Any,
        code: str | None = None,
        *,
        who: str = "client:a",
        role: Role = "anonymous",
        **fields: Any,
    ) -> Filed:
        report = ReportContent(kind, code, **fields)
        return file_report(
            self.place.engine, self.place.reads, self.gazetteer, Reporter(role, who, MOST), report
        )

    def accept(self, report_id: int, who: Actor | None = None, **fields: Any) -> Decided:
        with acting_as(who) if who else nullcontext():
            return accept(self.place.engine, report_id, decision(**fields))

    def reject(self, report_id: int, who: Actor | None = None, **fields: Any) -> Decided:
        with acting_as(who) if who else nullcontext():
            return reject(self.place.engine, report_id, decision(**fields))

    def queue(self, *, unit_ids: Iterable[int] | None = None, **fields: Any) -> list[Entry]:
        sees = None if unit_ids is None else frozenset(unit_ids)
        with acting_as(Actor("hàng đợi", "editor", sees)):
            return queue(self.place.engine, self.gazetteer, Wanted(**fields))

    def entry(self, report_id: int) -> Entry:
        """The entry of that number, whatever its state."""
        states = ("open", "proposed", "accepted", "rejected")
        found = [e for s in states for e in self.queue(state=s, limit=500) if e.id == report_id]
        (only,) = found
        return only

    def events(self) -> int:
        return int(self.place.rows("SELECT count(*) FROM event")[0][0])


EDITOR = Actor("phường Láng", "editor")
APPROVER = Actor("phường Láng", "approver")


def bound_to(unit: int) -> Actor:
    return Actor("phường", "editor", frozenset({unit}))


def decision(**fields: Any) -> Decision:
    return Decision(**{"actor": "phường Láng", "reason": "đã xem"} | fields)


@pytest.fixture(scope="module")
def at(admin_url: str, worker_id: str, gazetteer: Gazetteer) -> Iterator[Field]:
    with town(admin_url, f"reports_{worker_id}") as place:
        units = {
            code: next(u.id for u in gazetteer.with_code(code) if u.alive_on(today()))
            for code in (COMMUNE, BA_DINH)
        }
        yield Field(place, gazetteer, units[COMMUNE], units[BA_DINH])


@pytest.fixture
def drawn(at: Field) -> Iterator[None]:
    """Real boundaries of both communes, for one test."""
    squares = {
        at.unit: (105.80, 21.01, 105.82, 21.03),
        at.elsewhere: (105.83, 21.03, 105.85, 21.05),
    }
    with session_scope(at.place.engine) as session:
        for unit, box in squares.items():
            for statement in (
                "INSERT INTO boundary (unit_id, geom, source, approximate) VALUES"
                " (:u, ST_Multi(ST_MakeEnvelope(:a, :b, :c, :d, 4326)), 'tests', false)"
                " ON CONFLICT (unit_id) DO UPDATE"
                " SET geom = excluded.geom, source = 'tests', approximate = false",
                "INSERT INTO boundary_part (unit_id, geom)"
                " VALUES (:u, ST_MakeEnvelope(:a, :b, :c, :d, 4326))",
            ):
                session.execute(text(statement), {"u": unit, **dict(zip("abcd", box, strict=True))})
    yield
    with session_scope(at.place.engine) as session:
        session.execute(text("DELETE FROM boundary_part"))
        session.execute(text("DELETE FROM boundary WHERE source = 'tests'"))


def field_code(error: pytest.ExceptionInfo[InvalidInputError]) -> tuple[str, str]:
    first: Any = error.value.extra["errors"]
    return first[0]["field"], first[0]["code"]


# --- filing --------------------------------------------------------------------------------------


def test_code_known_only_to_a_replica_cannot_be_reported_on(
    at: Field, admin_url: str, worker_id: str
) -> None:
    with town(admin_url, f"reports_behind_{worker_id}") as behind:
        with session_scope(behind.engine) as session:
            code = make_household(session)  # no code that is drawn here as well
        report = ReportContent("confirmed", code)
        with pytest.raises(NotFoundError):
            file_report(
                at.place.engine, behind.reads, at.gazetteer, Reporter("carrier", "key:a"), report
            )


def test_report_waits_in_the_queue_of_its_commune_and_changes_nothing(at: Field) -> None:
    code = at.house()
    before, events = at.place.row(code), at.events()
    filed = at.say("no_such_house", code)
    assert (filed.state, filed.reporters, filed.counted, filed.code) == ("open", 1, True, code)
    assert filed.id in [e.id for e in at.queue(unit_ids=[at.unit], limit=500)]
    assert filed.id not in [e.id for e in at.queue(unit_ids=[at.elsewhere], limit=500)]
    assert (at.place.row(code), at.events()) == (before, events)


def test_equal_reports_are_one_entry_with_the_number_of_carriers(at: Field) -> None:
    code = at.house()
    first = at.say("confirmed", code)
    others = [at.say("confirmed", code, who=f"key:bưu điện {n}", role="carrier") for n in range(3)]
    others.append(at.say("confirmed", code, who="key:shop", role="merchant"))
    others.append(at.say("confirmed", code, who="key:phường", role="editor"))
    assert {o.id for o in others} == {first.id}
    entry = at.entry(first.id)
    assert (entry.reporters, entry.carriers, entry.merchants) == (6, 3, 1)
    assert (entry.residents, entry.officials) == (1, 1)
    assert entry.last_at > entry.first_at


def test_same_reporter_counts_once(at: Field) -> None:
    code = at.house()
    first = at.say("confirmed", code)
    again = at.say("confirmed", code)
    assert (again.id, again.reporters, again.counted) == (first.id, 1, False)
    other = at.say("confirmed", code, who="client:b")
    assert (other.reporters, other.counted) == (2, True)


def test_different_kinds_and_codes_are_separate_entries(at: Field) -> None:
    one, other = at.house(), at.house()
    ids = {
        at.say("confirmed", one).id,
        at.say("no_such_house", one).id,
        at.say("wrong_point", one, lon=105.807, lat=21.021).id,
        at.say("confirmed", other).id,
    }
    assert len(ids) == 4


def test_points_of_one_place_are_one_entry(at: Field) -> None:
    code = at.house()
    first = at.say("wrong_point", code, lon=105.8070, lat=21.0211)
    near = at.say("wrong_point", code, who="client:b", lon=105.80705, lat=21.0211)
    far = at.say("wrong_point", code, who="client:c", lon=105.8100, lat=21.0211)
    assert (near.id, near.reporters) == (first.id, 2)
    assert (far.id, far.reporters) == (far.id, 1)
    assert far.id != first.id


def test_reporter_gives_one_point_per_door_and_day(at: Field) -> None:
    code = at.house()
    at.say("wrong_point", code, lon=105.8070, lat=21.0211)
    with pytest.raises(TooManyReportsError) as raised:
        at.say("wrong_point", code, lon=105.8100, lat=21.0211)
    assert 0 < int(str(raised.value.extra["retry_after_s"])) <= 86_400


def test_concurrent_equal_reports_are_one_entry(at: Field) -> None:
    code, filed = at.house(), []
    barrier = threading.Barrier(6)

    def say(who: str) -> None:
        barrier.wait()
        filed.append(at.say("confirmed", code, who=who))

    threads = [threading.Thread(target=say, args=(f"client:t{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({f.id for f in filed}) == 1
    assert at.entry(filed[0].id).reporters == 6


def test_reports_per_reporter_and_day_are_limited(at: Field) -> None:
    who = "client:busy"
    with session_scope(at.place.engine) as session:
        session.execute(
            text(
                "WITH r AS (INSERT INTO field_report (kind, unit_id, point, reporter_role)"
                " SELECT 'new_house', :u, ST_SetSRID(ST_MakePoint(0, 0), 4326), 'resident'"
                " FROM generate_series(1, :n) RETURNING id)"
                " INSERT INTO field_report_voice (report_id, reporter) SELECT id, :who FROM r"
            ),
            {"u": at.elsewhere, "n": MOST, "who": who},
        )
    code = at.house()
    with pytest.raises(TooManyReportsError):
        at.say("confirmed", code, who=who)
    assert at.say("confirmed", code, who="client:idle").counted
    with session_scope(at.place.engine) as session:
        # The next day.
        session.execute(text("UPDATE field_report_voice SET said_at = said_at - interval '1 day'"))
    assert at.say("confirmed", code, who=who).counted


def test_reporter_is_forgotten_after_a_day(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    at.say("confirmed", code, who="key:bưu điện", role="carrier")
    with session_scope(at.place.engine) as session:
        session.execute(text("UPDATE field_report_voice SET said_at = said_at - interval '1 day'"))
    at.say("confirmed", at.house())
    left = at.place.rows(
        "SELECT reporter FROM field_report_voice WHERE report_id = :id", id=filed.id
    )
    assert left == [("key:bưu điện",)]
    assert at.entry(filed.id).reporters == 2
    at.accept(filed.id)
    assert not at.place.rows("SELECT FROM field_report_voice WHERE report_id = :id", id=filed.id)


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("confirmed", {}, ("code", "missing")),
        ("wrong_point", {"code": "x"}, ("lon", "missing")),
        ("wrong_point", {"code": "x", "lon": 105.8}, ("lat", "missing")),
        ("new_house", {"address": "12 Phố Láng"}, ("lon", "missing")),
        ("new_house", {"code": "x", "lon": 105.8, "lat": 21.0}, ("code", "not_of_this_kind")),
        ("confirmed", {"code": "x", "lon": 105.8, "lat": 21.0}, ("lon", "not_of_this_kind")),
        ("no_such_house", {"code": "x", "address": "a"}, ("address", "not_of_this_kind")),
        (
            "no_such_house",
            {"code": "x", "accuracy_m": 3.0},
            ("position_accuracy_m", "not_of_this_kind"),
        ),
    ],
)
def test_missing_or_superfluous_part_is_named(
    at: Field, kind: str, fields: dict[str, Any], wrong: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        at.say(kind, **fields)
    assert field_code(raised) == wrong


def test_code_without_a_door_is_refused(at: Field) -> None:
    with pytest.raises(NotFoundError):
        at.say("confirmed", "FHVK-VF9M")
    with pytest.raises(NotFoundError):
        at.say("confirmed", at.place.reserve()[0])
    code = at.house()
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(MistypedCodeError):
        at.say("confirmed", wrong)
    at.place.retire(code)
    with pytest.raises(GoneError):
        at.say("confirmed", code)


def test_point_in_another_part_of_the_country_is_refused(at: Field) -> None:
    code = at.house()
    for each in (
        {"kind": "wrong_point", "code": code},
        {"kind": "new_house", "address": "số 905 phố Láng, phường Láng, Hà Nội"},
    ):
        with pytest.raises(InvalidInputError) as raised:
            at.say(**each, lon=106.7009, lat=10.7769)
        assert field_code(raised) == ("lon", "far_from_commune")


@pytest.mark.parametrize(("lon", "lat"), [(2.35, 48.86), (21.02, 105.8), (103.0, 25.0)])
def test_point_outside_viet_nam_is_refused(at: Field, lon: float, lat: float) -> None:
    code = at.house()
    for fields in ({"kind": "wrong_point", "code": code}, {"kind": "new_house"}):
        with pytest.raises(InvalidInputError) as raised:
            at.say(**fields, lon=lon, lat=lat)
        assert field_code(raised) == ("lon", "outside_viet_nam")


@pytest.mark.usefixtures("drawn")
def test_point_in_a_neighbouring_country_is_refused_by_boundaries(at: Field) -> None:
    with pytest.raises(InvalidInputError) as raised:
        at.say("wrong_point", at.house(), lon=102.6, lat=17.97)
    assert field_code(raised) == ("lon", "outside_viet_nam")


# --- a new house ---------------------------------------------------------------------------------

HERE = {"lon": 105.8061, "lat": 21.0212}


@pytest.mark.usefixtures("drawn")
def test_only_the_parsed_parts_of_a_new_house_are_stored(at: Field) -> None:
    filed = at.say("new_house", address="Chị Lan, số 5A ngách 34 ngõ 12 phố láng", **HERE)
    assert (filed.address, filed.unit_id) == ("12/34/5A Phố Láng", at.unit)
    stored = at.place.rows(
        "SELECT address_text, address_parts FROM field_report WHERE id = :id", id=filed.id
    )
    assert stored == [("12/34/5A Phố Láng", {"house_number": "12/34/5A", "street": "Phố Láng"})]


@pytest.mark.usefixtures("drawn")
def test_registered_door_is_returned_with_its_code(at: Field) -> None:
    code = at.place.house("701", lon=105.806, lat=21.0211)
    with pytest.raises(AddressTakenError) as raised:
        at.say("new_house", address="701 Láng, phường Láng, Hà Nội", **HERE)
    taken: Any = raised.value.extra["taken_by"]
    assert taken["code"] == code


@pytest.mark.usefixtures("drawn")
def test_report_does_not_reveal_a_restricted_door(at: Field) -> None:
    code = at.place.house("703", lon=105.806, lat=21.0211)
    at.place.do("correct", code=code, restricted=True)
    filed = at.say("new_house", address="703 Láng", **HERE)
    assert (filed.code, filed.similar) == (None, ())


@pytest.mark.usefixtures("drawn")
def test_equal_new_houses_are_one_entry(at: Field) -> None:
    first = at.say("new_house", address="711 Phố Láng", **HERE)
    same = at.say("new_house", address="số 711 đường láng, P. Láng", who="client:b", **HERE)
    other = at.say("new_house", address="713 Phố Láng", who="client:b", **HERE)
    assert (same.id, same.reporters) == (first.id, 2)
    assert other.id != first.id
    bare = at.say("new_house", who="client:c", lon=105.8070, lat=21.0212)
    near = at.say("new_house", who="client:d", lon=105.80702, lat=21.0212)
    far = at.say("new_house", who="client:e", lon=105.8075, lat=21.0212)
    assert (near.id, bare.address) == (bare.id, None)
    assert far.id not in (bare.id, first.id)


@pytest.mark.parametrize(
    "address",
    [
        "12 Láng, 0912 345 678",
        "12 Láng ĐT 0912.345.678",
        "12 Láng +84 912 345 678",
        "12 Láng CCCD 001088012345",
        "12 Láng, lan@example.com",
        "12 Láng https://zalo.me/1",
        "12 Láng ０９１２３４５６７８",
    ],
)
def test_text_with_personal_data_is_refused(at: Field, address: str) -> None:
    before = at.place.rows("SELECT count(*) FROM field_report")
    with pytest.raises(InvalidInputError) as raised:
        at.say("new_house", address=address, **HERE)
    assert field_code(raised) == ("address", "personal_data")
    assert at.place.rows("SELECT count(*) FROM field_report") == before


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("Phố Láng", "address_names_no_dwelling"),
        ("gặp chị Lan bán rau", "address_names_no_dwelling"),
        ("12 Lê Lợi, phường Bến Thành, TP.HCM", "commune_contradicted"),
    ],
)
def test_text_that_is_not_an_address_at_the_point_is_refused(
    at: Field, address: str, code: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        at.say("new_house", address=address, **HERE)
    assert field_code(raised) == ("address", code)


def test_commune_is_taken_from_text_or_neighbours_without_a_boundary(
    at: Field,
) -> None:
    named = at.say("new_house", address="1 Lê Lợi, phường Láng, Hà Nội", lon=105.9, lat=21.1)
    assert named.unit_id == at.unit
    at.house()
    assert at.say("new_house", address="723 Láng", **HERE).unit_id == at.unit


def test_new_house_without_a_known_commune_goes_to_the_province(at: Field) -> None:
    here = {"lon": 108.2, "lat": 16.06}
    filed = at.say("new_house", **here)
    province = at.gazetteer.units[filed.unit_id]
    assert (province.level, province.code) == ("province", "48")
    # Of the communes that a text may mean, the nearest one's.
    several = at.say("new_house", address="5 Lê Lợi, phường Hải Châu", **here)
    assert several.unit_id in {
        province.id,
        *(u.id for u in at.gazetteer.members(province, today())),
    }
    bound = Actor("xã khác", "editor", frozenset({at.unit}), units=(COMMUNE,))
    theirs = Actor("tỉnh", "editor", frozenset({at.unit}), units=("48",))
    with pytest.raises(OutsideUnitsError):
        at.reject(filed.id, bound)
    with pytest.raises(InvalidInputError) as raised:
        at.accept(filed.id, theirs)
    assert field_code(raised) == ("commune", "missing")
    assert at.reject(filed.id, theirs, word="ngoài địa bàn").unit == "48"


def test_queue_of_a_former_province_goes_to_its_successor(at: Field) -> None:
    filed = at.say("new_house", lon=108.21, lat=16.05)
    (quang_nam,) = [u for u in at.gazetteer.with_code("49") if u.level == "province"]
    assert not quang_nam.alive_on(today())
    at.place.rows(
        "UPDATE field_report SET unit_id = :u WHERE id = :i RETURNING 1", u=quang_nam.id, i=filed.id
    )
    theirs = Actor("tỉnh", "editor", frozenset({at.unit}), units=("48",))
    with acting_as(theirs):
        found = queue(at.place.engine, at.gazetteer, Wanted(limit=500))
    assert filed.id in [e.id for e in found]
    assert at.reject(filed.id, theirs).state == "rejected"


# --- decided -------------------------------------------------------------------------------------


def test_confirmation_verifies_the_record_on_its_day(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    events = at.events()
    decided = at.accept(filed.id, decision_number="7/QĐ")
    assert (decided.operation, decided.state) == ("verify", "accepted")
    assert at.events() == events + 1
    assert lookup(at.place.reads, code).verified_on == today()
    last = at.place.steps(code)[-1]
    assert (last.operation, last.report_id) == ("verify", filed.id)
    entry = at.entry(filed.id)
    assert (entry.event_id, entry.operation, entry.reason) == (
        decided.event_id,
        "verify",
        "đã xem",
    )
    assert entry.decision_number == "7/QĐ"
    assert at.place.steps(code)[-1].event_id == decided.event_id


def test_plate_is_recorded_as_mounted_or_lost_as_reported(at: Field) -> None:
    code = at.house()
    filed = at.say("plate_mounted", code)
    with pytest.raises(ConflictError, match="no plate issued"):
        at.accept(filed.id)
    at.place.do("issue-plates", codes=[code])
    assert at.accept(filed.id).operation == "mount_plates"
    assert at.accept(at.say("plate_lost", code).id).operation == "lose_plates"
    plates = at.place.rows("SELECT mounted_on, lost_on FROM plate WHERE code = :code", code=code)
    assert plates == [(today(), today())]


def test_wrong_point_is_moved(at: Field) -> None:
    code = at.house()
    filed = at.say("wrong_point", code, lon=105.8071, lat=21.0213, accuracy_m=4.0)
    assert at.entry(filed.id).distance_m == pytest.approx(116, abs=2)
    assert at.accept(filed.id).operation == "move"
    record = at.place.record(code)
    assert (record.lon, record.lat, record.position_accuracy_m) == (105.8071, 21.0213, 4.0)
    assert record.position_method == "gps"


@pytest.mark.usefixtures("drawn")
def test_new_house_is_proposed_and_linked(at: Field) -> None:
    filed = at.say("new_house", address="731 Phố Láng", **HERE)
    decided = at.accept(filed.id)
    (made,) = decided.records
    assert (decided.operation, made.status) == ("propose", "proposed")
    record = at.place.record(made.code)
    assert (record.house_number_key, record.street_name, record.unit_id) == ("731", "Láng", at.unit)
    assert at.entry(filed.id).code == made.code


@pytest.mark.usefixtures("drawn")
def test_address_of_a_new_house_can_be_changed_on_acceptance(at: Field) -> None:
    filed = at.say("new_house", address="733 Phố Lạng Sơn", **HERE)
    with pytest.raises(InvalidInputError) as raised:
        at.accept(filed.id)
    assert field_code(raised) == ("street", "unknown_place")
    assert at.entry(filed.id).state == "open"
    (made,) = at.accept(filed.id, parts={"street": "Phố Láng", "house_number": "733A"}).records
    assert at.place.record(made.code).house_number_key == "733A"


@pytest.mark.usefixtures("drawn")
def test_new_house_registered_meanwhile_is_refused_with_its_code(at: Field) -> None:
    filed = at.say("new_house", address="735 Phố Láng", **HERE)
    code = at.place.house("735")
    with pytest.raises(AddressTakenError) as raised:
        at.accept(filed.id)
    taken: Any = raised.value.extra["taken_by"]
    assert taken["code"] == code
    (made,) = at.accept(filed.id, same_address=True).records
    assert made.code != code


def test_no_such_house_needs_an_editor_and_an_approver(at: Field) -> None:
    code = at.house()
    filed = at.say("no_such_house", code)
    proposed = at.accept(filed.id, EDITOR)
    assert (proposed.state, proposed.operation) == ("proposed", "propose_retire")
    assert lookup(at.place.reads, code).status == "active"
    assert filed.id in [e.id for e in at.queue(state="proposed", limit=500)]
    for again in (at.accept, at.reject):
        with pytest.raises(ReportDecidedError) as raised:
            again(filed.id, EDITOR)
        assert raised.value.extra["state"] == "proposed"
    assert at.say("no_such_house", code, who="client:b").id == filed.id
    decided = at.accept(filed.id, APPROVER)
    assert (decided.state, decided.operation) == ("accepted", "retire")
    with pytest.raises(GoneError):
        lookup(at.place.reads, code)
    kinds = [e for (e,) in at.place.rows("SELECT kind FROM event ORDER BY id DESC LIMIT 2")]
    assert kinds == ["retire", "propose_retire"]


def test_approver_retires_directly_or_rejects_the_proposal(at: Field) -> None:
    one, other = at.house(), at.house()
    assert at.accept(at.say("no_such_house", one).id, APPROVER).operation == "retire"
    filed = at.say("no_such_house", other)
    at.accept(filed.id, EDITOR)
    assert at.reject(filed.id, APPROVER).state == "rejected"
    assert lookup(at.place.reads, other).status == "active"


def test_rejected_report_leaves_the_record_and_records_an_event(at: Field) -> None:
    code = at.house()
    before, events = at.place.row(code), at.events()
    filed = at.say("no_such_house", code)
    decided = at.reject(filed.id, reason="nhà có trong ngõ")
    assert (at.place.row(code), at.events()) == (before, events + 1)
    event = at.place.rows(
        "SELECT kind, actor, reason, scope FROM event WHERE id = :id", id=decided.event_id
    )
    scope = {"reports": [filed.id], "units": [at.unit]}
    assert event == [("reject_report", "phường Láng", "nhà có trong ngõ", scope)]
    assert at.entry(filed.id).state == "rejected"
    assert at.say("no_such_house", code).id != filed.id


def test_report_is_decided_once(at: Field) -> None:
    filed = at.say("confirmed", at.house())
    decided = at.accept(filed.id)
    for again in (at.accept, at.reject):
        with pytest.raises(ReportDecidedError) as raised:
            again(filed.id)
        assert raised.value.extra == {"state": "accepted", "event_id": decided.event_id}


def test_concurrent_decisions_on_a_report_succeed_once(at: Field) -> None:
    filed = at.say("confirmed", at.house())
    barrier, outcomes = threading.Barrier(4), []

    def decide() -> None:
        barrier.wait()
        try:
            outcomes.append(at.accept(filed.id).state)
        except ReportDecidedError:
            outcomes.append("decided before")

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["accepted", *["decided before"] * 3]


@pytest.mark.parametrize("report_id", [0, 987_654_321, 2**63, 10**30])
def test_unknown_report_is_not_found(at: Field, report_id: int) -> None:
    for decide in (at.accept, at.reject):
        with pytest.raises(NotFoundError):
            decide(report_id)


def test_report_on_a_changed_record_is_stale_with_its_current_state(
    at: Field,
) -> None:
    code = at.house()
    filed = at.say("wrong_point", code, lon=105.8071, lat=21.0213)
    moved = at.place.do("move", code=code, lon=105.8069, lat=21.0212)
    assert at.entry(filed.id).stale
    with pytest.raises(ReportStaleError) as raised:
        at.accept(filed.id)
    current: Any = raised.value.extra["current"]
    assert (current["code"], current["status"], current["lon"]) == (code, "active", 105.8069)
    assert current["event_id"] == moved.event_id
    with pytest.raises(ReportStaleError):
        at.accept(filed.id, seen_event=moved.event_id - 1)
    assert at.accept(filed.id, seen_event=moved.event_id).operation == "move"
    assert at.place.record(code).lon == 105.8071


def test_verification_keeps_reports_current_and_a_change_starts_a_new_entry(at: Field) -> None:
    code = at.house()
    filed = at.say("no_such_house", code)
    at.place.do("verify", code=code)
    assert not at.entry(filed.id).stale
    assert at.say("no_such_house", code, who="client:b").id == filed.id
    at.place.do("renumber", code=code, house_number="747")
    assert at.entry(filed.id).stale
    assert at.say("no_such_house", code, who="client:c").id != filed.id


def test_record_retired_meanwhile_is_reported(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    at.place.retire(code)
    with pytest.raises(ReportStaleError) as raised:
        at.accept(filed.id)
    current: Any = raised.value.extra["current"]
    assert current["status"] == "retired"
    with pytest.raises(IllegalTransitionError) as illegal:
        at.accept(filed.id, seen_event=current["event_id"])
    assert illegal.value.extra["legal"] == ["reinstate"]
    assert at.reject(filed.id).state == "rejected"


def test_confirmation_older_than_the_last_verification_is_refused(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    with session_scope(at.place.engine) as session:
        session.execute(
            text(
                "UPDATE field_report SET last_reported_at = last_reported_at - interval '3 days'"
                " WHERE id = :id"
            ),
            {"id": filed.id},
        )
    at.place.do("verify", code=code)
    with pytest.raises(ConflictError):
        at.accept(filed.id)
    assert at.entry(filed.id).state == "open"


@pytest.mark.usefixtures("drawn")
def test_editor_decides_only_in_its_own_communes(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    for decide in (at.accept, at.reject):
        with pytest.raises(OutsideUnitsError) as raised:
            decide(filed.id, bound_to(at.elsewhere))
        assert raised.value.extra["units"] == [COMMUNE]
    assert at.accept(filed.id, bound_to(at.unit)).state == "accepted"
    pointed = at.say("wrong_point", code, lon=105.84, lat=21.04)
    with pytest.raises(OutsideUnitsError) as raised:
        at.accept(pointed.id, bound_to(at.unit))
    assert raised.value.extra["units"] == [BA_DINH]


def test_report_follows_its_record_into_another_commune(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    at.place.do("name-street", commune=BA_DINH, street="Đường Lê Lợi")
    gone = at.place.do(
        "correct", code=code, commune=BA_DINH, street="Đường Lê Lợi", lon=105.84, lat=21.04
    )
    with pytest.raises(OutsideUnitsError) as raised:
        at.accept(filed.id, bound_to(at.unit), seen_event=gone.event_id)
    assert raised.value.extra["units"] == [BA_DINH]
    assert at.reject(filed.id, bound_to(at.unit)).state == "rejected"


def test_address_parts_are_accepted_only_for_a_new_house(at: Field) -> None:
    filed = at.say("confirmed", at.house())
    with pytest.raises(InvalidInputError) as raised:
        at.accept(filed.id, parts={"house_number": "9"})
    assert field_code(raised) == ("house_number", "not_of_this_kind")


def test_dry_run_leaves_nothing(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    events = at.events()
    assert at.accept(filed.id, dry_run=True).operation == "verify"
    assert at.events() == events
    assert at.entry(filed.id).state == "open"


def test_decision_reaches_the_feed(at: Field) -> None:
    decided = at.accept(at.say("confirmed", at.house()).id)
    moved = "SELECT 1 FROM feed WHERE event_id = :id"
    eventually(lambda: at.place.rows(moved, id=decided.event_id), "the event is in the feed")


def test_removed_demo_household_takes_its_reports_along(at: Field) -> None:
    code = at.house()
    filed = at.say("confirmed", code)
    with session_scope(at.place.engine) as session:
        session.execute(text("SELECT open_event('test', 'tests', NULL, NULL, '{}'::jsonb)"))
        session.execute(text("DELETE FROM household WHERE code = :c"), {"c": code})
    assert not at.place.rows("SELECT FROM field_report WHERE id = :id", id=filed.id)


@pytest.mark.thorough
def test_import_is_rolled_back_unless_a_report_on_it_was_decided(
    fresh_database: Callable[[], str], tmp_path: Path, gazetteer: Gazetteer
) -> None:
    url = fresh_database()
    engine, reads = make_engine(url), Reads(url, pool_size=1, statement_timeout_ms=10_000)
    deliver = deliveries(engine, tmp_path)
    try:
        for decided in (False, True):
            done = deliver(door("12", longitude=LON, latitude=LAT))
            ((code,),) = rows(engine, "SELECT code FROM household WHERE status = 'active'")
            report, who = (
                ReportContent("no_such_house", str(code)),
                Reporter("anonymous", "client:a"),
            )
            filed = file_report(engine, reads, gazetteer, who, report)
            if decided:
                reject(engine, filed.id, decision())
                with pytest.raises(ConflictError):
                    roll_back(engine, done.import_id or 0)
            else:
                roll_back(engine, done.import_id or 0)
                assert rows(engine, "SELECT id FROM field_report") == []
    finally:
        reads.close()
        engine.dispose()


# --- the queue -----------------------------------------------------------------------------------


def test_queue_is_ordered_by_reporters_then_age(at: Field) -> None:
    codes = [at.house() for _ in range(3)]
    ids = [at.say("confirmed", code, who="client:q").id for code in codes]
    for who in ("client:r", "client:s"):
        at.say("confirmed", codes[2], who=who)
    mine = [e.id for e in at.queue(unit_ids=[at.unit], limit=500) if e.id in ids]
    assert mine == [ids[2], ids[0], ids[1]]
    assert [e.id for e in at.queue(unit_ids=[at.unit], limit=1)] != []


def test_queue_shows_the_address_of_the_record(at: Field) -> None:
    code = at.house()
    entry = at.entry(at.say("confirmed", code).id)
    assert entry.record is not None
    assert (entry.record.code, entry.record.street_name) == (code, "Láng")


@pytest.mark.parametrize("here", [True, False])
def test_queue_query_uses_its_index(at: Field, here: bool) -> None:
    with session_scope(at.place.engine) as session:
        session.execute(
            text(
                "INSERT INTO field_report (kind, unit_id, point, reporter_role, residents)"
                " SELECT 'new_house', u.id, ST_SetSRID(ST_MakePoint(106, 20), 4326), 'resident',"
                " g % 7 FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM admin_unit"
                " WHERE level = 'commune' AND lifetime @> current_date) u"
                " JOIN generate_series(1, 20000) g ON g % 3000 = u.n"
            )
        )
        session.execute(text("SET LOCAL ROLE NONE"))
        session.execute(text("ANALYZE field_report"))
        statement, parameters = statement_of(Wanted(), [at.unit] if here else None)
        plan = "\n".join(session.scalars(text(f"EXPLAIN {statement.text}"), parameters))
        session.rollback()
    wanted = "ix_field_report_queue" if here else "ix_field_report_queue_everywhere"
    assert f"using {wanted} on field_report" in plan or f"on {wanted}" in plan, plan
    assert "Seq Scan on field_report" not in plan
