"""Streets and hamlets at the desk: listed, named, renamed, merged, renumbered, and shown before."""

import io
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from geo.code import format as code_display
from registry.files.formats.any_file import read_file
from tests.support.desk import Seat, seated
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG

NEXT = "00082"
"""Phường Cửa Nam, the other commune of a street that runs through two."""


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"desk_streets_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def approver(office: Office) -> Seat:
    return seated(office, "lãnh đạo", "approver", units=(COMMUNE, NEXT), approves_own=True)


@pytest.fixture(scope="module")
def editor(office: Office) -> Seat:
    return seated(office, "cán bộ")


def street(office: Office, name: str, *numbers: str, commune: str = COMMUNE) -> tuple[int, Any]:
    """Id of a new street, and the codes of its doors by number."""
    office.place.street(name, commune=commune)
    codes = {n: office.place.house(n, name, commune=commune) for n in numbers}
    return place_id(office, "street", name.split(" ", 1)[1]), codes


def place_id(office: Office, class_: str, name: str) -> int:
    query = "SELECT max(id) FROM place WHERE class = :class AND name = :name"
    return int(office.place.rows(query, **{"class": class_, "name": name})[0][0])


def number_of(office: Office, code: str) -> str:
    return str(office.place.row(code).house_number)


def found(office: Office, text: str) -> set[str]:
    """Codes found by a query."""
    body = office.client.get("/v1/geocode", query_string={"q": text}).get_json()
    return {each["properties"]["code"] for each in body["features"]}


def test_list_counts_doors_and_names_what_is_missing(office: Office, editor: Seat) -> None:
    street(office, "Phố Khuyết", "1", "3", "5", "11", "13")
    office.place.house("2", "Phố Khuyết", **LANG)
    office.place.street("Phố Nơi Khác", commune=ELSEWHERE)
    page = editor.get("/desk/streets", q="khuyết").text
    row = re.search(r"<tr><td><a[^>]*>Phố Khuyết</a>.*?</tr>", page)
    assert row is not None
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[0])
    assert cells[1:] == ["6", "5", "6", "7, 9"]
    assert "Phố Láng" not in page
    assert "Phố Nơi Khác" not in editor.get("/desk/streets").text
    one = editor.get(f"/desk/streets/{place_id(office, 'street', 'Khuyết')}").text
    assert "giữa 5 và 11" in one
    assert "Đổi tên, gộp, đánh số lại là việc của người duyệt." in one
    assert 'action="/desk/streets/' not in one


def test_pages_of_the_list_continue_each_other(office: Office, editor: Seat) -> None:
    for n in range(55):
        office.place.do("name-locality", commune=COMMUNE, locality=f"Tổ {n + 1}, Khu phố 70"
                        if n else "Khu phố 70")  # fmt: skip
    first = editor.get("/desk/hamlets").text
    more = re.search(r'href="(/desk/hamlets\?after=[^"]+)"', first)
    assert more is not None
    second = editor.client.get(more[1].replace("&amp;", "&")).text
    names = re.findall(r'<a href="/desk/hamlets/(\d+)">', first + second)
    assert len(names) == len(set(names)) >= 55
    assert "Tổ 55, Khu phố 70" in first + second


