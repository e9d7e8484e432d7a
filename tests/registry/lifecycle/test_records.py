"""Operations on one record: what they do, and what they refuse."""

import datetime
from typing import Any

import pytest

from registry.core.errors import (
    AddressTakenError,
    ConflictError,
    GoneError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
    StaleError,
)
from registry.core.labels import STATUSES
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME, LEGAL_FROM, OPERATIONS
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town

FAR = {"lon": 106.7, "lat": 10.77}


def field_code(error: pytest.ExceptionInfo[InvalidInputError]) -> tuple[str, str]:
    """The field and stable code of the first error."""
    first: Any = error.value.extra["errors"]
    return first[0]["field"], first[0]["code"]


# --- from reservation to the door ----------------------------------------------------------------


def test_reserved_codes_are_new_and_have_no_address(place: Town) -> None:
    done = place.do("reserve", count=3, commune=COMMUNE, reason="in biển")
    assert [record.status for record in done.records] == ["reserved"] * 3
    assert len({record.code for record in done.records}) == 3
    for record in done.records:
        with pytest.raises(NotFoundError, match="reserved"):
            place.record(record.code)
    plates = place.rows(
        "SELECT count(*) FROM plate WHERE code = ANY (:codes)",
        codes=[record.code for record in done.records],
    )
    assert plates == [(3,)]


def test_reserved_code_is_bound_to_a_door_and_keeps_its_code(place: Town) -> None:
    (code,) = place.reserve()
    done = place.do("propose", code=code, commune=COMMUNE, street="phố láng", house_number="1")
    assert [(r.code, r.status) for r in done.records] == [(code, "proposed")]
    place.do("activate", code=code)
    record = place.record(code)
    assert (record.status, record.house_number_key, record.street_name) == ("active", "1", "Láng")


def test_activating_a_reserved_code_with_an_address_binds_it(place: Town) -> None:
    (code,) = place.reserve()
    with pytest.raises(InvalidInputError) as raised:
        place.do("activate", code=code)
    assert field_code(raised) == ("commune", "missing")
    place.do("activate", code=code, commune=COMMUNE, street="Láng", house_number="2", **LANG)
    record = place.record(code)
    assert (record.lon, record.lat, record.position_method) == (105.806, 21.0211, "gps")


