"""Every constraint of every table, one wrong row each: a valid row passes, each change is refused.

A constraint without a line in WRONG fails the last test.
"""

import datetime
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from registry.core.database import OWNER_ROLE, make_engine
from tests.support.factories import (
    make_event,
    make_household,
    make_locality,
    make_street,
    make_unit,
    next_code,
)
from tests.support.refusal import refused
from tests.support.tables import ApiKey, Base, FieldReport, FieldRound, Import, Reform, Webhook

DAY = datetime.date(2026, 7, 1)
BEFORE = datetime.date(2025, 7, 1)
NOON = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
ALWAYS: Range[datetime.date] = Range(None, None)
NEVER: Range[datetime.date] = Range(empty=True)
SQUARE = "MULTIPOLYGON(((0 0,0 1,1 1,1 0,0 0)))"
BOW_TIE = "MULTIPOLYGON(((0 0,1 1,1 0,0 1,0 0)))"

Row = dict[str, object]


@dataclass(frozen=True)
class Parents:
    """What the valid rows refer to: two of each."""

    unit: int
    other_unit: int
    street: int
    locality: int
    code: str
    other_code: str
    event: int
    import_id: int
    report: int
    key: int
    reform: int
    webhook: int
    field_round: int


@pytest.fixture(scope="module")
def owner_session(database_url: str) -> Iterator[Session]:
    """The owner's session: tables with one fixed row are open for another here."""
    engine = make_engine(database_url, role=OWNER_ROLE)
    with Session(engine) as session:
        session.execute(text("ALTER TABLE code_key DISABLE TRIGGER code_key_fixed"))
        for table in (
            "client_key",
            "code_key",
            "register_identity",
            "gazetteer_state",
            "map_state",
            "coverage_state",
            "unit_told_state",
        ):
            session.execute(text(f"DELETE FROM {table}"))
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def parents(owner_session: Session) -> Parents:
    # Households come after the one-row table that counts changes of units was emptied: no matter.
    unit, other = make_unit(owner_session), make_unit(owner_session)
    key = owner_session.execute(
        insert(ApiKey)
        .values(name="Bưu điện", hash=b"h" * 32, role="carrier", ending="hhhh")
        .returning(ApiKey.id)
    ).scalar_one()
    return Parents(
        unit=unit,
        other_unit=other,
        street=make_street(owner_session, unit_id=unit),
        locality=make_locality(owner_session, unit_id=unit),
        code=make_household(owner_session, unit_id=unit),
        other_code=make_household(owner_session, unit_id=unit),
        event=make_event(owner_session),
        import_id=owner_session.execute(
            insert(Import)
            .values(source="t", file_name="t.csv", state="staged")
            .returning(Import.id)
        ).scalar_one(),
        report=owner_session.execute(
            insert(FieldReport)
            .values(
                kind="new_house", unit_id=unit, point="POINT(105.8 21)", reporter_role="resident"
            )
            .returning(FieldReport.id)
        ).scalar_one(),
        key=key,
        reform=owner_session.execute(
            insert(Reform).values(state="staged", unit_ids=[], actor="tests").returning(Reform.id)
        ).scalar_one(),
        webhook=owner_session.execute(
            insert(Webhook)
            .values(key_id=key, url="https://b.vn", secret=b"v" * 32, cursor="c", caught_up=0)
            .returning(Webhook.id)
        ).scalar_one(),
        field_round=owner_session.execute(
            insert(FieldRound)
            .values(unit_id=unit, locality_id=1, until=DAY, code_hash=b"f" * 32, opened_by="t")
            .returning(FieldRound.id)
        ).scalar_one(),
    )


