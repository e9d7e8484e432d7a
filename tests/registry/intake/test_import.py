"""Files go in, households come out: new, unchanged, changed, linked, rejected, taken back."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnreadableFileError,
    WithdrawnError,
)
from registry.core.events import Cause, write_scope
from registry.core.reads import Reads
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.records.lookup import lookup
from tests.support.intake import (
    BA_DINH,
    HONG_HA,
    LAT,
    LON,
    Deliver,
    checksum,
    door,
    rows,
    tables_that_hold,
    write,
)


def test_new_rows_get_codes_and_are_found_by_reference(engine: Engine, deliver: Deliver) -> None:
    result = deliver(door("12", "a"), door("Số 5A, ngách 34, ngõ 12", "b"))

    assert (result.rows, result.new, result.rejected) == (2, 2, 0)
    found = rows(
        engine,
        "SELECT r.source_ref, h.house_number_key, t.key, t.kind, u.code, h.status"
        " FROM household_ref r JOIN household h USING (code)"
        " JOIN place t ON t.id = h.street_id JOIN admin_unit u ON u.id = h.unit_id"
        " ORDER BY 1",
    )
    assert found == [
        ("a", "12", "quan thanh", "phố", BA_DINH, "active"),
        ("b", "12/34/5A", "quan thanh", "phố", BA_DINH, "active"),
    ]
    assert not rows(engine, "SELECT code FROM household WHERE code LIKE '0%'")


def test_repeated_file_changes_nothing_and_discards_no_code(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"), door("14"))
    before = checksum(engine), rows(engine, "SELECT last_value FROM code_ordinal")

    again = deliver(door("12", "a"), door("14"))

    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert (checksum(engine), rows(engine, "SELECT last_value FROM code_ordinal")) == before


def test_rows_without_reference_are_matched_by_address(
    deliver: Deliver,
) -> None:
    deliver(door("12"), door("14"))

    # Other order, other writing of the same doors.
    again = deliver(door("14"), door("số 12", street="QUAN THANH"))

    assert (again.new, again.unchanged) == (0, 2)


def test_changed_row_keeps_its_code_and_leaves_a_version(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    (code,) = rows(engine, "SELECT code FROM household_ref WHERE source_ref = 'a'")

    result = deliver(door("12B", "a"))

    assert (result.new, result.changed) == (0, 1)
    assert rows(engine, "SELECT code, house_number_key FROM household") == [(*code, "12B")]
    assert rows(engine, "SELECT house_number_key FROM household_version") == [("12",)]


@pytest.mark.thorough
def test_other_wording_of_a_row_is_not_a_change(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))

    result = deliver(door("Số 12", "a", street="đường Quán Thánh"))

    assert (result.changed, result.unchanged) == (0, 1)
    assert not rows(engine, "SELECT code FROM household_version")


def test_same_door_from_another_source_is_linked_without_a_second_code(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a", longitude=LON, latitude=LAT))

    result = deliver(door("12", "x", longitude="105.83803", latitude="21.03862"), source="buu_dien")

    assert (result.new, result.linked) == (0, 1)
    assert len(rows(engine, "SELECT code FROM household")) == 1
    assert len(rows(engine, "SELECT DISTINCT code FROM household_ref")) == 1


def test_equal_address_far_away_is_another_door(deliver: Deliver) -> None:
    deliver(door("12", "a", longitude=LON, latitude=LAT))

    result = deliver(door("12", "x", longitude="105.8390", latitude=LAT), source="buu_dien")

    assert (result.new, result.linked) == (1, 0)


def test_linked_source_does_not_overwrite_the_record(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a", longitude=LON, latitude=LAT))
    deliver(door("12", "x", longitude=LON, latitude=LAT), source="buu_dien")
    before = rows(engine, "SELECT * FROM household")

    result = deliver(door("12", "x", longitude="105.83801", latitude=LAT), source="buu_dien")

    assert (result.new, result.changed, result.unchanged) == (0, 0, 1)
    assert rows(engine, "SELECT * FROM household") == before


def test_second_row_of_a_door_in_a_file_is_linked_and_reported(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(door("12", "a"), door("12", "b"))

    assert (result.new, result.linked, result.warned) == (1, 1, 0)
    assert result.problems == {"shares_door": 1}
    assert len(rows(engine, "SELECT DISTINCT code FROM household_ref")) == 1


def test_second_row_with_a_reference_is_rejected(
    deliver: Deliver,
) -> None:
    result = deliver(door("12", "a"), door("14", "a"))

    assert (result.new, result.rejected, result.problems["duplicate_ref"]) == (1, 1, 1)


def test_rural_row_without_number_is_accepted_with_a_point(
    engine: Engine, deliver: Deliver
) -> None:
    place = {"locality": "Xóm 3, Thôn Đông", "commune_code": "00382"}
    result = deliver(
        {"source_ref": "a", "longitude": "105.90", "latitude": "20.98"} | place,
        {"source_ref": "b", "longitude": "", "latitude": ""} | place,
    )

    assert (result.new, result.rejected) == (1, 1)
    assert result.problems["no_house_number"] == 1
    nested = rows(engine, "SELECT i.name, o.name FROM place i JOIN place o ON o.id = i.parent_id")
    assert nested == [("3", "Đông")]


def test_commune_name_in_the_code_column_is_read(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        door("1", "a", commune_code="Phường Ba Đình", province="Hà Nội"),
        door("2", "b", commune_code="Phường Không Có"),
        door("3", "c"),
    )
    assert (result.new, result.problems) == (2, {"commune_unknown": 1})
    assert rows(engine, "SELECT count(DISTINCT unit_id) FROM household") == [(1,)]


@pytest.mark.thorough
def test_block_of_flats_is_one_building_under_any_spelling(
    engine: Engine, deliver: Deliver
) -> None:
    def flat(number: str, building: str) -> dict[str, str]:
        return door("12", f"{number} {building}", building=building, unit=number)

    first = deliver(flat("302", "Chung cư Vĩnh Phước"), flat("303", "CC Vĩnh Phước"))
    assert (first.new, first.buildings) == (2, 1)
    again = deliver(flat("302", "c.cư vĩnh phước"), flat("303", "chung cu Vinh Phuoc"), source="b")
    assert (again.new, again.linked) == (0, 2)


def test_flats_at_one_place_get_a_building_and_a_code_each(
    engine: Engine, deliver: Deliver
) -> None:
    tower = {"building": "CT1", "street": "Phố Quán Thánh", "commune_code": BA_DINH}
    flats = [
        {"source_ref": f"f{n}", "house_number": "1", "floor": "12", "unit": str(n)} | tower
        for n in (1201, 1202, 1203)
    ]
    first = deliver(flats[0])
    assert first.buildings == 0

    result = deliver(*flats)

    assert (result.new, result.unchanged, result.buildings) == (2, 1, 1)
    buildings = rows(engine, "SELECT code FROM household WHERE kind = 'building'")
    parents = rows(engine, "SELECT DISTINCT parent_code FROM household WHERE kind = 'household'")
    assert len(buildings) == 1
    assert parents == buildings
    again = deliver(*flats)
    assert (again.new, again.changed, again.unchanged, again.buildings) == (0, 0, 3, 0)


def test_old_commune_code_gives_the_current_commune_and_keeps_the_former(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(door("12", "a", commune_code="00001"))

    assert result.problems["commune_from_former"] == 1
    assert rows(
        engine,
        "SELECT u.code, f.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
        " JOIN admin_unit f ON f.id = h.former_unit_id",
    ) == [(HONG_HA, "00001")]


@pytest.mark.thorough
def test_code_valid_on_two_maps_in_a_file_of_old_codes_needs_the_name(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(
        door("1", "old", commune_code="00001", commune="Phúc Xá"),
        door("2", "either", commune_code="00004", commune=""),
        door("3", "named", commune_code="00004", commune="Phường Trúc Bạch"),
    )

    assert (result.new, result.problems["commune_code_of_two_maps"]) == (2, 1)
    former = rows(
        engine,
        "SELECT r.source_ref, f.code, lower(f.lifetime) FROM household_ref r"
        " JOIN household h USING (code) JOIN admin_unit f ON f.id = h.former_unit_id ORDER BY 1",
    )
    assert former == [("named", "00004", None), ("old", "00001", None)]
    # The answer applies to the whole column.
    assert any('"commune_code": "former_commune_code"' in str(note) for note in result.file_notes)
    again = deliver(
        door("1", "old", commune_code="00001"),
        door("2", "either", commune_code="00004"),
        mapping={"commune_code": "former_commune_code"},
    )
    assert (again.rejected, again.problems) == (0, {"commune_from_former": 2})


@pytest.mark.thorough
def test_code_valid_on_two_maps_with_old_commune_names_is_a_warning(deliver: Deliver) -> None:
    old = door("1", "named", commune_code="00004", commune="Phường Trúc Bạch")
    bare = door("2", "bare", commune_code="00004", commune="")
    today = door("3", "today", commune_code="00004", commune="Phường Ba Đình")

    result = deliver(old, bare, today)

    assert result.new == 3
    assert result.problems == {"commune_from_former": 1, "commune_code_maybe_old": 1}
    assert deliver(bare, today, source="two").problems == {}


def test_personal_columns_and_words_are_not_stored(engine: Engine, deliver: Deliver) -> None:
    person = {"Họ tên chủ hộ": "Trần Thị Zuyên", "SĐT": "0912345678", "ghi chú": "chó dữ"}
    result = deliver(door("12", "a", **person))

    assert result.columns_personal == ("Họ tên chủ hộ", "SĐT")
    assert result.columns_unknown == ("ghi chú",)
    assert tables_that_hold(engine, "Zuyên", "0912345678", "chó dữ") == []


def test_dry_run_reports_the_same_and_leaves_nothing(engine: Engine, deliver: Deliver) -> None:
    planned = deliver(door("12", "a"), door("", "b"), dry_run=True)
    assert not rows(engine, "SELECT 1 FROM household UNION ALL SELECT 1 FROM import")
    assert not rows(engine, "SELECT 1 FROM event UNION ALL SELECT 1 FROM import_problem")

    done = deliver(door("12", "a"), door("", "b"))

    assert (planned.new, planned.rejected, planned.problems) == (
        done.new,
        done.rejected,
        done.problems,
    )


def test_rollback_restores_the_register(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"), door("14", "b"))
    before = checksum(engine)
    second = deliver(door("12C", "a"), door("14", "b"), door("16", "c"), door("14", "d"))
    assert (second.new, second.changed, second.unchanged, second.linked) == (1, 1, 1, 1)

    undone = roll_back(engine, second.import_id or 0)

    # Of 14 the number of hộ.
    assert (undone.removed, undone.restored) == (1, 2)
    assert checksum(engine) == before
    again = deliver(door("12C", "a"), door("14", "b"), door("16", "c"), door("14", "d"))
    assert (again.new, again.changed, again.linked) == (1, 1, 1)


def test_rollback_is_refused_for_an_earlier_or_built_upon_import(
    engine: Engine, deliver: Deliver
) -> None:
    first = deliver(door("12", "a")).import_id or 0
    deliver(door("12", "x"), source="buu_dien")
    with pytest.raises(ConflictError, match="đã được dùng"):
        roll_back(engine, first)
    deliver(door("14", "b"))
    with pytest.raises(ConflictError, match="not the latest"):
        roll_back(engine, first)
    with pytest.raises(NotFoundError):
        roll_back(engine, 10_000)


@pytest.mark.thorough
def test_rollback_twice_is_refused(engine: Engine, deliver: Deliver) -> None:
    import_id = deliver(door("12", "a")).import_id or 0
    roll_back(engine, import_id)

    with pytest.raises(ConflictError, match="rolled_back"):
        roll_back(engine, import_id)


def test_rolled_back_code_is_withdrawn_and_not_unknown(engine: Engine, deliver: Deliver) -> None:
    import_id = deliver(door("12", "a")).import_id or 0
    ((code,),) = rows(engine, "SELECT code FROM household")
    roll_back(engine, import_id)

    url = engine.url.render_as_string(hide_password=False)
    reads = Reads(url, pool_size=1, statement_timeout_ms=10_000)
    try:
        with pytest.raises(WithdrawnError):
            lookup(reads, str(code))
        with pytest.raises(NotFoundError):
            lookup(reads, "1000-0006")
    finally:
        reads.close()


def test_first_real_publish_removes_the_demo(engine: Engine, deliver: Deliver) -> None:
    demo = deliver(door("1", "d1", street="Phố Thử"), door("2", "d2"), source="demo")
    assert demo.new == 2
    assert len(rows(engine, "SELECT 1 FROM household WHERE code LIKE '0%'")) == 2

    real = deliver(door("3", "a"))

    assert real.demo_removed == 2
    assert not rows(engine, "SELECT 1 FROM household WHERE code LIKE '0%'")
    assert not rows(engine, "SELECT 1 FROM household_ref WHERE source = 'demo'")
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Quán Thánh",)]


def test_free_text_on_either_map_matches_the_same_door(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        {"ref": "new", "địa chỉ": "12/34/5A Quán Thánh, Phường Ba Đình, Hà Nội"},
        {
            "ref": "old",
            "địa chỉ": "Số 5A ngách 34 ngõ 12 phố Quán Thánh, P. Trúc Bạch, Ba Đình, HN",
        },
        {"ref": "none", "địa chỉ": "Phường Ba Đình, Hà Nội"},
    )

    assert (result.rows, result.rejected) == (3, 1)
    keys = rows(
        engine,
        "SELECT DISTINCT h.house_number_key, t.key, u.code FROM household h"
        " JOIN place t ON t.id = h.street_id JOIN admin_unit u ON u.id = h.unit_id",
    )
    assert keys == [("12/34/5A", "quan thanh", BA_DINH)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02PK", "not a text file"),
        ("số nhà,xã\n1,Ba Đình\n".encode("cp1258", errors="replace") + b"\xff", "UTF-8"),
        (b"a,b,c\n1,2,3\n", "missing columns"),
        ("số nhà,đường\n1,Láng\n".encode(), "commune"),
        ("số nhà,số nhà,mã xã\n1,2,00004\n".encode(), "two columns"),
    ],
)
def test_unreadable_file_is_one_line_and_leaves_nothing_behind(
    engine: Engine, tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)

    with pytest.raises(UnreadableFileError, match=expected) as caught:
        import_file(engine, path, ImportOptions("phuong"), lambda _count: None)

    assert "\n" not in caught.value.detail
    assert not rows(engine, "SELECT 1 FROM import")


def test_missing_file_and_empty_source_are_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="không có tệp này"):
        import_file(engine, tmp_path / "no.csv", ImportOptions("phuong"), lambda _count: None)
    path = write(tmp_path / "a.csv", door("12"))
    with pytest.raises(InvalidInputError):
        import_file(engine, path, ImportOptions("  "), lambda _count: None)


def test_late_decoding_error_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "late.csv", *[door(str(n)) for n in range(1, 6000)])
    with path.open("ab") as stream:
        stream.write(b"\xff\xfe,broken\n")

    with pytest.raises(UnreadableFileError, match="UTF-8"):
        import_file(engine, path, ImportOptions("phuong"), lambda _count: None)

    assert not rows(engine, "SELECT 1 FROM import UNION ALL SELECT 1 FROM household")


@pytest.mark.thorough
def test_real_addresses_are_all_accounted_for(engine: Engine, shared_data: Path) -> None:
    path = shared_data / "real_addresses.csv"

    def run(source: str) -> ImportResult:
        return import_file(engine, path, ImportOptions(source), lambda _count: None)

    first, again, other = run("real"), run("real"), run("other")

    assert first.rows == 2979
    assert first.rows == first.new + first.linked + first.rejected
    assert first.new > 2100
    assert (again.new, again.changed, again.linked) == (0, 0, 0)
    assert (other.new, other.changed) == (0, 0)
    assert other.linked == first.new + first.linked


def test_current_commune_precedes_a_split_one_of_its_name(engine: Engine, deliver: Deliver) -> None:
    row = {"số nhà": "7", "tên đường": "Phố Ngọc Hà", "tỉnh": "Hà Nội", "phường": "Phường Ngọc Hà"}

    result = deliver(row)

    assert (result.new, result.rejected) == (1, 0)
    assert rows(engine, "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id") == [
        ("00008",)
    ]


def test_decimal_commas_are_read(engine: Engine, deliver: Deliver) -> None:
    result = deliver(door("12", "a", longitude="105,8380", latitude="21,0386"))

    assert (result.new, result.problems) == (1, {})
    assert rows(engine, "SELECT ST_X(point), ST_Y(point) FROM household") == [(105.838, 21.0386)]


@pytest.mark.parametrize("code", ["4", "4.0", "00004"])
def test_leading_zeros_removed_by_a_spreadsheet_are_restored(
    engine: Engine, deliver: Deliver, code: str
) -> None:
    result = deliver(door("12", "a", commune_code=code), door("14", "b"))

    assert result.new == 2
    assert result.problems == ({} if code == BA_DINH else {"commune_code_padded": 1})
    assert rows(
        engine, "SELECT DISTINCT u.code FROM household h, admin_unit u WHERE u.id = h.unit_id"
    ) == [(BA_DINH,)]


@pytest.mark.thorough
def test_district_code_is_not_a_commune_if_leading_zeros_are_kept(deliver: Deliver) -> None:
    kept = deliver(door("12", "a", commune_code="331"), door("14", "b"), dry_run=True)
    lost = deliver(door("12", "a", commune_code="331"), door("14", "b", commune_code="4"))

    assert kept.problems == {"commune_code_unknown": 1}
    assert (lost.new, lost.problems) == (2, {"commune_code_padded": 2})


def test_name_that_contradicts_the_code_is_rejected(deliver: Deliver) -> None:
    right = ("Phường Ba Đình", "ba dinh", "Phường Trúc Bạch", "Điện Biên", "Bà Đinh Xyz")
    names = (*right, "Phường Láng", "Phường Ngọc Hà")

    result = deliver(*(door(f"{n}", f"{n}", commune=name) for n, name in enumerate(names, 1)))

    code = "commune_differs_from_code"
    differing = [p.row_number for p in result.row_problems if p.code == code]
    assert (result.new, differing) == (5, [6, 7])


def test_rollback_lists_the_later_events_that_block_it(engine: Engine, deliver: Deliver) -> None:
    import_id = deliver(door("12", "a")).import_id or 0
    with write_scope(engine, Cause("move", "operator")) as session:
        session.execute(text("UPDATE household SET households_count = 2"))

    with pytest.raises(ConflictError, match=r"1 mã .* do #2 move \d\d/\d\d/\d{4}"):
        roll_back(engine, import_id)


@pytest.mark.thorough
def test_rollback_of_flats_linked_by_another_source_is_refused(
    engine: Engine, deliver: Deliver
) -> None:
    flats = [door("1", f"f{n}", building="CT1", floor="12", unit=str(n)) for n in (1201, 1202)]
    import_id = deliver(*flats).import_id or 0
    deliver(*flats, source="buu_dien")

    with pytest.raises(ConflictError, match="2 ở đợt nhập của nguồn khác"):
        roll_back(engine, import_id)


def test_row_with_more_cells_than_the_header_is_rejected(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "commas.csv"
    # Decimal commas outside quotation marks: 105 would be the longitude, 8380 the latitude.
    path.write_text(
        "source_ref,house_number,street,commune_code,latitude,longitude\n"
        "a,12,Phố Quán Thánh,00004,21,105,8380\n"
        'b,14,Phố Quán Thánh,00004,"21,0386","105,8380",\n'
    )

    result = import_file(engine, path, ImportOptions("phuong"), lambda _count: None)

    assert (result.new, result.rejected, result.problems) == (1, 1, {"too_many_cells": 1})


def test_commune_column_is_not_read_as_a_former_district(engine: Engine, deliver: Deliver) -> None:
    row = {"số nhà": "7", "tên đường": "Phố Quang Trung", "tỉnh": "Hà Nội"}

    result = deliver(row | {"xã": "Ba Đình"}, row | {"xã": "Hà Đông"})

    assert (result.new, result.rejected) == (2, 0)
    assert rows(
        engine, "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id ORDER BY 1"
    ) == [("00004",), ("09556",)]