def test_proposed_record_gets_a_new_code(place: Town) -> None:
    one, other = place.house("3"), place.house("4")
    assert one != other
    assert place.record(one).status == "active"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"house_number": "5"}, ("commune", "missing")),
        ({"commune": "99999", "house_number": "5"}, ("commune", "unknown_commune")),
        ({"commune": COMMUNE}, ("house_number", "address_names_no_dwelling")),
        ({"commune": COMMUNE, "house_number": "ngõ 12"}, ("house_number", "unreadable")),
        ({"commune": COMMUNE, "house_number": "nhà bà Tư"}, ("house_number", "unreadable")),
        (
            {"commune": COMMUNE, "street": "Phố Láq", "house_number": "5"},
            ("street", "unknown_place"),
        ),
        ({"commune": COMMUNE, "street": "...", "house_number": "5"}, ("street", "unreadable")),
        ({"commune": COMMUNE, "locality": "Thôn 99", **LANG}, ("locality", "unknown_place")),
        ({"commune": COMMUNE, "locality": "Láng", **LANG}, ("locality", "unreadable")),
        (
            {"commune": COMMUNE, "former_commune": ELSEWHERE, "house_number": "5"},
            ("former_commune", "unknown_commune"),
        ),
        (
            {"commune": COMMUNE, "house_number": "5", "parent": "1000-0006"},
            ("parent", "no_building"),
        ),
        (
            {"commune": COMMUNE, "building": "CT1", "kind": "building", "households_count": 3},
            ("households_count", "building_has_none"),
        ),
    ],
)
def test_invalid_address_is_refused_with_the_part_named(
    place: Town, fields: dict[str, Any], wrong: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        place.do("propose", **fields)
    assert field_code(raised) == wrong


def test_address_of_another_active_record_is_refused_unless_confirmed(place: Town) -> None:
    code = place.house("7")
    with pytest.raises(AddressTakenError) as raised:
        place.house("07")
    assert raised.value.extra["taken_by"]["code"] == code  # type: ignore[index]
    twin = place.do(
        "propose", commune=COMMUNE, street="Láng", house_number="7", same_address=True
    ).records[0]
    with pytest.raises(AddressTakenError):
        place.do("activate", code=twin.code)
    place.do("activate", code=twin.code, same_address=True)
    place.retire(code)
    place.retire(twin.code)
    assert place.house("7") not in (code, twin.code)


def test_flat_must_be_in_a_building_of_its_commune(place: Town) -> None:
    block = place.house(None, None, kind="building", building="Toà CT1")
    flat = place.house("9", unit_number="P.1205", floor="12", building="CT1", parent=block)
    record = place.record(flat)
    assert (record.parent_code, record.unit_number, record.floor) == (block, "1205", None)
    assert place.record(block).households_count == 0
    with pytest.raises(ConflictError, match="1 căn hộ"):
        place.retire(block)
    place.retire(flat)
    place.retire(block)
    with pytest.raises(ConflictError, match="is retired"):
        place.do("reinstate", code=flat, reason="nhầm")
    with pytest.raises(ConflictError, match="is retired"):
        place.house("9", unit_number="1206", parent=block)


# --- while it is active --------------------------------------------------------------------------


def test_verification_day_cannot_go_back_or_be_in_the_future(place: Town) -> None:
    code = place.house("11")
    place.do("verify", code=code, on="2026-03-01")
    assert place.record(code).verified_on == datetime.date(2026, 3, 1)
    with pytest.raises(ConflictError, match="2026-03-01"):
        place.do("verify", code=code, on="2026-02-28")
    for day, wrong in (("2999-01-01", "day_in_future"), ("2026-02-30", "malformed_day")):
        with pytest.raises(InvalidInputError) as raised:
            place.do("verify", code=code, on=day)
        assert field_code(raised) == ("on", wrong)
    place.do("verify", code=code)
    assert place.record(code).verified_on > datetime.date(2026, 3, 1)  # type: ignore[operator]


def test_correction_changes_given_fields_and_clears_null_ones(place: Town) -> None:
    code = place.house("13", delivery_hint="sau chợ", **LANG)
    place.do("correct", code=code, house_number="13A", households_count=2)
    record = place.record(code)
    assert (record.house_number_key, record.households_count) == ("13A", 2)
    assert (record.delivery_hint, record.street_name) == ("sau chợ", "Láng")
    place.do("correct", code=code, delivery_hint=None, lon=None, lat=None)
    record = place.record(code)
    assert (record.delivery_hint, record.lon, record.position_method) == (None, None, None)
    # The wrong number was never on the door.
    assert place.rows("SELECT 1 FROM household_former_number WHERE code = :c", c=code) == []
    with pytest.raises(InvalidInputError, match="nothing to correct"):
        place.do("correct", code=code)


def test_correction_to_another_commune_needs_street_and_building(place: Town) -> None:
    code = place.house("15")
    with pytest.raises(InvalidInputError) as raised:
        place.do("correct", code=code, commune=ELSEWHERE)
    assert field_code(raised) == ("street", "missing")
    place.do("name-street", commune=ELSEWHERE, street="Đường Lê Lợi")
    place.do("correct", code=code, commune=ELSEWHERE, street="Lê Lợi")
    assert place.record(code).street_name == "Lê Lợi"
    block = place.house(None, None, kind="building", building="Toà B1")
    flat = place.house("17", unit_number="1", parent=block)
    with pytest.raises(ConflictError, match="flats"):
        place.do("correct", code=block, commune=ELSEWHERE)
    with pytest.raises(InvalidInputError) as raised:
        place.do("correct", code=flat, commune=ELSEWHERE, street="Lê Lợi")
    assert field_code(raised) == ("parent", "missing")
    with pytest.raises(InvalidInputError) as raised:
        place.do("correct", code=flat, commune=ELSEWHERE, street="Lê Lợi", parent=block)
    assert field_code(raised) == ("parent", "across_communes")


def test_record_is_restricted_and_unrestricted(place: Town) -> None:
    code = place.house("19")
    place.do("correct", code=code, restricted=True)
    assert place.record(code).restricted
    place.do("correct", code=code, restricted=False)
    assert not place.record(code).restricted


def test_move_sets_point_method_and_accuracy(place: Town) -> None:
    code = place.house("21", **LANG)
    place.do(
        "move", code=code, lon=105.807, lat=21.022, position_method="survey", position_accuracy_m=1
    )
    record = place.record(code)
    assert (record.lon, record.lat) == (105.807, 21.022)
    assert (record.position_method, record.position_accuracy_m) == ("survey", 1.0)


def test_point_far_outside_the_real_boundary_is_refused(place: Town) -> None:
    code = place.house("23", **LANG)
    square = "POLYGON((105.80 21.01, 105.82 21.01, 105.82 21.03, 105.80 21.03, 105.80 21.01))"
    unit = place.row(code).unit_id
    with place.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO boundary (unit_id, geom, source, approximate)"
            f" VALUES ({unit}, ST_Multi(ST_GeomFromText('{square}', 4326)), 't', false)"
            " ON CONFLICT (unit_id) DO UPDATE SET geom = excluded.geom, approximate = false"
        )
        connection.exec_driver_sql(
            f"INSERT INTO boundary_part (unit_id, geom) SELECT {unit}, geom FROM boundary"
            f" WHERE unit_id = {unit}"
        )
    place.do("move", code=code, lon=105.8206, lat=21.02)  # some sixty metres outside
    with pytest.raises(InvalidInputError) as raised:
        place.do("move", code=code, lon=105.83, lat=21.02)
    assert field_code(raised) == ("lon", "outside_commune")
    assert place.record(code).lon == 105.8206


