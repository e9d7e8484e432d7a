"""The audit log: writes and bulk reads, including refused ones, without personal data."""

import datetime
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from api.core.endpoint import facts_of
from registry.access.audit import Wanted, forget, network_of, read
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.settings import Settings
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"audit_{worker_id}") as made:
        yield made


def last(office: Office) -> dict[str, Any]:
    return office.audited()[-1]


def test_write_is_logged_with_actor_endpoint_unit_and_count(office: Office) -> None:
    key, code = office.key("UBND"), office.place.house("1")
    done = office.post("renumber", key, code=code, house_number="1A").get_json()
    entry = last(office)
    assert entry.pop("at") is not None
    assert entry.pop("id") > 0
    ((key_id,),) = office.place.rows("SELECT id FROM api_key WHERE name = 'UBND'")
    assert entry == {
        "actor": "UBND",
        "key_id": key_id,
        "client": None,
        "role": "editor",
        "endpoint": "POST /v1/operations/renumber",
        "units": [COMMUNE],
        "count": 1,
        "event_id": done["event_id"],
        "status": 200,
        "outcome": "ok",
        "operation": "renumber",
        "codes": [code],
    }


@pytest.mark.parametrize(
    ("operation", "fields", "outcome"),
    [
        ("verify", {"code": "1000-0006"}, "not_found"),
        ("verify", {}, "invalid_input"),
        ("merge", {"codes": ["1000-0006"], "into": "1000-0014", "reason": "t"}, "forbidden"),
    ],
)
def test_failed_write_is_logged_with_the_reason(
    office: Office, operation: str, fields: dict[str, Any], outcome: str
) -> None:
    key = office.key(f"sai {outcome}")
    response = office.post(operation, key, **fields)
    entry = last(office)
    assert (entry["actor"], entry["outcome"]) == (f"sai {outcome}", outcome)
    assert (entry["status"], entry["count"]) == (response.status_code, None)


