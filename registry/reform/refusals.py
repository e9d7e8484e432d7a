"""Why a resolution is refused: stable codes, in words, each with the line of the file."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Final

from registry.errors import ConflictError, InvalidInputError

REFUSALS: Final = {
    "file_too_large": "tệp quá lớn (the file is too large)",
    "not_yaml": "tệp không đọc được như YAML, có thể bị cắt cụt (no YAML; perhaps cut off)",
    "not_a_table": "bảng thiếu cột hoặc dòng đầu (the table lacks a column or its head)",
    "alias_used": "không dùng &neo và *tham chiếu của YAML (anchors and aliases are not read)",
    "key_repeated": "mục này nêu hai lần (given twice)",
    "malformed": "chưa đúng dạng (not as the schema says)",
    "unfit_name": "tên chỉ gồm chữ, số và dấu . , - / ' ( ) &"
    " (a name has letters, digits and . , - / ' ( ) &)",
    "unit_unknown": "không có đơn vị mã này (no unit bears this code)",
    "unit_ended": "đơn vị đã kết thúc (the unit has ended)",
    "unit_of_other_level": "tỉnh và xã không gộp, chia vào nhau (province and commune mixed)",
    "kind_of_other_level": "loại này không phải của cấp đó (no kind of that level)",
    "province_missing": "thiếu mã tỉnh (the province is not told)",
    "district_unknown": "không có huyện mã này ngày ấy (no such district that day)",
    "code_used_twice": "hai đơn vị mới cùng một mã (two new units of one code)",
    "code_in_use": "mã đang là của đơn vị khác còn sống (another living unit bears the code)",
    "name_in_use": "đã có đơn vị cùng tên, cùng loại trong tỉnh (the name is borne there already)",
    "target_ends": "đơn vị nhận lại kết thúc trong chính nghị quyết này, hoặc vòng tròn"
    " (what takes it in ends itself: a cycle)",
    "unit_changed_twice": "đơn vị bị đổi hai lần (changed twice by this resolution)",
    "parts_missing": "không nói đất của đơn vị này đi đâu (nothing says where its land goes)",
    "part_untold": "không có ranh giới, đường, thôn hay đơn vị cũ nào (nothing tells the part)",
    "unit_elsewhere": "không phải xã, huyện của tỉnh ấy (no commune or district of that province)",
    "parts_overlap": "hai phần chồng lên nhau (two parts overlap)",
    "rest_twice": "hai phần cùng nhận phần còn lại (two parts take the rest)",
    "street_unknown": "không có đường này ở đó (no such street there)",
    "street_unreadable": "không phải tên đường (no street)",
    "locality_unknown": "không có thôn, tổ này ở đó (no such locality there)",
    "locality_unreadable": "không phải thôn, tổ có loại và tên (no locality)",
    "polygon_unreadable": "không phải đa giác GeoJSON (no GeoJSON polygon)",
    "polygon_invalid": "đa giác tự cắt hoặc rỗng (an invalid polygon)",
    "polygon_elsewhere": "đa giác nằm ngoài đơn vị (the polygon lies elsewhere)",
    "polygons_leave_hole": "các đa giác không phủ hết đơn vị (the polygons leave a hole)",
    "boundaries_unreadable": "không đọc được tệp ranh giới (the file of boundaries)",
    "day_too_early": "ngày hiệu lực không sau lần thay đổi gần nhất của đơn vị"
    " (the effective day is not after the latest change of the unit)",
    "day_past": "ngày hiệu lực đã qua; nếu đúng vậy, ghi `confirm: [day_past]` dưới `resolution`"
    " (the effective day is past; confirm it where that is meant)",
    "units_apart": "các đơn vị gộp lại không giáp nhau; nếu đúng vậy, ghi `confirm: [units_apart]`"
    " dưới `resolution` (the merged units do not touch; confirm it where that is meant)",
    "signed_after_effect": "ngày ký sau ngày hiệu lực (signed after it takes effect)",
    "resolution_known": "nghị quyết này đã nạp (this resolution is carried or prepared already)",
    "unit_in_other_resolution": "đơn vị đang chờ nghị quyết khác"
    " (another prepared resolution changes the unit)",
    "undecided_left": "còn hộ chưa rõ thuộc đơn vị nào (households are left undecided)",
    "decision_unreadable": "không phải mã địa chỉ số (no code)",
    "decision_elsewhere": "đơn vị này không nhận phần nào ở đó (it takes no part of that unit)",
}
"""Code → words."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that is wrong."""

    code: str
    line: int | None
    about: str = ""

    @property
    def message(self) -> str:
        """In words."""
        where = f"dòng {self.line}: " if self.line else ""
        about = f"{self.about}: " if self.about else ""
        return f"{where}{about}{REFUSALS[self.code]}"


class ResolutionRefusedError(InvalidInputError):
    """A resolution that cannot be carried. Member: `errors`, each with `code`, `line`, `detail`."""

    code: ClassVar[str] = "resolution_refused"
    words: ClassVar[str] = "nghị quyết chưa nạp được"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            "\n".join(each.message for each in refusals),
            errors=[asdict(each) | {"detail": each.message} for each in self.refusals],
        )


class ReformRunsError(ConflictError):
    """Another reform, or an import that is publishing, is at work."""

    code = "reform_runs"


class ReformTouchedError(ConflictError):
    """The reform cannot be undone: what it changed was changed since. Member: `errors`."""

    code = "reform_touched"
