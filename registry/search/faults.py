"""What may be wrong with an answer: one table of names, weights and words.

An answer's confidence is 1 less the weights of its faults, never below 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

AMBIGUOUS_AT_MOST: Final = 0.5
"""No ambiguous answer is more certain than that, whatever else is right with it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit, or had to be supposed."""

    code: str
    weight: float
    message: str
    message_en: str


_TABLE: Final = (
    # The door
    ("house_number_missing", 0.3, "Thiếu số nhà", "No house number was given"),
    ("house_number_not_found", 0.4, "Chưa có số nhà này", "This house number is not registered"),
    ("second_number", 0.1, "Có hai số nhà", "Two house numbers were given"),
    (
        "number_behind_street",
        0.05,
        "Số viết sau tên đường, có thể thuộc tên đường",
        "The number behind the street may belong to its name",
    ),
    (
        "letter_unsure",
        0.1,
        "Chữ d sau số có thể thuộc số nhà",
        "The letter d behind the number may belong to it",
    ),
    (
        "dash_unsure",
        0.1,
        "Dấu gạch trong số nhà có thể là dấu sẹc hoặc một dãy số",
        "The dash in the number may be a slash or stand between several numbers",
    ),
    (
        "alley_unsure",
        0.1,
        "Ghi là ngõ, hẻm; sổ có số nhà này",
        "An alley is named; what is registered is a house of that number",
    ),
    (
        "number_of_several",
        0.05,
        "Nhà mang nhiều số, số này là một trong đó",
        "The house bears several numbers, of which this is one",
    ),
    ("path_order", 0.1, "Số nhà viết ngược thứ tự", "The house number is written in reverse"),
    ("flat_missing", 0.05, "Thiếu số căn hộ", "No flat was given"),
    ("flat_not_found", 0.3, "Chưa có căn hộ này", "This flat is not registered"),
    ("building_not_found", 0.3, "Chưa có toà nhà này", "This building is not registered"),
    (
        "building_unsure",
        0.3,
        "Có thể là căn hộ của toà nhà khác",
        "Another building or estate may be meant",
    ),
    # The street and the locality
    ("street_not_found", 0.3, "Chưa có đường này", "This street is not registered there"),
    ("street_corrected", 0.1, "Tên đường đã được sửa", "The street is spelled otherwise"),
    (
        "street_unsure",
        0.3,
        "Có thể là đường khác, tên gần giống",
        "Another street, whose name is like this one, may be meant",
    ),
    ("accents_differ", 0.2, "Tên đường khác dấu", "The street's diacritics differ"),
    ("street_missing", 0.05, "Thiếu tên đường", "No street or locality was given"),
    ("locality_not_found", 0.15, "Chưa có địa danh này", "This locality is not registered there"),
    ("locality_corrected", 0.1, "Địa danh đã được sửa", "The locality is spelled otherwise"),
    ("locality_missing", 0.1, "Thiếu thôn, khu phố", "The hamlet around the group was not given"),
    ("locality_differs", 0.15, "Địa danh khác", "The door is registered in another locality"),
    ("spelling_corrected", 0.05, "Lỗi gõ đã được sửa", "A slip of the keyboard was corrected"),
    ("unread_words", 0.05, "Có phần không hiểu được", "A part of the text was not understood"),
    (
        "marks_missing",
        0.2,
        "Viết không dấu, có thể là nơi khác",
        "Without its marks the name may be another one of the commune",
    ),
    # The past
    ("former_name", 0.05, "Tên cũ", "The street or locality is called otherwise today"),
    ("former_number", 0.1, "Số nhà cũ", "The house bears another number today"),
    (
        "reused",
        0.2,
        "Tên hoặc số này trước đây của nơi khác",
        "The name or number was another place's before",
    ),
    # The units
    ("unit_corrected", 0.05, "Tên đơn vị đã được sửa", "A unit is spelled otherwise"),
    ("commune_missing", 0.15, "Thiếu xã, phường", "No commune was given"),
    ("commune_unknown", 0.3, "Không có xã, phường này", "No commune of this name is known"),
    (
        "commune_elsewhere",
        0.1,
        "Xã, phường được ghi không có ở đây",
        "A name in the text is a commune's elsewhere, and none's here",
    ),
    ("unit_code_unknown", 0.3, "Không có đơn vị nào mang mã này", "No unit bears this code"),
    (
        "commune_contradicted",
        0.3,
        "Số nhà này có ở xã, phường lân cận",
        "The number is registered in a neighbouring commune",
    ),
    ("other_country", 0.3, "Ghi tên nước khác", "Another country is named"),
    ("province_missing", 0.2, "Thiếu tỉnh, thành phố", "No province was given"),
    (
        "province_supposed",
        0.05,
        "Tỉnh, thành phố suy từ tên xã, phường",
        "The province follows from the commune's name alone",
    ),
    (
        "province_contradicted",
        0.5,
        "Tỉnh, thành phố khác",
        "The province that is named holds no such commune",
    ),
    ("commune_unsure", 0.05, "Nhiều xã cùng tên", "Several communes bear this name"),
    ("commune_former", 0.0, "Theo địa giới cũ", "The text names units of an earlier map"),
    (
        "commune_by_number",
        0.1,
        "Xã, phường suy từ các số nhà lân cận",
        "The commune follows from the numbers registered around",
    ),
    ("commune_undecided", 0.3, "Có thể thuộc nhiều xã", "It may lie in several communes of today"),
    (
        "former_differs",
        0.3,
        "Số này có ở xã cũ khác",
        "This number is registered in another former commune",
    ),
    ("boundary_approximate", 0.4, "Ranh giới gần đúng", "No real boundary decides the commune"),
    ("far_from_household", 0.2, "Không có hộ nào gần đây", "No household is near this point"),
    # The record
    ("retired", 0.1, "Mã cũ, đã được thay thế", "The door was replaced by this one"),
    ("ambiguous", 0.4, "Nhiều nơi cùng khớp", "Several places fit equally well"),
    ("code_contradicts_text", 0.3, "Mã không khớp địa chỉ", "The code names another address"),
    ("code_unread", 0.1, "Mã viết sai hoặc chưa có trong sổ", "No address bears the code given"),
)
FAULTS: Final = {row[0]: Fault(*row) for row in _TABLE}


def confidence(faults: Iterable[str]) -> float:
    """How certain an answer with these faults is, from 0 to 1."""
    return _confidence(frozenset(faults))


@lru_cache(maxsize=1_024)
def _confidence(codes: frozenset[str]) -> float:
    sure = max(0.0, 1.0 - sum(FAULTS[code].weight for code in codes))
    return round(min(sure, AMBIGUOUS_AT_MOST) if "ambiguous" in codes else sure, 2)
