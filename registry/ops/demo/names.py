"""Names for demo households, written from general knowledge, not from a data set.

Matching does not use them: its names are in `geo/lexicon/names.csv`, with their source. Names recur
as in reality: nearly every town has its Trần Hưng Đạo and its Đường 30/4. The commonest come first.
"""

from dataclasses import dataclass
from typing import Final


def _list(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.replace("\n", " ").split(",") if name.strip())


STREETS: Final = _list(
    """
    Trần Hưng Đạo, Lê Lợi, Nguyễn Huệ, Quang Trung, Nguyễn Trãi, Lý Thường Kiệt, Hùng Vương,
    Trần Phú, Hai Bà Trưng, Lê Hồng Phong, Ngô Quyền, Đường 30/4, Phan Chu Trinh, Phan Bội Châu,
    Nguyễn Du, Điện Biên Phủ, Hoàng Văn Thụ, Nguyễn Thị Minh Khai, Lê Duẩn, Lý Tự Trọng,
    Võ Thị Sáu, Trường Chinh, Nguyễn Văn Cừ, Phạm Văn Đồng, Võ Nguyên Giáp, Bà Triệu,
    Đinh Tiên Hoàng, Cách Mạng Tháng 8, Đường 3/2, Đường 2/9, Nguyễn Văn Linh, Nguyễn Tất Thành,
    Lê Thánh Tông, Hoàng Diệu, Phan Đình Phùng, Nguyễn Đình Chiểu, Ngô Gia Tự, Lê Quý Đôn,
    Nguyễn Công Trứ, Chu Văn An, Nguyễn Bỉnh Khiêm, Trần Quốc Toản, Trần Nhân Tông, Lê Lai,
    Nguyễn Văn Trỗi, Hoàng Hoa Thám, Tôn Đức Thắng, Phạm Ngũ Lão, Yết Kiêu, Lê Đại Hành,
    Trần Quang Khải, Nguyễn Khuyến, Hồ Xuân Hương, Nguyễn Viết Xuân, Trần Bình Trọng, Cao Thắng,
    Nguyễn Thái Học, Huỳnh Thúc Kháng, Phan Đăng Lưu, Nguyễn Chí Thanh, Lê Văn Sỹ, Kim Đồng,
    Nguyễn An Ninh, Bạch Đằng, Chi Lăng, Đống Đa, Tô Hiến Thành, Lý Nam Đế, Lý Thái Tổ,
    Trần Nguyên Hãn, Nguyễn Hữu Cảnh, Nguyễn Tri Phương, Bùi Thị Xuân, Trần Cao Vân,
    Thái Phiên, Ông Ích Khiêm, Hàm Nghi, Duy Tân, Lê Văn Lương, Tố Hữu, Xuân Diệu, Tản Đà,
    Nguyễn Văn Tố, Lương Thế Vinh, Lương Văn Can, Nguyễn Thượng Hiền, Đào Duy Từ, Đào Duy Anh,
    Nguyễn Đình Thi, Văn Cao, Trịnh Công Sơn, Nam Cao, Ngô Tất Tố, Vũ Trọng Phụng, Tô Ngọc Vân,
    Bùi Xuân Phái, Nguyễn Phong Sắc, Trần Đại Nghĩa, Tạ Quang Bửu, Đặng Thai Mai, Tôn Thất Tùng,
    Phạm Ngọc Thạch, Hồ Tùng Mậu, Hà Huy Tập, Lê Thị Hồng Gấm, Nguyễn Thị Định, Mạc Đĩnh Chi,
    Phùng Hưng, Phùng Khắc Khoan, Mai Hắc Đế, Triệu Việt Vương, Lê Hoàn, Lê Chân, An Dương Vương,
    Lạc Long Quân, Âu Cơ, Thánh Gióng, Dã Tượng, Trần Khánh Dư, Trần Khát Chân, Trần Nhật Duật,
    Trương Định, Trương Công Định, Nguyễn Trung Trực, Thủ Khoa Huân, Phan Thanh Giản,
    Phan Văn Trị, Huỳnh Mẫn Đạt, Đoàn Thị Điểm, Bà Huyện Thanh Quan, Sương Nguyệt Anh,
    Hàn Mặc Tử, Chế Lan Viên, Nguyễn Bính, Thế Lữ, Nguyễn Tuân, Thạch Lam, Khái Hưng,
    Nguyễn Công Hoan, Nguyên Hồng, Nguyễn Huy Tưởng, Lưu Hữu Phước, Đỗ Nhuận, Hoàng Việt,
    Phan Kế Bính, Phan Huy Chú, Phan Huy Ích, Ngô Thì Nhậm, Ngô Sĩ Liên, Lê Văn Hưu, Lê Hữu Trác,
    Tuệ Tĩnh, Nguyễn Thiện Thuật, Tôn Thất Thuyết, Nguyễn Cao, Đội Cấn, Đề Thám, Cô Bắc, Cô Giang,
    Nguyễn Khắc Nhu, Phó Đức Chính, Ký Con, Lương Ngọc Quyến, Trịnh Hoài Đức, Võ Văn Tần,
    Võ Văn Kiệt, Nguyễn Văn Thoại, Nguyễn Lương Bằng, Lê Thanh Nghị,
    Lê Trọng Tấn, Hoàng Văn Thái, Văn Tiến Dũng, Chu Huy Mân, Trần Văn Trà,
    Phan Văn Khỏe, Bùi Hữu Nghĩa, Tống Duy Tân, Đinh Công Tráng, Nguyễn Xí, Nguyễn Chích,
    Đinh Lễ, Trần Quý Cáp, Trần Quý Khoáng, Lê Ngọc Hân, Ngọc Hân Công Chúa, Nguyễn Lữ,
    Nguyễn Nhạc, Đặng Tiến Đông, Ngô Văn Sở, Võ Văn Dũng, Bùi Huy Bích, Phùng Chí Kiên,
    Nguyễn Đức Cảnh, Lê Thành Phương, Châu Văn Liêm, Nguyễn Văn Huyên, Dương Quảng Hàm,
    Hoàng Quốc Việt, Xuân Thủy, Phan Trọng Tuệ, Nguyễn Hữu Thọ, Huỳnh Tấn Phát,
    Trần Não, Đồng Khởi, Giải Phóng, Thống Nhất, Độc Lập, Hòa Bình, Tự Do, Lao Động,
    Thanh Niên, Hữu Nghị, Đoàn Kết, Quyết Thắng, Chiến Thắng, Nam Kỳ Khởi Nghĩa,
    Xô Viết Nghệ Tĩnh, Đường 19/5, Đường 26/3, Đường 27/7, Đường 8/3, Đường 1/5,
    Đường 22/12, Đường 19/8, Đường 7/5, Đại lộ Bình Minh, Ven Sông, Ven Biển,
    Bờ Kè, Chợ Mới, Chợ Cũ, Cầu Đất, Cầu Gỗ, Bến Xe, Ga Cũ, Đê Tả, Đê Hữu, Cây Đa, Giếng Nước,
    Trường Sa, Hoàng Sa, Phan Xích Long, Nguyễn Phúc Chu, Nguyễn Hoàng, Mạc Thiên Tích,
    Nguyễn Cư Trinh, Trần Thượng Xuyên, Dương Văn An, Hoàng Đạo Thúy, Nguyễn Cơ Thạch,
    Mai Chí Thọ, Đồng Văn Cống, Trần Văn Giàu, Trần Bạch Đằng, Nguyễn Duy Trinh, Lê Văn Việt
    """
)
HIGHWAYS: Final = _list(
    "QL1A, Quốc lộ 1, QL2, QL3, QL5, QL6, QL10, QL14, Quốc lộ 20, QL22, QL37, QL51, QL61, QL80,QL91"
)
HAMLETS: Final = _list(
    """
    Đông, Tây, Nam, Bắc, Trung, Thượng, Hạ, Đoài, Nội, Ngoại, Tân Lập, Tân Tiến, Tân Thành,
    Bình An, Bình Hòa, Hòa Bình, Đồng Tâm, Đồng Tiến, Đại Đồng, Đại Thành, Phú Thọ, Phú Hòa,
    Phú Mỹ, Mỹ Hòa, Mỹ Long, Long Thạnh, Long Hòa, An Phú, An Thạnh, An Ninh, Vĩnh Phước,
    Vĩnh Hòa, Thạnh Lợi, Thạnh Phú, Trung Hòa, Trung Sơn, Yên Phú, Yên Lạc, Xuân Hòa, Xuân Lâm,
    Quang Minh, Quyết Tiến, Thắng Lợi, Tiền Phong, Đoàn Kết, Hợp Thành, Phúc Lộc, Phúc Thọ, Đức Lập,
    Văn Lâm, Văn Khê, Ngọc Sơn, Kim Sơn, Thanh Bình, Thanh Sơn, Lạc Sơn
    """
)
HAMLETS_BY_WORD: Final = {
    "Bản": _list(
        "Nà Lốc, Nà Khoang, Nà Pán, Pá Lau, Pá Khoang, Huổi Mới, Huổi Luông, Cò Nòi, Phiêng Ban,"
        "Mường Chanh, Tà Lành, Nậm Pút"
    ),
    "Buôn": _list(
        "Ea Nao, Ea Kmát, Ea Tul, Krông Ana, Đắk Lao, Kô Tam, Ako Dhông, Kon Rơ, Jun, Drao, Hra,"
        "Tơng Jú"
    ),
}
"""Names of places of only that kind."""
BUILDINGS: Final = _list(
    """
    Chung cư Hoa Sen, Chung cư Hướng Dương, Chung cư Bình Minh, Chung cư Sông Xanh,
    Chung cư Ban Mai, Chung cư Mặt Trời, Chung cư Thanh Xuân, Chung cư Phương Nam,
    Toà A1, Toà A2, Toà CT1, Toà CT2, Toà CT3B, Toà N05, Toà HH1, Toà S1, Toà S2,
    Block A, Block B, Block B2, Block C
    """
)


