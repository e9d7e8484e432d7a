"""Targets at the desk: declared by approvers, summed, filtered, compared, and downloaded."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.coverage.series import record_day
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.desk import Seat, seated
from tests.support.keys import Office, bearer
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE

HA_NOI = "01"


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"desktargets_{worker_id}") as made:
        yield made


@pytest.fixture(autouse=True)
def own_targets(office: Office) -> Iterator[None]:
    """What a test declares, the next one does not find."""
    ((known,),) = office.place.rows("SELECT max(id) FROM target")
    yield
    owner = make_engine(office.place.url, role=OWNER_ROLE)
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM target WHERE id > :known"), {"known": known})
    owner.dispose()


@pytest.fixture(scope="module")
def communes(office: Office) -> list[str]:
    with session_scope(office.place.engine) as session:
        known = load_gazetteer(session)
        day = today()
        province = next(u for u in known.with_code(HA_NOI) if u.alive_on(day))
        return sorted(unit.code for unit in known.members(province, day))


def headline(office: Office, code: str) -> tuple[int, str, str]:
    target = office.get(f"/v1/coverage/{code}").get_json()["total"]["target"]
    return target["households"], target["quality"], target["source"]


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that writes what was tried."""
    form = page[max(page.index('name="content"') - 400, 0) :]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_approver_declares_a_target_by_page_and_api(office: Office) -> None:
    key = office.key("UBND phường Láng", "approver")
    seat = seated(office, "Phó chủ tịch", "approver")
    page = seat.get("/desk/targets").text
    assert "Phường Láng" in page
    assert "Kê khai tổng số hộ" in page
    form = {"unit": COMMUNE, "households": "20.100", "quality": "declared", "counted": "households"}
    done = seat.post("/desk/targets", **form, source="UBND", reference_date="2026-07-01")
    assert (done.status_code, done.location) == (303, f"/desk/targets?unit={COMMUNE}")
    assert headline(office, COMMUNE) == (20_100, "declared", "UBND")
    strange = form | {"households": "7", "reference_date": "2026-07-02"}
    few = seat.post("/desk/targets", **strange)
    assert few.status_code == 200
    assert "khác thường" in few.text
    assert headline(office, COMMUNE)[0] == 20_100
    # An overwritten number needs confirmation again.
    assert seat.post("/desk/targets", **strange | {"households": "0"}, sure="7").status_code == 200
    assert seat.post("/desk/targets", **strange, sure="7").status_code == 303
    assert headline(office, COMMUNE) == (7, "declared", "Phó chủ tịch")
    number = max(row[0] for row in office.place.rows("SELECT id FROM target"))
    assert seat.post(f"/desk/targets/{number}/withdraw", unit=COMMUNE).status_code == 303
    assert headline(office, COMMUNE)[0] == 20_100
    assert seat.post(f"/desk/targets/{number}/withdraw", unit=COMMUNE).status_code == 404
    # Programs do the same with a key.
    given = {"unit": COMMUNE, "households": 20_200, "reference_date": "2026-07-03"}
    for dry_run, counted in ((True, 20_100), (False, 20_200)):
        body = {"targets": [given, given | {"unit": ELSEWHERE}], "dry_run": dry_run}
        answer = office.client.post("/v1/targets", json=body, headers=bearer(key)).get_json()
        assert (answer["new"], answer["rejected"], answer["dry_run"]) == (1, 1, dry_run)
        assert [each["code"] for each in answer["problems"]] == ["unit_outside"]
        assert headline(office, COMMUNE)[0] == counted


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"unit": COMMUNE, "households": "nhiều"}, "phải là số nguyên"),
        ({"unit": COMMUNE, "households": "-5"}, "phải là số nguyên"),
        ({"unit": COMMUNE, "households": "99999999"}, "nhiều hơn mức"),
        ({"unit": COMMUNE, "households": "5000", "reference_date": "2099-01-01"}, "chưa tới"),
        ({"unit": COMMUNE, "households": "5000", "locality": "Tổ 99"}, "Chưa có thôn"),
        ({"unit": ELSEWHERE, "households": "5000"}, "ngoài địa bàn"),
        ({"unit": HA_NOI, "households": "5000"}, "ngoài địa bàn"),
    ],
)
def test_invalid_number_is_reported_and_kept_in_the_form(
    office: Office, form: dict[str, str], expected: str
) -> None:
    seat = seated(office, f"sai {form}"[:100], "approver")
    before = office.place.rows("SELECT count(*) FROM target")
    refused = seat.post("/desk/targets", **form)
    assert refused.status_code == 422
    assert expected in refused.text
    if form["unit"] == COMMUNE:
        assert f'value="{form["households"]}"' in refused.text
    assert office.place.rows("SELECT count(*) FROM target") == before


