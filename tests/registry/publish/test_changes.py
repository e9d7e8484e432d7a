"""What followers receive for each kind of change, and how pages join."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from geo.code import PAYLOAD_FIRST, from_serial
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import CursorRefusedError, InvalidInputError, NotFoundError
from registry.core.events import Cause, open_event, write_scope
from registry.intake.publishing.rollback import roll_back
from registry.publish import changes
from registry.publish.changes import read_page
from registry.publish.changes.cursor import Cursor, Read, Walk
from registry.publish.changes.entries import following
from registry.register import Register
from registry.units.gazetteer import Gazetteer
from registry.units.seeds import load_seeds
from tests.support.copies import Follower, follower, opened
from tests.support.factories import TEST, make_event, make_household
from tests.support.intake import deliveries, door
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town
from tests.support.reform_to_come import DAY, it_is, plan_reform
from tests.support.thorough import gate_takes_first

WHY = {"reason": "tests"}
_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def place(gazetteer: Gazetteer, admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"changes_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def register(place: Town) -> Iterator[Register]:
    with opened(place.url) as made:
        yield made


@pytest.fixture(scope="module")
def shared(register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    with follower(register, tmp_path_factory.mktemp("copy")) as made:
        yield made


@pytest.fixture
def reader(shared: Follower) -> Iterator[Follower]:
    """A follower that has caught up, and is the register's equal at the end of the test."""
    shared.catch_up()
    shared.entries.clear()
    yield shared
    shared.catch_up()
    assert shared.differences() == []


def number() -> str:
    """A house number that no other test has."""
    return str(next(_numbers))


def unit_id(place: Town, code: str) -> int:
    """A unit id of a current commune."""
    query = (
        "SELECT id FROM admin_unit WHERE code = :c AND level = 'commune' AND upper_inf(lifetime)"
    )
    return int(place.rows(query, c=code)[0][0])


def write(place: Town, statement: str, **parameters: object) -> None:
    """Change records under an event, as no operation does."""
    with write_scope(place.engine, TEST) as session:
        session.execute(text(statement), parameters)


def restrict(place: Town, code: str, *, restricted: bool = True) -> None:
    statement = "UPDATE household SET restricted = :restricted WHERE code = :code"
    write(place, statement, code=code, restricted=restricted)


def summary_of(entries: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(entry["type"], entry.get("code", entry.get("id"))) for entry in entries]


# --- one kind after the other --------------------------------------------------------------------


def test_new_record_is_listed_when_proposed_and_once_if_events_are_read_together(
    place: Town, reader: Follower
) -> None:
    code = place.house(number(), **LANG)
    (entry,) = reader.catch_up()
    assert (entry["type"], entry["operation"], entry["status"]) == ("put", "activate", "active")
    assert (entry["code"], entry["lon"]) == (code, LANG["lon"])
    assert entry["street"]["name"] == "Phố Láng"


def test_correction_lists_the_whole_record_again(place: Town, reader: Follower) -> None:
    code = place.house(number())
    reader.catch_up()
    place.do("correct", code=code, delivery_hint="gần chợ")
    (entry,) = reader.catch_up()
    assert (entry["code"], entry["delivery_hint"], entry["entrances"]) == (code, "gần chợ", [])
    gates = [{"kind": "locker", **LANG, "note": "ở sảnh"}, {"kind": "main", **LANG}]
    place.do("entrances", code=code, entrances=gates)
    (entry,) = reader.catch_up()
    assert (entry["delivery_hint"], entry["entrances"]) == ("gần chợ", gates)
    assert reader.differences() == []
    assert entry["house_number"] is not None


def test_retirement_and_reinstatement_are_listed(place: Town, reader: Follower) -> None:
    code = place.house(number())
    place.retire(code)
    assert summary_of(reader.catch_up()) == [("retire", code)]
    place.do("reinstate", code=code, **WHY)
    assert summary_of(reader.catch_up()) == [("put", code)]