def test_caller_without_a_key_is_logged_under_a_daily_pseudonym(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused_at(address: str) -> str:
        office.client.post(
            "/v1/operations/verify", json={}, environ_overrides={"REMOTE_ADDR": address}
        )
        entry = last(office)
        assert (entry["actor"], entry["role"]) == ("anonymous", "anonymous")
        assert (entry["status"], entry["outcome"]) == (401, "key_required")
        name: str = entry["client"]
        return name

    one = refused_at("203.0.113.7")
    assert len(one) == 16
    assert refused_at("203.0.113.7") == one
    assert refused_at("203.0.113.8") != one
    monkeypatch.setattr("registry.access.audit.today", lambda: datetime.date(2099, 1, 1))
    assert refused_at("203.0.113.7") != one
    kept = office.place.rows("SELECT a::text FROM audit_entry a WHERE a::text LIKE '%203.0.113%'")
    assert kept == []


def test_refused_key_is_logged(office: Office) -> None:
    office.client.post("/v1/operations/verify", json={}, headers=bearer("dcs_half"))
    assert (last(office)["actor"], last(office)["outcome"]) == ("anonymous", "key_truncated")


def test_bulk_read_is_logged_without_the_query(office: Office) -> None:
    code = office.place.house("3")
    office.client.post(
        "/v1/batch/geocode",
        data="address\n27 Phố Bí Mật\n29 Phố Bí Mật\n",
        content_type="text/csv",
    )
    entry = last(office)
    assert (entry["endpoint"], entry["count"]) == ("POST /v1/batch/<operation>", 2)
    assert (entry["status"], entry["outcome"]) == (200, "ok")
    office.get(f"/v1/addresses/{code}/history", office.key("EMS", "carrier"))
    entry = last(office)
    assert entry["endpoint"] == "GET /v1/addresses/<address_code>/history"
    assert (entry["actor"], entry["count"]) == ("EMS", 2)
    everything = str(office.audited())
    assert "Bí Mật" not in everything
    assert code not in everything


@pytest.mark.parametrize("by_page", [False, True])
def test_report_without_a_key_is_logged(office: Office, *, by_page: bool) -> None:
    number = str(901 + by_page)
    code = office.place.house(number)
    given = {"kind": "confirmed", "code": code}
    if by_page:
        office.client.post(f"/a/{code}/report", data=given)
    else:
        office.client.post("/v1/reports", json=given)
    entry = last(office)
    endpoint = "POST /a/<address_code>/report" if by_page else "POST /v1/reports"
    assert (entry["endpoint"], entry["actor"], entry["outcome"]) == (endpoint, "anonymous", "ok")
    assert entry["client"]
    assert (entry["units"], entry["count"]) == ([COMMUNE], 1)
    assert code not in str(entry)


def test_single_read_is_not_logged(office: Office) -> None:
    before = len(office.audited())
    for path in ("/v1/units?q=hue", "/healthz", "/v1/whoami", "/v1/addresses/1000-0006", "/none"):
        office.get(path, office.key(f"đọc {path}", "carrier"))
    office.client.options("/v1/operations/verify")
    made = [entry for entry in office.audited()[before:] if entry["actor"] != "operator"]
    assert made == []


def test_every_endpoint_that_needs_a_key_is_audited(office: Office) -> None:
    """Each is refused without one, and each refusal is logged."""
    for rule in office.app.url_map.iter_rules():
        if facts_of(office.app, rule.endpoint).role == "anonymous":
            continue
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<{argument}>", "1").replace(f"<int:{argument}>", "1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert office.client.open(path, method=method).status_code in (303, 401), rule.rule
            assert last(office)["endpoint"] == f"{method} {rule.rule}"


def test_flood_is_logged_once_a_minute(admin_url: str, worker_id: str) -> None:
    with open_office(admin_url, f"flood_{worker_id}", Settings(rate_per_address=2)) as made:
        clock = SimpleNamespace(time=lambda: 1_800_000_000.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("api.core.counters.time", clock)
            statuses = [code_of(made.post("verify")) for _ in range(6)]
        assert statuses == [(401, "key_required")] * 2 + [(429, "too_many_requests")] * 4
        kept = [entry["status"] for entry in made.audited()]
        assert kept == [401, 401, 429]


def test_write_succeeds_when_the_audit_log_cannot_be_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, code = office.key("không ghi sổ"), office.place.house("5")

    def broken(*_: object) -> None:
        raise DBAPIError("", {}, Exception())

    monkeypatch.setattr("api.core.audit.record_soon", broken)
    assert office.post("verify", key, code=code).status_code == 200


# --- the table -----------------------------------------------------------------------------------


def test_entries_are_filtered_by_actor_unit_and_outcome(office: Office) -> None:
    code = office.place.house("7")
    office.post("verify", office.key("đọc sổ"), code=code)
    office.post("verify", office.key("xã khác", units=("26743",)), code=code)
    with session_scope(office.place.engine) as session:
        known = load_gazetteer(session)
        by_actor = list(read(session, known, Wanted(actor="đọc sổ"), 10))
        assert [(e.actor, e.outcome) for e in by_actor] == [("đọc sổ", "ok")]
        refused = list(
            read(session, known, Wanted(actor="xã khác", unit=COMMUNE, refused=True), 10)
        )
        assert [e.outcome for e in refused] == ["outside_units"]
        newest = list(read(session, known, Wanted(), 2))
        assert [e.actor for e in newest] == ["xã khác", "operator"]
        assert newest[0].id > newest[1].id
        assert list(read(session, known, Wanted(since=newest[0].at), 10))[-1].id == newest[0].id


@pytest.fixture
def roles(office: Office) -> Iterator[list[Engine]]:
    made = [office.place.engine, make_engine(office.place.url, role=OWNER_ROLE, pool_size=1)]
    yield made
    made[1].dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)",
    ],
)
def test_entries_are_immutable(office: Office, roles: list[Engine], statement: str) -> None:
    office.post("verify")
    before = len(office.audited())
    for engine in roles:
        with pytest.raises(DBAPIError) as caught, session_scope(engine) as session:
            session.execute(text(statement))
        assert caught.value.orig.sqlstate == "42501"  # type: ignore[union-attr]
    assert len(office.audited()) == before


def test_only_old_entries_are_deleted(office: Office) -> None:
    office.by_owner(
        "INSERT INTO audit_entry (at, actor, role, endpoint, status, outcome) SELECT"
        " now() - make_interval(days => d), 'cũ', 'editor', 'x', 200, 'ok'"
        " FROM unnest(ARRAY[29, 40, 800]) d"
    )

    def left() -> int:
        return len([entry for entry in office.audited() if entry["actor"] == "cũ"])

    with session_scope(office.place.engine) as session:
        assert forget(session, 730) == 1
        assert forget(session, 1) == 1
    assert left() == 1


@pytest.mark.parametrize("written", ["unix:", "", "unknown", "1.2.3", "[::1", "::1]:5"])
def test_callers_without_a_network_address_count_as_one(written: str) -> None:
    assert network_of(written) == ""