@dataclass(frozen=True, slots=True)
class Customs:
    """How addresses are written in a part of the country."""

    alley: str
    """ngõ | kiệt | hẻm: the word for an alley, which determines the notation of numbers."""
    rural: tuple[str, ...]
    """Words for a named place of a xã."""
    rural_inner: str
    """Word for a place inside it."""
    urban: tuple[str, ...]
    """Words for a numbered place of a phường."""
    urban_inner: str | None
    street_word: str
    """Word often written before a street's name."""
    numbered_streets: float
    """Share of streets with a number as name: Đường số 7."""


_NORTH: Final = Customs("ngõ", ("Thôn",), "Xóm", ("Tổ dân phố",), None, "Phố", 0.0)
_MOUNTAINS: Final = Customs("ngõ", ("Bản", "Thôn"), "Xóm", ("Tổ dân phố",), None, "Đường", 0.0)
_NORTH_CENTRAL: Final = Customs(
    "ngõ", ("Thôn", "Xóm"), "Tổ", ("Khối", "Tổ dân phố"), None, "Đường", 0.0
)
_CENTRAL: Final = Customs("kiệt", ("Thôn",), "Xóm", ("Tổ dân phố",), None, "Đường", 0.03)
_COAST: Final = Customs("hẻm", ("Thôn",), "Xóm", ("Tổ dân phố",), None, "Đường", 0.05)
_HIGHLANDS: Final = Customs("hẻm", ("Buôn", "Thôn"), "Tổ", ("Tổ dân phố",), None, "Đường", 0.05)
_SOUTH: Final = Customs("hẻm", ("Ấp",), "Tổ", ("Khu phố",), "Tổ", "Đường", 0.2)

# By provinces before July 2025: current ones reach from the coast into the highlands.
_CUSTOMS: Final = {
    **dict.fromkeys(("02", "04", "06", "08", "10", "11", "12", "14", "15", "17"), _MOUNTAINS),
    **dict.fromkeys(("19", "20"), _MOUNTAINS),
    **dict.fromkeys(("38", "40", "42"), _NORTH_CENTRAL),
    **dict.fromkeys(("44", "45", "46", "48", "49"), _CENTRAL),
    **dict.fromkeys(("51", "52", "54", "56", "58", "60"), _COAST),
    **dict.fromkeys(("62", "64", "66", "67", "68"), _HIGHLANDS),
}


def customs_of(old_province_code: str) -> Customs:
    """Return the customs of a province of before July 2025."""
    return _CUSTOMS.get(old_province_code, _NORTH if old_province_code < "44" else _SOUTH)