def test_successions_are_listed_as_transforms_with_their_kind(
    place: Town, reader: Follower
) -> None:
    one, other, third = (place.house(number()) for _ in range(3))
    place.do("merge", codes=[one], into=other, **WHY)
    parts = [{"house_number": number()}, {"house_number": number()}]
    halves = place.do("split", code=third, parts=parts, **WHY)
    born = sorted(r.code for r in halves.records if r.status == "active")
    (reserved,) = place.reserve()
    place.do("replace", code=born[0], by=reserved, **WHY)
    seen = {e["code"]: e for e in reader.catch_up()}
    assert (seen[one]["type"], seen[one]["kind"]) == ("transform", "merge")
    assert seen[one]["continued_by"] == [other]
    assert (seen[third]["kind"], seen[third]["continued_by"]) == ("split", born)
    assert (seen[born[0]]["kind"], seen[born[0]]["continued_by"]) == ("replace", [reserved])
    assert seen[reserved]["continues"] == [{"code": born[0], "kind": "replace"}]


def test_reinstated_record_has_no_successor(place: Town, reader: Follower) -> None:
    one, other = place.house(number()), place.house(number())
    place.do("merge", codes=[one], into=other, **WHY)
    reader.catch_up()
    place.do("reinstate", code=one, **WHY)
    assert ("put", one) in summary_of(reader.catch_up())


def test_renamed_street_is_one_entry_however_many_records_it_has(
    place: Town, reader: Follower
) -> None:
    place.street("Phố Cũ")
    for _ in range(3):
        place.house(number(), street="Phố Cũ")
    reader.catch_up()
    place.do("rename-street", commune=COMMUNE, street="Phố Cũ", new_name="Đường Mới Toanh")
    (entry,) = reader.catch_up()
    assert (entry["type"], entry["name"]) == ("street", "Đường Mới Toanh")


def test_merged_street_lists_its_records_again(place: Town, reader: Follower) -> None:
    place.street("Ngõ Nhỏ")
    code = place.house(number(), street="Ngõ Nhỏ")
    reader.catch_up()
    place.do("merge-street", commune=COMMUNE, street="Ngõ Nhỏ", into="Phố Láng", **WHY)
    assert [kind for kind, _ in summary_of(reader.catch_up())] == ["street", "put"]
    assert code in {e["code"] for e in reader.entries if e["type"] == "put"}


def test_renamed_locality_is_listed_with_its_containing_places(
    place: Town, reader: Follower
) -> None:
    place.do("name-locality", commune=COMMUNE, locality="Khu phố 8")
    place.do("name-locality", commune=COMMUNE, locality="Tổ 9, Khu phố 8")
    place.house(number(), street=None, locality="Tổ 9, Khu phố 8", **LANG)
    reader.catch_up()
    place.do("rename-locality", commune=COMMUNE, locality="Khu phố 8", new_name="Khu phố 88")
    (outer,) = reader.catch_up()
    assert [p["name"] for p in outer["localities"]] == ["Khu phố 88"]
    place.do("name-locality", commune=COMMUNE, locality="Khu phố 7")
    place.do("merge-locality", commune=COMMUNE, locality="Khu phố 88", into="Khu phố 7", **WHY)
    chains = [[p["name"] for p in e["localities"]] for e in reader.catch_up()]
    assert ["Tổ 9", "Khu phố 7"] in chains


def test_import_and_its_rollback_are_listed(place: Town, reader: Follower, tmp_path: Path) -> None:
    deliver = deliveries(place.engine, tmp_path)
    result = deliver(door(number(), "a"), door(number(), "b"))
    put = reader.catch_up()
    assert {(e["type"], e["operation"]) for e in put} == {("put", "import")}
    roll_back(place.engine, result.import_id)
    assert summary_of(reader.catch_up()) == [
        ("remove", code) for code in sorted(e["code"] for e in put)
    ]


