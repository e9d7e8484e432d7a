"""Headers: names of fields, of people, and of neither, by rules rather than one by one."""

import json
from pathlib import Path

import pytest

from registry.batch.rows import read_table
from registry.errors import UnreadableFileError
from registry.intake.columns.fields import find_columns
from registry.intake.columns.reader import open_file
from registry.intake.plain import PLAIN
from registry.intake.spellings.headers import (
    _COMPOSED,
    FIELDS,
    LONGEST_NAME,
    MOST_NAMED,
    field_of,
    fields_named,
    is_personal,
    names_coordinates,
    weak_field_of,
)

NAMED = {
    "house_number": "1. Số nhà:|grp_nha/so_nha|data-so_nha|addr:housenumber|Số nhà của bạn?|"
    "Số nhà|SN|SO_NHA|SoNha|SỐ NHÀ MỚI|Số nhà, ngõ|Số nhà / Căn hộ|Số nhà hoặc căn hộ",
    "alley": "Ngõ|Ngách|Hẻm/Kiệt|Ngõ (ngách, hẻm)",
    "street": "addr:street|Câu 2) Tên đường/phố (nếu có):|TÊN ĐƯỜNG|TENDUONG|"
    "ten_duong|Đường - phố|Đường, ngõ|Tên phố/ngõ|Đường/Thôn",
    "locality": "Thôn/bản|TDP|Tổ DP|TEN_KP|Khóm, ấp|Buôn|TDP số|Tên tổ dân phố|Thôn hoặc xóm",
    "building": "Toà nhà|Tòa|Block|Tháp",
    "unit": "Căn|Căn hộ|Phòng|Căn số",
    "address": "Địa chỉ theo địa giới mới|3. Địa chỉ nhà:|"
    "Địa chỉ lắp đặt|Số nhà, đường, tổ|Địa chỉ (ghi cả số nhà)",
    "former_address": "Địa chỉ theo địa giới hành chính cũ|Địa chỉ (cũ)|Địa chỉ trước sáp nhập",
    "commune": "grp/xa|Xã/Phường của bạn?|addr:subdistrict|Xã, phường, thị trấn|"
    "TenXa|Phường (xã)|Phường/xã mới|Xã hiện nay",
    "former_commune": "Phường/xã cũ|Xã (cũ)|Phường trước sáp nhập",
    "former_district": "Quận cũ|Quận/huyện trước 01/7/2025",
    "commune_code": "MAXA|Mã phường|Mã xã mới",
    "former_commune_code": "Mã xã cũ|Mã phường/xã cũ",
    "province": "TP|Tỉnh/TP|Tỉnh, thành phố|Tỉnh mới",
    "longitude": "_grp_nha/gps_longitude|loc:Longitude|X_VN2000|POINT_X|"
    "Toạ độ X (m)|Kinh độ (E)|KinhDo|Kinh độ - WGS84|x (mét)",
    "latitude": "Y_VN2000|POINT_Y|Tọa độ Y (m)|Vĩ độ (N)|VI_DO|y_m",
    "longitude_minutes": "Kinh độ phút|Kinh độ (phút)",
    "households_count": "Số hộ|No. of households|grp_nha/so_ho",
    "position_accuracy_m": "_gps_precision|loc:Accuracy|Độ chính xác (m)",
    "point": "geopoint|grp_nha/gps|Tọa độ|Toạ độ GPS|"
    "Nhà ở (lat, lon)|Kinh độ, vĩ độ|Toạ độ (X, Y)|lat/lng",
    "": "Ghi chú|STT|Số nhà cũ|Đường cũ|Số tầng|Số tổ|Mã tỉnh|Diện tích|Loại nhà|Thôn, xã|@id"
    "|old/so_nha|Địa chỉ cơ quan|Loại/số",
}
PEOPLE = (
    "Họ và tên|Số ĐDCN|Số định danh|Mã định danh cá nhân|Số GTTT|ĐT|Di động|Liên hệ|Chủ sở hữu"
    "|Chủ nhà|Chủ sử dụng|Đại diện hộ|Tên|Ông/Bà|Tên hộ|Vợ/chồng|HOTEN|Chủ căn hộ|Respondent name"
    "|TenChuHo|SO_DIEN_THOAI"
)


@pytest.mark.parametrize(
    ("header", "field"),
    [(header, field) for field, headers in NAMED.items() for header in headers.split("|")],
)
def test_header_is_read(header: str, field: str) -> None:
    assert (field_of(header) or "", is_personal(header)) == (field, False)


@pytest.mark.parametrize("header", PEOPLE.split("|"))
def test_header_about_people_names_no_field(header: str) -> None:
    assert (field_of(header), is_personal(header)) == (None, True)


def test_every_field_is_named_by_itself() -> None:
    assert fields_named(FIELDS) == set(FIELDS)


