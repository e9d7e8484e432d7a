"""API keys over HTTP: accepted keys, their roles, and the units they may write in."""

import datetime
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from registry.access.key_check import KeyCheck
from registry.access.keys import KeyMade, make_secret
from registry.core.actors import Actor, acting_as
from registry.core.errors import ForbiddenError
from registry.core.settings import ROOT, Settings
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.lifecycle.table import OPERATIONS
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG

YESTERDAY = "UPDATE api_key SET expires_at = now() - interval '1 day' WHERE name = :name"
NEXT_DOOR = "00070"
"""Phường Hoàn Kiếm, in the same province."""


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"keys_{worker_id}") as made:
        yield made


@pytest.fixture(autouse=True)
def _forgetful(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test sees the keys as they are now, not as five seconds ago."""
    monkeypatch.setattr("registry.access.key_check.CACHED_S", 0.0)


def test_key_is_accepted_in_either_header(office: Office) -> None:
    key = office.key("hai cách")
    for headers in (
        bearer(key),
        {"Authorization": f"bearer  {key.secret} "},
        {"X-Api-Key": key.secret},
        {"X-Api-Key": key.secret, **bearer(key)},
    ):
        found = office.client.get("/v1/whoami", headers=headers).get_json()
        assert (found["name"], found["role"]) == ("hai cách", "editor")


def test_missing_key_is_asked_for(office: Office) -> None:
    code = office.place.house("1")
    response = office.post("verify", code=code)
    assert code_of(response) == (401, "key_required")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_truncated_key_is_distinguished_from_an_unknown_one(office: Office) -> None:
    key = office.key("bị cắt").secret
    wrong = "0" if key[9] != "0" else "1"
    for broken in (key[:-1], key[1:], key[:9] + wrong + key[10:], key + "x", "x", key.upper()):
        assert code_of(office.get("/v1/whoami", broken)) == (401, "key_truncated"), broken
    assert code_of(office.get("/v1/whoami", make_secret())) == (401, "key_unknown")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
        {"X-Api-Key": ""},
        {"X-Api-Key": "é\udc80".encode("utf-8", "surrogateescape").decode("latin-1")},
        {"Authorization": f"Bearer {make_secret()}", "X-Api-Key": make_secret()},
    ],
)
def test_incomplete_key_is_refused(office: Office, headers: dict[str, str]) -> None:
    response = office.client.get("/v1/whoami", headers=headers)
    assert code_of(response) == (401, "key_truncated")


def test_invalid_key_is_refused_even_on_public_endpoints(office: Office) -> None:
    assert office.get("/v1/units?q=hue").status_code == 200
    assert code_of(office.get("/v1/units?q=hue", make_secret())) == (401, "key_unknown")
    assert office.get("/healthz", make_secret()).status_code == 200


def test_expired_key_is_refused(office: Office) -> None:
    key = office.key("hết hạn")
    assert office.get("/v1/whoami", key).status_code == 200
    office.by_owner(YESTERDAY, name="hết hạn")
    assert code_of(office.get("/v1/whoami", key)) == (401, "key_expired")


def test_key_is_valid_until_the_end_of_its_last_day(office: Office) -> None:
    day = datetime.date(2099, 12, 31)
    found = office.get("/v1/whoami", office.key("đến cuối ngày", expires_on=day)).get_json()
    assert found["expires_at"] == "2100-01-01T00:00:00+07:00"


def test_revoking_a_key_also_revokes_the_one_it_replaced(office: Office) -> None:
    old = office.key("thu hồi")
    new = office.rotate("thu hồi")
    office.revoke("thu hồi")
    for key in (old, new):
        assert code_of(office.get("/v1/whoami", key)) == (401, "key_revoked")


def test_rotated_key_stays_valid_during_the_overlap(office: Office) -> None:
    first = office.key("thay")
    second = office.rotate("thay", overlap_h=1)
    for key in (first, second):
        assert office.get("/v1/whoami", key).get_json()["name"] == "thay"
    ends = datetime.datetime.fromisoformat(office.get("/v1/whoami", first).get_json()["expires_at"])
    assert ends == second.previous_until
    office.by_owner("UPDATE api_key SET previous_until = now() WHERE name = 'thay'")
    assert code_of(office.get("/v1/whoami", first)) == (401, "key_expired")
    third = office.rotate("thay", overlap_h=0)
    assert code_of(office.get("/v1/whoami", second)) == (401, "key_expired")
    assert code_of(office.get("/v1/whoami", first)) == (401, "key_unknown")
    assert office.get("/v1/whoami", third).status_code == 200


def test_revocation_takes_effect_when_the_cache_expires(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.access.key_check.CACHED_S", 5.0)
    now = 1_000_000.0
    clock = SimpleNamespace(time=time.time, monotonic=lambda: now)
    monkeypatch.setattr("registry.access.key_check.time", clock)
    key = office.key("năm giây")
    assert office.get("/v1/whoami", key).status_code == 200
    office.revoke("năm giây")
    now += 4.9
    assert office.get("/v1/whoami", key).status_code == 200
    now += 0.1
    assert office.get("/v1/whoami", key).status_code == 401


def test_last_use_is_written_once_a_minute(office: Office) -> None:
    key = office.key("lần cuối")
    used = "SELECT last_used_at FROM api_key WHERE name = 'lần cuối'"
    assert office.place.rows(used) == [(None,)]
    office.get("/v1/whoami", key)
    ((first,),) = office.place.rows(used)
    assert first is not None
    office.get("/v1/whoami", key)
    assert office.place.rows(used) == [(first,)]
    office.by_owner("UPDATE api_key SET last_used_at = last_used_at - interval '1 minute'")
    office.get("/v1/whoami", key)
    ((later,),) = office.place.rows(used)
    assert later > first


def test_only_the_hash_of_a_key_is_stored(office: Office) -> None:
    secret = office.key("chỉ băm").secret
    office.rotate("chỉ băm")
    tables = office.place.rows(
        "SELECT quote_literal(query_to_xml('SELECT * FROM ' || relname, true, true, '')::text)"
        " FROM pg_class WHERE relname IN ('api_key', 'audit_entry', 'event')"
    )
    assert not any(secret[4:30] in text for (text,) in tables)


def test_unknown_keys_do_not_fill_the_cache(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.access.key_check._MOST", 3)
    for _ in range(10):
        office.get("/v1/whoami", make_secret())
    keys: KeyCheck = office.app.extensions["diachiso"].keys
    assert len(keys._known) <= 3


# --- roles and units -----------------------------------------------------------------------------


def test_event_actor_is_the_name_of_the_key(office: Office) -> None:
    code = office.place.house("3")
    event = office.post("verify", office.key("UBND phường Láng"), code=code).get_json()["event_id"]
    rows = office.place.rows("SELECT actor FROM event WHERE id = :id", id=event)
    assert rows == [("UBND phường Láng",)]


def test_insufficient_role_is_refused(office: Office) -> None:
    code = office.place.house("5")
    for role in ("anonymous", "carrier", "merchant"):
        response = office.post("verify", office.key(f"quyền {role}", role), code=code)
        assert code_of(response) == (403, "forbidden")


def test_activating_and_retiring_codes_needs_an_approver(office: Office) -> None:
    decided = {"reserved", "active", "retired"}
    roles = {o.role for o in OPERATIONS if {o.to_state, o.makes} & decided}
    assert roles == {"approver"}
    code = office.place.house("6")
    fields = {"code": code, "reason": "t"}
    assert code_of(office.post("retire", office.key("nhập, bỏ"), **fields)) == (403, "forbidden")
    assert office.post("retire", office.key("duyệt, bỏ", "approver"), **fields).status_code == 202


def test_merging_and_importing_need_an_approver(office: Office) -> None:
    roles = {operation.name: operation.role for operation in OPERATIONS}
    assert {roles[name] for name in roles if name.startswith("merge")} == {"approver"}
    one, other = office.place.house("7"), office.place.house("9")
    fields = {"codes": [one], "into": other, "reason": "t"}
    assert code_of(office.post("merge", office.key("nhập"), **fields)) == (403, "forbidden")
    assert office.post("merge", office.key("duyệt", "approver"), **fields).status_code == 202
    editor = Actor("nhập", "editor", frozenset())
    with acting_as(editor), pytest.raises(ForbiddenError):
        import_file(office.place.engine, ROOT / "README.md", ImportOptions("t"), lambda *_a: None)


@pytest.fixture(scope="module")
def clerk(office: Office) -> KeyMade:
    return office.key("xã bên", "approver", units=(NEXT_DOOR,))


def test_write_in_another_commune_is_refused_and_audited(office: Office, clerk: KeyMade) -> None:
    code = office.place.house("11")
    other = {"commune": COMMUNE, "street": "Phố Láng", "house_number": "999"}
    tries = {
        "verify": {"code": code},
        "move": {"code": code, **LANG},
        "entrances": {"code": code, "entrances": [{"kind": "main", **LANG}]},
        "renumber": {"code": code, "house_number": "11B"},
        "retire": {"code": code, "reason": "t"},
        "split": {"code": code, "parts": [{"house_number": "1"}, {}], "reason": "t"},
        "replace": {"code": code, "reason": "t"},
        "correct": {"code": code, "delivery_hint": "x"},
        "propose": other,
        "name-street": {"commune": COMMUNE, "street": "Phố Lạ"},
        "name-locality": {"commune": COMMUNE, "locality": "Tổ 77"},
    }
    before = office.place.row(code)
    for operation, fields in tries.items():
        response = office.post(operation, clerk, **fields)
        assert code_of(response) == (403, "outside_units"), operation
        assert response.get_json(force=True)["units"] == [COMMUNE]
        entry = office.audited()[-1]
        assert (entry["actor"], entry["status"], entry["outcome"]) == (
            "xã bên",
            403,
            "outside_units",
        )
        assert entry["endpoint"] == f"POST /v1/operations/{operation}"
        assert (entry["units"], entry["count"], entry["event_id"]) == ([COMMUNE], None, None)
    assert office.place.row(code) == before


def test_record_cannot_be_moved_out_of_the_units_of_a_key(office: Office) -> None:
    code, key = office.place.house("13"), office.key("giữ lại")
    response = office.post("correct", key, code=code, commune=NEXT_DOOR, street=None)
    assert code_of(response) == (403, "outside_units")
    assert office.post("verify", key, code=code).status_code == 200


def test_key_of_a_province_writes_in_each_of_its_communes(office: Office) -> None:
    code = office.place.house("15")
    assert office.post("verify", office.key("Hà Nội", units=("01",)), code=code).status_code == 200
    south = office.key("TP. Hồ Chí Minh", units=("79",))
    assert code_of(office.post("verify", south, code=code)) == (403, "outside_units")
    several = office.key("vài nơi", units=(ELSEWHERE, COMMUNE))
    assert office.post("verify", several, code=code).status_code == 200


def test_admin_key_is_unrestricted_by_default(office: Office) -> None:
    code = office.place.house("17")
    assert office.post("verify", office.key("quản trị", "admin"), code=code).status_code == 200


def test_key_whose_units_have_ended_cannot_write(office: Office) -> None:
    key, code = office.key("không còn đơn vị"), office.place.house("19")
    office.by_owner(
        "DELETE FROM api_key_unit WHERE key_id = (SELECT id FROM api_key WHERE name = :n)",
        n="không còn đơn vị",
    )
    assert code_of(office.post("verify", key, code=code)) == (403, "outside_units")


def test_key_of_a_former_unit_is_given_its_successors(office: Office) -> None:
    key, code = office.key("xã cũ"), office.place.house("77")
    office.by_owner(
        "UPDATE api_key_unit SET unit_id = (SELECT id FROM admin_unit WHERE code = '27457'"
        " AND upper(lifetime) <= current_date)"
        " WHERE key_id = (SELECT id FROM api_key WHERE name = :n)",
        n="xã cũ",
    )
    ended = {
        "code": "27457",
        "name": "Phường Tân Tạo A",
        "last_day": "2025-06-30",
        "successors": [
            {"code": "27457", "name": "Phường Tân Tạo"},
            {"code": "27595", "name": "Xã Tân Nhựt"},
        ],
    }
    me = office.get("/v1/whoami", key).get_json()
    assert (me["units"], me["ended"]) == ([], [ended])
    refused = office.post("verify", key, code=code)
    assert code_of(refused) == (403, "outside_units")
    assert refused.get_json()["ended"] == [ended]
    assert (
        "khoá gắn với đơn vị không còn: Phường Tân Tạo A (27457) hết ngày 30/06/2025, nay là Phường"
        " Tân Tạo (27457), Xã Tân Nhựt (27595)"
    ) in refused.get_json()["detail"]
    other = office.post("verify", office.key("xã kia", units=(NEXT_DOOR,)), code=code)
    assert (code_of(other), "ended" in other.get_json()) == ((403, "outside_units"), False)


def test_restricted_key_cannot_reserve_codes_without_a_commune(office: Office) -> None:
    key = office.key("dự trữ", "approver")
    assert code_of(office.post("reserve", key, count=1)) == (403, "outside_units")
    made = office.post("reserve", key, count=1, commune=COMMUNE)
    assert made.status_code == 200
    # One that the country reserved may be bound in the key's own commune, and only bound.
    (code,) = office.place.reserve()
    assert code_of(office.post("retire", key, code=code, reason="t")) == (403, "outside_units")
    fields = {"commune": COMMUNE, "street": "Phố Láng", "house_number": "21"}
    assert office.post("propose", key, code=code, **fields).status_code == 200


def test_point_in_another_commune_is_refused_by_the_real_boundary(office: Office) -> None:
    box = "ST_Expand(ST_SetSRID(ST_MakePoint(105.806, 21.0211), 4326), 0.01)"
    unit = f"(SELECT id FROM admin_unit WHERE code = '{COMMUNE}' AND lifetime @> current_date)"
    for table in ("boundary_part", "boundary"):
        office.by_owner(f"DELETE FROM {table} WHERE unit_id = {unit}")
    office.by_owner(
        "INSERT INTO boundary (unit_id, geom, source, approximate)"
        f" VALUES ({unit}, ST_Multi({box}), 'tests', false)"
    )
    office.by_owner(f"INSERT INTO boundary_part (unit_id, geom) VALUES ({unit}, {box})")
    code, key = office.place.house("23"), office.key("theo ranh giới", "approver")
    assert office.post("move", key, code=code, **LANG).status_code == 200
    beside = {"lon": LANG["lon"] + 0.05, "lat": LANG["lat"]}
    fields = {"commune": COMMUNE, "street": "Phố Láng", "house_number": "25"}
    for response in (
        office.post("move", key, code=code, **beside),
        office.post("propose", key, **fields, **beside),
        office.post("split", key, code=code, parts=[{}, beside], reason="t"),
    ):
        assert code_of(response) == (403, "outside_units")
        assert office.audited()[-1]["outcome"] == "outside_units"
    # A caller who may write there too has the wrong point or the wrong commune.
    response = office.post("move", office.key("mọi nơi", "admin"), code=code, **beside)
    assert response.get_json(force=True)["errors"][0]["code"] == "outside_commune"


# --- switched off --------------------------------------------------------------------------------


def test_anonymous_reads_can_be_disabled(admin_url: str, worker_id: str) -> None:
    closed = Settings(limits=False, anonymous_reads=False)
    with open_office(admin_url, f"closed_{worker_id}", closed) as shut:
        for path in ("/v1/units?q=hue", "/v1/addresses/1000-0006", "/v1/whoami"):
            assert code_of(shut.get(path)) == (401, "key_required"), path
        for path in ("/healthz", "/readyz", "/openapi.json"):
            assert shut.get(path).status_code == 200, path
        key = shut.key("ai cũng được", "anonymous")
        assert shut.get("/v1/units?q=hue", key).status_code == 200
        assert shut.get("/v1/whoami", key).get_json()["role"] == "anonymous"