def test_reserved_code_is_not_listed_before_it_has_an_address(
    place: Town, reader: Follower
) -> None:
    (code,) = place.reserve()
    assert reader.catch_up() == []
    place.do("propose", code=code, commune=COMMUNE, street="Phố Láng", house_number=number())
    assert summary_of(reader.catch_up()) == [("put", code)]


# --- what may not be seen ------------------------------------------------------------------------


def test_restricted_record_is_removed_without_saying_why(place: Town, reader: Follower) -> None:
    code = place.house(number(), **LANG)
    reader.catch_up()
    restrict(place, code)
    (entry,) = reader.catch_up()
    assert entry == {
        "type": "remove",
        "position": entry["position"],
        "operation": "test",
        "code": code,
    }
    write(place, "UPDATE household SET floor = '3' WHERE code = :code", code=code)
    assert reader.catch_up() == []
    restrict(place, code, restricted=False)
    (entry,) = reader.catch_up()
    assert (entry["type"], entry["floor"]) == ("put", "3")


def test_always_restricted_record_is_never_listed(place: Town, reader: Follower) -> None:
    with write_scope(place.engine, TEST) as session:
        code = make_household(session, restricted=True)
    write(place, "UPDATE household SET floor = '3' WHERE code = :code", code=code)
    write(place, "UPDATE household SET status = 'retired' WHERE code = :code", code=code)
    assert reader.catch_up() == []


def test_older_entries_do_not_reveal_a_now_restricted_record(place: Town, reader: Follower) -> None:
    code = place.house(number())
    restrict(place, code)
    assert set(summary_of(reader.catch_up())) == {("remove", code)}


def test_link_to_a_restricted_record_is_listed_once_allowed(place: Town, reader: Follower) -> None:
    one, other = place.house(number()), place.house(number())
    reader.catch_up()
    with write_scope(place.engine, TEST) as session:
        make_event(session)
        session.execute(
            text("UPDATE household SET restricted = true WHERE code = :c"), {"c": other}
        )
        session.execute(text("UPDATE household SET status = 'retired' WHERE code = :c"), {"c": one})
        session.execute(
            text(
                "INSERT INTO succession_link (old_code, new_code, kind) VALUES (:one, :o, 'merge')"
            ),
            {"one": one, "o": other},
        )
    seen = reader.catch_up()
    assert sorted(summary_of(seen)) == sorted([("retire", one), ("remove", other)])
    restrict(place, other, restricted=False)
    (entry,) = reader.catch_up()
    assert entry["continues"] == [{"code": one, "kind": "merge"}]


def test_demo_records_are_listed_only_on_request(
    place: Town, register: Register, reader: Follower, tmp_path: Path
) -> None:
    code, here = from_serial(next(_numbers)), unit_id(place, COMMUNE)
    with write_scope(place.engine, TEST) as session:
        make_household(session, code=code, unit_id=here)
    assert reader.catch_up() == []
    with follower(register, tmp_path / "demo", demo=True) as curious:
        curious.catch_up()
        assert code in {e.get("code") for e in curious.entries}
        assert curious.differences() == []


# --- only a unit ---------------------------------------------------------------------------------


@pytest.mark.thorough
def test_record_leaving_the_unit_is_removed_for_its_follower(
    place: Town, register: Register, reader: Follower, tmp_path: Path
) -> None:
    here, there = unit_id(place, COMMUNE), unit_id(place, ELSEWHERE)
    with write_scope(place.engine, TEST) as session:
        code = make_household(session, unit_id=here)
    with (
        follower(register, tmp_path / "one", unit=COMMUNE) as commune,
        follower(register, tmp_path / "two", unit="01") as province,
        follower(register, tmp_path / "three", unit=ELSEWHERE) as other,
    ):
        for each in (commune, province, other):
            each.catch_up()
        write(place, "UPDATE household SET unit_id = :to WHERE code = :c", to=there, c=code)
        assert summary_of(commune.catch_up()) == [("remove", code)]
        assert summary_of(province.catch_up()) == [("remove", code)]
        assert summary_of(other.catch_up()) == [("put", code)]
        place.house(number())
        assert other.catch_up() == []
        for each in (commune, province, other):
            each.catch_up()
            assert each.differences() == []


