"""Words that open a piece of an address and belong to no other module.

Units, landmarks, shops, and what comes with a parcel.
"""

from collections.abc import Sequence
from typing import Final

from geo.admin import KIND_NAMES
from geo.text import accent_key
from geo.words import Phrase, phrases


def _of_no_kind(role: str, writings: str) -> list[Phrase]:
    return phrases(role, dict.fromkeys(writings.split("|"), ""))


ADMIN: Final = phrases(
    "admin",
    {
        **{name.lower(): "" for name in KIND_NAMES.values()},
        "thành phố": "tp|t p|t phố|thủ đô",
        "thị xã": "tx|t x|t xã",
        "thị trấn": "tt|t t|ttr|t trấn",
        "phường": "ward",
        "quận": "district",
    },
    numbered=("ward", "district"),
)
# A letter is a kind only with a point, a number or a part's beginning to prove it.
WARD, DISTRICT, RURAL_DISTRICT, COMMUNE, PROVINCE = (
    phrases("admin", {kind: ""})[0] for kind in ("phường", "quận", "huyện", "xã", "tỉnh")
)
PHO, DUONG = (phrases("street", {kind: ""})[0] for kind in ("phố", "đường"))
ROOM, HEM = phrases("unit", {"phòng": ""})[0], phrases("alley", {"hẻm": ""})[0]
HINTS: Final = _of_no_kind(
    "hint",
    "đối diện|cạnh|bên cạnh|kế bên|sát bên|sát|gần|ngay|cách chợ|cách trường|cách ngã tư|"
    "cách ngã ba|cách cầu|sau lưng|phía sau|"
    "phía trước|trước mặt|trước cửa|trước cổng|cổng trường|cổng chào|cổng sau|bên hông|bên phải|"
    "bên trái|lối vào|hông chợ|hông trường|hông nhà|chân dốc|chân núi|kế nhà|kế trường|sau chợ|"
    "sau trường|sau nhà|sau ủy ban|sau bệnh viện|trước chợ|trước trường|trước nhà|đằng sau|đi lên|"
    "đi vào|rẽ trái|rẽ phải|quẹo|ngã tư|ngã ba|đầu hẻm|cuối hẻm|đầu ngõ|cuối ngõ|chân cầu|dưới cầu|"
    "qua cầu|trong chợ|sau số|trước số|giáp số|giáp nhà|next to|near|opposite",
)
# Where no name of a place begins so: Quán Thánh, Trường Thọ and Chùa Bộc do.
PREMISES: Final = _of_no_kind(
    "premises",
    "công ty|cty|c ty|nhà|nhà hàng|quán ăn|quán cà phê|quán cafe|quán nhậu|quán cơm|tiệm|"
    "cửa hàng|siêu thị|nhà thuốc|quầy thuốc|hiệu thuốc|nha khoa|phòng khám|bệnh viện|trạm y tế|"
    "trường tiểu học|trường thcs|trường thpt|trường mầm non|trường đại học|ngân hàng|atm|"
    "khách sạn|nhà nghỉ|nhà trọ|phòng trọ|trọ|homestay|điện máy xanh|bách hóa xanh|trạm xăng|"
    "cây xăng|trạm xe bus|garage|gara|shop|salon|spa|cafe|coffee|cà phê|nhà máy|xưởng|đại lý|"
    "nhà văn hóa|nhà sinh hoạt|giáo xứ|trung tâm|văn phòng|phòng giao dịch|phòng tài nguyên|"
    "ủy ban|ubnd|công an|bưu điện|bưu cục|tạp hóa|hủ tiếu|phở|bún|cơm|lẩu|trà sữa|honda|"
    "câu lạc bộ|clb|sân bay|bến xe|mỹ phẩm|thuốc tây|vietcombank|vietinbank|agribank|ban quản lý",
)
PUBLIC: Final = frozenset(
    {
        *("ubnd", "uy ban", "cong an", "tram y te", "nha van hoa", "buu dien", "ban quan ly"),
        *("truong tieu hoc", "truong thcs", "truong thpt", "truong mam non"),
    }
)
"""Of these, folded, every commune has one, which is called by it."""
# What comes with a parcel and is nobody's business here.
NOISE: Final = _of_no_kind(
    "noise",
    "sđt|sdt|số điện thoại|điện thoại|đt liên hệ|liên hệ|hotline|zalo|người nhận|người gửi|"
    "tên người nhận|họ tên|họ và tên|giao cho|gửi cho|giao hàng|giao giờ hành chính|giờ hành chính|"
    "gọi|gọi trước|gọi điện|gọi cho|gọi anh|gọi chị|gọi em|vui lòng|hàng dễ vỡ|cho xem hàng|"
    "không cho xem hàng|gửi bảo vệ|"
    "để bảo vệ|ship|thu hộ|cod|ghi chú|lưu ý|email|ngoài giờ|trong giờ|nhận hàng|đơn hàng|alo|"
    "gặp anh|gặp chị|gặp em|gặp cô|gặp chú|qua gọi|qua gọi trước|call trước|giao cổng|"
    "giao tại cổng|giao trong giờ|giao trong giờ hành chính|giao ngoài giờ|giao buổi|giao sau|"
    "giao trước|giao tận|bỏ trước cửa|bỏ trước cổng|bỏ ở ngoài|bỏ ở cổng|bỏ ở bảo vệ|"
    "để trước cửa|để trước cổng|để ở cổng|để ở ngoài|để ở bảo vệ|để ở lễ tân|để ở hòm thư|"
    "gửi lễ tân|để lễ tân|nhận hộ|nhận giúp|nhận giùm|nhận dùm|mã đơn|cảm ơn shop|cám ơn shop",
)
COMPLETE_NOISE: Final = frozenset(
    {
        *("giao giờ hành chính", "giờ hành chính", "ngoài giờ", "trong giờ", "hàng dễ vỡ"),
        *("cho xem hàng", "không cho xem hàng", "gửi bảo vệ", "để bảo vệ"),
    }
)
"""What says all by itself, so that a number behind it is a house: `giờ hành chính 12 Lê Lợi`."""
# A person by title. In capitals most of them begin names of streets: Cô Giang, Bà Triệu, Anh Đào.
TITLES: Final = frozenset({"anh", "chị", "cô", "chú", "bác", "ông", "bà", "em", "dì", "cậu"})
MIDDLE_NAMES: Final = frozenset(map(accent_key, ("văn", "van", "thị", "thi")))
_MIDDLE_AT: Final = 2
"""Words up to the middle name, as most people have it."""
SURE_TITLES: Final = frozenset({"chị", "Chị", "CHỊ", "Mr", "Mrs", "Ms", "mr", "mrs"})
PERSON: Final = Phrase("noise", "người", ("",), ("",), numbered=False)