VALID: dict[str, Callable[[Parents], Row]] = {
    "admin_unit": lambda p: {
        "level": "commune", "code": "V0001", "lifetime": Range(BEFORE, None), "source": "t",
    },
    "admin_unit_version": lambda p: {
        "unit_id": p.unit, "name": "Ba Đình", "name_en": "Ba Dinh", "kind": "phuong",
        "valid": Range(BEFORE, None), "date_basis": "effective", "source": "t",
    },
    "admin_unit_alias": lambda p: {"unit_id": p.unit, "kind": "name", "alias": "Bđ"},
    "admin_unit_succession": lambda p: {
        "predecessor_id": p.unit, "successor_id": p.other_unit, "extent": "full",
        "effective_on": DAY, "source": "t",
    },
    "api_key": lambda p: {
        "name": "Giao hàng", "hash": b"k" * 32, "role": "carrier", "ending": "kkkk",
        "previous_hash": b"p" * 32, "previous_until": NOON,
        "subject": b"s" * 32,
    },
    "boundary": lambda p: {
        "unit_id": p.unit, "geom": SQUARE, "source": "t", "approximate": False,
    },
    "client_key": lambda p: {"id": 1, "key": b"k" * 32},
    "code_key": lambda p: {"id": 1, "key": b"k" * 32},
    "desk_session": lambda p: {"token_hash": b"t" * 32, "key_id": p.key},
    "external_id": lambda p: {"code": p.code, "scheme": "plus_code", "value": "7PH57VJ5+2X"},
    "feed": lambda p: {"event_id": p.event},
    "field_record": lambda p: {
        "id": uuid.uuid4(), "round_id": p.field_round, "kind": "here", "code": p.code,
        "point": "POINT(105.8 21)", "position_method": "gps", "position_accuracy_m": 5.0,
        "said_at": NOON, "state": "done", "import_id": p.import_id,
    },
    "field_round": lambda p: {
        "unit_id": p.unit, "locality_id": p.locality, "until": DAY, "code_hash": b"g" * 32,
        "opened_by": "t",
    },
    "field_report": lambda p: {
        "kind": "confirmed", "code": p.code, "unit_id": p.unit, "reporter_role": "carrier",
        "state": "open",
    },
    "field_report_receipt": lambda p: {"token_hash": b"r" * 32, "report_id": p.report},
    "field_report_voice": lambda p: {"report_id": p.report, "reporter": "key:Bưu điện"},
    "gazetteer_state": lambda p: {"id": 1, "version": 1},
    "pending_operation": lambda p: {
        "operation": "retire", "requests": "[{}]", "seen": "{}", "unit_ids": [p.unit],
        "asked_by": "t", "expires_at": NOON,
    },
    "second_person_table": lambda p: {"rules": "operation,role,moved_m,records"},
    "unit_told": lambda p: {"unit_id": p.unit, "digest": b"u", "serial": 1},
    "unit_told_state": lambda p: {"id": 1, "version": 1, "digest": "", "serial": 1},
    "household": lambda p: {
        "code": next_code(), "kind": "household", "status": "active", "unit_id": p.unit,
        "street_id": p.street, "locality_id": p.locality, "house_number": "Số 5",
        "house_number_key": "5", "point": "POINT(105.8 21)", "position_method": "gps",
        "position_accuracy_m": 5.0,
    },
    "household_former_number": lambda p: {
        "code": p.code, "event_id": p.event, "street_id": p.street, "house_number": "Số 5",
        "house_number_key": "5",
    },
    "household_use": lambda p: {
        "code": p.code, "use": "office", "name": "UBND phường Láng", "name_key": "ubnd phuong lang",
    },
    "unit_identifier": lambda p: {
        "unit_id": p.unit, "scheme": "iso_3166_2", "value": "VN-HN", "source": "ISO 3166-2:2013",
    },
    "household_version": lambda p: {
        "code": p.code, "valid_from": NOON, "valid_to": NOON + datetime.timedelta(microseconds=1),
        "event_id": p.event, "ended_by_event_id": p.event, "kind": "household",
        "status": "active", "unit_id": p.unit,
    },
    "import": lambda p: {
        "source": "t", "file_name": "t.csv", "state": "published", "published_event_id": p.event,
    },
    "place": lambda p: {
        "class": "locality", "unit_id": p.unit, "key": "ap moi", "name": "Ấp Mới", "kind": "ấp",
    },
    "place_alias": lambda p: {
        "named_id": p.locality, "class": "locality", "key": "thon cu", "name": "Cũ",
        "kind": "thôn", "place_id": p.locality, "unit_id": p.unit,
    },
    "place_version": lambda p: {
        "id": p.locality, "class": "locality", "valid_to": NOON, "unit_id": p.unit,
        "key": "thon cu", "name": "Cũ", "kind": "thôn",
    },
    "import_work": lambda p: {
        "import_id": p.import_id, "actor": "t", "size_bytes": 1, "idempotency_key": "k",
    },
    "import_edit": lambda p: {
        "import_id": p.import_id, "place": 0, "column": 1, "value": "12", "edited_by": "t",
    },
    "import_problem": lambda p: {
        "import_id": p.import_id, "row_number": 1, "code": "no_house_number",
        "severity": "notice",
    },
    "reform": lambda p: {
        "number": "1/NQ", "title": "A", "effective_on": DAY, "state": "prepared", "resolution": {},
        "unit_ids": [], "actor": "tests",
    },
    "reform_work": lambda p: {
        "reform_id": p.reform, "file_name": "a.yaml", "task": "try", "asked_by": "tests",
    },
    "plate": lambda p: {"code": p.code, "issued_on": DAY, "mounted_on": DAY},
    "service_area": lambda p: {
        "operator": "a", "service": "s", "kind": "delivers", "digest": b"d" * 32,
        "event_id": p.event,
    },
    "service_office": lambda p: {
        "operator": "a", "name": "Bưu cục", "point": "POINT(105.8 21)", "event_id": p.event,
    },
    "backup_run": lambda _p: {"kind": "full", "label": "20261129-030000F"},
    "service_count": lambda _p: {"day": DAY, "kind": "lookup", "outcome": "ok", "asked": 1},
    "webhook": lambda p: {
        "key_id": p.key, "url": "https://a.vn", "secret": b"w" * 32, "cursor": "c", "caught_up": 0,
        "state": "paused",
    },
    "batch": lambda p: {
        "key_id": p.key, "actor": "Công ty", "operation": "validate", "file_name": "a.csv",
    },
    "webhook_delivery": lambda p: {
        "webhook_id": p.webhook, "message": "m", "kind": "test", "behind": "c", "entries": 0,
        "attempt": 1, "took_ms": 1, "outcome": "delivered",
    },
    "certificate": lambda p: {
        "number": "GXN1", "code": p.code, "unit_id": p.unit, "issued_on": DAY, "label": "1 Láng",
        "event_id": p.event, "revoked_on": DAY, "revoked_why": "sai",
    },
    "register_identity": lambda p: {"id": 1, "timeline": 1},
    "coverage_day": lambda p: {
        "day": DAY, "unit_id": p.unit, "households": 0, "dwellings": 0, "positioned": 0,
        "verified": 0, "deliverable": 0, "plated": 0, "suspected": 0, "unnumbered": 0,
    },
    "coverage_state": lambda p: {"id": 1, "counted_at": NOON},
    "map_density": lambda p: {"zoom": 1, "x": 0, "y": 0, "cells": [1], "households": [1]},
    "map_label": lambda p: {
        "kind": "commune", "name": "Láng", "first_zoom": 1, "weight": 1,
        "point": "SRID=3857;POINT(0 0)",
    },
    "map_state": lambda p: {"id": 1},
    "map_unit": lambda p: {
        "unit_id": p.unit, "detail": 0, "level": "commune", "code": "00001", "name": "Phường A",
        "approximate": True,
        "geom": f"SRID=3857;{SQUARE}",
    },
    "succession_link": lambda p: {
        "old_code": p.code, "new_code": p.other_code, "kind": "replace", "event_id": p.event,
    },
    "target": lambda p: {
        "unit_id": p.unit, "households": 0, "quality": "declared", "source": "t",
        "reference_date": DAY,
    },
}  # fmt: skip