def test_invalid_unit_is_refused(register: Register) -> None:
    known = register.gazetteer.get()
    with pytest.raises(NotFoundError):
        following(known, "99999", demo=False)
    with pytest.raises(InvalidInputError):
        following(known, "Láng", demo=False)


def test_following_a_province_includes_its_communes(register: Register) -> None:
    known = register.gazetteer.get()
    wanted = following(known, "01", demo=False)
    assert wanted.communes is not None
    assert len(wanted.communes) == 126
    assert wanted.digest != following(known, COMMUNE, demo=False).digest
    assert wanted.digest != replace(wanted, demo=True).digest


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", gate_takes_first(1, [2, 1, 7]))
def test_small_pages_contain_the_same_entries_as_a_large_one(
    place: Town, register: Register, tmp_path: Path, limit: int
) -> None:
    with follower(register, tmp_path / "many", limit=10_000) as large:
        large.catch_up()
        codes = [place.house(number()) for _ in range(3)]
        place.do("merge", codes=codes[:2], into=codes[2], **WHY)
        place.street(f"Phố Trang {limit}")
        place.do(
            "rename-street",
            commune=COMMUNE,
            street=f"Phố Trang {limit}",
            new_name=f"Phố Sách {limit}",
        )
        start = large.copy.cursor()
        whole = large.catch_up()
        pages, cursor = [], start
        while True:
            page = read_page(register, large.wanted, cursor, limit)
            pages += page.entries
            cursor = page.cursor
            if not page.more:
                break
        assert pages == whole
        assert cursor == large.copy.cursor()
    assert [e["position"] for e in whole] == sorted(e["position"] for e in whole)


@pytest.mark.parametrize("unit", gate_takes_first(1, [COMMUNE, None]))
def test_large_event_is_read_in_parts(
    place: Town, register: Register, tmp_path: Path, unit: str | None
) -> None:
    """More rows in one event than are read at once; some go, some were never to be seen."""
    here = unit_id(place, COMMUNE)
    first = PAYLOAD_FIRST + 1_000_000 + next(_numbers) * 10_000
    codes = sorted(from_serial(first + n) for n in range(2 * changes._CHUNK + 100))
    with follower(register, tmp_path / "copy", limit=700, unit=unit) as reader:
        reader.catch_up()
        write(
            place,
            "INSERT INTO household (code, kind, status, unit_id, restricted)"
            " SELECT c, 'household', 'active', :unit, right(c, 1) = '7'"
            " FROM unnest(CAST(:codes AS text[])) c",
            unit=here,
            codes=codes,
        )
        seen = reader.catch_up()
        assert [e["code"] for e in seen] == [c for c in codes if c[-1] != "7"]
        with write_scope(place.engine, TEST) as session:
            session.execute(
                text("UPDATE household SET restricted = true WHERE code = ANY (:c)"),
                {"c": codes[:1_500]},
            )
            session.execute(
                text("DELETE FROM household WHERE code = ANY (:c)"), {"c": codes[1_500:1_600]}
            )
            session.execute(
                text("UPDATE household SET floor = '2' WHERE code = ANY (:c)"), {"c": codes[1_600:]}
            )
        seen = reader.catch_up()
        assert [e["code"] for e in seen] == [c for c in codes if c[-1] != "7"]
        for entry in seen:
            assert entry["type"] == ("remove" if entry["code"] < codes[1_600] else "put")
        assert reader.differences() == []
    write(place, "DELETE FROM household WHERE code = ANY (:c)", c=codes)


