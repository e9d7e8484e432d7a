"""External identifiers: loaded from a file, found by value, returned with the record."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.publish.export.run import ExportOptions, export_file
from registry.records.external_ids.loading import PROBLEMS, Loaded, load_external_ids
from tests.support.desk import seated
from tests.support.keys import Office, code_of
from tests.support.keys import office as open_office


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"external_{worker_id}") as made:
        yield made


def load(office: Office, path: Path, table: str, scheme: str | None = None) -> Loaded:
    path.write_text(table, encoding="utf-8")
    with session_scope(office.place.engine) as session:
        return load_external_ids(session, path, scheme)


def found(result: Loaded) -> list[tuple[int, str]]:
    return [(problem.row_number, problem.code) for problem in result.problems]


def test_record_is_found_by_its_identifier_and_shows_it(office: Office, tmp_path: Path) -> None:
    code = office.place.house("101")
    table = (
        "mã địa chỉ,hệ mã,giá trị,từ ngày,đến ngày\n"
        f"{code_display(code)},parcel,12/3 Tờ 5,,\n"
        f"{code},own_number,A-7,1/7/2024,30/6/2025\n"
        f"{code},own_number,A-8,1/7/2025,\n"
    )
    result = load(office, tmp_path / "a.csv", table)
    assert (result.rows, result.new, result.rejected, result.problems) == (3, 3, 0, ())
    answer = office.get("/v1/external/parcel/12/3 Tờ 5").get_json()
    assert [each["code"] for each in answer["records"]] == [code]
    assert answer["records"][0]["address"]["house_number"] == "101"
    assert code_of(office.get("/v1/external/own_number/A-7")) == (404, "not_found")
    then = office.get("/v1/external/own_number/A-7?on=2025-06-30").get_json()
    assert then["records"][0]["valid_to"] == "2025-06-30"
    answered = office.get(f"/v1/addresses/{code}?external=true").get_json()["external_ids"]
    assert [(each["scheme"], each["value"]) for each in answered] == [
        ("own_number", "A-7"),
        ("own_number", "A-8"),
        ("parcel", "12/3 Tờ 5"),
    ]
    assert "external_ids" not in office.get(f"/v1/addresses/{code}").get_json()
    out = tmp_path / "out.csv"
    export_file(office.place.engine, out, ExportOptions("csv", external=True))
    with out.open(encoding="utf-8-sig", newline="") as file:
        exported = {row["code"]: row["external_ids"] for row in csv.DictReader(file)}
    assert exported[code] == "own_number:A-8; parcel:12/3 Tờ 5"
    # The same again changes nothing; another day is a change.
    again = load(office, tmp_path / "a.csv", table.replace("1/7/2024", "2/7/2024"))
    assert (again.new, again.changed, again.unchanged) == (0, 1, 2)


def test_several_identifiers_of_a_record_are_stored_with_a_warning(
    office: Office, tmp_path: Path
) -> None:
    one, two = office.place.house("103"), office.place.house("105")
    table = f"code,value\n{one},10001\n{two},10001\n{one},10002\n"
    result = load(office, tmp_path / "b.csv", table, "meter")
    assert (result.new, result.rejected) == (3, 0)
    assert found(result) == [
        (1, "record_has_several"),
        (1, "value_shared"),
        (2, "value_shared"),
        (3, "record_has_several"),
    ]
    records = office.get("/v1/external/meter/10001").get_json()["records"]
    assert [each["code"] for each in records] == sorted((one, two))


def test_retired_record_leads_to_its_successor(office: Office, tmp_path: Path) -> None:
    gone, into = office.place.house("107"), office.place.house("109")
    load(office, tmp_path / "c.csv", f"code,value\n{gone},P-107\n", "parcel")
    approver = office.key("gộp thửa", "approver", approves_own=True)
    done = office.post("merge", approver, codes=[gone], into=into, reason="thông nhau")
    assert done.status_code == 200
    (record,) = office.get("/v1/external/parcel/P-107").get_json()["records"]
    assert record["address"] is None
    assert [each["code"] for each in record["successors"]] == [into]


def test_restricted_record_is_not_found_by_identifier(office: Office, tmp_path: Path) -> None:
    code = office.place.house("113")
    load(office, tmp_path / "g.csv", f"code,value\n{code},P-113\n", "parcel")
    assert office.get("/v1/external/parcel/P-113").status_code == 200
    office.place.do("correct", code=code, restricted=True)
    assert code_of(office.get("/v1/external/parcel/P-113")) == (404, "not_found")


def test_pages_show_identifiers_to_the_same_callers_as_the_api(
    office: Office, tmp_path: Path
) -> None:
    code = office.place.house("115")
    page = f"/a/{code_display(code)}"
    desk = f"/desk/records/{code_display(code)}"
    table = f"code,scheme,value,to\n{code},real_estate_id,BDS-115,\n{code},own_number,A-115,\n"
    table += f"{code},own_number,A-114,30/6/2025\n"
    load(office, tmp_path / "h.csv", table.replace(",to", ",đến ngày"))
    seat = seated(office, "xem mã", "viewer")
    shown, at_desk = office.client.get(page).text, seat.get(desk).text
    for text in (shown, at_desk):
        assert "<dt>Mã định danh bất động sản</dt><dd>BDS-115</dd>" in text
        assert "<dt>own_number</dt><dd>A-115</dd>" in text
    assert "A-114" not in shown
    assert "A-114 (… – 30/06/2025)" in at_desk
    office.place.do("correct", code=code, restricted=True)
    assert "BDS-115" not in office.client.get(page).text
    assert "BDS-115" in seat.get(desk).text


def test_bad_rows_are_reported_and_do_not_fail_others(office: Office, tmp_path: Path) -> None:
    code = office.place.house("111")
    rows = {
        ",meter,1,,": "code_missing",
        "7P70-6F,meter,1,,": "code_unreadable",
        "1000-0006,meter,1,,": "code_unknown",
        f"{code},Bưu chính,1,,": "scheme_unreadable",
        f"{code},meter,,,": "value_missing",
        f"{code},meter,{'9' * 201},,": "value_unreadable",
        f"{code},meter,1,hôm qua,": "date_unreadable",
        f"{code},meter,1,2/1/2026,1/1/2026": "dates_swapped",
        f"{code},postcode,11528,,": "scheme_of_units",
        f"{code},meter,10003,,31/12/9999": "",
        f"{code},meter,10003,1/1/2026,": "row_repeated",
    }
    table = "\n".join(("code,scheme,value,valid_from,valid_to", *rows))
    result = load(office, tmp_path / "d.csv", table)
    assert [code for _, code in found(result)] == [each for each in rows.values() if each]
    assert (result.rows, result.new, result.rejected) == (11, 1, 10)
    assert set(PROBLEMS) >= set(rows.values()) - {""}
    with pytest.raises(UnreadableFileError, match="value"):
        load(office, tmp_path / "e.csv", "mã,tên\n1,2\n")
    with pytest.raises(InvalidInputError):
        load(office, tmp_path / "f.csv", table, "Hệ của tôi")


@pytest.mark.parametrize("path", ["Postcode/1", "meter/%00", f"meter/{'x' * 201}", "a-b/1"])
def test_invalid_request_is_refused(office: Office, path: str) -> None:
    assert office.get(f"/v1/external/{path}").status_code in (400, 404, 422)


def test_values_of_known_schemes_are_checked(office: Office, tmp_path: Path) -> None:
    one, two, three = (office.place.house(n) for n in ("121", "123", "125"))
    rows = {
        f"{one},dia_chi_so,1152800001": "",
        f"{two},dia_chi_so,1112000001": "value_contradicts_commune",
        f"{two},dia_chi_so,11528001": "value_unreadable",
        # Digits like a telephone number, but a valid identifier.
        f"{two},dia_chi_so,0352812345": "value_contradicts_commune",
        f"{three},dia_chi_so,1152800002": "record_has_other",
        f"{three},dia_chi_so,1152800003": "record_has_other",
        f"{one},place_id,001099012345": "scheme_draft",
        f"{one},real_estate_id,01.00199/TD-12": "",
        f"{one},real_estate_id,01.00199/TD-13": "",
        f"{one},real_estate_id,{'1' * 41}": "value_unreadable",
    }
    result = load(office, tmp_path / "h.csv", "\n".join(("code,scheme,value", *rows)))
    wrong = [each for each in found(result) if each[1] != "record_has_several"]
    assert [code for _, code in sorted(wrong)] == [each for each in rows.values() if each]
    assert (result.new, result.rejected) == (3, 7)
    again = load(office, tmp_path / "i.csv", f"code,value\n{two},1152800001\n", "dia_chi_so")
    assert found(again) == [(1, "value_taken")]
    (record,) = office.get("/v1/external/dia_chi_so/1152800001").get_json()["records"]
    assert record["code"] == one


def test_columns_of_several_known_schemes_are_loaded_together(
    office: Office, tmp_path: Path
) -> None:
    code = office.place.house("131")
    # As rows of an import come back: with what the file had beside them.
    table = (
        "Số nhà,Địa chỉ số,Mã định danh bất động sản,code,code_display\n"
        f"131,1152800131,BDS-1; BDS-2,{code},{code_display(code)}\n"
    )
    result = load(office, tmp_path / "k.csv", table)
    assert (result.rows, result.new) == (1, 3)
    assert found(result) == [(1, "record_has_several")] * 2
    answer = office.get(f"/v1/addresses/{code}?external=true").get_json()["external_ids"]
    assert [f"{each['scheme']}:{each['value']}" for each in answer] == [
        *("dia_chi_so:1152800131", "real_estate_id:BDS-1", "real_estate_id:BDS-2")
    ]


def test_draft_scheme_is_accepted_when_enabled(office: Office, tmp_path: Path) -> None:
    code = office.place.house("127")
    path = tmp_path / "j.csv"
    path.write_text(f"code,value\n{code},001099012345\n", encoding="utf-8")
    with session_scope(office.place.engine) as session:
        assert load_external_ids(session, path, "place_id", drafts=True).new == 1
    (answer,) = office.get(f"/v1/addresses/{code}?external=true").get_json()["external_ids"]
    assert (answer["value"], answer["draft"]) == ("001099012345", True)