# (constraint, what is changed in the valid row). A change may ask for the parents.
OFFICE: dict[str, object] = {
    "use": "office",
    "name": "UBND phường Láng",
    "key": "ubnd phuong lang",
    "since": "2025-07-01",
}
ENTRANCE: Row = {"kind": "main", "lon": 105.8, "lat": 21}
ENTRANCE_SEEN: Row = {"kind": "entrance", "entrance": "main", "point": "POINT(105.8 21)"}
BUILDING: Row = {"kind": "building", "households_count": 0}
WRONG: list[tuple[str, Row | Callable[[Parents], Row]]] = [
    ("ck_admin_unit_level_known", {"level": "ward"}),
    ("ck_admin_unit_lifetime_not_empty", {"lifetime": NEVER}),
    ("ck_admin_unit_version_kind_known", {"kind": "làng"}),
    ("ck_admin_unit_version_date_basis_known", {"date_basis": "guessed"}),
    ("ck_admin_unit_version_valid_when_effective", {"valid": NEVER}),
    ("ck_admin_unit_alias_kind_known", {"kind": "nickname"}),
    ("ck_admin_unit_succession_extent_known", {"extent": "half"}),
    ("ck_admin_unit_succession_two_units", lambda p: {"successor_id": p.unit}),
    ("ck_api_key_role_known", {"role": "root"}),
    ("ck_api_key_hash_length", {"hash": b"k" * 31}),
    ("ck_api_key_hash_length", {"hash": b""}),
    ("ck_api_key_rate_positive", {"rate_per_minute": 0}),
    ("ck_api_key_subject_length", {"subject": b"k" * 31}),
    ("ck_api_key_previous_hash_length", {"previous_hash": b"k" * 31}),
    ("ck_api_key_previous_ends", {"previous_until": None}),
    ("ck_api_key_previous_ends", {"previous_hash": None}),
    ("ck_backup_run_kind_known", {"kind": "hope"}),
    ("ck_boundary_geom_valid", {"geom": BOW_TIE}),
    ("ck_client_key_one_row", {"id": 2}),
    ("ck_client_key_key_length", {"key": b"k" * 31}),
    ("ck_code_key_one_row", {"id": 2}),
    ("ck_code_key_key_length", {"key": b"k" * 16}),
    ("ck_desk_session_token_hash_length", {"token_hash": b"k" * 31}),
    ("ck_external_id_valid_not_empty", {"valid": NEVER}),
    ("ck_field_report_kind_known", {"kind": "gossip"}),
    ("ck_field_report_reporter_role_known", {"reporter_role": "Nguyễn Văn A"}),
    (
        "ck_field_report_state_known",
        lambda p: {"state": "lost", "decided_event_id": p.event},
    ),
    ("ck_field_report_says_where", {"code": None}),
    ("ck_field_report_says_where", {"kind": "wrong_point"}),
    ("ck_field_report_says_where", {"kind": "new_house", "code": None}),
    ("ck_field_report_says_where", {"kind": "entrance", "entrance": "main"}),
    ("ck_field_report_entrance_known", ENTRANCE_SEEN | {"entrance": "roof"}),
    ("ck_field_report_entrance_of_its_kind", ENTRANCE_SEEN | {"entrance": None}),
    ("ck_field_report_entrance_of_its_kind", {"entrance": "main"}),
    ("ck_field_report_entrance_of_its_kind", {"note": "x"}),
    ("ck_field_report_entrance_of_its_kind", ENTRANCE_SEEN | {"note": "a" * 141}),
    ("ck_field_report_decided_by_event", {"state": "accepted"}),
    ("ck_field_report_decided_by_event", lambda p: {"decided_event_id": p.event}),
    ("ck_field_report_accuracy_in_metres", {"position_accuracy_m": -0.1}),
    ("ck_field_report_point_on_earth", {"point": "POINT(21 105.8)"}),
    ("ck_field_report_receipt_hash_length", {"token_hash": b"r" * 22}),
    ("ck_gazetteer_state_one_row", {"id": 0}),
    *(
        ("ck_household_code_well_formed", {"code": code})
        for code in ("1000006", "100000006", "1000-006", "1000000O", "1000000f", "1000006\n", "")
    ),
    ("ck_household_use_name_has_key", {"name_key": None}),
    ("ck_household_use_valid_not_empty", {"valid": NEVER}),
    ("ck_unit_identifier_valid_not_empty", {"valid": NEVER}),
    ("ck_household_kind_known", {"kind": "shop"}),
    ("ck_household_status_known", {"status": "gone"}),
    ("ck_household_position_method_known", {"position_method": "guess"}),
    (
        "ck_household_unit_while_live",
        {"unit_id": None, "street_id": None, "locality_id": None},
    ),
    ("ck_household_number_has_key", {"house_number_key": None}),
    ("ck_household_number_has_key", {"house_number": None}),
    ("ck_household_point_has_method", {"position_method": None}),
    ("ck_household_point_has_method", {"point": None}),
    *(
        ("ck_household_point_on_earth", {"point": point})
        for point in ("POINT EMPTY", "POINT(21 105.8)", "POINT(180.1 0)", "POINT(0 -90.1)",
                      "POINT(580000 2330000)", "POINT(NaN NaN)")
    ),
    *(
        ("ck_household_accuracy_in_metres", {"position_accuracy_m": accuracy})
        for accuracy in (-0.1, float("nan"), float("inf"))
    ),
    *(
        ("ck_household_uses_well_formed", {"uses": wrong})
        for wrong in (
            *([], {}, [{}], ["office"], [[OFFICE]], [OFFICE] * 501, [OFFICE, {}]),
            *(
                [OFFICE | slip]
                for slip in (
                    *({"use": "castle"}, {"name": ""}, {"name": "a" * 201}, {"name": "a\nb"}),
                    *({"key": None}, {"since": "1/7/2025"}, {"until": 2025}),
                )
            ),
            [{"use": "office", "name": "UBND"}],
            [{"use": "office", "key": "ubnd"}],
        )
    ),
    *(
        ("ck_household_entrances_well_formed", {"entrances": wrong})
        for wrong in (
            *([], {}, [{}], ["main"], [[ENTRANCE]], [ENTRANCE] * 9, [ENTRANCE, {}]),
            *(
                [ENTRANCE | slip]
                for slip in (
                    *({"kind": "roof"}, {"lon": "105"}, {"lon": None}, {"lat": 91}, {"lon": [1]}),
                    *({"accuracy_m": -1}, {"accuracy_m": "5"}, {"note": ""}, {"note": "a" * 141}),
                    *({"note": "a\nb"}, {"note": 5}, {"seen_on": "2.11.2026"}, {"source": "Lan"}),
                )
            ),
        )
    ),
    ("ck_household_households_counted_once", {"households_count": -1}),
    ("ck_household_households_counted_once", {"kind": "building", "households_count": 1}),
    ("ck_household_building_has_no_parent", lambda p: BUILDING | {"parent_code": p.code}),
    ("ck_household_not_its_own_parent", {"code": "X0000000", "parent_code": "X0000000"}),
    ("ck_household_version_range_not_empty", {"valid_to": NOON}),
    ("ck_import_edit_version_counted", {"version": 0}),
    ("ck_import_problem_severity_known", {"severity": "fatal"}),
    ("ck_import_delivery_known", {"delivery": "most"}),
    ("ck_import_state_known", {"state": "lost"}),
    ("ck_import_published_has_event", {"published_event_id": None}),
    ("ck_import_published_has_event", {"state": "rolled_back", "published_event_id": None}),
    ("ck_place_merged_has_no_key", {"key": "#1"}),
    ("ck_place_merged_has_no_key", lambda p: {"merged_into_id": p.locality}),
    ("ck_certificate_revoked_after_issue", {"revoked_on": BEFORE}),
    ("ck_certificate_revoked_with_reason", {"revoked_on": None}),
    ("ck_service_area_kind_known", {"kind": "flies"}),
    ("ck_service_area_valid_not_empty", {"valid": NEVER}),
    ("ck_service_area_digest_length", {"digest": b"d"}),
    ("ck_service_area_geom_valid", {"geom": BOW_TIE}),
    ("ck_service_office_point_on_earth", {"point": "POINT(21 105.8)"}),
    ("ck_service_count_asked_positive", {"asked": 0}),
    ("ck_pending_operation_state_known", {"state": "x", "decided_at": NOON}),
    ("ck_pending_operation_decided", {"decided_at": NOON}),
    ("ck_pending_operation_done", {"state": "done", "decided_at": NOON}),
    ("ck_second_person_table_one_row", {"id": 2}),
    ("ck_field_round_hash_length", {"code_hash": b"g"}),
    ("ck_field_round_one_place", {"locality_id": None}),
    ("ck_field_round_one_place", {"street_id": 1}),
    ("ck_field_record_kind_known", {"kind": "seen"}),
    ("ck_field_record_state_known", {"state": "lost", "import_id": None}),
    ("ck_field_record_position_method_known", {"position_method": "survey"}),
    ("ck_field_record_done_by_import", {"import_id": None}),
    ("ck_field_record_says_where", {"point": None}),
    ("ck_field_record_says_where", {"code": None}),
    ("ck_field_record_accuracy_in_metres", {"position_accuracy_m": -1.0}),
    ("ck_field_record_point_on_earth", {"point": "POINT(580000 2330000)"}),
    ("ck_batch_state_known", {"state": "idle"}),
    ("ck_webhook_state_known", {"state": "idle"}),
    ("ck_webhook_secret_length", {"secret": b"w"}),
    ("ck_webhook_previous_ends", {"previous_until": NOON}),
    ("ck_webhook_delivery_kind_known", {"kind": "ping"}),
    ("ck_plate_mounted_after_issue", {"mounted_on": BEFORE}),
    ("ck_plate_mounted_after_issue", {"issued_on": None}),
    ("ck_plate_lost_last", {"lost_on": BEFORE}),
    ("ck_register_identity_one_row", {"id": 2}),
    ("ck_succession_link_kind_known", {"kind": "swap"}),
    ("ck_succession_link_two_codes", lambda p: {"new_code": p.code}),
    ("ck_place_class_known", {"class": "square"}),
    ("ck_place_street_has_no_parent", lambda p: {"class": "street", "parent_id": p.locality}),
    ("ck_coverage_day_target_quality_known", {"target_quality": "hoped"}),
    ("ck_coverage_day_target_counted_known", {"target_counted": "people"}),
    ("ck_coverage_state_one_row", {"id": 2}),
    ("ck_map_density_cells_counted", {"cells": [1, 2]}),
    ("ck_map_label_kind_known", {"kind": "house"}),
    ("ck_map_state_one_row", {"id": 2}),
    ("ck_unit_told_state_one_row", {"id": 2}),
    ("ck_map_unit_level_known", {"level": "district"}),
    ("ck_reform_state_known", {"state": "hoped"}),
    ("ck_reform_known_once_read", {"title": None}),
    ("ck_reform_work_task_known", {"task": "hope"}),
    ("ck_reform_carried_has_event", {"state": "carried"}),
    ("ck_target_counted_known", {"counted": "people"}),
    ("ck_target_quality_known", {"quality": "hoped"}),
    ("ck_target_households_not_negative", {"households": -1}),
]  # fmt: skip