def test_block_of_flats_keeps_its_whole_name(place: Town) -> None:
    code = place.house("31", building="Chung cư  Hoàng Anh", kind="building")
    assert place.rows(
        "SELECT building_name, building_key FROM household WHERE code = :c", c=code
    ) == [("Chung cư Hoàng Anh", "chung cu hoang anh")]


def test_distant_point_is_refused_without_a_boundary(
    place: Town,
) -> None:
    code = place.house("23A", **LANG)
    with pytest.raises(InvalidInputError) as raised:
        place.do("move", code=code, lon=106.7009, lat=10.7769)
    assert field_code(raised) == ("lon", "far_from_commune")
    # A record cannot move to a commune that cannot contain its point either.
    with pytest.raises(InvalidInputError) as raised:
        place.do("correct", code=code, commune=ELSEWHERE, street=None)
    assert field_code(raised) == ("lon", "far_from_commune")
    assert place.record(code).lon == LANG["lon"]


def test_renumbering_sets_the_new_number_and_keeps_the_old(place: Town) -> None:
    code, neighbour = place.house("25"), place.house("27")
    place.do("renumber", code=code, house_number="25 bis", decision_number="1/QĐ")
    assert place.record(code).house_number_key == "25BIS"
    former = place.rows(
        "SELECT house_number_key, street_id FROM household_former_number WHERE code = :c",
        c=code,
    )
    assert former == [("25", place.row(code).street_id)]
    with pytest.raises(AddressTakenError):
        place.do("renumber", code=code, house_number="27")
    with pytest.raises(ConflictError, match="already"):
        place.do("renumber", code=neighbour, house_number="027")


# --- the end, and back ---------------------------------------------------------------------------


def test_retired_code_can_be_reinstated(place: Town) -> None:
    code = place.house("31")
    place.retire(code)
    with pytest.raises(GoneError) as raised:
        place.record(code)
    assert raised.value.extra["successors"] == []
    place.do("reinstate", code=code, reason="nhầm")
    assert place.record(code).status == "active"


def test_code_never_bound_to_a_door_is_not_reinstated(place: Town) -> None:
    (code,) = place.reserve()
    place.retire(code)
    with pytest.raises(ConflictError, match="never been assigned"):
        place.do("reinstate", code=code, reason="nhầm")


def test_record_is_not_reinstated_when_its_number_was_taken(place: Town) -> None:
    old = place.house("33")
    place.retire(old)
    place.house("33")
    with pytest.raises(AddressTakenError):
        place.do("reinstate", code=old, reason="nhầm")
    place.do("reinstate", code=old, reason="có thật", same_address=True)


# --- every operation from every state ------------------------------------------------------------

