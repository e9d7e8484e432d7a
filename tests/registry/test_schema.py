"""The schema as a whole: migrations, comments, privileges, and append-only tables."""

import re
from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.orm import Session

from registry.core.locks import Lock
from registry.core.tables.records import HOUSEHOLD, state
from registry.database import OWNER_ROLE, make_engine
from registry.prepare import alembic_config, make_roles_and_extensions
from registry.revision import head_revision
from registry.settings import ROOT
from tests.support.catalogue import OURS, read
from tests.support.factories import make_event, make_household, make_unit
from tests.support.postgis import database
from tests.support.refusal import refused

FUNCTIONS = """
    SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
    WHERE r.rolname = 'diachiso_owner' AND p.pronamespace = 'public'::regnamespace
"""


@pytest.fixture
def owner(database_url: str) -> Iterator[Connection]:
    """The owner's connection to the shared database."""
    engine = make_engine(database_url, role=OWNER_ROLE)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def owner_session(database_url: str) -> Iterator[Session]:
    """The owner's session on the shared database, rolled back."""
    engine = make_engine(database_url, role=OWNER_ROLE)
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_newest_migration_is_the_one_that_alembic_names() -> None:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head_revision() == head


def test_record_is_described_as_the_schema_has_it(engine: Engine) -> None:
    there = {
        column["name"]: (
            column["type"].compile(engine.dialect).upper(),
            column["nullable"],
            column["comment"],
        )
        for column in inspect(engine).get_columns("household")
    }
    described = {
        column.name: (
            column.type.compile(engine.dialect).upper(),
            column.nullable,
            column.comment,
        )
        for column in HOUSEHOLD.c
    }
    assert described == there


def test_versions_keep_the_whole_state(engine: Engine) -> None:
    there = {column["name"] for column in inspect(engine).get_columns("household_version")}
    assert there - {"code", "valid_from", "valid_to", "ended_by_event_id"} == set(state())


def test_functions_of_the_schema_know_the_numbers_of_locks() -> None:
    known = {int(lock) for lock in Lock}
    for path in (ROOT / "migrations" / "baseline").glob("*.sql"):
        for number in re.findall(r"advisory_\w+\((\d+)\)", path.read_text(encoding="utf-8")):
            assert int(number) in known, f"{path.name}: {number}"


def test_migrations_print_the_sql_that_they_run(
    owner: Connection, admin_url: str, worker_id: str
) -> None:
    config = alembic_config()
    config.output_buffer = StringIO()
    command.upgrade(config, "head", sql=True)
    with database(admin_url, f"printed_{worker_id}") as url:
        make_roles_and_extensions(url)
        with psycopg.connect(url) as connection:
            connection.execute("SET ROLE diachiso_owner")
            connection.execute(config.output_buffer.getvalue())
            printed = set(connection.execute(FUNCTIONS).fetchall())
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert printed == read(owner, FUNCTIONS)
    assert revision == [(head_revision(),)]


def test_migrations_form_one_line_of_numbered_files() -> None:
    files = sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1
    for number, name in enumerate(files, start=2):  # 0001 had two tables of places
        assert re.fullmatch(rf"{number:04d}_[a-z]+(_[a-z0-9]+)+\.py", name), name
    revisions = [
        (script.revision, script.down_revision)
        for script in ScriptDirectory.from_config(alembic_config()).walk_revisions("base", "head")
    ]
    assert list(reversed(revisions)) == [
        (name[:4], files[place - 1][:4] if place else None) for place, name in enumerate(files)
    ]


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm') AND {OURS}"
        " AND obj_description(c.oid, 'pg_class') IS NULL",
        "SELECT c.relname || '.' || a.attname FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        f" WHERE c.relkind IN ('r', 'v', 'm') AND {OURS}"
        " AND col_description(c.oid, a.attnum) IS NULL",
        # The sequence of an identity column is part of its column.
        f"SELECT c.relname FROM pg_class c WHERE c.relkind = 'S' AND {OURS} AND NOT EXISTS"
        " (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')"
        " AND obj_description(c.oid, 'pg_class') IS NULL",
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        " AND obj_description(p.oid, 'pg_proc') IS NULL",
    ],
    ids=["tables", "columns", "sequences", "functions"],
)
def test_everything_of_ours_has_a_comment(session: Session, query: str) -> None:
    assert session.scalars(text(query.replace(":", r"\:"))).all() == []


def test_every_table_is_readable_by_the_application(session: Session) -> None:
    unreadable = session.scalars(
        text(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm')"
            " AND c.relnamespace = 'public'\\:\\:regnamespace"
            " AND NOT has_table_privilege('diachiso_app', c.oid, 'SELECT')"
        )
    ).all()
    assert unreadable == []


def test_every_function_with_rights_of_its_owner_fixes_its_search_path(session: Session) -> None:
    loose = session.scalars(
        text(
            "SELECT proname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
            " WHERE r.rolname = 'diachiso_owner' AND prosecdef"
            " AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)"
        )
    ).all()
    assert loose == []