# (constraint, the second row's difference from the first): refused beside the valid row.
TWICE: list[tuple[str, Row]] = [
    ("ex_admin_unit_one_per_code_and_day", {"lifetime": Range(DAY, None)}),
    ("ex_admin_unit_one_per_code_and_day", {"lifetime": ALWAYS}),
    ("ex_admin_unit_version_one_per_day", {"valid": Range(DAY, datetime.date(2026, 7, 2))}),
    ("ex_unit_identifier_one_per_day", {"value": "VN-SG"}),
    ("uq_feed_event_id", {}),
    ("uq_field_round_code_hash", {}),
    ("uq_import_work_actor_idempotency_key", {"import_id": -1}),
    ("uq_api_key_name", {"hash": b"l" * 32}),
    ("uq_api_key_hash", {"name": "Công ty khác"}),
    ("uq_api_key_previous_hash", {"name": "Công ty khác", "hash": b"l" * 32}),
    (
        "uq_api_key_subject",
        {"name": "Công ty khác", "hash": b"l" * 32, "previous_hash": b"m" * 32},
    ),
    ("uq_place_unit_id_class_former_unit_id_parent_id_own_key", {}),
    ("uq_service_area_operator_digest", {"service": "t"}),
    ("uq_service_office_operator_name", {"point": None}),
    ("uq_target_unit_id_locality_id_quality_source_reference_date", {"households": 1}),
]