@pytest.mark.thorough
def test_province_takes_the_sum_of_its_communes_and_follows_them(
    office: Office, communes: list[str]
) -> None:
    seat = seated(office, "Cục Thống kê", "approver", units=(HA_NOI,))
    own = headline(office, HA_NOI)
    assert own[1] == "estimate"
    page = seat.get("/desk/targets", unit=HA_NOI).text
    assert "chưa kê khai" in page
    assert seat.post("/desk/targets/sum", unit=HA_NOI).status_code == 409
    table = "mã xã,số hộ\n" + "".join(f"{code},1.000\n" for code in communes) + "99999,5\n"
    file = {"file": (io.BytesIO(table.encode()), f"../{'số hộ' * 60}.csv"), "quality": "declared"}
    tried = seat.post("/desk/targets/file", unit=HA_NOI, **file)
    assert tried.status_code == 200
    assert f"Ghi {len(communes)} số" in tried.text
    assert 'id="said"' not in tried.text
    assert "99999" in tried.text
    assert headline(office, HA_NOI) == own
    # The wrong row is corrected on the page; other cells are kept as delivered.
    wrong = 'name="cell.' + f'{len(communes) + 1}.code" value="99999"'
    assert wrong in tried.text
    first = tried.text.partition('action="/desk/targets/file"')[2].partition("</form>")[0]
    edited = dict(hidden(f"<form{first}")) | {f"cell.{len(communes) + 1}.code": communes[0]}
    again = seat.post("/desk/targets/file", **edited)
    assert again.status_code == 200
    assert "99999" not in again.text
    assert seat.post("/desk/targets/file", **hidden(tried.text)).status_code == 303
    # Declared communes alone leave the province's own estimate where it was; then they count.
    assert headline(office, HA_NOI) == own
    assert "Dùng tổng của các xã" in seat.get("/desk/targets", unit=HA_NOI).text
    assert seat.post("/desk/targets/sum", unit=HA_NOI).status_code == 303
    whole = 1_000 * len(communes)
    assert headline(office, HA_NOI)[:2] == (whole, "declared")
    later = {"unit": communes[0], "households": "1500", "reference_date": str(today())}
    assert seat.post("/desk/targets", **later).status_code == 303
    assert headline(office, HA_NOI)[0] == whole + 500
    (number,) = office.place.rows(
        "SELECT id FROM target WHERE households = 1500 AND source = 'Cục Thống kê'"
    )[0]
    assert seat.post(f"/desk/targets/{number}/withdraw", unit=communes[0]).status_code == 303
    assert headline(office, HA_NOI)[0] == whole
    # A newer declared number replaces an older sum, and can be withdrawn again.
    assert seat.post("/desk/targets", unit=HA_NOI, households="999").status_code == 303
    assert headline(office, HA_NOI)[0] == 999
    assert seat.post("/desk/targets/sum", unit=HA_NOI).status_code == 303
    assert headline(office, HA_NOI)[0] == whole


@pytest.mark.thorough
def test_rows_with_the_same_problem_are_edited_together(office: Office) -> None:
    seat = seated(office, "Cục Thống kê 2", "approver", units=(HA_NOI,))
    # By the header the codes are of communes: 4 is 00004, not the province 04.
    table = "Bảng\nMã xã,số hộ,chất lượng,ghi chú\n4,1.000,tốt,\n8,2.000,tốt,\n25,nhiều,xấu,\n"
    file = {"file": (io.BytesIO(table.encode()), "số hộ.csv")}
    tried = seat.post("/desk/targets/file", unit=HA_NOI, **file).text
    first = tried.partition('action="/desk/targets/file"')[2].partition("</form>")[0]
    (wrong,) = re.findall(r"<input [^>]*aria-invalid[^>]*>", first)
    assert 'name="cell.3.households"' in wrong
    assert '<option value="kê khai">' in first
    edited = dict(hidden(f"<form{first}")) | {"cell.1.quality": "kê khai", "alike": "yes"}
    again = seat.post("/desk/targets/file", **edited).text
    assert "Ghi 2 số" in again
    assert [cell for cell in ("tốt", "xấu") if f'value="{cell}"' in again] == ["xấu"]


