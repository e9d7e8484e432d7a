"""A register written to one file and read back: equal, with no code issued twice."""

import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import ConflictError, GoneError, RegistryError, UnreadableFileError
from registry.intake.publishing.rollback import roll_back
from registry.ops.transfer.manifest import NAME
from registry.ops.transfer.parts import HERE, PARTS, script
from registry.ops.transfer.reading import read_transfer
from registry.ops.transfer.writing import SQL
from registry.records.codes import issue_codes
from registry.records.history import Step
from registry.reform.undo import undo
from tests.registry.ops.transfer.conftest import Change, edited, read, write
from tests.support.commands import as_process
from tests.support.lifecycle import Town, town_at
from tests.support.postgis import clone, database
from tests.support.thorough import gate_takes_first, gate_takes_one_of

Fresh = Callable[[], str]
OLD = Path(__file__).parent / "register_72ac347.sql"


def is_empty(url: str) -> bool:
    with psycopg.connect(url) as connection:
        (found,) = connection.execute(
            "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM household)"
            " + (SELECT count(*) FROM place) + (SELECT count(*) FROM parked_key)"
        ).fetchone() or (None,)
        return found == 0


def draw(url: str, count: int) -> set[str]:
    """Codes that the register issues next."""
    engine = make_engine(url)
    with session_scope(engine) as session:
        codes = set(issue_codes(session, count))
    engine.dispose()
    return codes


@pytest.fixture(scope="module")
def empty(admin_url: str, worker_id: str) -> Iterator[str]:
    """A register that stays empty, for refused files."""
    with clone(admin_url, f"empty_{worker_id}") as url:
        yield url


def comparable(step: Step) -> tuple[object, ...]:
    """A step of a history, without numbers that one register gives its places."""
    record = step.record
    places = record and (record.house_number, record.street_name, record.locality_name)
    about = (step.operation, step.actor, step.reason, step.successors, step.predecessors)
    return step.at, step.event_id, *about, places


def with_another_key(url: str) -> str:
    """A register with its own code key: the databases of a test run share one."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE code_key DISABLE TRIGGER code_key_fixed")
        connection.execute("UPDATE code_key SET key = sha256(key)")
        connection.execute("ALTER TABLE code_key ENABLE TRIGGER code_key_fixed")
    return url


# --- there and back ------------------------------------------------------------------------------


def test_register_with_every_kind_of_row_round_trips(
    file: Path, fresh_database: Fresh, tmp_path: Path
) -> None:
    url = fresh_database()
    went = read(url, file)
    assert [name for name, part in went.parts.items() if not part.lines] == []
    again = write(url, tmp_path / "again.zip")
    assert again.parts == went.parts
    assert again.content == went.content
    assert again.register != went.register
    # Rows by which names are searched come with their records.
    with psycopg.connect(url) as connection:
        uses = connection.execute("SELECT use, name_key, lower(valid)::text FROM household_use")
        assert uses.fetchall() == [("office", "uy ban nhan dan phuong lang", "2025-07-01")]


AT_0001 = """
    ALTER TABLE household ADD entrances jsonb;
    ALTER TABLE household_version ADD entrances jsonb;
    ALTER TABLE household_ref ADD shares boolean NOT NULL DEFAULT false;
    ALTER TABLE plate ADD lost_on date;
    ALTER TABLE field_report ADD entrance text, ADD note text, ADD word text;
    DELETE FROM coverage_day
    WHERE num_nulls(deliverable, plated, suspected, unnumbered) > 0;
    CREATE TABLE certificate (number text, code text, unit_id integer, issued_on date, label text,
        event_id bigint, document_number text, revoked_on date, revoked_why text);
    CREATE TABLE reform (id bigint, number text, title text, effective_on date, state text,
        resolution jsonb, decided jsonb, unit_ids integer[], affected_ids integer[], counts jsonb,
        actor text, recorded_at timestamptz, event_id bigint, undone_event_id bigint);
    CREATE TABLE source_name (source text, spelled text, meant text, settled_at timestamptz);
    GRANT SELECT ON certificate, reform, source_name TO PUBLIC;
    UPDATE alembic_version SET version_num = '0001'
