"""What decisions say. The grounds are the usual ones; an office may give its own."""

from typing import Final

ABOUT: Final = {
    "name_street": "đặt tên {name} thuộc {where}",
    "rename_street": "đổi tên {before} thành {name} thuộc {where}",
    "renumber_street": "đánh số lại nhà trên {name} thuộc {where}",
    "name_locality": "đặt tên {name} thuộc {where}",
    "rename_locality": "đổi tên {before} thành {name} thuộc {where}",
    "renumber_locality": "đánh số lại nhà tại {name} thuộc {where}",
}
"""Kind of event → what its decision is about."""

_LAW: Final = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;"
_NUMBERING: Final = (
    _LAW,
    "Căn cứ Quyết định số 05/2006/QĐ-BXD ngày 08 tháng 3 năm 2006 của Bộ trưởng Bộ Xây dựng ban"
    " hành Quy chế đánh số và gắn biển số nhà;",
)
_NAMING: Final = (
    _LAW,
    "Căn cứ Nghị định số 91/2005/NĐ-CP ngày 11 tháng 7 năm 2005 của Chính phủ ban hành Quy chế đặt"
    " tên, đổi tên đường, phố và công trình công cộng;",
)
GROUNDS: Final = {
    "name_street": _NAMING,
    "rename_street": _NAMING,
    "renumber_street": _NUMBERING,
    "name_locality": (_LAW,),
    "rename_locality": (_LAW,),
    "renumber_locality": _NUMBERING,
}
"""Kind of event → legal grounds."""

_FIRST: Final = {
    "name_street": "Đặt tên {name} thuộc {where}",
    "rename_street": "Đổi tên {before} thuộc {where} thành {name}",
    "renumber_street": "Đánh số lại {count} số nhà trên {name} thuộc {where}{annex}",
    "name_locality": "Đặt tên {name} thuộc {where}",
    "rename_locality": "Đổi tên {before} thuộc {where} thành {name}",
    "renumber_locality": "Đánh số lại {count} số nhà tại {name} thuộc {where}{annex}",
}
_ANNEX: Final = ", theo Phụ lục kèm theo Quyết định này"
_MAP: Final = "; vị trí theo sơ đồ kèm theo"
_SECOND: Final = {
    "name": "Tên này được ghi vào sổ mã địa chỉ số và dùng để đánh số nhà.",
    "rename": "Mã địa chỉ số và số nhà của từng nhà giữ nguyên. Tên cũ vẫn tra cứu được trong sổ mã"
    " địa chỉ số.",
    "renumber": "Mã địa chỉ số của từng nhà giữ nguyên. Số nhà cũ vẫn tra cứu được trong sổ mã địa"
    " chỉ số.",
}


def articles(kind: str, count: int, words: dict[str, str], *, annexed: bool) -> tuple[str, ...]:
    """The articles of a decision, without their numbers; `annexed`: a map follows."""
    first = (
        _FIRST[kind].format(count=count, annex=_ANNEX, **words) + (_MAP if annexed else "") + "."
    )
    third = (
        "Quyết định này có hiệu lực kể từ ngày ký. Văn phòng Hội đồng nhân dân và Ủy ban nhân dân,"
        " các cơ quan, đơn vị có liên quan, các tổ chức, hộ gia đình và cá nhân trên"
        f" {words['name']} chịu trách nhiệm thi hành Quyết định này./."
    )
    return (first, _SECOND[kind.partition("_")[0]], third)