# These rows are accepted beside the valid one: the rule is not too strict.
BESIDE: list[tuple[str, Row | Callable[[Parents], Row]]] = [
    ("admin_unit", {"lifetime": Range(None, BEFORE)}),
    ("admin_unit", {"level": "district"}),
    ("admin_unit_version", {"valid": Range(None, BEFORE)}),
    ("admin_unit_version", lambda p: {"unit_id": p.other_unit}),
    ("place", {"class": "street"}),
    ("place", lambda p: {"parent_id": p.locality}),
    ("place", lambda p: {"former_unit_id": p.other_unit}),
    ("target", lambda p: {"locality_id": p.locality}),
    ("household", {"house_number": None, "house_number_key": None}),
    ("household", {"point": None, "position_method": None, "position_accuracy_m": None}),
    ("household", {"point": "POINT(-180 90)", "position_accuracy_m": 0.0}),
    ("household", {"households_count": 12}),
    (
        "household",
        {
            "entrances": [
                ENTRANCE,
                ENTRANCE
                | {"kind": "locker", "accuracy_m": 0, "note": "a" * 140, "source": "carrier"}
                | {"seen_on": "2026-11-02"},
            ]
        },
    ),
    ("household", {"uses": [OFFICE, {"use": "dwelling"}], "households_count": 0}),
    ("household", BUILDING),
    *(
        (
            "household",
            {"status": status, "unit_id": None, "street_id": None, "locality_id": None},
        )
        for status in ("reserved", "retired")
    ),
    ("import", {"state": "staged", "published_event_id": None}),
    ("plate", {"mounted_on": None, "lost_on": DAY}),
    ("certificate", {"number": "GXN2", "revoked_on": None, "revoked_why": None}),
    ("field_report", {"kind": "new_house", "code": None, "point": "POINT(105.8 21)"}),
    ("field_report", ENTRANCE_SEEN | {"note": "a" * 140}),
    ("field_report", lambda p: {"state": "proposed", "decided_event_id": p.event}),
    (
        "api_key",
        {
            "name": "Khác",
            "hash": b"m" * 32,
            "rate_per_minute": 1,
            "previous_hash": None,
            "previous_until": None,
            "subject": None,
        },
    ),
]