def test_street_is_named_after_a_preview(office: Office, editor: Seat) -> None:
    given = {"street": "Đường Trần Duy Hưng", "commune": COMMUNE, "decision_number": "12/QĐ-UBND"}
    shown = editor.post("/desk/streets/new", **given)
    assert (shown.status_code, "Chưa ghi gì" in shown.text) == (200, True)
    assert not office.place.rows("SELECT FROM place WHERE name = 'Trần Duy Hưng'")
    assert editor.confirm("/desk/streets/new", shown).status_code == 303
    assert "Đã đặt tên: Trần Duy Hưng." in editor.get("/desk").text
    # The same form sent again is reported as written; another street of that name is refused.
    twice = editor.confirm("/desk/streets/new", shown)
    assert twice.status_code == 303
    assert "đã ghi rồi" in editor.get(twice.location).text
    there = editor.post("/desk/streets/new", **given)
    assert (there.status_code, "đã có ở đó" in there.text) == (409, True)
    assert 'value="12/QĐ-UBND"' in there.text
    near = editor.post("/desk/streets/new", street="Phố Trần Duy Hưng Kéo Dài", commune=COMMUNE)
    assert "Đã có tên gần giống" not in near.text
    assert editor.confirm("/desk/streets/new", near).status_code == 303
    alike = editor.post("/desk/streets/new", street="Phố Duy Hưng", commune=COMMUNE)
    assert all(text in alike.text for text in ("Đã có tên gần giống", "Đường Trần Duy Hưng"))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"street": "Phố X", "commune": ELSEWHERE}, 403),
        ({"street": "Phố X", "commune": "99999"}, 422),
        ({"street": "Phố X", "commune": "x"}, 422),
        ({"street": "", "commune": COMMUNE}, 422),
        ({"street": "Phố " + "a" * 300, "commune": COMMUNE}, 422),
        ({"street": "Phố 0912345678", "commune": COMMUNE}, 422),
        ({"street": "đường", "commune": COMMUNE}, 422),
        ({"street": "<script>alert(1)</script>", "commune": COMMUNE}, 422),
        ({"street": "=cmd()", "commune": COMMUNE}, 422),
        ({"street": "12345", "commune": COMMUNE}, 422),
    ],
)
def test_invalid_name_is_reported_and_kept_in_the_form(
    office: Office, editor: Seat, fields: dict[str, str], status: int
) -> None:
    before = office.place.rows("SELECT count(*) FROM place WHERE class = 'street'")
    response = editor.post("/desk/streets/new", **fields)
    assert response.status_code == status
    assert "<script>alert" not in response.text
    if status == 422 and fields["street"]:
        assert f'value="{escape(fields["street"])}"' in response.text
    assert office.place.rows("SELECT count(*) FROM place WHERE class = 'street'") == before


def test_street_renamed_in_its_communes_is_still_found_by_the_old_name(
    office: Office, approver: Seat
) -> None:
    own, codes = street(office, "Phố Dài", "5")
    _, far = street(office, "Phố Dài", "5", commune=NEXT)
    own = min(row[0] for row in office.place.rows("SELECT id FROM place WHERE key = 'dai'"))
    path = f"/desk/streets/{own}/rename"
    assert f'name="communes" value="{NEXT}"' in approver.get(path).text
    asked = {"new_name": "Đường Mới & Cũ", "communes": NEXT, "decision_number": "1/QĐ"}
    shown = approver.post(path, **asked)
    assert shown.status_code == 200
    for text in ("Phố Dài → <strong>Đường Mới Cũ</strong>", "Phường Cửa Nam", "2 chỗ ở"):
        assert text in shown.text
    assert "5 Đường Mới Cũ, Phường Cửa Nam" in shown.text
    back = approver.post(path, _step="edit", **asked)
    assert 'value="Đường Mới &amp; Cũ"' in back.text
    assert f'value="{NEXT}" checked' in back.text
    assert approver.confirm(path, shown).status_code == 303
    for commune, code in (("Láng", codes["5"]), ("Cửa Nam", far["5"])):
        assert code in found(office, f"5 Phố Dài, Phường {commune}, Hà Nội")
    after = approver.get(f"/desk/streets/{own}").text
    assert "Tên cũ, vẫn tìm được" in after
    assert "địa chỉ của 2 chỗ ở nay ghi theo tên mới" in after
    assert "tên cũ: Dài" in approver.get("/desk/streets", q="dài").text
    twice = approver.confirm(path, shown)
    assert (twice.status_code, twice.location) == (303, f"/desk/streets/{own}")
    assert "đã ghi rồi" in approver.get(twice.location).text
    again = approver.post(path, new_name="Phố Láng")
    assert again.status_code == 409
    (merges,) = re.findall(rf'href="(/desk/streets/{own}/merge\?into=\d+)"', again.text)
    assert " selected>Phố Láng</option>" in approver.get(merges).text


