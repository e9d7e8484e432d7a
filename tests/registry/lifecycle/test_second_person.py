"""What one person cannot do alone waits for another, by the operator's table."""

from typing import Any

import pytest
from sqlalchemy import text

from registry.core.actors import Actor, acting_as
from registry.core.database import session_scope
from registry.core.errors import (
    AddressTakenError,
    AlreadyDoneError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    OutsideUnitsError,
    OwnProposalError,
    PendingDecidedError,
    PendingStaleError,
    SecondPersonNeededError,
)
from registry.core.roles import Role
from registry.lifecycle.pending import approve, decline
from registry.lifecycle.pending_store import list_pending
from registry.lifecycle.run import perform
from registry.lifecycle.second_person import (
    Move,
    Rule,
    Size,
    default_csv,
    read_rules,
    rules_in_force,
    set_rules,
)
from registry.lifecycle.several import Each, perform_several
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town

HEADER = "operation,role,moved_m,records\n"
METRE = 1 / 110_570
"""Degrees of latitude."""
ANNA, BINH = 901, 902


def person(key_id: int, role: Role = "approver", units: Any = None, **more: Any) -> Actor:
    return Actor(f"khoá {key_id}", role, units, key_id=key_id, **more)


def ask(place: Town, name: str, who: Actor | None = None, **fields: Any) -> Done:
    """The result of an operation requested by an actor; ANNA by default."""
    who = who or person(ANNA)
    request = BY_NAME[name].request.model_validate(fields)
    with acting_as(who):
        return perform(place.engine, BY_NAME[name], request, actor=who.name)


def agree(place: Town, number: int | None, who: Actor | None = None, **more: Any) -> Done:
    assert number is not None
    with acting_as(who or person(BINH)):
        return approve(place.engine, number, **more)[1]


def asked_to_retire(place: Town, number: str, **fields: Any) -> tuple[str, int]:
    """A house, and the number of the pending operation that would end it."""
    code = place.house(number)
    pending_id = ask(place, "retire", code=code, reason="dỡ", **fields).pending_id
    assert pending_id is not None
    return code, pending_id


def moved(place: Town, code: str, north_m: float, who: Actor, **fields: Any) -> bool:
    """Whether the point was moved at once; measured from where houses are made here."""
    lat = LANG["lat"] + north_m * METRE
    done = ask(place, "move", who, code=code, lon=LANG["lon"], lat=lat, **fields)
    return done.pending_id is None


# --- which operations wait ------------------------------------------------------------------------


def test_retirements_and_place_names_need_a_second_person(place: Town) -> None:
    place.street("Phố Một")
    place.do("name-locality", commune=COMMUNE, locality="Thôn Một")
    place.do("name-locality", commune=COMMUNE, locality="Thôn Hai")
    one, two = place.house("1"), place.house("3")
    here = {"commune": COMMUNE, "reason": "t"}
    parts = [{"house_number": "1A"}, {"house_number": "1B"}]
    waiting = [
        ask(place, "retire", code=one, reason="t"),
        ask(place, "merge", codes=[one], into=two, reason="t"),
        ask(place, "replace", code=one, reason="t"),
        ask(place, "split", code=one, reason="t", parts=parts),
        ask(place, "rename-street", street="Phố Một", new_name="Phố Hai", **here),
        ask(place, "merge-street", street="Phố Một", into="Phố Láng", **here),
        ask(place, "rename-locality", locality="Thôn Một", new_name="Thôn Ba", **here),
        ask(place, "merge-locality", locality="Thôn Một", into="Thôn Hai", **here),
    ]  # fmt: skip
    assert all(done.pending_id and not done.event_id for done in waiting)
    assert {place.row(code).status for code in (one, two)} == {"active"}


def test_never_active_record_is_retired_by_one_person(place: Town) -> None:
    (reserved,) = place.reserve()
    (proposed,) = place.do("propose", commune=COMMUNE, street="Phố Láng", house_number="5").records
    for code in (reserved, proposed.code):
        assert ask(place, "retire", code=code, reason="t").pending_id is None