"""
"""What makes an old register one of the last schema with two tables of places."""


@pytest.mark.parametrize("brought", gate_takes_first(1, [AT_0001, ""]), ids=["0001", "0028"])
def test_old_register_is_transferred_completely(
    admin_url: str, worker_id: str, fresh_database: Fresh, tmp_path: Path, brought: str
) -> None:
    path, url = tmp_path / "old.zip", fresh_database()
    with database(admin_url, f"old_{worker_id}") as old:
        with psycopg.connect(old) as connection:
            connection.execute("CREATE EXTENSION postgis")
            connection.execute(sql.SQL(OLD.read_text(encoding="utf-8")))  # type: ignore[arg-type]
            connection.execute(sql.SQL(brought))  # type: ignore[arg-type]
        went = write(old, path)
    read(url, path)
    assert write(url, tmp_path / "again.zip").content == went.content
    with town_at(url) as place:
        (split,) = place.rows("SELECT min(old_code) FROM succession_link WHERE kind = 'split'")
        with pytest.raises(GoneError) as gone:
            place.record(split[0])
        assert len(gone.value.extra["successors"]) == 2  # type: ignore[arg-type]
        assert [step.operation for step in place.steps(split[0])] == [
            "propose",
            "activate",
            "split",
        ]


def test_history_is_unchanged_after_a_transfer(
    place: Town, file: Path, fresh_database: Fresh
) -> None:
    url = fresh_database()
    read(url, file)
    codes = [code for (code,) in place.rows("SELECT DISTINCT code FROM household")]
    with town_at(url) as there:
        for code in codes:
            assert [comparable(step) for step in there.steps(code)] == [
                comparable(step) for step in place.steps(code)
            ]


# --- codes ---------------------------------------------------------------------------------------


def test_codes_issued_after_a_transfer_are_new(
    place: Town, file: Path, fresh_database: Fresh
) -> None:
    url = with_another_key(fresh_database())
    read(url, file)
    known = {
        code
        for (code,) in place.rows(
            "SELECT code FROM household_version UNION SELECT code FROM household"
        )
    }
    here, there = draw(place.url, 5_000), draw(url, 5_000)
    assert not there & (known | here)


def test_ordinals_drawn_but_unused_are_not_reissued(
    place: Town, fresh_database: Fresh, tmp_path: Path
) -> None:
    url = with_another_key(fresh_database())
    burnt = draw(place.url, 100)
    write(place.url, tmp_path / "later.zip")
    read(url, tmp_path / "later.zip")
    assert not burnt & draw(url, 100_000)


# --- all or nothing ------------------------------------------------------------------------------


def test_interrupted_transfer_leaves_an_empty_register(file: Path, fresh_database: Fresh) -> None:
    url = fresh_database()

    def kill(lines: int) -> None:
        if lines > 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_transfer(url, file, progress=kill, report=lambda _line: None)
    assert is_empty(url)
    read(url, file)


def test_nonempty_register_is_refused(place: Town, file: Path) -> None:
    with pytest.raises(ConflictError, match="không trống"):
        read(place.url, file)
    assert place.rows("SELECT count(*) FROM parked_key") == [(0,)]


@pytest.mark.thorough
def test_register_in_use_is_refused(file: Path, fresh_database: Fresh) -> None:
    url = fresh_database()
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM household")
        with pytest.raises(ConflictError, match="đang có chương trình khác"):
            read(url, file)
    assert is_empty(url)


def setting(**members: object) -> Change:
    """Other members of the last line; of records, of the last active household in no building."""

    def change(lines: list[dict[str, object]]) -> None:
        active = [
            line
            for line in lines
            if (line.get("status"), line.get("kind")) == ("active", "household")
            and not line["until"]
            and not line["parent"]
        ]
        (active or lines)[-1].update(members)

    return change


def twice(lines: list[dict[str, object]]) -> None:
    lines.append(dict(lines[-1]))


@pytest.mark.parametrize(
    ("part", "change", "codes", "expected"),
    gate_takes_one_of(
        3,
        [
            ("records", setting(code="10000007"), {}, "10000007 không do sổ này cấp"),
            ("records", setting(code="XXXXXXX8"), {}, "XXXXXXX8 không do sổ này cấp"),
            ("records", setting(code="000000019"), {}, "không do sổ này cấp"),
            ("records", setting(code="00000001"), {}, "không do sổ này cấp"),
            ("records", setting(code=None), {}, "trái quy tắc"),
            ("records", lambda _lines: None, {"drawn": 1}, "không do sổ này cấp"),
            ("records", lambda _lines: None, {"key": "00" * 32}, "không do sổ này cấp"),
            ("records", twice, {}, "hai trạng thái cùng lúc"),
            ("records", setting(commune="99999"), {}, "refers to commune 99999,"),
            ("records", setting(commune="26743@2025-06-30"), {}, "violates a rule"),
            ("records", setting(street=999), {}, "refers to street 999,"),
            ("records", setting(event=999), {}, "refers to event 999,"),
            ("records", setting(lon="east"), {}, "trái quy tắc"),
            ("records", setting(status="lost"), {}, "ck_household_status_known"),
            ("records", setting(entrances="[" * 5_000 + "]" * 5_000), {}, "trái quy tắc"),
            ("external_ids", setting(value="a" * 9_000_000), {}, "trái quy tắc"),
            ("former_numbers", setting(code="10000006"), {}, "refers to code 10000006,"),
            ("source_references", setting(**{"import": 999}), {}, "refers to import 999,"),
            ("places", setting(part_of=1), {}, "trái quy tắc"),
            ("events", twice, {}, "pk_event"),
        ],
    ),
)
def test_file_that_contradicts_the_rules_is_refused(
    file: Path,
    empty: str,
    tmp_path: Path,
    part: str,
    change: Change,
    codes: dict[str, object],
    expected: str,
) -> None:
    wrong = edited(file, tmp_path / "wrong.zip", part, change, **codes)
    with pytest.raises(UnreadableFileError) as raised:
        read(empty, wrong)
    assert expected in raised.value.detail
    assert is_empty(empty)


def spoilt(part: float) -> Callable[[bytes], bytes]:
    """A bit turned after that part of the file."""

    def spoil(body: bytes) -> bytes:
        at = int(len(body) * part)
        return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]

    return spoil


@pytest.mark.parametrize(
    "damage",
    [
        *(lambda body: body[: len(body) // 2], lambda _body: b"", lambda _body: b"PK\x03\x04"),
        *(spoilt(0.2), spoilt(0.5), spoilt(0.8)),
        lambda body: body.replace(b"records.jsonl", b"another.jsonl"),
    ],
)
def test_damaged_file_is_refused(
    file: Path, empty: str, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "damaged.zip"
    path.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UnreadableFileError):
        read(empty, path)
    assert is_empty(empty)


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ('{"format": "diachiso-transfer", "version": 2}', "bản 2"),
        ('{"format": "diachiso-transfer", "version": 1}', "tệp kê hỏng"),
        ('{"format": "another", "version": 1}', "không phải tệp chuyển sổ"),
        ("[]", "không phải tệp chuyển sổ"),
        ("[" * 100_000, "không phải tệp chuyển sổ"),
    ],
)
def test_unknown_manifest_is_refused(
    empty: str, tmp_path: Path, expected: str, message: str
) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(NAME, expected)
    with pytest.raises(UnreadableFileError, match=message):
        read(empty, path)


# --- afterwards ----------------------------------------------------------------------------------


def test_operations_before_the_transfer_cannot_be_undone(file: Path, fresh_database: Fresh) -> None:
    url = fresh_database()
    read(url, file)
    with town_at(url) as there:
        (latest,) = there.rows("SELECT max(id) FROM import WHERE state = 'published'")[0]
        with pytest.raises(ConflictError, match="trước khi chuyển"):
            roll_back(there.engine, latest)
        with pytest.raises(ConflictError, match="trước khi chuyển"):
            undo(there.engine, "1/NQ", actor="tests")
        there.house("101", "Phố Thử")


def test_file_is_readable_only_by_its_owner(place: Town, tmp_path: Path) -> None:
    path = tmp_path / "register.zip"
    first = as_process("transfer", "out", path, DATABASE_URL=place.url)
    assert (first.returncode, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    assert "giữ kín" in first.stderr.decode()
    assert as_process("transfer", "out", path, DATABASE_URL=place.url).returncode == 2
    refused = as_process("transfer", "in", path, DATABASE_URL=place.url)
    assert (refused.returncode, b"kh\xc3\xb4ng tr\xe1\xbb\x91ng" in refused.stderr) == (1, True)


def test_scripts_and_archive_members_match(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(f"SET ROLE {OWNER_ROLE}")
        connection.execute(script("outward/begin"))  # type: ignore[arg-type]
        for part in PARTS:
            query = sql.SQL("SELECT * FROM ({}) t LIMIT 0").format(sql.SQL(part.script("outward")))  # type: ignore[arg-type]
            found = connection.execute(query).description or []
            expected = {member.name for member in part.members}
            assert {column.name for column in found} == expected
            words = part.script("inward")
            assert [m.name for m in part.members if m.name not in words] == []


NOT_CARRIED = {
    "access": "api_key api_key_unit audit_entry client_key desk_session enumeration_budget"
    " request_rate field_report_receipt field_report_voice",
    "made anew": "alembic_version boundary boundary_part coverage_count coverage_state"
    " coverage_touched event_pending map_density map_label map_state map_unit parked_key"
    " unit_told unit_told_state admin_unit_alias household_use",
    "not published": "field_record field_round import_edit import_problem import_work"
    " pending_operation reform_work",
    "for undoing": "household_ref_before reform_before",
    "others'": "batch service_area service_area_code service_area_unit service_office webhook"
    " webhook_code webhook_delivery webhook_unit",
    "of the place": "backup_run second_person_table service_count",
}
"""Why a table is in no transfer file → the tables."""
NOT_READ = {
    *("event.xact", "household_ref.row_hash", "field_report.reporters"),
    *("place.own_key", "place.outer_ids", "gazetteer_state.seed_sha256"),
    *("register_identity.transferred_event_id", "register_identity.timeline"),
    "gazetteer_state.version",
}
"""Columns of the other tables that say nothing elsewhere."""


def test_every_column_is_transferred_or_listed_as_excluded(database_url: str) -> None:
    read = " ".join(script(f"outward/{p.stem}") for p in (HERE / "outward").glob("*.sql"))
    read += SQL.driver("about")
    words = set(re.findall(r"\w+", read))
    known = {name for names in NOT_CARRIED.values() for name in names.split()}
    with psycopg.connect(database_url) as connection:
        columns = connection.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
            " AND NOT a.attisdropped AND NOT EXISTS (SELECT FROM pg_depend d"
            " WHERE d.objid = c.oid AND d.deptype = 'e')"
        ).fetchall()
    carried = [(table, column) for table, column in columns if table not in known]
    assert {table for table, _ in carried} - words == set()
    missed = {f"{table}.{column}" for table, column in carried if column not in words}
    assert missed == NOT_READ


def test_unknown_schema_is_refused(fresh_database: Fresh, tmp_path: Path) -> None:
    url = fresh_database()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RegistryError, match="9999"):
        write(url, tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()