def test_renumbering_preview_shows_where_each_old_number_leads(
    office: Office, approver: Seat
) -> None:
    own, codes = street(office, "Phố Đổi Số", "2", "4", "6")
    path = f"/desk/streets/{own}/renumber"
    shown = approver.post(path, numbers="2\t4\r\n4\t8\r\n\r\n6\t6")
    assert shown.status_code == 200
    two, four = (code_display(codes[n]) for n in ("2", "4"))
    rows = re.findall(r"<tr><td class=\"code\">(.*?)</tr>", shown.text)
    assert [[c for c in (two, four) if c in row] for row in rows] == [[two], [two, four]]
    assert number_of(office, codes["2"]) == "2"
    assert approver.confirm(path, shown).status_code == 303
    assert [number_of(office, codes[n]) for n in ("2", "4", "6")] == ["4", "8", "6"]
    # As it was entered.
    asked = "{} Phố Đổi Số, Phường Láng, Hà Nội"
    assert found(office, asked.format(2)) == {codes["2"]}
    assert found(office, asked.format(4)) == {codes["2"], codes["4"]}


def test_changes_since_the_preview_are_shown_before_it_is_carried_out(
    office: Office, approver: Seat
) -> None:
    own, codes = street(office, "Phố Hai Người", "2", "4")
    path = f"/desk/streets/{own}/renumber"
    shown = approver.post(path, numbers="2\t6")
    office.place.do("renumber", code=codes["4"], house_number="8")
    again = approver.confirm(path, shown)
    assert again.status_code == 412
    assert "Có người vừa sửa" in again.text
    assert number_of(office, codes["2"]) == "2"
    assert approver.confirm(path, again).status_code == 303
    assert number_of(office, codes["2"]) == "6"
    taken = approver.post(path, numbers="6 8")
    assert (taken.status_code, "đã có nhà khác mang: 8" in taken.text) == (409, True)
    assert ">6 8</textarea>" in taken.text


def workbook(*rows: tuple[object, ...]) -> bytes:
    body = io.BytesIO()
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return body.getvalue()


FILES = {
    "bang.xlsx": workbook(("Quyết định 12",), ("Số mới", "Số cũ"), (22, 2), ("4/1A", 4)),
    "bang.csv": b"2,22\n4,4/1A\n",
    "utf16.txt": "Số cũ\tSố mới\n2\t22\n4\t4/1A\n".encode("utf-16"),
}


@pytest.mark.parametrize("name", FILES)
def test_numbers_come_from_a_file(office: Office, approver: Seat, name: str) -> None:
    own, codes = street(office, f"Phố Tệp {list(FILES).index(name)}", "2", "4")
    path = f"/desk/streets/{own}/renumber"
    shown = approver.post(path, file=(io.BytesIO(FILES[name]), name))
    assert shown.status_code == 200, shown.text
    assert approver.confirm(path, shown).status_code == 303
    assert [number_of(office, codes[n]) for n in ("2", "4")] == ["22", "4/1A"]