def test_administrator_needs_a_second_person_unless_own_approval_is_allowed(place: Town) -> None:
    code = place.house("7")
    admin = person(ANNA, "admin")
    assert ask(place, "retire", admin, code=code, reason="t").pending_id
    alone = person(ANNA, approves_own=True)
    assert ask(place, "retire", alone, code=code, reason="t").event_id


@pytest.mark.parametrize(
    ("accuracy_m", "north_m", "at_once"),
    [(None, 29, True), (None, 31, False), (5, 31, False), (200, 190, True), (200, 210, False)],
)
def test_one_person_may_move_a_point_within_its_accuracy_and_30_m(
    place: Town, accuracy_m: float | None, north_m: float, at_once: bool
) -> None:
    code = place.house(
        f"9/{accuracy_m or 1:.0f}/{north_m:.0f}", **LANG, position_accuracy_m=accuracy_m
    )
    assert moved(place, code, north_m, person(ANNA, "editor")) is at_once


def test_own_moves_add_up_until_another_person_verifies(place: Town) -> None:
    editor = person(ANNA, "editor")
    code = place.house("11", **LANG)
    assert moved(place, code, 20, editor)
    assert not moved(place, code, 40, editor)
    place.do("verify", code=code)
    assert moved(place, code, 40, editor)


def test_own_accuracy_does_not_widen_the_limit(place: Town) -> None:
    editor = person(ANNA, "editor")
    code = place.house("13", **LANG)
    assert moved(place, code, 0, editor, position_accuracy_m=50_000)
    assert not moved(place, code, 300, editor)


def test_point_cannot_be_removed_and_set_again_alone(place: Town) -> None:
    editor = person(ANNA, "editor")
    code = place.house("15", **LANG)
    assert ask(place, "correct", editor, code=code, lon=None, lat=None).pending_id
    far = {"lon": LANG["lon"], "lat": LANG["lat"] + 300 * METRE}
    assert ask(place, "correct", editor, code=code, **far).pending_id
    assert ask(place, "correct", editor, code=code, delivery_hint="gần chợ").event_id


def test_first_point_is_set_by_one_person_and_then_counts(place: Town) -> None:
    editor = person(ANNA, "editor")
    code = place.house("17")
    assert moved(place, code, 300, editor)
    assert not moved(place, code, 0, editor)


def test_next_move_is_measured_from_the_approved_point(place: Town) -> None:
    editor = person(ANNA, "editor")
    code = place.house("19", **LANG)
    far = {"lon": LANG["lon"], "lat": LANG["lat"] + 300 * METRE}
    agree(place, ask(place, "move", editor, code=code, **far).pending_id)
    assert moved(place, code, 310, editor)


def test_several_records_wait_as_one_pending_operation(place: Town) -> None:
    codes = sorted(place.house(number) for number in ("21", "23"))
    retire = BY_NAME["retire"]
    several = [
        Each(code, retire.request.model_validate({"code": code, "reason": "t"}), None)
        for code in codes
    ]
    with acting_as(person(ANNA)):
        tried = perform_several(place.engine, retire, several, actor="khoá 901", dry_run=True)
        filed = perform_several(place.engine, retire, several, actor="khoá 901", once="f")
    assert tried.needs_second
    assert {place.row(code).status for code in codes} == {"active"}
    done = agree(place, filed.pending_id)
    assert {place.row(code).event_id for code in codes} == {done.event_id}
    assert {place.row(code).status for code in codes} == {"retired"}


# --- the second person ----------------------------------------------------------------------------


def test_approved_operation_is_one_event_naming_both_persons(place: Town) -> None:
    code, number = asked_to_retire(place, "31", decision_number="7/QĐ")
    assert agree(place, number, dry_run=True).records[0].status == "retired"
    assert place.row(code).status == "active"
    done = agree(place, number)
    event = place.rows(
        "SELECT kind, actor, reason, decision_number, scope - 'codes' FROM event WHERE id = :id",
        id=done.event_id,
    )
    assert event == [
        ("retire", "khoá 901", "dỡ", "7/QĐ", {"second_person": "khoá 902", "pending": number})
    ]
    assert place.row(code).status == "retired"
    with pytest.raises(PendingDecidedError):
        agree(place, number)


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        (person(ANNA), OwnProposalError),
        (Actor("tên khác", "admin", None, key_id=ANNA), OwnProposalError),
        (Actor("khoá 901", "approver", None, key_id=77), OwnProposalError),
        (person(BINH, "editor"), ForbiddenError),
        (person(BINH, units=frozenset()), NotFoundError),
    ],
    ids=["who asked", "by another name", "of the same name", "an editor", "of elsewhere"],
)
def test_decision_needs_another_approver_of_the_units(
    place: Town, who: Actor, refused: type[Exception]
) -> None:
    code, number = asked_to_retire(
        place, f"33/{who.key_id}{len(who.name)}/{len(who.role)}{who.unit_ids is None:d}"
    )
    with pytest.raises(refused):
        agree(place, number, who)
    assert place.row(code).status == "active"