FIELDS: dict[str, dict[str, Any]] = {
    "activate": {"street": "Láng", "house_number": "900", "commune": COMMUNE, "same_address": True},
    "propose": {"street": "Láng", "house_number": "900", "commune": COMMUNE, "same_address": True},
    "verify": {},
    "correct": {"delivery_hint": "cổng xanh"},
    "move": LANG,
    "entrances": {"entrances": [{"kind": "main", **LANG}]},
    "uses": {"uses": [{"use": "other"}]},
    "renumber": {"house_number": "901", "same_address": True},
    "split": {
        "parts": [{"house_number": "902"}, {"house_number": "903"}],
        "same_address": True,
        "reason": "t",
    },
    "replace": {"reason": "t"},
    "retire": {"reason": "t"},
    "reinstate": {"reason": "t", "same_address": True},
}
OF_RECORD = sorted(o.name for o in OPERATIONS if o.from_states and o.name != "merge")


def in_state(place: Town, status: str) -> str:
    """A new record in a state."""
    if status == "reserved":
        return place.reserve()[0]
    made = place.do(
        "propose", commune=COMMUNE, street="Láng", house_number="899", same_address=True
    ).records[0]
    if status != "proposed":
        place.do("activate", code=made.code, same_address=True)
    if status == "retired":
        place.retire(made.code)
    return made.code


def test_every_operation_on_a_record_is_tested() -> None:
    assert set(OF_RECORD) == set(FIELDS)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", OF_RECORD)
def test_operation_is_legal_only_from_its_states(place: Town, name: str, status: str) -> None:
    code = in_state(place, status)
    operation = BY_NAME[name]
    if status in operation.from_states:
        place.do(name, code=code, **FIELDS[name])
        assert place.row(code).status == (operation.to_state or status)
        return
    with pytest.raises(IllegalTransitionError) as raised:
        place.do(name, code=code, **FIELDS[name])
    assert raised.value.extra == {"state": status, "legal": list(LEGAL_FROM[status])}
    assert name not in LEGAL_FROM[status]
    assert place.row(code).status == status


# --- events, stale writers, dry runs -------------------------------------------------------------


def test_event_has_actor_reason_and_decision_and_reaches_the_feed(place: Town) -> None:
    code = place.house("41")
    done = place.do(
        "renumber", code=code, house_number="43", reason="đánh lại", decision_number="7"
    )
    event = place.rows(
        "SELECT e.kind, e.actor, e.reason, e.decision_number, e.scope, f.position IS NOT NULL"
        " FROM event e LEFT JOIN feed f ON f.event_id = e.id WHERE e.id = :id",
        id=done.event_id,
    )
    assert event == [("renumber", "tests", "đánh lại", "7", {"codes": [code]}, True)]
    assert place.row(code).event_id == done.event_id


def test_write_over_an_unseen_state_is_stale(place: Town) -> None:
    code = place.house("45")
    seen = place.record(code).event_id
    place.do("verify", code=code, seen_event=seen)
    with pytest.raises(StaleError):
        place.do("verify", code=code, seen_event=seen)
    place.do("verify", code=code, seen_event=place.record(code).event_id)
    with pytest.raises(InvalidInputError) as raised:
        place.do("reserve", count=1, seen_event=seen)
    assert field_code(raised) == ("If-Match", "about_no_record")


def test_dry_run_or_refusal_leaves_nothing(place: Town) -> None:
    code = place.house("47")
    state = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM household)"
    before = place.rows(state)
    retire = BY_NAME["retire"]
    request = retire.request.model_validate({"code": code, "reason": "t"})
    done = perform(place.engine, retire, request, actor="tests", dry_run=True)
    assert [(r.code, r.status) for r in done.records] == [(code, "retired")]
    with pytest.raises(AddressTakenError):
        place.house("47")
    assert place.rows(state) == before
    assert place.record(code).status == "active"


@pytest.mark.parametrize("code", ["", "12", "1000-0007", "ĐỊA CHỈ", "1000-0006"])
def test_invalid_or_unknown_code_is_refused(place: Town, code: str) -> None:
    with pytest.raises((RegistryError, ValueError)) as raised:
        place.do("verify", code=code)
    if code == "1000-0006":
        assert isinstance(raised.value, NotFoundError)
