"""Headers: names of fields, of people, and of neither, by rules rather than one by one."""

import pytest

from registry.intake.headers import FIELDS, field_of, fields_named, is_personal, names_coordinates

NAMED = {
    "house_number": "Số nhà|SN|SO_NHA|SoNha|SỐ NHÀ MỚI|Số nhà, ngõ",
    "alley": "Ngõ|Ngách|Hẻm/Kiệt|Ngõ (ngách, hẻm)",
    "street": "TÊN ĐƯỜNG|TENDUONG|ten_duong|Đường - phố|Đường, ngõ|Tên phố/ngõ|Đường/Thôn",
    "locality": "Thôn/bản|TDP|Tổ DP|TEN_KP|Khóm, ấp|Buôn|TDP số|Tên tổ dân phố|Thôn hoặc xóm",
    "building": "Toà nhà|Tòa|Block|Tháp",
    "unit": "Căn|Căn hộ|Phòng",
    "address": "Địa chỉ hiện nay|Địa chỉ lắp đặt|Số nhà, đường, tổ|Địa chỉ (ghi cả số nhà)",
    "former_address": "Địa chỉ (cũ)|Địa chỉ trước sáp nhập",
    "commune": "Xã, phường, thị trấn|TenXa|Phường (xã)|Phường/xã mới|Xã hiện nay",
    "former_commune": "Phường/xã cũ|Xã (cũ)|Phường trước sáp nhập",
    "former_district": "Quận cũ|Quận/huyện trước 01/7/2025",
    "commune_code": "MAXA|Mã phường|Mã xã mới",
    "former_commune_code": "Mã xã cũ|Mã phường/xã cũ",
    "province": "TP|Tỉnh/TP|Tỉnh, thành phố|Tỉnh mới",
    "longitude": "X_VN2000|POINT_X|Toạ độ X (m)|Kinh độ (E)|KinhDo|Kinh độ - WGS84|x (mét)",
    "latitude": "Y_VN2000|POINT_Y|Tọa độ Y (m)|Vĩ độ (N)|VI_DO|y_m",
    "longitude_minutes": "Kinh độ phút|Kinh độ (phút)",
    "point": "Tọa độ|Toạ độ GPS|Nhà ở (lat, lon)|Kinh độ, vĩ độ|Toạ độ (X, Y)|lat/lng",
    "": "Ghi chú|STT|Số nhà cũ|Đường cũ|Số tầng|Số tổ|Mã tỉnh|Diện tích|Loại nhà|Thôn, xã",
}
PEOPLE = (
    "Họ và tên|Số ĐDCN|Số định danh|Mã định danh cá nhân|Số GTTT|ĐT|Di động|Liên hệ|Chủ sở hữu"
    "|Chủ nhà|Chủ sử dụng|Đại diện hộ|Tên|Ông/Bà|Tên hộ|Vợ/chồng|HOTEN|TenChuHo|SO_DIEN_THOAI"
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
