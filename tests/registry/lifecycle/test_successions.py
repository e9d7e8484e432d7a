"""Merge, split, replace: retired records, their successors, and refusals."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo.code import is_valid
from registry.core.errors import (
    AddressTakenError,
    ConflictError,
    GoneError,
    IllegalTransitionError,
    InvalidInputError,
)
from tests.support.factories import make_event, make_household
from tests.support.lifecycle import ELSEWHERE, LANG, Town
from tests.support.refusal import refused
from tests.support.tables import SuccessionLink

WHY = {"reason": "tests"}


def successors(place: Town, code: str) -> set[str]:
    """Codes that a retired code is answered with."""
    with pytest.raises(GoneError) as raised:
        place.record(code)
    found: Any = raised.value.extra["successors"]
    return {item["code"] for item in found}


def wrong(error: pytest.ExceptionInfo[InvalidInputError]) -> tuple[str, str]:
    first: Any = error.value.extra["errors"]
    return first[0]["field"], first[0]["code"]


def split(place: Town, code: str, *numbers: str) -> list[str]:
    done = place.do("split", code=code, parts=[{"house_number": n} for n in numbers], **WHY)
    return [record.code for record in done.records if record.status == "active"]


# --- split ---------------------------------------------------------------------------------------


def test_split_record_is_succeeded_by_its_parts(place: Town) -> None:
    code = place.house("1", delivery_hint="gần chợ", households_count=3, **LANG)
    one, other = split(place, code, "1A", "1B")
    assert successors(place, code) == {one, other}
    record = place.record(one)
    assert (record.house_number_key, record.street_name, record.lon) == ("1A", "Láng", LANG["lon"])
    assert (record.households_count, record.delivery_hint) == (1, "gần chợ")
    assert is_valid(one)
    assert is_valid(other)


def test_part_may_use_a_reserved_code_and_its_own_point(place: Town) -> None:
    code = place.house("2", **LANG)
    (reserved,) = place.reserve()
    place.do(
        "split",
        code=code,
        parts=[
            {"code": reserved, "house_number": "2A", "households_count": 4},
            {"house_number": "2B", "lon": 105.807, "lat": 21.022, "position_method": "survey"},
        ],
        **WHY,
    )
    assert place.record(reserved).households_count == 4
    (other,) = successors(place, code) - {reserved}
    assert (place.record(other).lon, place.record(other).position_method) == (105.807, "survey")


def test_split_into_less_than_two_is_refused(place: Town) -> None:
    code = place.house("3")
    for parts in ([], [{"house_number": "3A"}]):
        with pytest.raises(ValueError, match="at least 2 items"):
            place.do("split", code=code, parts=parts, **WHY)


def test_parts_with_one_address_are_refused_unless_confirmed(place: Town) -> None:
    code = place.house("4")
    with pytest.raises(InvalidInputError) as raised:
        split(place, code, "4A", "04a")
    assert wrong(raised) == ("parts", "given_twice")
    place.house("4B")
    with pytest.raises(AddressTakenError):
        split(place, code, "4A", "4B")
    done = place.do("split", code=code, parts=[{}, {}], same_address=True, **WHY)
    assert len(done.records) == 3


def test_reserved_code_is_used_by_one_part_only(place: Town) -> None:
    code = place.house("5")
    (reserved,) = place.reserve()
    parts = [{"code": reserved, "house_number": "5A"}, {"code": reserved, "house_number": "5B"}]
    with pytest.raises(InvalidInputError) as raised:
        place.do("split", code=code, parts=parts, **WHY)
    assert wrong(raised) == ("parts.1.code", "given_twice")
    parts[1]["code"] = place.house("5C")
    with pytest.raises(IllegalTransitionError):
        place.do("split", code=code, parts=parts, **WHY)


def test_building_is_not_split(place: Town) -> None:
    block = place.house(None, None, kind="building", building="Toà S1")
    with pytest.raises(InvalidInputError) as raised:
        split(place, block, "6A", "6B")
    assert wrong(raised) == ("code", "building_not_split")


# --- merge ---------------------------------------------------------------------------------------


def test_merged_records_are_succeeded_by_the_remaining_one(place: Town) -> None:
    one, other, into = place.house("11"), place.house("13"), place.house("15")
    place.do("merge", codes=[one, other], into=into, households_count=3, **WHY)
    assert successors(place, one) == successors(place, other) == {into}
    assert place.record(into).households_count == 3


def test_merger_does_not_cross_communes(place: Town) -> None:
    place.do("name-street", commune=ELSEWHERE, street="Đường Láng")
    here, there = place.house("17"), place.house("17", commune=ELSEWHERE)
    with pytest.raises(InvalidInputError) as raised:
        place.do("merge", codes=[here], into=there, **WHY)
    assert wrong(raised) == ("codes", "across_communes")


def test_flat_is_not_merged_with_its_own_building(place: Town) -> None:
    block = place.house(None, None, kind="building", building="Toà S2")
    flat = place.house("19", unit_number="1", parent=block)
    for codes, into in (([flat], block), ([block], flat)):
        with pytest.raises(InvalidInputError) as raised:
            place.do("merge", codes=codes, into=into, **WHY)
        assert wrong(raised) == ("codes", "different_kinds")


def test_merged_building_moves_its_flats(place: Town) -> None:
    one, other = (place.house(None, None, kind="building", building=b) for b in ("S3", "S4"))
    flat = place.house("21", unit_number="1", parent=one)
    done = place.do("merge", codes=[one], into=other, **WHY)
    assert done.rewritten == 2
    assert place.record(flat).parent_code == other
    assert successors(place, one) == {other}
    spare = place.house(None, None, kind="building", building="S5")
    with pytest.raises(InvalidInputError) as raised:
        place.do("merge", codes=[spare], into=other, households_count=3, **WHY)
    assert wrong(raised) == ("households_count", "building_has_none")


def test_merger_lists_each_record_once(place: Town) -> None:
    one, into = place.house("23"), place.house("25")
    for codes in ([one, one], [one, into]):
        with pytest.raises(InvalidInputError) as raised:
            place.do("merge", codes=codes, into=into, **WHY)
        assert wrong(raised) == ("codes", "given_twice")


def test_merger_into_an_inactive_record_is_refused(place: Town) -> None:
    one, gone = place.house("27"), place.house("29")
    place.retire(gone)
    for into in (gone, place.reserve()[0]):
        with pytest.raises(IllegalTransitionError):
            place.do("merge", codes=[one], into=into, **WHY)


# --- replace -------------------------------------------------------------------------------------


def test_replaced_code_leads_to_the_new_one_with_the_same_address(place: Town) -> None:
    code = place.house("31", **LANG)
    place.do("verify", code=code, on="2026-05-01")
    (reserved,) = place.reserve()
    place.do("replace", code=code, by=reserved, **WHY)
    assert successors(place, code) == {reserved}
    before, after = place.row(code), place.record(reserved)
    assert (after.house_number_key, after.verified_on) == ("31", before.verified_on)


def test_replaced_building_keeps_its_flats(place: Town) -> None:
    block = place.house(None, None, kind="building", building="Toà S6")
    flat = place.house("33", unit_number="1", parent=block)
    place.do("replace", code=block, **WHY)
    (new,) = successors(place, block)
    assert place.record(flat).parent_code == new


# --- through any number of steps -----------------------------------------------------------------


def test_successors_are_followed_through_every_step(place: Town) -> None:
    first = place.house("41")
    second, third = split(place, first, "41A", "41B")
    place.do("replace", code=second, **WHY)
    (fourth,) = successors(place, second)
    place.do("merge", codes=[third], into=fourth, **WHY)
    assert successors(place, first) == successors(place, third) == {fourth}
    place.retire(fourth)
    assert successors(place, first) == set()


def test_reinstated_record_has_no_successor(place: Town) -> None:
    one, into = place.house("43"), place.house("45")
    place.do("merge", codes=[one], into=into, **WHY)
    place.do("reinstate", code=one, **WHY)
    place.retire(one)
    assert successors(place, one) == set()
    place.do("reinstate", code=one, **WHY)
    place.do("merge", codes=[one], into=into, **WHY)
    assert successors(place, one) == {into}


def test_codes_merged_back_and_forth_form_no_cycle(place: Town) -> None:
    one, other = place.house("47"), place.house("49")
    place.do("merge", codes=[one], into=other, **WHY)
    place.do("reinstate", code=one, **WHY)
    place.do("merge", codes=[other], into=one, **WHY)
    assert successors(place, other) == {one}
    assert place.record(one).status == "active"


def test_database_refuses_a_cycle_of_successors(session: Session) -> None:
    codes = [make_household(session, status="retired") for _ in range(3)]
    make_event(session)
    for old, new in ((0, 1), (1, 2)):
        session.add(SuccessionLink(old_code=codes[old], new_code=codes[new], kind="replace"))
        session.flush()
    with refused(session, by="succession_link_no_cycle"):
        session.add(SuccessionLink(old_code=codes[2], new_code=codes[0], kind="replace"))
        session.flush()


def test_removed_demo_takes_its_succession_links_along(session: Session) -> None:
    one, other = make_household(session, status="retired"), make_household(session)
    session.add(SuccessionLink(old_code=one, new_code=other, kind="merge"))
    session.flush()
    session.expunge_all()
    for code in (one, other):
        session.connection().exec_driver_sql("DELETE FROM household WHERE code = %s", (code,))
    assert session.get(SuccessionLink, (one, other, make_event(session))) is None


def test_record_cannot_succeed_itself(place: Town) -> None:
    code = place.house("51")
    with pytest.raises(InvalidInputError):
        place.do("merge", codes=[code], into=code, **WHY)
    assert place.record(code).status == "active"


def test_conflict_is_reported_when_the_record_is_already_retired(place: Town) -> None:
    code = place.house("53")
    place.retire(code)
    with pytest.raises(ConflictError) as raised:
        split(place, code, "53A", "53B")
    assert raised.value.extra["legal"] == ["reinstate"]
