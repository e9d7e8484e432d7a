"""Words for clerks, of what operations and their members are called in English."""

from typing import Final

from registry.core.tables.records import HOUSEHOLD, described

FIELDS: Final = {described(column).member: described(column).vi for column in HOUSEHOLD.c} | {
    "reason": "Lý do, không ghi tên người",
    "decision_number": "Số quyết định",
    "count": "Số mã cần giữ",
    "communes": "Mã các xã, phường mà đường đi qua",
    "province": "Mã tỉnh: mọi xã, phường có đường tên này",
    "lon": "Kinh độ",
    "lat": "Vĩ độ",
    "locality": "Tên thôn, tổ, và nơi chứa nó",
    "same_address": "Trùng địa chỉ mà vẫn đúng",
    "on": "Ngày, mặc định hôm nay",
    "codes": "Các mã",
    "into": "Gộp vào đâu",
    "into_former_commune": "Mã xã trước 7/2025 của nơi gộp vào",
    "parts": "Bảng các chỗ ở mới",
    "by": "Mã đã giữ; không nêu thì cấp mã mới",
    "numbers": "Bảng số cũ, số mới",
    "new_name": "Tên mới",
    "accuracy_m": "Sai số (mét)",
    "note": "Ghi chú, không ghi tên người, số điện thoại",
    "seen_on": "Thấy ngày",
    "source": "Ai cho biết",
}
"""Members of requests and of records."""
METHODS: Final = {
    "survey": "đo đạc",
    "gps": "GPS tại chỗ",
    "imagery": "chấm trên bản đồ, ảnh",
    "parcel": "bản đồ địa chính",
    "geocoded": "suy từ địa chỉ",
    "interpolated": "suy từ nhà bên",
    "centroid": "tâm khu vực",
    "unknown": "không rõ",
}
"""How a point was found."""
KINDS: Final = {"household": "chỗ ở", "building": "toà nhà"}
"""Kinds of records."""
EFFECTS: Final = {
    "reserve": (
        "Mã đã giữ không trả lại được: chỉ giữ đủ số cần in.",
        "Reserved codes do not come back: reserve no more than is printed.",
    ),
    "propose": (
        "Chưa ai tra được mã này cho đến khi người duyệt đưa vào sử dụng.",
        "Nobody finds the code before an approver activates it.",
    ),
    "activate": (
        "Từ lúc này mã tra được, hiện trên bản đồ và tính vào độ phủ.",
        "From now on the code is found, drawn on maps and counted.",
    ),
    "verify": (
        "Chỉ khi đã có người đến tận nơi và thấy đúng như đã ghi.",
        "Only when somebody was there and found it as recorded.",
    ),
    "entrances": (
        "Lối vào hiện ở trang của mã, ở gói mang theo, và ai hỏi theo vị trí được dẫn đến lối gần"
        " nhất. Toạ độ của mã là cửa chính, trừ khi ở đây ghi cửa chính khác.",
        "Entrances are shown with the code, and whoever asks by position is led to the nearest."
        " The record's point is its main entrance, unless one is named here.",
    ),
    "correct": (
        "Chỉ sửa điều ghi sai từ đầu hay mới biết. Nhà được cấp số khác thì dùng Đổi số nhà.",
        "For what was recorded wrongly. A door that got another number is renumbered.",
    ),
    "renumber": (
        "Ai tìm theo số cũ vẫn được dẫn đến nhà này.",
        "Whoever asks for the old number is led to this door.",
    ),
    "merge": (
        "Ai tra mã cũ được dẫn sang mã tiếp nối. Biển mang mã cũ cần thay.",
        "Whoever asks for an old code is led to the one that continues it.",
    ),
    "split": (
        "Ai tra mã cũ được dẫn sang các mã mới. Biển mang mã cũ cần thay.",
        "Whoever asks for the old code is led to the new ones.",
    ),
    "replace": (
        "Ai tra mã cũ được dẫn sang mã mới. Biển mang mã cũ cần thay.",
        "Whoever asks for the old code is led to the new one.",
    ),
    "retire": (
        "Ai tra mã này được báo đã ngừng dùng. Mã không cấp cho nhà khác.",
        "Whoever asks for the code is told so. It is never given to another door.",
    ),
    "reinstate": (
        "Mã lại tra được; những mã từng thay nó vẫn giữ nguyên.",
        "The code is found again; those that continued it stay as they are.",
    ),
}
"""What an operation does to those who know the code, in Vietnamese and English."""
