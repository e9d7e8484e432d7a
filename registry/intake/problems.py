"""Every problem that a row can have: a stable code, how grave, and its two texts."""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a code means. `error`: the row is not published; `warning`: it is, look at it."""

    severity: Severity
    vi: str
    en: str


PROBLEMS: Final[dict[str, ProblemKind]] = {
    "address_names_no_dwelling": ProblemKind(
        "error",
        "Địa chỉ không chỉ ra chỗ ở nào: cần số nhà, căn hộ, hoặc thôn/tổ kèm tọa độ",
        "names no dwelling: a house number, a flat, or a locality with a point is needed",
    ),
    "address_missing": ProblemKind("error", "Thiếu địa chỉ", "the row holds no address"),
    "commune_missing": ProblemKind("error", "Thiếu xã/phường", "names no commune"),
    "commune_unknown": ProblemKind(
        "error", "Không nhận ra xã/phường", "names no commune of any map"
    ),
    "commune_ambiguous": ProblemKind(
        "error",
        "Xã/phường có thể là nhiều nơi; cần mã xã, tỉnh hoặc tọa độ",
        "the commune may be several; a code, a province or a point decides",
    ),
    "commune_code_unknown": ProblemKind(
        "error", "Không có mã xã này", "no commune of any map bears this code"
    ),
    "commune_code_of_two_maps": ProblemKind(
        "error",
        "Mã xã này có trên cả danh mục trước và sau 01/7/2025; tệp có mã cũ, cần ghi tên xã",
        "the code means another commune before 2025-07-01 and the file has old codes: name it",
    ),
    "commune_from_former": ProblemKind(
        "notice", "Xã/phường cũ, đã đổi sang xã/phường hiện nay", "former commune, read as today's"
    ),
    "coordinates_unreadable": ProblemKind(
        "error", "Tọa độ không đọc được", "longitude or latitude is no number"
    ),
    "coordinates_incomplete": ProblemKind(
        "error", "Thiếu kinh độ hoặc vĩ độ", "longitude or latitude is missing"
    ),
    "coordinates_swapped": ProblemKind(
        "error", "Kinh độ và vĩ độ bị đổi chỗ", "longitude and latitude are swapped"
    ),
    "coordinates_outside": ProblemKind(
        "error", "Tọa độ nằm ngoài Việt Nam", "the point lies outside Viet Nam"
    ),
    "outside_commune": ProblemKind(
        "warning",
        "Tọa độ nằm ngoài xã/phường đã ghi",
        "the point lies outside the stated commune",
    ),
    "households_count_unreadable": ProblemKind(
        "error", "Số hộ không phải là số từ 1 trở lên", "households_count is no number of 1 or more"
    ),
    "no_house_number": ProblemKind("notice", "Không có số nhà", "has no house number"),
    "duplicate_ref": ProblemKind(
        "error", "Mã hồ sơ bị trùng trong tệp", "the source_ref occurs before in the file"
    ),
    "duplicate_in_file": ProblemKind(
        "warning", "Cùng một chỗ ở với dòng trước trong tệp", "the same door as an earlier row"
    ),
    "record_retired": ProblemKind(
        "warning", "Mã địa chỉ này đã ngừng dùng", "the record of this reference is retired"
    ),
}