def test_page_ends_after_a_maximum_of_scanned_rows(
    place: Town, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_BUDGET", 10)
    place.house(number())
    with follower(register, tmp_path, unit=ELSEWHERE) as reader:
        for _ in range(200):
            page = reader.page()
            if not page.more:
                break
        assert not page.more
        for _ in range(30):
            place.house(number())
        pages = [reader.page()]
        while pages[-1].more:
            pages.append(reader.page())
        assert len(pages) > 1
        assert sum(len(page.entries) for page in pages) == 0


def test_event_of_a_dead_writer_is_published(place: Town, reader: Follower) -> None:
    code = place.house(number())
    reader.catch_up()
    with session_scope(place.engine) as session:
        open_event(session, Cause("test", "died"))
        session.execute(text("UPDATE household SET floor = '4' WHERE code = :c"), {"c": code})
    assert summary_of(reader.catch_up()) == [("put", code)]


def test_cursor_at_the_end_lists_nothing(register: Register, reader: Follower) -> None:
    cursor = reader.copy.cursor()
    page = read_page(register, reader.wanted, cursor, 10)
    assert (page.entries, page.more, page.cursor) == ([], False, cursor)


def test_record_written_during_the_snapshot_is_listed_after_it(
    place: Town, register: Register, tmp_path: Path
) -> None:
    for _ in range(9):
        place.house(number())
    units = len(register.gazetteer.get().units)
    with follower(register, tmp_path, limit=units + 9) as reader:
        page = reader.page()
        assert isinstance(Cursor.parse(page.cursor).mark, Walk)
        first = next(entry for entry in page.entries if entry["type"] == "put")
        behind = "UPDATE household SET delivery_hint = 'đã đi qua' WHERE code = :code"
        write(place, behind, code=first["code"])
        gone = place.rows(
            "SELECT max(code) FROM household WHERE status = 'active' AND NOT restricted"
        )[0][0]
        place.retire(gone)
        reader.catch_up()
        assert reader.differences() == []


def listed_units(reader: Follower) -> list[str]:
    """Codes of the units listed now, possibly none."""
    seen = len(reader.entries)
    while reader.page().more:
        pass
    return [entry["code"] for entry in reader.entries[seen:] if entry["type"] == "unit"]


def change_units(place: Town, register: Register, statement: str) -> None:
    with place.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET ROLE diachiso_owner")
        connection.exec_driver_sql(statement)
    register.gazetteer._watch._seen = None


@pytest.mark.parametrize(
    "statement",
    gate_takes_first(
        1,
        [
            "INSERT INTO admin_unit_alias SELECT id, 'name', 'X' FROM admin_unit LIMIT 1",
            "UPDATE admin_unit_version SET legal_basis = legal_basis",
            "UPDATE gazetteer_state SET seed_sha256 = NULL",
        ],
    ),
)
def test_units_with_unchanged_names_are_not_listed(
    place: Town, register: Register, reader: Follower, statement: str
) -> None:
    change_units(place, register, statement)
    assert listed_units(reader) == []


def test_renamed_units_are_listed_once(place: Town, register: Register, reader: Follower) -> None:
    for old, new in (("Láng", "Lang"), ("Lang", "Láng")):
        rename = f"UPDATE admin_unit_version SET name = '{new}' WHERE name = '{old}'"
        change_units(place, register, rename)
        assert listed_units(reader) == [COMMUNE]
        assert listed_units(reader) == []


@pytest.mark.thorough
def test_reloaded_seeds_add_no_entries(place: Town, register: Register, reader: Follower) -> None:
    before = register.gazetteer.get().version
    change_units(place, register, "UPDATE gazetteer_state SET seed_sha256 = NULL")
    owner = make_engine(place.url, role=OWNER_ROLE)
    with owner.begin() as connection:
        load_seeds(connection, lambda _line: None)
    owner.dispose()
    register.gazetteer._watch._seen = None
    assert listed_units(reader) == []
    assert register.gazetteer.get().version > before


@pytest.mark.thorough
def test_renamed_province_is_listed_with_all_its_contents(
    place: Town, register: Register, tmp_path: Path
) -> None:
    """Page by page; what changes meanwhile comes after it."""
    with follower(register, tmp_path, limit=700) as reader:
        reader.catch_up()
        rename = "UPDATE admin_unit_version SET name = '{}' WHERE name = '{}' AND kind = 'tinh'"
        change_units(place, register, rename.format("Lạng Sơn Mới", "Lạng Sơn"))
        seen = len(reader.entries)
        reader.limit = 50
        page = reader.page()
        assert Cursor.parse(page.cursor).unit_progress
        first = reader.entries[-1]["code"]
        change_units(place, register, rename.format("Lạng Sơn Xưa", "Lạng Sơn Mới"))
        again = listed_units(reader)
        assert first in again
        names = {e["id"]: e["words"] for e in reader.entries[seen:] if e["type"] == "unit"}
        assert 50 < len(names) < 500
        assert all("Lạng Sơn Xưa" in words for words in names.values())
        change_units(place, register, rename.format("Lạng Sơn", "Lạng Sơn Xưa"))


@pytest.mark.thorough
def test_unit_change_is_listed_on_its_effective_date(
    fresh_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database()
    owner = make_engine(url, role=OWNER_ROLE)
    with opened(url) as register, follower(register, tmp_path, limit=10_000) as reader:
        reader.catch_up()
        plan_reform(owner)
        register.gazetteer._watch._seen = None
        new = ["97", "97001", "97002", "97003", "97004", "97006", "97007", "98"]
        assert sorted(listed_units(reader)) == new
        it_is(monkeypatch, DAY)
        register.gazetteer._watch._seen = None
        # The ones that end, those that are born, and the one that takes parts, of which it is not
        # certain any more where they were; what gives a part reads as before.
        found = ["97001", "97001", "97002", "97003", "97004", "97005"]
        assert sorted(listed_units(reader)) == found
        assert listed_units(reader) == []
    owner.dispose()


@pytest.mark.thorough
def test_unit_changes_are_listed_once_the_database_accepts_writes(
    place: Town, register: Register, reader: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = "UPDATE admin_unit_version SET name = '{}' WHERE name = '{}'"
    real = changes.note_units
    monkeypatch.setattr(changes, "note_units", lambda *_: None)
    change_units(place, register, rename.format("Giảng Võ Mới", "Giảng Võ"))
    assert listed_units(reader) == []
    monkeypatch.setattr(changes, "note_units", real)
    renamed = {hit.unit.code for hit in register.gazetteer.get().named("giang vo moi")}
    assert renamed
    assert set(listed_units(reader)) == renamed
    change_units(place, register, rename.format("Giảng Võ", "Giảng Võ Mới"))


# --- cursors -------------------------------------------------------------------------------------


def test_cursor_of_another_register_or_from_before_a_restore_is_refused(
    place: Town, register: Register, tmp_path: Path
) -> None:
    with follower(register, tmp_path) as reader:
        reader.catch_up()
        cursor = Cursor.parse(reader.copy.cursor() or "")
        other = replace(cursor, register="0" * 32)
        with pytest.raises(CursorRefusedError) as refused:
            read_page(register, reader.wanted, str(other), 10)
        assert refused.value.extra == {"reason": "other_register"}
        with pytest.raises(CursorRefusedError) as refused:
            read_page(register, replace(reader.wanted, demo=True), str(cursor), 10)
        assert refused.value.extra == {"reason": "other_scope"}
        beyond = replace(cursor, mark=Read(cursor.position + 1_000_000))
        with pytest.raises(CursorRefusedError) as refused:
            read_page(register, reader.wanted, str(beyond), 10)
        assert refused.value.extra == {"reason": "beyond_the_end"}


def test_cursor_is_refused_after_a_restore(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    with opened(fresh_database()) as register, follower(register, tmp_path) as reader:
        reader.catch_up()
        with session_scope(register.engine) as session:
            session.connection().exec_driver_sql("SET ROLE diachiso_owner")
            session.connection().exec_driver_sql("SELECT register_restored()")
        with pytest.raises(CursorRefusedError, match="trước khi phục hồi"):
            reader.page()