def table_of(constraint: str) -> str:
    """The table whose name the constraint's begins with; the longest that fits."""
    rest = constraint.split("_", 1)[1]
    return max((table for table in VALID if rest.startswith(f"{table}_")), key=len)


def put(session: Session, table: str, row: Row) -> None:
    session.execute(insert(Base.metadata.tables[table]).values(row))


def changed(parents: Parents, table: str, change: Row | Callable[[Parents], Row]) -> Row:
    return VALID[table](parents) | (change if isinstance(change, dict) else change(parents))


@pytest.fixture
def savepoint(owner_session: Session) -> Iterator[Session]:
    """The module's session, rolled back to where the test began."""
    with owner_session.begin_nested() as nested:
        # The parents' units have an unbounded version, which would exclude the valid one.
        owner_session.execute(text("DELETE FROM admin_unit_version WHERE source = 'tests'"))
        yield owner_session
        nested.rollback()


@pytest.mark.parametrize("table", sorted(VALID))
def test_row_passes_when_nothing_is_wrong(savepoint: Session, parents: Parents, table: str) -> None:
    put(savepoint, table, VALID[table](parents))


@pytest.mark.parametrize(("constraint", "change"), WRONG)
def test_row_is_refused_when_one_value_is_wrong(
    savepoint: Session,
    parents: Parents,
    constraint: str,
    change: Row | Callable[[Parents], Row],
) -> None:
    table = table_of(constraint)
    row = changed(parents, table, change)
    with refused(savepoint, by=constraint):
        put(savepoint, table, row)