def test_current_numbers_are_offered_as_a_table_to_fill_in(
    office: Office, approver: Seat, tmp_path: Path
) -> None:
    own, codes = street(office, "Phố Bảng Sẵn", "2", "4/3", "6")
    form = approver.get(f"/desk/streets/{own}/numbers.xlsx")
    assert form.status_code == 200
    path = f"/desk/streets/{own}/renumber"
    blank = approver.post(path, file=(io.BytesIO(form.data), "bang.xlsx"))
    assert (blank.status_code, "chưa điền số mới nào" in blank.text) == (422, True)
    file = tmp_path / "bang.xlsx"
    file.write_bytes(form.data)
    table = read_file(file)
    with table.rows() as rows:
        given = [list(row) for row in rows]
    assert [row[0] for row in given] == ["2", "4/3", "6"]
    given[1][1] = "4/5"
    filled = workbook(tuple(table.headers), *map(tuple, given))
    shown = approver.post(path, file=(io.BytesIO(filled), "bang.xlsx"))
    assert approver.confirm(path, shown).status_code == 303
    assert [number_of(office, codes[n]) for n in ("2", "4/3", "6")] == ["2", "4/5", "6"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"numbers": ""}, "bảng chưa có dòng nào"),
        ({"numbers": "2"}, "dòng 1: cần số cũ và số mới"),
        ({"numbers": "2\t4\n2\t6"}, "nêu hai lần"),
        ({"numbers": "2\t9\n99\t11\n77\t13"}, "77: không có số nhà này"),
        ({"numbers": "2\t=cmd()"}, "dòng 1 của bảng"),
        ({"numbers": "2\t<script>alert(1)</script>"}, "dòng 1 của bảng"),
        ({"numbers": "2\t4\txã"}, "có 5 chữ số"),
        ({"file": (b"%PDF-1.7 x", "a.pdf")}, "đây là tệp PDF"),
        ({"file": (b"PK\x03\x04broken", "a.xlsx")}, "a.xlsx"),
    ],
)
def test_invalid_table_is_reported_by_line(
    office: Office, approver: Seat, fields: dict[str, Any], expected: str
) -> None:
    (known,) = office.place.rows("SELECT coalesce(max(id), 0) FROM place WHERE key = 'bang'")
    own = known[0] or street(office, "Phố Bảng", "2")[0]
    if "file" in fields:
        body, file_name = fields["file"]
        fields = {"file": (io.BytesIO(body), file_name)}
    response = approver.post(f"/desk/streets/{own}/renumber", **fields)
    assert response.status_code == 422
    assert expected in response.text
    assert "<script>alert" not in response.text


def test_street_is_merged_with_a_reason_within_its_commune(office: Office, approver: Seat) -> None:
    own, codes = street(office, "Ngõ Nhỏ", "1", "3")
    into, there = street(office, "Phố Lớn", "3")
    other, _ = street(office, "Phố Xa", commune=NEXT)
    path = f"/desk/streets/{own}/merge"
    for fields, expected in (
        ({"reason": "nối liền"}, "hãy chọn đường hoặc thôn, tổ để gộp vào"),
        ({"into": other, "reason": "nối liền"}, "ở xã, phường khác"),
        ({"into": into}, "còn thiếu"),
        ({"into": own, "reason": "nối liền"}, "cùng một nơi"),
        ({"into": into, "reason": "nối liền"}, "số nhà có ở cả hai nơi: 3"),
    ):
        refused = approver.post(path, **fields)
        assert (refused.status_code >= 400, expected in refused.text) == (True, True), expected
    shown = approver.post(path, into=into, reason="nối liền", same_address="true")
    assert "1 Phố Lớn, Phường Láng" in shown.text
    done = approver.confirm(path, shown)
    assert (done.status_code, done.location) == (303, f"/desk/streets/{into}")
    assert approver.get(f"/desk/streets/{own}").status_code == 404
    assert found(office, "1 Ngõ Nhỏ, Phường Láng, Hà Nội") == {codes["1"]}
    assert there["3"] in found(office, "3 Phố Lớn, Phường Láng, Hà Nội")
    # By mistake: the page of the remaining street links to the undo.
    (link,) = re.findall(r'href="(/desk/undo/\d+\?back=[^"]*)"', approver.get(done.location).text)
    preview = approver.get(link)
    assert "chỗ ở sẽ trở lại như trước" in preview.text
    assert "Ngõ Nhỏ" in preview.text
    assert approver.confirm(link.partition("?")[0], preview).status_code == 422
    undone = approver.confirm(link.partition("?")[0], preview, reason="gộp nhầm")
    assert (undone.status_code, undone.location) == (303, f"/desk/streets/{into}")
    assert approver.get(f"/desk/streets/{own}").status_code == 200
    assert found(office, "1 Ngõ Nhỏ, Phường Láng, Hà Nội") == {codes["1"]}
    assert office.place.record(codes["1"]).street_name == "Nhỏ"


