"""How the members of a resolution are called: as columns of a table, in English and Vietnamese."""

from typing import Final

from geo.text import fold

COLUMNS: Final = {
    field: tuple(map(fold, names))
    for field, *names in (
        ("number", "number", "Số nghị quyết"),
        ("title", "title", "Trích yếu"),
        ("date", "date", "Ngày ký"),
        ("effective", "effective", "Ngày hiệu lực"),
        ("confirm", "confirm", "Xác nhận"),
        ("boundaries", "boundaries", "Tệp ranh giới"),
        ("change", "change", "Thay đổi"),
        ("what", "what", "Việc"),
        ("unit", "unit", "Mã đơn vị"),
        ("into", "into", "Mã đơn vị mới"),
        ("name", "name", "Tên mới"),
        ("kind", "kind", "Loại mới"),
        ("province", "province", "Mã tỉnh mới"),
        ("district", "district", "Mã huyện mới"),
        ("communes", "communes", "Các xã"),
        ("streets", "streets", "Đường"),
        ("localities", "localities", "Thôn tổ"),
        ("former", "former", "Đơn vị cũ"),
        ("rest", "rest", "Phần còn lại"),
        ("whole", "whole", "Cả đơn vị"),
    )
}
"""Field → headers that mean it, folded."""
WHATS: Final = {
    fold(said): what
    for said, what in (
        ("gộp", "merge"),
        ("tách", "split"),
        ("chuyển", "move"),
        ("lập", "new"),
        ("đổi tên", "rename"),
        ("đổi loại", "kind"),
        ("đổi tỉnh", "province"),
        ("đổi huyện", "district"),
        ("bãi bỏ", "abolish"),
    )
}
"""Changes in Vietnamese, folded."""
MEMBERS: Final = {
    **{said: field for field, names in COLUMNS.items() for said in names},
    **WHATS,
    **{what: what for what in WHATS.values()},
    "nghi quyet": "resolution",
    "resolution": "resolution",
    "changes": "changes",
    "cac thay doi": "changes",
    **dict.fromkeys(("ten", "ten don vi"), "name"),
    **dict.fromkeys(("ma", "ma so", "code"), "code"),
    **dict.fromkeys(("loai", "loai hinh"), "kind"),
    **dict.fromkeys(("tinh", "ma tinh"), "province"),
    **dict.fromkeys(("don vi", "xa", "phuong"), "unit"),
    **dict.fromkeys(("cac don vi", "units"), "units"),
    **dict.fromkeys(("vao", "thanh"), "into"),
    **dict.fromkeys(("phan", "part"), "part"),
    **dict.fromkeys(("cac phan", "parts"), "parts"),
    **dict.fromkeys(("da giac", "ranh gioi", "polygon"), "polygon"),
    **dict.fromkeys(("tru so", "seat"), "seat"),
    **dict.fromkeys(("dien tich", "area km2"), "area_km2"),
    **dict.fromkeys(("ten tieng anh", "name en"), "name_en"),
}
"""What somebody writes, folded → the member that is meant."""