WRITES = {
    "INSERT": {
        "household": "INSERT INTO household (code, kind, status, recorded_at)"
        " VALUES ('10000006', 'household', 'reserved', 'now')",
        "household_version": "INSERT INTO household_version (code, valid_from, valid_to, event_id,"
        " ended_by_event_id, kind, status) VALUES ('10000006', 'yesterday', 'today', 1, 1,"
        " 'household', 'active')",
        "event": "INSERT INTO event (kind, actor) VALUES ('forged', 'app')",
        "event_pending": "INSERT INTO event_pending (event_id) SELECT event_id FROM feed",
        "feed": "INSERT INTO feed (event_id) VALUES (1)",
        "code_key": "INSERT INTO code_key (id, key) VALUES (1, '\\x00')",
        "register_identity": "INSERT INTO register_identity (id) VALUES (1)",
        "gazetteer_state": "INSERT INTO gazetteer_state (id, version) VALUES (1, 1)",
    },
    "UPDATE": {
        "household_version": "UPDATE household_version SET status = 'active'",
        "event": "UPDATE event SET actor = 'somebody else'",
        "event_pending": "UPDATE event_pending SET event_id = event_id + 1",
        "feed": "UPDATE feed SET event_id = event_id + 1",
        "code_key": "UPDATE code_key SET key = key",
        "register_identity": "UPDATE register_identity SET uuid = gen_random_uuid()",
        "gazetteer_state": "UPDATE gazetteer_state SET version = 0",
    },
    "DELETE": {
        table: f"DELETE FROM {table}"
        for table in (
            "household_version",
            "event",
            "event_pending",
            "feed",
            "code_key",
            "register_identity",
            "gazetteer_state",
            "admin_unit",
            "admin_unit_version",
            "admin_unit_succession",
            "place",
            "succession_link",
            "plate",
        )
    },
    "TRUNCATE": {
        table: f"TRUNCATE {table} CASCADE"
        for table in ("household", "household_version", "event", "event_pending", "feed")
    },
    "SEQUENCE": {
        "code_ordinal": "SELECT setval('code_ordinal', 1)",
        "feed": "SELECT setval('feed_position_seq', 1)",
        "event": "SELECT nextval('event_id_seq')",
    },
    "CALL": {"register_restored": "SELECT register_restored()"},
    "DEFINE": {
        "table": "CREATE TABLE public.own (id int)",
        "trigger": "ALTER TABLE household DISABLE TRIGGER ALL",
        "replication": "SET session_replication_role = replica",
    },
}


@pytest.mark.parametrize(
    ("verb", "name"), [(verb, name) for verb, tables in WRITES.items() for name in tables]
)
def test_application_is_refused_when_it_goes_past_the_rules(
    session: Session, verb: str, name: str
) -> None:
    make_household(session)
    with refused(session, sqlstate="42501", says="permission denied|must be owner"):
        session.execute(text(WRITES[verb][name]))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("event", "reason"),
        ("feed", "event_id"),
        ("household_version", "status"),
        ("code_key", "key"),
    ],
)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE false",
        "TRUNCATE {table} CASCADE",
    ],
)
def test_owner_is_refused_when_it_changes_what_is_append_only(
    owner_session: Session, table: str, column: str, statement: str
) -> None:
    with refused(owner_session, sqlstate="42501", says=f"{table} is append-only"):
        owner_session.execute(text(statement.format(table=table, column=column)))


@pytest.mark.parametrize(
    ("table", "upsert"),
    [
        (
            "event",
            "INSERT INTO event (id, kind, actor) OVERRIDING SYSTEM VALUE VALUES (:id, 'x', 'x')"
            " ON CONFLICT (id) DO UPDATE SET kind = 'x'",
        ),
        (
            "event",
            "MERGE INTO event USING (SELECT 1) s ON id = :id"
            " WHEN MATCHED THEN UPDATE SET kind = 'x'",
        ),
        ("event", "MERGE INTO event USING (SELECT 1) s ON id = :id WHEN MATCHED THEN DELETE"),
    ],
)
def test_owner_is_refused_when_the_change_hides_in_another_verb(
    owner_session: Session, table: str, upsert: str
) -> None:
    event_id = make_event(owner_session)
    with refused(owner_session, sqlstate="42501", says=f"{table} is append-only"):
        owner_session.execute(text(upsert), {"id": event_id})


def test_household_cannot_be_truncated_by_its_owner(owner_session: Session) -> None:
    with refused(owner_session, sqlstate="42501", says="household is append-only"):
        owner_session.execute(text("TRUNCATE household CASCADE"))


def test_gazetteer_version_rises_when_units_are_written(session: Session) -> None:
    version = text("SELECT version FROM gazetteer_state")
    before = session.execute(version).scalar_one()
    make_unit(session)
    assert session.execute(version).scalar_one() > before


def test_who_removes_a_row_finds_what_leads_to_it_by_an_index(session: Session) -> None:
    """For each removed row PostgreSQL asks every table whose foreign keys lead there.

    Units and events are never removed.
    """
    without = session.scalars(
        text(
            """
            SELECT k.conname FROM pg_constraint k
            WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
                AND k.confrelid NOT IN ('admin_unit'::regclass, 'event'::regclass)
                AND NOT EXISTS (
                    SELECT FROM pg_index i
                    WHERE i.indrelid = k.conrelid AND i.indkey[0] = ANY (k.conkey))
            """
        )
    ).all()
    assert [name for name in without if not name.startswith("procrastinate_")] == []