def test_undo_of_a_renumbering_lists_later_changes(office: Office, approver: Seat) -> None:
    own, codes = street(office, "Phố Đánh Nhầm", "1", "3")
    path = f"/desk/streets/{own}/renumber"
    done = approver.confirm(path, approver.post(path, numbers="1;11\n3;13"))
    office.place.do("correct", code=codes["3"], floor="2")
    (link,) = re.findall(r'href="(/desk/undo/\d+\?back=[^"]*)"', approver.get(done.location).text)
    shown = approver.get(link)
    assert f"{codes['3']}: sau đó hộ này đã được sửa trong sổ" in shown.text
    assert 'action="/desk/undo' not in shown.text
    refused = approver.post(link.partition("?")[0], reason="nhầm")
    assert refused.status_code == 409
    assert number_of(office, codes["1"]) == "11"
    corrected = approver.get(f"/desk/records/{code_display(codes['3'])}").text
    (own_link,) = re.findall(r'href="(/desk/undo/\d+\?back=[^"]*)"', corrected)
    assert approver.post(own_link.partition("?")[0], reason="nhầm").status_code == 303
    undone = approver.confirm(link.partition("?")[0], approver.get(link), reason="nhầm")
    assert undone.location == f"/desk/streets/{own}"
    assert [number_of(office, code) for code in codes.values()] == ["1", "3"]


def test_hamlet_is_named_renamed_and_renumbered(office: Office, approver: Seat) -> None:
    given = {"locality": "Xóm Đông, Thôn Thượng", "commune": COMMUNE}
    unknown = approver.post("/desk/hamlets/new", **given)
    assert unknown.status_code == 422
    for name in ("Thôn Thượng", given["locality"]):
        shown = approver.post("/desk/hamlets/new", **given | {"locality": name})
        assert approver.confirm("/desk/hamlets/new", shown).status_code == 303
    code = office.place.house("7", None, locality="Xóm Đông, Thôn Thượng", **LANG)
    own = place_id(office, "locality", "Đông")
    listed = approver.get("/desk/hamlets", q="Thượng", unit=COMMUNE).text
    assert "Thôn Thượng" in listed
    assert re.search(r">Thôn Thượng</a></td>.*?<td class=\"number\">1</td>", listed, re.S)
    for verb, fields in (
        ("renumber", {"numbers": "7;9"}),
        ("rename", {"new_name": "Xóm Tây"}),
    ):
        path = f"/desk/hamlets/{own}/{verb}"
        shown = approver.post(path, **fields)
        assert shown.status_code == 200, shown.text
        assert approver.confirm(path, shown).status_code == 303
    label = office.client.get(f"/v1/addresses/{code}").get_json()["label"]
    assert label.startswith("9, Xóm Tây, Thôn Thượng")


def test_other_units_streets_are_refused_and_changes_need_an_approver(
    office: Office, editor: Seat
) -> None:
    own, _ = street(office, "Phố Của Ai", "1")
    there = office.place.do("name-street", commune=ELSEWHERE, street="Phố Bên Kia").place
    assert there is not None
    assert editor.get(f"/desk/streets/{there.id}").status_code == 403
    assert editor.get("/desk/streets", unit=ELSEWHERE).status_code == 403
    assert editor.get("/desk/streets/999999999999999999999").status_code == 404
    assert editor.post(f"/desk/streets/{own}/rename", new_name="Phố X").status_code == 403
    outside = seated(office, "phường khác", "approver", units=(ELSEWHERE,))
    assert outside.post(f"/desk/streets/{own}/rename", new_name="Phố X").status_code == 403
    assert outside.post(f"/desk/streets/{there.id}/paint", new_name="Phố X").status_code == 404
    viewer = seated(office, "Sở", "viewer", units=("01",))
    assert viewer.get(f"/desk/streets/{own}").status_code == 200
    assert viewer.post("/desk/streets/new", street="Phố X", commune=COMMUNE).status_code == 403
    entry = next(
        e for e in reversed(office.audited()) if e["endpoint"].startswith("POST") and e["event_id"]
    )
    assert entry["outcome"] == "ok"
    assert entry["units"]