def test_cells_are_no_headers() -> None:
    cells = "Thôn Đoài|Khu 3|Tổ 5|Phường Ba Đình|Đường Láng|12|Hà Nội|Toà A|Căn 5|Ngõ 12"
    assert fields_named(cells.split("|")) == frozenset()


@pytest.mark.parametrize("header", ["Toạ độ Bắc", "KINH_DO_cu", "Vĩ độ nhà bên"])
def test_what_speaks_of_coordinates_is_known_to(header: str) -> None:
    assert names_coordinates(header)
    assert field_of(header) is None
    assert not names_coordinates("Ghi chú")


WEAK = {
    "address": "DIA_CHI_SDD|Địa chỉ sử dụng điện|Địa chỉ phát|Địa chỉ thửa đất",
    "unit": "Mã căn|Mã căn hộ",
    "": "Địa chỉ|Địa chỉ cơ quan|Địa chỉ hoá đơn|Địa chỉ IP|Địa chỉ email|Địa chỉ: 12 Láng",
}


@pytest.mark.parametrize(
    ("header", "field"),
    [(header, field) for field, headers in WEAK.items() for header in headers.split("|")],
)
def test_header_is_read_where_no_other_says_it(header: str, field: str) -> None:
    assert (weak_field_of(header) or "") == field


def test_an_address_of_some_kind_is_read_where_none_is_named() -> None:
    assert find_columns(["Mã", "Địa chỉ phát", "Xã"]).positions["address"] == 1
    assert "address" not in find_columns(["Số nhà", "Đường", "Xã", "Địa chỉ dự án"]).positions
    assert find_columns(["Địa chỉ", "Địa chỉ phát", "Xã"]).unknown == ("Địa chỉ phát",)
    assert find_columns(["Toà", "Căn", "Mã căn", "Địa chỉ dự án", "Xã"]).positions == {
        "building": 0,
        "unit": 1,
        "address": 3,
        "commune": 4,
    }
    with pytest.raises(UnreadableFileError, match=r"Địa chỉ phát.*Địa chỉ nhận"):
        find_columns(["Địa chỉ phát", "Địa chỉ nhận", "Xã"])


def test_what_was_taken_for_an_address_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Địa chỉ phát,Địa chỉ nhận,Xã\n12 Láng,14 Láng,Láng\n", encoding="utf-8")
    stated = {"Địa chỉ nhận": ""}
    (note,) = open_file(path, mapping=stated).notes
    assert note.startswith("cột 'Địa chỉ phát' được đọc là address")
    assert open_file(path, mapping=stated | {"Địa chỉ phát": "address"}).notes == ()


def test_header_of_a_megabyte_is_read_and_remembered_by_its_beginning() -> None:
    assert field_of("Số nhà" + " " * 1_000_000) == "house_number"
    assert is_personal("Họ và tên" + " x" * 500_000)
    assert field_of("(" * 1_000_000) is weak_field_of("Ế" * 1_000_000) is None
    assert fields_named(["Số nhà" + "x" * 1_000_000]) == frozenset()
    known = field_of("Đường".ljust(LONGEST_NAME + 1, "/"))
    assert known == field_of("Đường".ljust(LONGEST_NAME, "/"))


@pytest.mark.parametrize("name", ["c{}", "đường {}", "a{}\tb"])
def test_table_of_a_hundred_thousand_columns_is_refused_without_reading_them(name: str) -> None:
    headers = [name.format(at) for at in range(100_000)]
    assert fields_named(headers) == frozenset()
    lines = [",".join(headers) + "\n", "12," * 100_000 + "\n"]
    with pytest.raises(UnreadableFileError, match="cột có tên"):
        read_table("csv", "geocode", lines)
    with pytest.raises(UnreadableFileError, match="cột có tên"):
        find_columns(headers)
    address = ["Địa chỉ", *headers[: MOST_NAMED - 1]]
    if name != "Số nhà":
        assert (
            read_table("csv", "geocode", [",".join(address), "\n1 Láng\n"]).headers[0] == address[0]
        )


def test_rows_of_ever_new_members_are_read_as_far_as_there_are_few() -> None:
    new = [json.dumps({f"c{row}_{at}": 1 for at in range(1_900)}) for row in range(50)]
    rows = list(read_table("ndjson", "geocode", [*new, '{"q": "1 Láng"}']).rows)
    told = [row.error.detail if row.error else "" for row in rows]
    assert [at for at, detail in enumerate(told) if "10,000 members" in detail] == [*range(5, 50)]
    assert rows[-1].asked == {"address": "1 Láng"}


def test_headers_name_fields_that_there_are() -> None:
    plain = tuple(column.name for column in PLAIN)
    assert (*_COMPOSED, *plain) == FIELDS
