"""What would be right, in words: how each problem's proposed fix is shown to people."""

from typing import Final

FIXES: Final = {
    "coordinates_swapped": "kinh độ, vĩ độ đúng: {}",
    "commune_ambiguous": "chọn một: {}",
    "commune_assumed": "có thể là: {}",
    "commune_corrected": "đã hiểu là: {}",
    "province_differs": "đã hiểu là: {}",
    "commune_code_unknown": "mã này là: {}",
    "commune_code_of_two_maps": "mã này là: {}",
    "commune_code_maybe_old": "mã này là: {}",
    "commune_differs_from_code": "mã này là: {}",
    "coordinates_swapped_back": "đã đọc là kinh độ, vĩ độ: {}",
    "households_count_read": "đã đọc là: {}",
    "duplicate_ref": "mã hồ sơ của dòng {} (không kể dòng tiêu đề)",
    "duplicate_in_file": "cùng chỗ ở với dòng {} (không kể dòng tiêu đề)",
    "near_same_address": "có thể cùng một nhà với {}",
    "near_same_point": "có thể cùng một nhà với {}",
    "near_same_name": "có thể cùng một nhà với {}",
    "near_same_place": "có thể cùng một nhà với {}",
    "near_same_flat": "có thể cùng một căn với {}",
    "point_of_many": "cùng tọa độ với {}",
    "record_retired": "mã tiếp nối: {}",
    "street_ambiguous": "có thể là: {}",
    "locality_ambiguous": "có thể là: {}",
    "street_spelled_otherwise": "đã có: {}",
    "locality_spelled_otherwise": "đã có: {}",
    "former_name": "tên hiện nay: {}",
    "former_number": "số hiện nay: {}",
    "reference_moved_away": "số của mã ấy nay là: {}",
    "number_of_two_houses": "nhà trước đây mang số này, nay là: {}",
    "former_address_unclear": "nay là: {}",
    "outside_commune": "tọa độ này thuộc: {}",
    "far_from_commune": "tọa độ này thuộc: {}",
    "measured_position_kept": "vị trí trong sổ: {}",
}
"""Code of a problem → the words around its fix, `{}`; where there is none the fix alone."""