@pytest.mark.parametrize(("constraint", "change"), TWICE)
def test_row_is_refused_when_another_excludes_it(
    savepoint: Session, parents: Parents, constraint: str, change: Row
) -> None:
    table = table_of(constraint)
    put(savepoint, table, VALID[table](parents))
    with refused(savepoint, by=constraint):
        put(savepoint, table, VALID[table](parents) | change)


@pytest.mark.parametrize(("table", "change"), BESIDE)
def test_row_passes_beside_another_when_the_rule_allows(
    savepoint: Session,
    parents: Parents,
    table: str,
    change: Row | Callable[[Parents], Row],
) -> None:
    put(savepoint, table, VALID[table](parents))
    put(savepoint, table, changed(parents, table, change) | fresh_keys(table))


def fresh_keys(table: str) -> Row:
    return {"code": next_code()} if table == "household" else {}


def test_every_constraint_has_a_wrong_row(owner_session: Session) -> None:
    declared = owner_session.scalars(
        text(
            "SELECT conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
            " JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE r.rolname = 'diachiso_owner' AND k.contype IN ('c', 'x', 'u')"
            # The tables of the queue are its library's.
            " AND c.relnamespace <> 'jobs'::regnamespace"
            # Constraints that only serve as foreign key targets and cannot fail on their own.
            " AND k.conname <> 'uq_place_id_unit_id'"
        )
    ).all()
    assert {constraint for constraint, _ in [*WRONG, *TWICE]} == set(declared)


def test_problems_are_deleted_with_their_import(savepoint: Session, parents: Parents) -> None:
    problem = VALID["import_problem"](parents)
    put(savepoint, "import_problem", problem)
    with refused(savepoint, by="import_problem_references"):
        put(savepoint, "import_problem", problem | {"import_id": -1})
    savepoint.execute(text("UPDATE import_problem SET import_id = import_id"))
    savepoint.execute(text("DELETE FROM import WHERE id = :id"), {"id": parents.import_id})
    assert not savepoint.scalar(text("SELECT count(*) FROM import_problem"))
