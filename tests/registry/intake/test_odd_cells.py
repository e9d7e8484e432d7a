"""Cells that hold no value, or one that nobody can read, cost their row and nothing else."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import LAT, LON, Deliver, checksum, door, rows, write

FIELDS = (
    *("source_ref", "house_number", "street", "locality", "building", "floor", "unit"),
    *("commune_code", "commune", "district", "province", "former_commune_code"),
    *("longitude", "latitude", "households_count", "position_accuracy_m"),
)
ODD = (
    '"',
    "-",
    "//",
    "…",
    "\u200b",
    "?",
    "'",
    "nt",
    "%",
    "0",
    "x" * 5_000,
    "Ph\u00adó",
    "½",
)


def codes(result: ImportResult) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for problem in result.row_problems:
        found.setdefault(problem.row_number, []).append(problem.code)
    return found


def test_no_cell_ends_a_file(deliver: Deliver) -> None:
    odd = [
        door(f"{at}", f"{field} {at}") | {field: cell}
        for field in FIELDS
        for at, cell in enumerate(ODD, 1)
    ]
    # Behind them a good row, which is published.
    result = deliver(*odd, door("400", "good"))
    assert result.rows == len(odd) + 1
    assert len(odd) not in codes(result)


def test_no_cell_beside_a_text_ends_a_file(deliver: Deliver) -> None:
    given = {"address": "12 Phố Quán Thánh, Phường Ba Đình, Hà Nội"}
    for field in ("commune", "district", "province", "locality", "former_address", "address"):
        odd = [given | {field: cell, "source_ref": f"a{at}"} for at, cell in enumerate(ODD)]
        good = {"address": "400 Phố Quán Thánh, Phường Ba Đình, Hà Nội", "source_ref": "good"}
        assert deliver(*odd, good, source=field).rejected < len(ODD) + 1


@pytest.mark.parametrize("field", ["house_number", "street", "locality"])
def test_a_ditto_mark_is_no_name(deliver: Deliver, engine: Engine, field: str) -> None:
    marks = ['"', "nt", "-nt-", "như trên", "//"]
    above = door("1", "1", locality="Tổ 3")
    below = [door(f"{n}", f"{n}", locality="Tổ 3") | {field: m} for n, m in enumerate(marks, 2)]
    result = deliver(above, *below)
    assert codes(result) == {n: ["as_above"] for n in range(2, 7)}
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Quán Thánh",)]


def test_a_mark_for_the_commune_above_rejects_its_row(deliver: Deliver) -> None:
    named = {"commune_code": "", "commune": "Phường Ba Đình", "province": "Hà Nội"}
    result = deliver(
        door("1") | named,
        door("2") | named | {"commune": '"'},
        door("3") | named | {"commune": "-"},
    )
    assert (result.new, result.problems["commune_missing"]) == (1, 2)


def test_words_for_no_name_are_none(deliver: Deliver, engine: Engine) -> None:
    words = ["Không tên", "chưa đặt tên", "Đường chưa có tên", "chưa có"]
    deliver(*(door(f"{n}", f"{n}", street=w, locality="Tổ 3") for n, w in enumerate(words, 1)))
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == []
    assert rows(engine, "SELECT count(*) FROM household") == [(4,)]


def test_a_street_that_became_a_date_is_refused(deliver: Deliver, engine: Engine) -> None:
    result = deliver(door("1", "1", street="2026-02-03"), door("1", "2", street="3/2"))
    assert codes(result) == {1: ["number_mangled"]}
    assert [problem.proposed_fix for problem in result.row_problems] == ["3/2 hoặc 2/3"]
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("3/2",)]


def test_letters_of_no_font_are_refused(engine: Engine, tmp_path: Path) -> None:
    good = door("1", "1", street="Nguyễn Hữu Nghĩa")
    path = write(
        tmp_path / "ho.csv",
        good,
        door("2", "2", street="Đường NguyÔn H÷u NghÜa"),
        door("3", "3", locality="D©n Phè"),
    )
    result = import_file(engine, path, ImportOptions("phuong"), lambda _count: None)
    assert codes(result) == {2: ["text_garbled"]}
    assert rows(engine, "SELECT name FROM place WHERE class = 'locality'") == [("Dân Phố",)]


def test_numbers_that_are_none_of_a_door_are_refused(deliver: Deliver, engine: Engine) -> None:
    refused = ["kế số 90", "61\n62", "Phòng trọ số 3", "1,5", "Đối diện 44", "sau nhà 48"]
    # Of a program that groups thousands, of two houses, of somebody who was not sure.
    refused += [
        "1.000",
        "1.234",
        "12/3, 12/5",
        "12/3 & 12/5",
        "12_5",
        "12?",
        "12- 3",
        "12 (A)",
        "12 ngõ",
        *("①", "12²", "12[3]", "12|3", "12x2", "5 x 20", "50m2"),
        "l2",  # of a program that reads pictures, as 2O/3, which can only be 20/3
    ]
    read = {
        "2O/3": "20/3",
        "1O": "10",
        "12.0": "12",
        "57,59": "57-59",
        "91 ngõ 3": "3/91",
        "12/3, ngõ 5": "5/12/3",
    }
    result = deliver(*(door(cell, cell) for cell in [*refused, *read]))
    assert codes(result) == {n: ["number_unreadable"] for n in range(1, len(refused) + 1)}
    found = rows(engine, "SELECT house_number_key FROM household")
    assert {key for (key,) in found} == set(read.values())


def test_a_number_in_words_is_read_and_other_letters_are_told(
    deliver: Deliver, engine: Engine
) -> None:
    read = {
        "mười hai": "12", "Số nhà ba": "3", "một trăm lẻ hai": "102", "ba mươi tư": "34",
        "15A,B": "15A-15B", "16A + B": "16A-16B", "17A và B": "17A-17B",
    }  # fmt: skip
    result = deliver(*(door(cell, cell) for cell in read), source="read")
    assert (result.new, result.problems) == (len(read), {})
    found = rows(engine, "SELECT house_number_key FROM household")
    assert {key for (key,) in found} == set(read.values())

    letters = ["XII", "A", "Ki ốt", "Nhà B", "ba"]
    told = [door(cell, cell, locality=f"Tổ {n}") for n, cell in enumerate(letters)]
    unsaid = door("nhà riêng", "nhà riêng", locality="Tổ 9")
    here = {"street": "", "longitude": LON, "latitude": LAT}
    result = deliver(*(row | here for row in (*told, unsaid)), source="letters")
    expected = {"no_house_number": 6, "number_part_unread": 5}
    assert (result.new, result.problems) == (6, expected)


def test_a_number_that_the_streets_cell_repeats_is_one(deliver: Deliver, engine: Engine) -> None:
    result = deliver(
        door("12", "1", street="12 Láng"),
        door("5", "2", street="Số 14/5 đường Láng"),
        door("16", "3", street="Ngõ 7 Láng"),
        door("18", "4", street="20 Láng"),
    )
    assert codes(result) == {4: ["number_unreadable"]}
    found = rows(engine, "SELECT house_number_key FROM household ORDER BY 1")
    assert {key for (key,) in found} == {"12", "14/5", "7/16"}


def test_what_a_street_is_made_of_is_no_name(deliver: Deliver) -> None:
    streets = ("Đường bê tông", "đường đất", "x", "Đường")
    alone = [door("1", f"a{at}", street=street) for at, street in enumerate(streets)]
    placed = [door("2", f"b{at}", street=s, locality=f"Tổ {at}") for at, s in enumerate(streets)]
    assert codes(deliver(*alone, *placed)) == {n: ["number_without_street"] for n in range(1, 5)}


def test_streets_and_places_that_nobody_was_sure_of_are_refused(deliver: Deliver) -> None:
    streets = ["Láng?", "Láng / Chùa Láng", "góc Láng - Chùa Láng", "Láng nay là Chùa Láng"]
    result = deliver(*(door("1", name, street=name) for name in streets))
    assert codes(result) == {n: ["number_unreadable"] for n in range(1, 5)}

    places = ["Đông?", "Đông/Tây", "Đông, Tây", "Đông (cũ: Tây)"]
    rows_of_places = [{"số nhà": "1", "thôn": name, "mã xã": "00004"} for name in places]
    good = ["Xóm 2, Thôn Đông", "Xóm 2 Ngọc Sơn", "Đông - Tây"]
    rows_of_places += [{"số nhà": "1", "thôn": name, "mã xã": "00004"} for name in good]
    result = deliver(*rows_of_places, source="thon")
    assert codes(result) == {n: ["number_unreadable"] for n in range(1, 5)}
    assert result.new == len(good)


def test_a_commune_that_nobody_was_sure_of_is_none(deliver: Deliver) -> None:
    named = {"commune_code": "", "province": "Hà Nội"}
    cells = ["Láng?", "phường", "Xã"]
    result = deliver(*(door("1", name, **named, commune=name) for name in cells))
    assert codes(result) == {n: ["commune_missing"] for n in (1, 2, 3)}


def test_a_text_of_either_of_two_doors_is_refused(deliver: Deliver) -> None:
    texts = ("40 Láng => 42 Láng", "40 Láng hoặc 42 Láng", "40? Láng")
    texts += ("40 Láng - chuyển đến 5 Hàng Than",)
    found = codes(deliver(*({"địa chỉ": t, "phường": "Láng", "tỉnh": "Hà Nội"} for t in texts)))
    assert {n: told[-1] for n, told in found.items()} == dict.fromkeys(
        range(1, len(texts) + 1), "number_unreadable"
    )


def test_a_place_that_became_a_date_is_refused(deliver: Deliver, engine: Engine) -> None:
    result = deliver(
        door("1", "1", locality="2026-02-01"),
        door("2", "2", street="", locality="2026-02-01"),
    )
    assert codes(result) == {1: ["number_mangled"], 2: ["number_mangled"]}
    result = deliver({"số nhà": "3", "tổ": "5.0", "mã xã": "00004"})
    assert rows(engine, "SELECT kind, name FROM place WHERE class = 'locality'") == [("tổ", "5")]


def test_a_number_needs_a_street_or_a_place(deliver: Deliver) -> None:
    result = deliver(
        door("1", "1", street=""),
        door("2", "2", street="", locality="Tổ 3"),
        door("3", "3", street="", building="Chung cư Hoa Sen", unit="1205"),
        door("Thửa 5, tờ bản đồ 12", "4", street=""),
        door("5", "5", street="", longitude=LON, latitude=LAT),
    )
    assert codes(result) == {1: ["number_without_street"]}
    assert (result.new, result.problems["street_missing"]) == (4, 1)


def test_a_text_with_a_number_alone_is_refused(deliver: Deliver) -> None:
    result = deliver({"address": "743, Phường Ba Đình, Hà Nội"})
    assert codes(result) == {1: ["number_without_street"]}


@pytest.mark.parametrize("person", ["Phạm Thanh Hoa", "Nguyễn Thị Minh Tâm"])
def test_a_name_behind_a_dash_makes_no_street(
    deliver: Deliver, engine: Engine, person: str
) -> None:
    deliver(door("1", street=f"An Dương Vương - {person}"), door("2", street="Láng - Hòa Lạc"))
    texts = f"92 An Dương Vương - {person}, tổ 3, Phường Ba Đình, Hà Nội"
    result = deliver({"address": texts}, source="khac")
    assert codes(result) == {1: ["person_named"]}
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Láng Hòa Lạc",)]


def test_a_commune_in_the_text_and_another_beside_it_are_told(deliver: Deliver) -> None:
    beside = {"commune": "Phường Láng", "province": "Hà Nội"}
    result = deliver(
        {"source_ref": "1", "address": "1 Quán Thánh, Phường Ba Đình"} | beside,
        {"source_ref": "2", "address": "2 Quán Thánh, Phường Láng"} | beside,
        {"source_ref": "3", "address": "3 Quán Thánh"} | beside,
    )
    assert codes(result) == {1: ["commune_differs_from_address"]}


def test_a_place_beside_the_street_in_its_cell_stays_a_place(
    deliver: Deliver, engine: Engine
) -> None:
    deliver(door("1", street="Khu đô thị Linh Đàm, đường Nguyễn Hữu Thọ"))
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Nguyễn Hữu Thọ",)]
    assert rows(engine, "SELECT name FROM place WHERE class = 'locality'") == [("Linh Đàm",)]


def test_signs_that_nobody_sees_make_no_other_name(deliver: Deliver, engine: Engine) -> None:
    names = ["Nguyễn Trung Trực", "Nguyễn\u00a0Trung\u200bTrực", "Nguyễn Tr\u200bung Trực\ufeff"]
    deliver(*(door(f"{n}", f"{n}", street=name) for n, name in enumerate(names)))
    deliver({"address": "9 Nguyễn Tr\u2060ung\u200bTrực, Phường Ba Đình, Hà Nội"}, source="khac")
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Nguyễn Trung Trực",)]


def test_another_source_gives_a_door_the_point_that_it_lacks(
    deliver: Deliver, engine: Engine
) -> None:
    deliver(door("1", "a"), door("2", "b", longitude=LON, latitude=LAT))
    before = checksum(engine)
    first = door("1", "x", longitude=LON, latitude="21.0390")
    second = door("2", "y", longitude=LON, latitude="21.03861")
    result = deliver(first, second, source="dien")
    assert result.linked == 2
    points = "SELECT round(ST_Y(point)::numeric, 4)::text FROM household ORDER BY house_number"
    assert rows(engine, points) == [("21.0390",), ("21.0386",)]
    roll_back(engine, result.import_id or 0)
    assert checksum(engine) == before


def test_a_reference_that_became_a_power_is_refused(deliver: Deliver) -> None:
    result = deliver(door("1", "1.23457E+11"), door("2", "12E3"), door("3", "5,1E+10"))
    assert codes(result) == {1: ["reference_mangled"], 3: ["reference_mangled"]}


def test_a_row_without_a_street_among_others_that_have_one_is_told(deliver: Deliver) -> None:
    most = [door(f"{n}", f"{n}", locality="Tổ 3") for n in range(1, 20)]
    result = deliver(*most, door("20", "20", street="", locality="Tổ 3"))
    assert (result.new, result.problems["street_missing"]) == (20, 1)
    few = [door(f"{n}", f"{n}", street="", locality="Tổ 4") for n in range(1, 20)]
    assert "street_missing" not in deliver(*few, door("20", "20"), source="xa").problems


def test_degrees_with_a_letter_are_read(deliver: Deliver, engine: Engine) -> None:
    pairs = [("105.8380 E", "21.0386 N"), ("E105.8381", "N21.0386"), ("105,8382°", "21,0386° B")]
    given = [
        door(f"{n}", f"{n}", longitude=lon, latitude=lat) for n, (lon, lat) in enumerate(pairs, 1)
    ]
    assert deliver(*given).new == 3
    found = "SELECT round(ST_X(point)::numeric, 4)::text FROM household ORDER BY 1"
    assert rows(engine, found) == [("105.8380",), ("105.8381",), ("105.8382",)]


def test_a_name_of_several_communes_is_settled_by_its_column_and_the_other_rows(
    engine: Engine, tmp_path: Path
) -> None:
    """Bình Tân is a ward of Hồ Chí Minh and a xã of Đồng Nai, Hòa Bình of other provinces."""
    path = tmp_path / "ho.csv"

    def communes(header: str, *names: str) -> tuple[dict[int, list[str]], list[object]]:
        lines = [f"{n},{n},Lê Lợi,{name}" for n, name in enumerate(names, 1)]
        path.write_text("\n".join([f"Mã hồ sơ,Số nhà,Đường,{header}", *lines]), encoding="utf-8")
        result = import_file(engine, path, ImportOptions(header), lambda _count: None)
        told = "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id ORDER BY 1"
        return codes(result), [code for (code,) in rows(engine, told)]

    assert communes("Xã/phường", "Bình Tân")[0] == {1: ["commune_ambiguous"]}
    assert communes("Phường", "Bình Tân") == ({}, ["27442"])
    others = ("Phường Sài Gòn", "Phường Bến Thành", "Phường Tân Định")
    assert communes("Xã / phường", *others, "Bình Tân")[0] == {}


def test_a_name_under_the_number_building_or_hamlet_is_refused_and_never_stored(
    deliver: Deliver, engine: Engine
) -> None:
    result = deliver(
        door("Nguyễn Văn Bình", locality="Tổ 8", longitude="105.8403", latitude="21.0412"),
        door("64", building="Trần Thị Mai"),
        door("66", building="Toà Võ Thị Sáu"),
        door("68", building="Lê Mai Hoa"),
        door("70", building="chị Hoa"),
        door("72", building="Ông Bảy"),
        door("74", building="Toà nhà Lê Mai Hoa"),
        door("76", building="Hoàng Anh Thanh Bình", unit="1205"),
        door("78", locality="Trần Thị Mai"),
    )
    assert codes(result) == {row: ["person_named"] for row in (1, 2, 4, 5, 6, 9)}
    stored = "SELECT building_name FROM household WHERE kind = 'household' ORDER BY house_number"
    assert rows(engine, stored) == [("Võ Thị Sáu",), ("Lê Mai Hoa",), ("Hoàng Anh Thanh Bình",)]
    assert rows(engine, "SELECT name FROM place WHERE class = 'locality'") == []


def test_a_person_behind_the_street_without_a_sign_is_refused_and_never_stored(
    engine: Engine, tmp_path: Path
) -> None:
    texts = ("12 Láng Trần Thị Mai", "12 Láng: Nguyễn Văn Nam", "12 Láng chủ hộ Nguyễn Nam")
    texts += ("12 đường Láng hộ Nguyễn Văn Nam", "12 Láng nhà Hoa", "12 Láng vợ anh Nam")
    named = {n: ["person_named"] for n in range(1, len(texts) + 1)}
    path = tmp_path / "a.csv"
    given = [f"{text}, Phường Láng, Hà Nội" for text in (*texts, "14 Nguyễn Văn Linh")]
    lines = [f'{n},"{text}"' for n, text in enumerate(given)]
    path.write_text("\n".join(["Mã,Địa chỉ", *lines]), encoding="utf-8")
    result = import_file(engine, path, ImportOptions("thử"), lambda _count: None)
    assert codes(result) == named
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Nguyễn Văn Linh",)]
    columns = [door("12", street=text.removeprefix("12 "), commune_code="00199") for text in texts]
    path = write(tmp_path / "b.csv", *columns)
    result = import_file(engine, path, ImportOptions("cột"), lambda _count: None)
    assert codes(result) == named


NOTES = (
    *("Tổng: 13 hộ", "Cộng: 3 hộ", "Tổng cộng có 3 hộ, 12 khẩu", "Mẫu số 05"),
    *("Sài Gòn, ngày 5/3/2026", "Số: 12/TB-TDP", "Kèm theo Quyết định 15/2026/QĐ-UBND"),
    *("Người lập bảng 5/3", "Cộng tổ 3: 2 hộ"),
)


def test_totals_and_notes_with_figures_are_no_houses(engine: Engine, tmp_path: Path) -> None:
    """With a commune beside it each would be read as a number of a street."""
    path = tmp_path / "a.csv"
    notes = "".join(f',"{note}"\n' for note in NOTES)
    path.write_text(f"STT,Địa chỉ\n1,14 Láng\n2,16 Láng\n{notes}", encoding="utf-8")
    options = ImportOptions("thử", commune="00199")
    result = import_file(engine, path, options, lambda _count: None)
    assert (result.new, result.skipped, result.rejected) == (2, len(NOTES), 0)
    notes = "".join(f',,"{note}"\n' for note in NOTES)
    path.write_text(f"STT,Số nhà,Đường\n1,14,Láng\n{notes}", encoding="utf-8")
    result = import_file(engine, path, options, lambda _count: None)
    assert (result.rows - result.rejected - result.skipped, result.new) == (1, 0)
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Láng",)]


def test_texts_of_two_houses_or_of_what_stands_beside_one_are_asked_about(
    engine: Engine, tmp_path: Path
) -> None:
    texts = ("46 (kế 48) Láng", "13 trệt Láng", "62 mặt sau Láng", "66 Láng - tầng trệt")
    texts += ("42 Láng (38 cũ)", "38 cũ (42 mới) Láng", "7A-B Láng", "17 Láng, tổ 5 (tổ 12 cũ)")
    path = tmp_path / "a.csv"
    lines = [f'{n},"{text}, Phường Láng, Hà Nội"\n' for n, text in enumerate(texts)]
    path.write_text("".join(["Mã,Địa chỉ\n", *lines]), encoding="utf-8")
    result = import_file(engine, path, ImportOptions("thử"), lambda _count: None)
    assert (result.new, result.rejected) == (0, len(texts))


def test_flats_and_numbers_that_hold_more_than_a_number_are_refused(
    deliver: Deliver, engine: Engine
) -> None:
    units = ("0703 (Lê Văn Tám)", "101 (Tuấn)", "07.01 + 07.02", "0704 - Tám", "5.1", "P.2 Minh")
    numbers = ("0.5", "2 1/3", "12%", "1.5", "12.1")
    result = deliver(
        *(door(str(at), building="CT2", unit=unit) for at, unit in enumerate(units, 10)),
        *(door(number) for number in numbers),
        *(door("50", building="CT2", unit=unit) for unit in ("Căn hộ 1205", "P.1206", "12A08")),
    )
    assert (result.rejected, result.new) == (len(units) + len(numbers), 3)


def test_people_in_hints_hamlets_and_buildings_are_not_stored(
    deliver: Deliver, engine: Engine, tmp_path: Path
) -> None:
    result = deliver(
        door("1", locality="Thôn 1 - Lê Văn Tý"),
        door("2", locality="Tổ trưởng Nguyễn Văn Bé"),
        door("3", locality="Tổ 1 - Anh Dũng 0912345678"),
        door("4", building="Nhà chị Hoa", unit="2"),
        door("5", building="Chung cư A - Trần Văn Tèo", unit="3"),
        door("6", locality="Ấp bà Tư"),
    )
    assert codes(result) == {row: ["person_named"] for row in range(1, 6)}
    path = tmp_path / "a.csv"
    beside = ("gần nhà Trần Văn Tèo", "cạnh Nguyễn Thị Lan", "cạnh gđ Lý Thông", "gần chợ Láng")
    lines = [f'{n},"{n} Láng ({each}), Phường Láng, Hà Nội"' for n, each in enumerate(beside, 1)]
    path.write_text("\n".join(["Mã,Địa chỉ", *lines]), encoding="utf-8")
    assert import_file(engine, path, ImportOptions("thử"), lambda _count: None).new == 4
    stored = rows(engine, "SELECT DISTINCT delivery_hint FROM household ORDER BY 1")
    assert stored == [("gần chợ Láng",), (None,)]
    assert rows(engine, "SELECT name FROM place WHERE class = 'locality'") == [("bà Tư",)]
