"""Field rounds: the area, records sent by phones, import and rollback at the desk."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from registry.core.actors import Actor, acting_as
from registry.core.database import session_scope
from registry.core.errors import (
    ConflictError,
    FieldCodeError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    OutsideUnitsError,
    SeveralRefusedError,
    StaleError,
)
from registry.lifecycle.field.area import area_of, door_label, doors_in, holes_in
from registry.lifecycle.field.codes import LENGTH, format_code, hash_code, make_code, read_code
from registry.lifecycle.field.filing import Filed, Found, file_records
from registry.lifecycle.field.review import Reviewed, review, state_of, waiting
from registry.lifecycle.field.rounds import (
    Round,
    close_round,
    find_round,
    hamlets_of,
    list_rounds,
    open_round,
    renew_code,
    round_of_code,
)
from registry.lifecycle.field.taking_over import (
    Approval,
    TakenOver,
    put_aside,
    take_back,
    take_over,
)
from registry.lifecycle.listed_places import PlaceClass
from registry.reform.reading import read_resolution
from registry.reform.run import Options, reform
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.lifecycle import COMMUNE, LANG, Town, town

NUMBERS = count(101)
SEEN = "SELECT event_id FROM household WHERE code = :code"
KEPT = (
    "SELECT code, status, ST_AsText(point), position_accuracy_m, households_count, verified_on"
    " FROM household ORDER BY code"
)


RESOLUTION = """\
resolution: {{number: 1/NQ, title: Sắp xếp, date: {day}, effective: {day}}}
changes:
  - merge:
      units: ["00199", "00190"]
      into: {{code: "00199", name: Láng Mới, kind: phuong}}