def test_street_of_two_communes_needs_an_approver_of_both(place: Town) -> None:
    for commune in (COMMUNE, ELSEWHERE):
        place.street("Đường Ven Sông", commune=commune)
    number = ask(
        place,
        "rename-street",
        communes=[COMMUNE, ELSEWHERE],
        street="Đường Ven Sông",
        new_name="Đường Bờ Sông",
    ).pending_id
    ids = dict(
        place.rows(
            "SELECT code, id FROM admin_unit WHERE code IN (:a, :b) AND upper_inf(lifetime)",
            a=COMMUNE,
            b=ELSEWHERE,
        )
    )  # type: ignore[arg-type]
    with pytest.raises(OutsideUnitsError):
        agree(place, number, person(BINH, units=frozenset({ids[COMMUNE]})))
    done = agree(place, number, person(BINH, units=frozenset(ids.values())))
    assert len(done.streets) == 2


@pytest.mark.parametrize(
    ("name", "fields", "stale"),
    [
        ("verify", {}, False),
        ("correct", {"delivery_hint": "gần chợ", "households_count": 3}, False),
        ("renumber", {"house_number": "41Z"}, True),
        ("move", {"lon": 105.8061, "lat": 21.0211}, True),
        ("retire", {"reason": "t"}, True),
    ],
)
def test_conflicting_change_refuses_the_pending_operation(
    place: Town, name: str, fields: dict[str, Any], stale: bool
) -> None:
    code, number = asked_to_retire(place, f"41/{list(BY_NAME).index(name)}")
    place.do(name, code=code, **fields)
    if stale:
        with pytest.raises(PendingStaleError):
            agree(place, number)
    else:
        assert agree(place, number).event_id


def test_operation_is_checked_again_on_approval(place: Town) -> None:
    code = place.house("51")
    parts = [{"house_number": "51A"}, {"house_number": "51B"}]
    number = ask(place, "split", code=code, reason="t", parts=parts).pending_id
    place.house("51A")
    with pytest.raises(AddressTakenError):
        agree(place, number)


def test_pending_operation_is_declined_by_another_or_withdrawn_by_its_requester(
    place: Town,
) -> None:
    code, number = asked_to_retire(place, "53")
    with acting_as(person(903, "editor")), pytest.raises(ForbiddenError):
        decline(place.engine, number, None)
    with acting_as(person(BINH)):
        declined = decline(place.engine, number, "nhà vẫn ở")
    assert (declined.state, declined.decided_by, declined.word) == (
        "declined",
        "khoá 902",
        "nhà vẫn ở",
    )
    with pytest.raises(PendingDecidedError):
        agree(place, number)
    again = ask(place, "retire", code=code, reason="dỡ").pending_id
    assert again is not None
    assert again != number
    with acting_as(person(ANNA)):
        assert decline(place.engine, again, None).state == "withdrawn"


def test_pending_operation_waits_fourteen_days_and_is_stored_once(place: Town) -> None:
    code, number = asked_to_retire(place, "55")
    assert ask(place, "retire", code=code, reason="dỡ").pending_id == number
    with session_scope(place.engine) as session:
        (only,) = [each for each in list_pending(session) if code in each.seen]
        assert (only.expires_at - only.asked_at).days == 14
        session.execute(text("SET ROLE diachiso_owner"))
        session.execute(
            text("UPDATE pending_operation SET expires_at = asked_at WHERE id = :id"),
            {"id": number},
        )
    with pytest.raises(PendingDecidedError) as raised:
        agree(place, number)
    assert raised.value.extra["state"] == "expired"
    with session_scope(place.engine) as session:
        assert not [each for each in list_pending(session) if code in each.seen]