# Folded to one syllable these are names as well: Láng, Bàn Cờ, Tô Ký, Bốn, Đôi, Quán Sứ.
_UNSURE_WORDS: Final = """
    lang ban cho to doi cum bon soc khu quan xa tinh phuong dau bun com tro lo canh sat ngay cach
    can toa thap tang hem pho tiem nha ng day
"""
UNSURE: Final = frozenset(_UNSURE_WORDS.split())
# `Liên Khu 5-6`, `Thới Tam Thôn`, `Chiến khu D`: the kind belongs to the name.
INNER: Final = frozenset({"lien", "tam", "chien"})
# The same for two words: `Bà Huyện Thanh Quan`, `Lý Thường Kiệt 12`.
INNER_PAIRS: Final = frozenset(
    {
        *("ba huyen", "ba h", "kenh tinh", "cam lo", "hai phong", "dong thap"),
        *("thuong kiet", "van kiet", "song lo"),
    }
)
# Names that begin like a kind, its accents included.
_NAME_BEGINNINGS: Final = """
    xa dan|thap muoi|thap cham|thap ba|thap doi|nha be|nha trang|duong bo|duong sat
"""
NAMES: Final = frozenset(name.strip() for name in _NAME_BEGINNINGS.split("|"))
# Localities whose kind is said in the middle of a text only when one is meant.
CUTTING: Final = frozenset({"thôn", "ấp", "xóm", "khóm", "buôn", "khối"})


def ends_in_middle_name(words: Sequence[str]) -> bool:
    """Whether a name that ends so goes on: `Nguyễn Thị` of `Nguyễn Thị Hà Giang`. Typed without
    marks, `thi` may be a given name behind surname and middle name.

    >>> ends_in_middle_name(["nguyen", "thi"]), ends_in_middle_name(["83", "nguyen", "dinh", "thi"])
    (True, False)
    """
    last = accent_key(words[-1])
    given = last == "thi" and len([word for word in words if word.isalpha()]) > _MIDDLE_AT
    return last in MIDDLE_NAMES and not given