"""


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"field_{worker_id}") as made:
        for name in ("Khu phố 9", "Tổ 1, Khu phố 9", "Tổ 2, Khu phố 9", "Tổ 3"):
            made.do("name-locality", commune=COMMUNE, locality=name)
        yield made


@pytest.fixture
def own(admin_url: str, worker_id: str) -> Iterator[Town]:
    """One that is changed for good."""
    with town(admin_url, f"field_reformed_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


def opened(place: Town, *, of: str = "street", actor: str = "cán bộ") -> Round:
    """A round of Phố Láng, or of a locality by its key."""
    table: PlaceClass = "street" if of == "street" else "locality"
    key = "lang" if of == "street" else of
    (found,) = place.rows("SELECT id FROM place WHERE key = :key", key=key)
    until = today() + datetime.timedelta(days=7)
    with session_scope(place.engine) as session:
        number, _ = open_round(session, table, found[0], until, actor)
        return find_round(session, number)


def house(place: Town, **fields: Any) -> str:
    return place.house(str(next(NUMBERS)), **{**LANG, "position_accuracy_m": 30} | fields)


def finding(kind: str, code: str | None = None, **more: Any) -> Found:
    now = datetime.datetime.now(datetime.UTC)
    given = {"id": uuid.uuid4(), "kind": kind, "code": code, "at": now} | more
    return Found.model_validate({name: value for name, value in given.items() if value is not None})


def filed(place: Town, round_: Round, *records: Found, **more: Any) -> list[Filed]:
    with session_scope(place.engine) as session:
        return file_records(session, round_, area_of(session, round_), records, **more)


def looked_at(place: Town, known: Gazetteer, round_: Round) -> list[Reviewed]:
    with session_scope(place.engine) as session:
        area = area_of(session, round_)
        return review(session, known, place.reads, round_, area, ["waiting"])


def taken(place: Town, known: Gazetteer, round_: Round, **more: Any) -> TakenOver:
    return take_over(place.engine, known, round_.id, Approval("người duyệt", **more))


def test_progress_of_a_street_is_given_by_hamlet(place: Town) -> None:
    place.do("name-locality", commune=COMMUNE, locality="Tổ 8")
    first, _, plain = (
        house(place, **({"locality": hamlet} if hamlet else {}))
        for hamlet in ("Tổ 8", "Tổ 8", None)
    )
    round_ = opened(place)
    filed(place, round_, finding("right", first), finding("gone", first), finding("right", plain))
    with session_scope(place.engine) as session:
        area = area_of(session, round_)
        found = hamlets_of(session, round_, area.place.class_, area.ids)
    by_name = {each.shown: (each.doors, each.ticked) for each in found}
    assert by_name["Tổ 8"] == (2, 1)
    assert by_name[""][1] == 1
    assert sum(each.doors for each in found) == find_of(place, round_).doors
    assert sum(each.ticked for each in found) == find_of(place, round_).ticked == 2


def find_of(place: Town, round_: Round) -> Round:
    with session_scope(place.engine) as session:
        return find_round(session, round_.id)


def test_mistyped_round_code_is_detected_and_not_stored(place: Town) -> None:
    code = make_code()
    assert read_code(f" {format_code(code)}.") == code
    for at in range(LENGTH):
        for digit in "0123456789":
            if digit != code[at]:
                with pytest.raises(InvalidInputError):
                    read_code(code[:at] + digit + code[at + 1 :])
    with session_scope(place.engine) as session:
        street = place.rows("SELECT id FROM place WHERE class = 'street' AND key = 'lang'")[0][0]
        number, code = open_round(session, "street", street, today(), "cán bộ")
        assert round_of_code(session, code).id == number
        with pytest.raises(FieldCodeError):
            round_of_code(session, make_code())
        other = renew_code(session, find_round(session, number), today())
        assert round_of_code(session, other).id == number
        with pytest.raises(FieldCodeError):
            round_of_code(session, code)
        close_round(session, find_round(session, number))
        ended = round_of_code(session, other).refusal()
        assert ended is not None
        assert ended.extra == {"reason": "closed"}
        for days in (-1, 61):
            with pytest.raises(InvalidInputError):
                open_round(
                    *(session, "street", street),
                    today() + datetime.timedelta(days=days),
                    "cán bộ",
                )
    kept = place.rows("SELECT code_hash FROM field_round WHERE id = :id", id=number)
    assert kept == [(hash_code(other),)]
    assert code not in repr(place.rows("SELECT * FROM field_round"))


def test_area_of_a_hamlet_excludes_restricted_places(place: Town) -> None:
    inner, other = "Tổ 1, Khu phố 19", "Tổ 2, Khu phố 19"
    for name in ("Khu phố 19", inner, other, "Tổ 33"):
        place.do("name-locality", commune=COMMUNE, locality=name)
    doors = [house(place, locality=inner, street=None) for _ in range(2)]
    doors.append(house(place, locality=other, street=None))
    hidden = house(place, locality=inner, street=None)
    place.do("correct", code=hidden, restricted=True)
    house(place, locality="Tổ 33", street=None)
    around, alone = opened(place, of="khu pho 19"), opened(place, of="to 33")
    with session_scope(place.engine) as session:
        found = doors_in(session, area_of(session, around))
        assert {each.code for each in found} == set(doors)
        assert all("Khu phố 19" in door_label(each) for each in found)
        assert len(doors_in(session, area_of(session, alone))) == 1
    # A hamlet that became part of another is walked as that one.
    place.do("merge-locality", commune=COMMUNE, locality="Tổ 33", into="Khu phố 19", reason="gộp")
    with session_scope(place.engine) as session:
        assert area_of(session, alone).place.shown == "Khu phố 19"
        with pytest.raises(GoneError):
            area_of(session, replace(alone, locality_id=0))


def test_missing_numbers_include_restricted_ones(place: Town) -> None:
    place.street("Phố Khuyết")
    for number in (1, 3, 7, 9, 11, 13):
        code = place.house(str(number), "Phố Khuyết", **LANG)
    place.do("correct", code=code, restricted=True)
    place.house("15", "Phố Khuyết", **LANG)
    street = place.rows("SELECT id FROM place WHERE class = 'street' AND key = 'khuyet'")[0][0]
    with session_scope(place.engine) as session:
        number, _ = open_round(session, "street", street, today(), "cán bộ")
        area = area_of(session, find_round(session, number))
        holes = holes_in(session, doors_in(session, area))
    assert [(hole.street, hole.numbers) for hole in holes] == [
        ("Phố Khuyết", (5,)),
        ("Phố Khuyết", (13,)),
    ]


def test_record_is_filed_once_and_an_invalid_one_fails_no_other(place: Town) -> None:
    round_, code = opened(place), house(place)
    elsewhere, hidden = house(place, street=None, locality="Khu phố 9"), house(place)
    place.do("correct", code=hidden, restricted=True)
    good, new = finding("right", code), finding("new", house_number="9/9", **LANG)
    bad = [finding("right", other) for other in (elsewhere, hidden, "1000-0014")]
    bad.append(finding("new", house_number="ngõ", **LANG))
    result = filed(place, round_, good, *bad, new)
    errors = [each.error.extra["errors"][0]["code"] if each.error else None for each in result]  # type: ignore[index]
    # For a code outside the round the response does not reveal whether it exists.
    assert errors == [None, *(3 * ["not_of_this_round"]), "unreadable", None]
    assert [each.again for each in filed(place, round_, good, new, good)] == [True, True, True]
    rows = place.rows("SELECT id FROM field_record WHERE round_id = :id", id=round_.id)
    assert {row[0] for row in rows} == {good.id, new.id}
    # A door that went elsewhere since is of the round still.
    place.do("correct", code=code, street=None, locality="Khu phố 9")
    assert [each.error for each in filed(place, round_, finding("gone", code))] == [None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "right"},
        {"kind": "new", "code": "1000-0014", **LANG},
        {"kind": "here", "code": "1000-0014"},
        {"kind": "count", "code": "1000-0014"},
        {"kind": "flats", "code": "1000-0014", "units": []},
        {"kind": "right", "code": "1000-0014", "note": "x"},
        {"kind": "new", **LANG, "note": "nhà ông Nguyễn Văn An"},
        {"kind": "new", **LANG, "note": "gọi 0912 345 678"},
        {"kind": "new", "lon": 21.0, "lat": 105.8},
        {"kind": "new", **LANG, "position_accuracy_m": -1},
    ],
)
def test_invalid_kinds_and_personal_data_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        finding(**wrong)


@pytest.mark.parametrize(
    ("phone_days", "ago_h", "heard_h"), [(365, 1, 1), (-365, 1, 1), (0, -5, 0), (0, 2_000, 0)]
)
def test_server_clock_is_authoritative(
    place: Town, phone_days: int, ago_h: int, heard_h: int
) -> None:
    round_ = opened(place)
    place.rows(
        "UPDATE field_round SET opened_at = opened_at - interval '3 hours' WHERE id = :id"
        " RETURNING id",
        id=round_.id,
    )
    with session_scope(place.engine) as session:
        round_ = find_round(session, round_.id)
    phone = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=phone_days)
    record = finding("new", at=phone - datetime.timedelta(hours=ago_h), **LANG)
    filed(place, round_, record, sent_at=phone)
    (heard,) = place.rows(
        "SELECT extract(epoch FROM received_at - said_at) / 3600 FROM field_record WHERE id = :id",
        id=record.id,
    )
    assert round(heard[0]) == heard_h


def test_round_is_imported_and_rolled_back_as_one_import(place: Town, known: Gazetteer) -> None:
    round_ = opened(place)
    right, here, gone, counted, flats = (house(place) for _ in range(5))
    near = {"lon": LANG["lon"] + 0.0001, "lat": LANG["lat"]}
    two = [
        finding(
            "new", house_number="888", device=uuid.uuid4(), position_accuracy_m=accuracy, **near
        )
        for accuracy in (9, 4)
    ]
    filed(
        *(place, round_, finding("right", right)),
        finding("here", here, position_accuracy_m=6, spread_m=2, **near),
        *(finding("gone", gone), finding("count", counted, households_count=3)),
        *(finding("flats", flats, units=["101", "102"]), *two),
    )
    before = place.rows(KEPT)
    looked = {each.id: each for each in looked_at(place, known, round_)}
    assert [looked[each.id].same_as for each in two] == [two[1].id, None]
    assert all("same" in looked[each.id].clashes for each in two)
    tried = taken(place, known, round_, dry_run=True)
    assert not tried.refused
    assert place.rows(KEPT) == before
    done = taken(place, known, round_, seen=state_of(list(looked.values())))
    assert dict(done.done) == {
        **dict.fromkeys(("right", "here", "gone", "count", "flats", "new", "same"), 1)
    }
    assert done.made[two[0].id] == done.made[two[1].id]
    (new,) = done.made[two[1].id]
    assert (place.row(new).status, place.row(new).position_accuracy_m) == ("active", 4)
    assert place.row(right).verified_on == place.row(here).verified_on == today()
    assert (place.row(here).position_accuracy_m, place.row(here).position_method) == (6, "gps")
    assert (place.row(gone).status, place.row(counted).households_count) == ("retired", 3)
    assert [place.record(code).unit_number for code in done.made[looked_id(looked, "flats")]] == [
        "101",
        "102",
    ]
    (event,) = place.rows("SELECT kind, scope FROM event WHERE id = :id", id=done.event_id)
    assert (event[0], event[1]["import"]) == ("field", done.import_id)
    with session_scope(place.engine) as session:
        again = find_round(session, round_.id)
        assert (again.ticked, again.new, again.waiting, again.taken_over) == (5, 2, 0, 7)
        assert waiting(session, again, ["waiting"]) == []
    with pytest.raises(InvalidInputError):
        taken(place, known, round_)
    with pytest.raises(NotFoundError):
        take_back(place.engine, opened(place), done.import_id, actor="người duyệt")
    back = take_back(place.engine, round_, done.import_id, actor="người duyệt")
    assert (back.removed, back.restored, back.kept) == (3, 4, 0)
    assert place.rows(KEPT) == before
    with pytest.raises(ConflictError):
        take_back(place.engine, round_, done.import_id, actor="người duyệt")


def looked_id(looked: dict[uuid.UUID, Reviewed], kind: str) -> uuid.UUID:
    return next(each.id for each in looked.values() if each.kind == kind)


def test_objections_to_a_record_are_listed(place: Town, known: Gazetteer) -> None:
    round_ = opened(place)
    ended, heir, changed, moved, doubted, placed = (house(place) for _ in range(6))
    seen = {code: place.rows(SEEN, code=code)[0][0] for code in (changed, placed)}
    number = place.row(heir).house_number
    twins = [place.house(number, **LANG) for number in ("4000", "4001")]
    place.do("renumber", code=twins[1], house_number="4000", same_address=True)
    far = {"lon": LANG["lon"] + 0.01, "lat": LANG["lat"]}
    away = {"lon": 108.2, "lat": 16.06}
    records = {
        "ended": finding("right", ended),
        "changed": finding("right", changed, event_id=seen[changed]),
        "elsewhere": finding("right", moved),
        "contradicted": finding("gone", doubted),
        "far": finding("here", placed, event_id=seen[placed], position_accuracy_m=80, **far),
        "outside": finding("new", house_number="777", **away),
        "registered": finding("new", house_number=number, **LANG),
        "similar": finding("new", house_number="4000", **LANG),
    }
    filed(place, round_, *records.values(), finding("right", doubted))
    place.do("merge", codes=[ended], into=heir, reason="một nhà")
    place.do("renumber", code=changed, house_number="5000")
    place.do("correct", code=moved, street=None, locality="Khu phố 9")
    looked = {each.id: each for each in looked_at(place, known, round_)}
    for clash, record in records.items():
        assert clash in looked[record.id].clashes, clash
    assert set(looked[records["far"].id].clashes) == {"far", "coarse", "worse"}
    found = looked[records["ended"].id]
    assert found.door is not None
    assert found.door.successors == [heir]
    assert looked[records["registered"].id].taken_by == heir
    assert set(looked[records["similar"].id].similar) == set(twins)
    # Those that cannot be done are named, and nothing is done until they are left out.
    before = place.rows(KEPT)
    tried = taken(place, known, round_, dry_run=True)
    impossible = {records[name].id for name in ("ended", "outside", "registered")}
    assert impossible <= tried.refused.keys()
    with pytest.raises(SeveralRefusedError) as refused:
        taken(place, known, round_)
    assert set(refused.value.extra["refused"]) == {str(each) for each in tried.refused}  # type: ignore[call-overload]
    assert place.rows(KEPT) == before
    seen_state = state_of(list(looked.values()))
    with session_scope(place.engine) as session:
        assert put_aside(session, round_, list(tried.refused), aside=True) == len(tried.refused)
    with pytest.raises(StaleError):
        taken(place, known, round_, seen=seen_state)
    assert not taken(place, known, round_).refused


def test_round_needs_roles_and_a_second_person(place: Town, known: Gazetteer) -> None:
    lang = next(u for u in known.with_code(COMMUNE) if u.ended is None)
    units = frozenset({lang.id})

    def by(name: str, role: Any, **more: Any) -> Any:
        return acting_as(Actor(name, role, units, **more))

    def new_one(round_: Round) -> str:
        number = f"{next(NUMBERS)}B"
        filed(place, round_, finding("new", house_number=number, **LANG))
        return number

    def status_of(number: str) -> str:
        found = place.rows("SELECT status FROM household WHERE house_number = :n", n=number)
        return str(found[0][0])

    for actor, role, more, status in (
        ("cán bộ", "editor", {}, "proposed"),
        ("người duyệt", "approver", {}, "active"),
        ("người mở", "approver", {}, "proposed"),
        ("người mở", "approver", {"approves_own": True}, "active"),
    ):
        round_ = opened(place, actor="người mở")
        number = new_one(round_)
        with by(actor, role, **more):
            assert not taken(place, known, round_).refused
        assert status_of(number) == status, (actor, role)
    round_, code = opened(place), house(place)
    filed(place, round_, finding("gone", code))
    with by("cán bộ", "editor"):
        refused = taken(place, known, round_, dry_run=True).refused
        assert [error.code for error in refused.values()] == ["forbidden"]
    with (
        acting_as(Actor("nơi khác", "approver", frozenset({1}))),
        pytest.raises((NotFoundError, OutsideUnitsError)),
    ):
        taken(place, known, round_)
    with session_scope(place.engine) as session:
        with acting_as(Actor("phường", "viewer", views=units)):
            assert round_.id in [each.id for each in list_rounds(session, known)]
        with acting_as(Actor("nơi khác", "viewer", views=frozenset({next(iter(known.units))}))):
            assert list_rounds(session, known) == []


def test_round_follows_its_place_through_a_reform(own: Town, tmp_path: Path) -> None:
    place = own
    round_, code = opened(place), house(place)
    early = finding("new", house_number="9000", **LANG)
    filed(place, round_, early)
    path = tmp_path / "nq.yaml"
    path.write_text(RESOLUTION.format(day=today()), "utf-8")
    reform(place.engine, read_resolution(path), Options(actor="tests"))
    with session_scope(place.engine) as session:
        known = load_gazetteer(session)
        again = find_round(session, round_.id)
        assert again.commune_id != round_.unit_id
        own = frozenset({again.commune_id})
        with acting_as(Actor("phường", "viewer", views=own)):
            assert again.id in [each.id for each in list_rounds(session, known)]
    # Records kept on a phone since before are accepted for the current commune.
    assert [each.error for each in filed(place, again, finding("right", code))] == [None]
    done = taken(place, known, again)
    (made,) = done.made[early.id]
    assert not done.refused
    assert place.row(made).unit_id == place.row(code).unit_id == again.commune_id