def test_request_of_a_revoked_key_is_not_carried_out(place: Town) -> None:
    _code, number = asked_to_retire(place, "57")
    with session_scope(place.engine) as session:
        session.execute(
            text(
                "INSERT INTO api_key (id, name, hash, role, ending, revoked_at) VALUES"
                " (:id, 'thu hồi', sha256('x'), 'approver', '', now())"
            ),
            {"id": ANNA},
        )
    with pytest.raises(ConflictError):
        agree(place, number)
    with session_scope(place.engine) as session:
        session.execute(text("SET ROLE diachiso_owner"))
        session.execute(text("DELETE FROM api_key WHERE id = :id"), {"id": ANNA})
    assert agree(place, number).event_id


def test_form_is_carried_out_once_even_with_a_second_person(place: Town) -> None:
    code = place.house("59")
    request = BY_NAME["retire"].request.model_validate({"code": code, "reason": "t"})
    with acting_as(person(ANNA)):
        asked = perform(place.engine, BY_NAME["retire"], request, actor="khoá 901", once="mẫu 59")
        agree(place, asked.pending_id)
        with pytest.raises(AlreadyDoneError):
            perform(place.engine, BY_NAME["retire"], request, actor="khoá 901", once="mẫu 59")


# --- the operator ---------------------------------------------------------------------------------


def test_operator_defines_who_the_second_person_is(place: Town) -> None:
    code = place.house("61")
    request = BY_NAME["retire"].request.model_validate({"code": code, "reason": "t"})
    expected = {"actor": "operator", "demand_second": True}
    with pytest.raises(SecondPersonNeededError):
        perform(place.engine, BY_NAME["retire"], request, **expected)  # type: ignore[arg-type]
    done = perform(
        place.engine,
        BY_NAME["retire"],
        request,
        second_person="phòng quản lý đô thị",
        **expected,  # type: ignore[arg-type]
    )
    scope = place.rows("SELECT scope FROM event WHERE id = :id", id=done.event_id)[0][0]
    assert scope["second_person"] == "phòng quản lý đô thị"


def test_operator_changes_and_resets_the_rules_table(place: Town) -> None:
    code = place.house("63")
    with session_scope(place.engine) as session:
        set_rules(session, HEADER + "verify,editor,,\n")
    try:
        assert ask(place, "verify", person(ANNA, "editor"), code=code).pending_id
        assert ask(place, "verify", person(ANNA), code=code).event_id
        assert ask(place, "retire", code=code, reason="t").event_id
    finally:
        with session_scope(place.engine) as session:
            set_rules(session, None)
            assert rules_in_force(session) == read_rules(default_csv())


def test_unreadable_rules_table_falls_back_to_the_default(place: Town) -> None:
    with session_scope(place.engine) as session:
        session.execute(text("INSERT INTO second_person_table (rules) VALUES ('bỏ')"))
        assert rules_in_force(session) == read_rules(default_csv())
        session.rollback()


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("", 1),
        ("operation,role\n", 1),
        (HEADER + "bay,*,,", 2),
        (HEADER + "retire,*,,\n# chú thích\n\nretire,carrier,,", 5),
        (HEADER + "move,*,nan,", 2),
        (HEADER + "move,*,-1,", 2),
        (HEADER + "retire,*,,0", 2),
        (HEADER + "retire,*,,1.5", 2),
        (HEADER + "retire,*,", 2),
        (HEADER + '"retire,*,,', 2),
        ("x" * 100_001, 1),
    ],
)
def test_invalid_rules_table_is_refused_with_the_line(written: str, line: int) -> None:
    with pytest.raises(InvalidInputError) as raised:
        read_rules(written)
    assert f"dòng {line}:" in raised.value.detail


def test_rule_applies_when_all_its_conditions_hold() -> None:
    rule = Rule(operation="*", role="editor", moved_m=30, records=2)
    assert rule.concerns("move", "editor")
    assert not rule.concerns("move", "approver")
    assert rule.reached(Size(2, (Move(31, 5),)))
    assert not rule.reached(Size(1, (Move(31, 5),)))
    assert not rule.reached(Size(2, (Move(31, 40),)))
