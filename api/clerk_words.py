"""What an import says of a file, in words of the desk and not of the command line."""

import json
import re
import shlex
from collections.abc import Iterable
from typing import Final

from registry.intake.spellings.headers import UNSAID

_VALUED: Final = ("commune", "crs", "delivery", "mapping", "sheet")
_OPTION: Final = re.compile(
    r"(?P<add>thêm )?(?P<by>\s*bằng )?--(?P<name>accept-vanished|strict|fix|"
    rf"(?P<valued>{'|'.join(_VALUED)}))"
    r"""(?(valued)(?: (?P<value>'(?:[^']|'"'"')*'|[\w:…*]+))?)"""
)
_SAID: Final = {
    "accept-vanished": "xác nhận khi duyệt",
    "strict": "ô “Chỉ ghi khi không dòng nào bị loại”",
    "fix": "ô “Tự sửa chỗ chỉ có một cách sửa”",
    "commune": "xã của cả tệp",
    "delivery": "ô “Đây là toàn bộ nhà của nguồn này”",
}
_FILL: Final = ":fill"
FIELD_WORDS: Final = {
    "source_ref": "mã hồ sơ",
    "address": "địa chỉ",
    "former_address": "địa chỉ cũ",
    "house_number": "số nhà",
    "alley": "ngõ, hẻm",
    "street": "đường",
    "locality": "thôn, tổ",
    "building": "toà nhà",
    "floor": "tầng",
    "unit": "căn hộ",
    "commune_code": "mã xã, phường",
    "commune": "xã, phường",
    "district": "quận, huyện",
    "province": "tỉnh, thành phố",
    "former_commune_code": "mã xã, phường cũ",
    "former_commune": "xã, phường cũ",
    "former_district": "quận, huyện cũ",
    "former_province": "tỉnh cũ",
    "longitude": "kinh độ",
    "longitude_minutes": "kinh độ: phút",
    "longitude_seconds": "kinh độ: giây",
    "latitude": "vĩ độ",
    "latitude_minutes": "vĩ độ: phút",
    "latitude_seconds": "vĩ độ: giây",
    "point": "toạ độ (cả hai trong một ô)",
    "position_accuracy_m": "độ chính xác",
    "households_count": "số hộ",
    "visit_result": "kết quả đi xem",
}
"""What a column may hold (`registry.intake.spellings.headers.FIELDS`), in words of clerks."""


def for_clerks(said: str) -> str:
    """What the command line is told, with words of the desk in place of its options.

    >>> for_clerks("nếu đúng, thêm --crs EPSG:5897")
    'nếu đúng, chọn hệ toạ độ EPSG:5897'
    >>> for_clerks("nếu không phải, thêm --mapping '{\\"Cột A\\": \\"\\"}'")
    'nếu không phải, chọn không đọc cột “Cột A”'
    >>> for_clerks("A, B; chọn một bằng --sheet, hay đọc hết bằng --sheet '*'")
    'A, B; chọn một, hay đọc hết'
    """
    return _OPTION.sub(_in_words, said)


def mappings_in(texts: Iterable[str]) -> list[dict[str, str]]:
    """The mappings that texts propose, each once; without those that somebody has to fill in."""
    found = [_mapping(each["value"]) for said in texts for each in _OPTION.finditer(said)
             if each["name"] == "mapping" and each["value"]]  # fmt: skip
    return [
        mapping
        for at, mapping in enumerate(found)
        if mapping and UNSAID not in mapping.values() and mapping not in found[:at]
    ]


def mapping_words(mapping: dict[str, str]) -> str:
    """What a mapping asks for.

    >>> mapping_words({"Đường": "street:fill", "Ghi chú": ""})
    'điền xuống các ô trống của cột “Đường”; không đọc cột “Ghi chú”'
    """
    return "; ".join(_column_words(header, meant) for header, meant in mapping.items())


def _column_words(header: str, meant: str) -> str:
    if not meant:
        return f"không đọc cột “{header}”"
    if meant.endswith(_FILL):
        return f"điền xuống các ô trống của cột “{header}”"
    return f"đọc cột “{header}” là {FIELD_WORDS.get(meant, meant)}"


def _in_words(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    if name == "sheet":
        return ""
    if name == "crs":
        words = f"hệ toạ độ {value}" if value and "…" not in value else "hệ toạ độ"
    elif name == "mapping":
        words = mapping_words(_mapping(value))
    else:
        words = _SAID[name]
    return f"chọn {words}" if found["add"] else words


def _mapping(option: str | None) -> dict[str, str]:
    """What stands behind `--mapping`, as a shell reads it."""
    read = json.loads(shlex.split(option)[0]) if option else {}
    return {str(header): str(meant) for header, meant in read.items()}