def test_list_is_searched_filtered_and_compared(office: Office, communes: list[str]) -> None:
    seat = seated(office, "Sở", "viewer", units=(HA_NOI,))
    for path in ("/desk/targets", "/desk/targets/sum", "/desk/targets/file"):
        assert seat.post(path, unit=COMMUNE, households="5").status_code == 403

    def listed(**query: object) -> list[str]:
        page = seat.get("/desk/targets", unit=HA_NOI, **query).text
        return re.findall(r'name="pick" value="(\d+)"', page)

    assert sorted(listed()) == communes
    assert listed(q="phuong lang") == [COMMUNE]
    assert listed(q=COMMUNE) == [COMMUNE]
    assert listed(q="<script>") == []
    chief = seated(office, "Chủ tịch", "approver")
    assert chief.post("/desk/targets", unit=COMMUNE, households="20100").status_code == 303
    assert COMMUNE in listed(kind="below")
    assert listed(kind="over") == []
    two = [communes[3], COMMUNE]
    assert sorted(listed(pick=two)) == sorted(two)
    assert "Các đơn vị đã chọn" in seat.get("/desk/targets", unit=HA_NOI, pick=two).text
    country = seat.get("/desk/targets", unit="VN", level="commune", pick=[COMMUNE, ELSEWHERE]).text
    assert country.count('name="pick" value=') == 2
    assert seat.get("/desk/targets", unit="99999").status_code == 404


def test_blank_form_has_the_columns_that_are_read(office: Office) -> None:
    seat: Seat = seated(office, "Người duyệt", "approver", units=(COMMUNE,))
    assert "/desk/targets/template.xlsx" in seat.get("/desk/targets", unit=COMMUNE).text
    blank = CalamineWorkbook.from_filelike(io.BytesIO(seat.get("/desk/targets/template.xlsx").data))
    headers, example = blank.get_sheet_by_index(0).to_python()
    assert "Số hộ" in headers
    assert COMMUNE in example


def test_shown_table_can_be_downloaded(office: Office, communes: list[str]) -> None:
    seat: Seat = seated(office, "Văn phòng", "viewer", units=(COMMUNE,))
    sheet = seat.get("/desk/targets/file.xlsx", unit=HA_NOI, pick=[COMMUNE, communes[3]])
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.data))
    assert len(book.get_sheet_by_name("Độ phủ").to_python()) == 4
    table = seat.get("/desk/targets/file.csv", unit=HA_NOI, q="lang").text
    assert COMMUNE in {row["Mã"] for row in csv.DictReader(io.StringIO(table[1:]))}
    own = seat.get("/desk/targets/file.csv", unit=COMMUNE).text
    first = next(csv.DictReader(io.StringIO(own[1:])))
    assert (first["Mã"], first["Đơn vị"]) == (COMMUNE, "Phường Láng")
    assert "<h1>Phường Láng" in seat.get("/desk/targets/file.html", unit=COMMUNE).text
    assert seat.get("/desk/targets/file.exe", unit=HA_NOI).status_code == 404
    house = office.place.house("91")
    doors = seat.get("/desk/targets/households.csv", unit=COMMUNE)
    assert house in doors.text
    assert doors.text[1:].startswith("Mã địa chỉ số,Mã trên biển,")
    assert "attachment" in doors.headers["Content-Disposition"]
    assert seat.get("/desk/targets/households.xlsx", unit=COMMUNE).data[:2] == b"PK"
    assert seat.get("/desk/targets/households.csv", unit=ELSEWHERE).status_code == 403
    assert seat.get("/desk/targets/households.csv", unit=HA_NOI).status_code == 404
    noted = [e for e in office.audited() if e["endpoint"].endswith("households.<form>")]
    assert [e["outcome"] for e in noted] == ["ok", "ok", "outside_units", "not_found"]


def test_changes_between_two_days_are_shown_and_downloaded(office: Office) -> None:
    seat = seated(office, "Chánh văn phòng", "viewer", units=(HA_NOI,))
    none = seat.get("/desk/targets/moved", unit=HA_NOI, since=str(today()))
    assert none.status_code == 422
    with session_scope(office.place.engine) as session:
        record_day(session, load_gazetteer(session))
    office.place.house("93")
    query = {"unit": HA_NOI, "since": today().strftime("%d/%m/%Y")}
    page = seat.get("/desk/targets/moved", **query).text
    assert "Phường Láng" in page
    assert "+1" in page
    moved = seat.get("/desk/targets/moved", **query, **{"as": "csv"}).text
    (row,) = csv.DictReader(io.StringIO(moved[1:]))
    assert (row["Mã"], row["Hộ có mã, thay đổi"]) == (COMMUNE, "1")
    sheet = seat.get("/desk/targets/moved", **query, **{"as": "xlsx"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet.data)).get_sheet_by_index(0).to_python()
    assert rows[2][:2] == [COMMUNE, "Phường Láng"]
    for wrong in ("hôm qua", "2099-01-01"):
        assert seat.get("/desk/targets/moved", unit=HA_NOI, since=wrong).status_code == 422
