"""The doctor: a healthy register is well, and each thing that is broken is found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import from_serial
from geo.permutation import N, Permutation
from geo.text import has_diacritics
from registry.core.database import make_engine
from registry.core.messages import Text, translate
from registry.core.settings import Settings
from registry.ops.doctor import PROBES, State, run_probes
from registry.ops.probes import cluster as cluster_probes
from registry.ops.probes.probe import Finding, Need, Subject, ok, probe
from registry.ops.probes.schema import TRIGGERS, read_indexes
from registry.units.boundaries import load_boundaries
from registry.units.boundaries.cells import draw_cells
from tests.support.doctor import examined, found
from tests.support.factories import make_household
from tests.support.thorough import gate_takes_one_of

# The test cluster trades safety for speed; and no real polygons are loaded.
NOT_WELL_IN_TESTS = {
    "durable": State.FAILURE,
    "boundaries_are_real": State.WARNING,
    "background_jobs": State.WARNING,  # no worker runs
}


def execute(url: str, *statements: str) -> None:
    """As the superuser."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    """A healthy register."""
    made = fresh_database()
    app = make_engine(made, pool_size=1)
    with app.begin() as connection:
        draw_cells(connection)
    app.dispose()
    return made


@pytest.fixture
def app(url: str) -> Iterator[Engine]:
    made = make_engine(url, pool_size=1)
    yield made
    made.dispose()


def test_healthy_register_passes(url):
    results = examined(url)
    assert len(results) == len(PROBES)
    states = {name: each.state for name, each in results.items() if each.state != State.OK}
    assert states == NOT_WELL_IN_TESTS, results
    assert all(each.hint is None for each in results.values() if each.state == State.OK)


def test_every_probe_has_a_message_a_hint_and_a_unique_name():
    assert len({each.name for each in PROBES}) == len(PROBES)
    for each in PROBES:
        assert each.line, each.name
        assert has_diacritics(translate(each.line, "vi")), each.name
        assert not each.line.endswith("."), each.name
        assert has_diacritics(each.hint.words("vi")), each.name


def test_all_triggers_are_checked(url):
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
    assert set(rows) == {(table, name) for table, names in TRIGGERS.items() for name in names}


def test_all_indexes_are_checked(url):
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT c.relname, x.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            " JOIN pg_class x ON x.oid = i.indexrelid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'spatial_ref_sys'"
        ).fetchall()
    assert set(rows) == read_indexes()


BA_DINH = "code = '00004' AND level = 'commune' AND lifetime @> current_date"
OF_BA_DINH = f"unit_id = (SELECT id FROM admin_unit WHERE {BA_DINH})"

BREAKS = [
    ("extensions", "DROP EXTENSION pg_trgm CASCADE", "missing: pg_trgm"),
    ("application_role_is_bound", "ALTER TABLE target OWNER TO diachiso_app", "owns target"),
    ("revision", "UPDATE alembic_version SET version_num = '0000'", "at 0000"),
    ("revision", "DELETE FROM alembic_version", "at none"),
    ("indexes", "DROP INDEX ix_household_unit", "missing: ix_household_unit"),
    (
        "indexes",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_household_point'::regclass",
        "invalid: ix_household_point",
    ),
    (
        "indexes",
        "ALTER TABLE admin_unit DROP CONSTRAINT ex_admin_unit_one_per_code_and_day",
        "missing: ex_admin_unit_one_per_code_and_day",
    ),
    (
        "triggers",
        "ALTER TABLE event DISABLE TRIGGER event_append_only",
        "disabled: event_append_only",
    ),
    (
        "triggers",
        "ALTER TABLE household ENABLE REPLICA TRIGGER household_2_keep_update",
        "disabled: household_2_keep_update",
    ),
    ("triggers", "DROP TRIGGER feed_append_only ON feed", "missing: feed_append_only"),
    ("privileges", "GRANT DELETE ON event TO diachiso_app", "too many privileges: DELETE on event"),
    ("privileges", "GRANT UPDATE ON feed TO PUBLIC", "too many privileges: UPDATE on feed"),
    ("privileges", "GRANT INSERT (event_id) ON household TO diachiso_app", "household.event_id"),
    ("privileges", "REVOKE SELECT ON target FROM diachiso_app", "missing: SELECT on target"),
    ("privileges", "REVOKE ALL ON SEQUENCE code_ordinal FROM diachiso_app", "on code_ordinal"),
    ("privileges", "GRANT CREATE ON SCHEMA public TO diachiso_app", "CREATE on schema public"),
    (
        "privileges",
        "GRANT EXECUTE ON FUNCTION register_restored() TO PUBLIC",
        "too many privileges: EXECUTE on register_restored()",
    ),
    (
        "row_security",
        "ALTER TABLE household DISABLE ROW LEVEL SECURITY",
        "not secured: household",
    ),
    (
        "row_security",
        "ALTER TABLE household NO FORCE ROW LEVEL SECURITY",
        "not secured: household",
    ),
    (
        "privileges",
        "GRANT USAGE ON SEQUENCE code_ordinal TO diachiso_app",
        "too many privileges: USAGE on code_ordinal",
    ),
    ("row_security", "DROP POLICY plate_update ON plate", "not secured: plate"),
    (
        "code_key",
        "ALTER TABLE code_key DISABLE TRIGGER USER; DELETE FROM code_key",
        "table code_key is empty",
    ),
    (
        "code_key",
        "ALTER TABLE code_key DISABLE TRIGGER USER;"
        " UPDATE code_key SET key = decode(repeat('00', 32), 'hex')",
        "only zeros",
    ),
    ("seeds", "UPDATE gazetteer_state SET seed_sha256 = 'other'", "loaded: other"),
    (
        "units_before_the_reform",
        "UPDATE admin_unit SET lifetime = daterange(NULL, '2025-01-01')"
        " WHERE code = '00001' AND level = 'commune'",
        "10,034 communes",
    ),
    (
        "units_today",
        f"UPDATE admin_unit SET lifetime = daterange(lower(lifetime), current_date - 1)"
        f" WHERE {BA_DINH}",
        "3,320 communes",
    ),
    (
        "successions",
        "DELETE FROM admin_unit_succession WHERE predecessor_id ="
        " (SELECT id FROM admin_unit WHERE code = '00001' AND level = 'commune')",
        "1 unit has none: 00001",
    ),
    (
        "feed",
        "WITH late AS (INSERT INTO event (kind, actor, occurred_at)"
        " VALUES ('test', 'tests', now() - interval '1 hour') RETURNING id)"
        " INSERT INTO event_pending (event_id) SELECT id FROM late",
        "1 waiting, the oldest for 60 minutes",
    ),
    (
        "communes_have_a_polygon",
        f"DELETE FROM boundary WHERE {OF_BA_DINH}",
        "1 unit has no boundary: 00004",
    ),
    (
        "polygons_are_valid",
        "ALTER TABLE boundary DROP CONSTRAINT ck_boundary_geom_valid;"
        " UPDATE boundary SET geom = 'SRID=4326;MULTIPOLYGON(((0 0, 1 1, 1 0, 0 1, 0 0)))'"
        f" WHERE {OF_BA_DINH}",
        "1 unit is invalid: 00004",
    ),
    (
        "real_polygons_have_parts",
        f"UPDATE boundary SET approximate = false WHERE {OF_BA_DINH}",
        "1 real boundaries have not been cut",
    ),
    (
        "real_polygons_have_parts",
        f"INSERT INTO boundary_part (unit_id, geom)"
        f" SELECT unit_id, geom FROM boundary WHERE {OF_BA_DINH}",
        "1 cells have been",
    ),
]


@pytest.mark.parametrize(
    ("name", "statement", "expected"),
    gate_takes_one_of(2, BREAKS),
    ids=lambda value: str(value)[:40],
)
def test_broken_register_is_reported(url, name, statement, expected):
    execute(url, statement)
    result = found(url, name)
    assert result.state == State.FAILURE, result
    assert expected in result.english
    assert result.hint


def test_codes_ahead_of_the_sequence_are_reported(url, app):
    with Session(app) as session, session.begin():
        key = session.execute(text("SELECT key FROM code_key")).scalar_one()
        make_household(session, code=from_serial(Permutation(key).code_serial(5)))
        make_household(session, code=from_serial(19**6 - 1))  # demo data has no ordinal
    result = found(url, "code_ordinals")
    assert result.state == State.FAILURE
    assert "1 of the 2 newest codes are ahead of the sequence, which is at 0" in result.english
    execute(url, "SELECT setval('code_ordinal', 5)")
    assert found(url, "code_ordinals").state == State.OK


def test_exhausted_codes_are_reported(url):
    execute(url, f"SELECT setval('code_ordinal', {N - 1000})")
    result = found(url, "code_ordinals")
    assert (result.state, result.english) == (State.WARNING, f"999 of {N:,} left")


def test_seats_outside_their_polygon_are_reported(url, app, tmp_path):
    ring = [[104.9, 8.3], [104.95, 8.3], [104.95, 8.35], [104.9, 8.3]]
    source = tmp_path / "shifted.geojson"
    source.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        f'{{"code": "00004"}}, "geometry": {{"type": "Polygon", "coordinates": [{ring}]}}}}]}}'
    )
    load_boundaries(app, str(source), actor="tests")
    result = found(url, "seats_are_inside")
    assert (result.state, result.english) == (State.WARNING, "0 of 1")


def test_unsafe_server_settings_are_reported(url):
    """The test cluster has them, for speed."""
    detail = found(url, "durable").english
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} is off" in detail


def test_login_that_cannot_assume_the_roles_is_reported(url, admin_url, worker_id):
    login = f"e_stranger_{worker_id}"
    execute(admin_url, f"CREATE ROLE {login} LOGIN")
    try:
        results = examined(url.replace("//postgres@", f"//{login}@"))
    finally:
        execute(admin_url, f"DROP ROLE {login}")
    assert results["roles"].state == State.FAILURE
    assert "the account is not a member of diachiso_app" in results["roles"].english
    assert results["code_key"].state == State.FAILURE
    assert results["code_key"].english == 'permission denied to set role "diachiso_app"'


def test_other_encoding_and_empty_database_are_reported(admin_url, worker_id):
    name = f"e_latin_{worker_id}"
    execute(admin_url, f"CREATE DATABASE {name} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
    try:
        results = examined(admin_url.replace("/postgres?", f"/{name}?"))
    finally:
        execute(admin_url, f"DROP DATABASE {name} WITH (FORCE)")
    assert results["encoding"].state == State.FAILURE
    assert results["encoding"].english == "it is LATIN1"
    assert results["extensions"].english.startswith("missing: postgis")
    assert results["revision"].english.startswith("at none")
    assert results["seeds"].state == State.SKIPPED


def test_stopped_database_fails_one_check():
    results = examined("postgresql://postgres@127.0.0.1:1/x")
    assert results["server_answers"].state == State.FAILURE
    assert "onnection refused" in results["server_answers"].english
    assert "\n" not in results["server_answers"].english
    rest = {each.state for name, each in results.items() if name != "server_answers"}
    assert rest == {State.OK, State.SKIPPED}


def test_invalid_database_url_is_not_repeated():
    result = examined("mysecret")["server_answers"]
    assert (result.state, result.english) == (State.FAILURE, "DATABASE_URL is not a database URL")


def test_database_stopped_meanwhile_fails_one_check_and_skips_the_rest(url):
    @probe(hint=Text("-"), need=Need.NOTHING)
    def begin(subject: Subject) -> Finding:
        """Connect."""
        subject.connect()
        return ok()

    @probe(hint=Text("-"), need=Need.DATABASE)
    def end(subject: Subject) -> Finding:
        """Lose the connection."""
        pid = subject.connection.scalar(text("SELECT pg_backend_pid()"))
        execute(url, f"SELECT pg_terminate_backend({pid}, 5000)")
        subject.connection.scalar(text("SELECT 1"))
        return ok()

    @probe(hint=Text("-"), need=Need.DATABASE)
    def after(subject: Subject) -> Finding:
        """Never reached."""
        raise AssertionError

    results = run_probes(Settings(database_url=url), (begin, end, after))
    assert [each.state for each in results] == [State.OK, State.FAILURE, State.SKIPPED]
    assert "terminating connection" in results[1].english


def test_missing_private_cluster_is_reported(tmp_path: Path):
    results = {each.name: each for each in run_probes(Settings(var=tmp_path))}
    assert results["private_cluster"].state == State.FAILURE
    assert "has not been created yet" in results["private_cluster"].english
    assert results["server_answers"].state == State.FAILURE
    assert results["disk_space"].state in (State.OK, State.WARNING)


def test_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_probes, "_FULL_BYTES", 1 << 80)
    results = {each.name: each for each in run_probes(Settings(var=tmp_path))}
    assert results["disk_space"].state == State.FAILURE
    assert "GiB free" in results["disk_space"].english
