"""Why a resolution is refused: stable codes with messages and lines of the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from registry.core.errors import ConflictError, InvalidInputError
from registry.core.messages import Message, Several
from registry.core.undo import LaterWorkError

REFUSALS: Final = {
    "file_too_large": Message("file_too_large"),
    "not_yaml": Message("yaml_unreadable"),
    "not_a_table": Message("table_lacks_column"),
    "alias_used": Message("yaml_anchors_unsupported"),
    "key_repeated": Message("item_repeated"),
    "malformed": Message("form_invalid"),
    "unfit_name": Message("unit_name_invalid"),
    "unit_unknown": Message("unit_code_unknown"),
    "unit_ended": Message("unit_ended"),
    "unit_of_other_level": Message("province_and_commune_mixed"),
    "kind_of_other_level": Message("kind_not_of_level"),
    "province_missing": Message("province_code_missing"),
    "district_unknown": Message("district_unknown_that_day"),
    "code_used_twice": Message("new_unit_code_repeated"),
    "code_in_use": Message("unit_code_taken"),
    "name_in_use": Message("unit_name_taken"),
    "target_ends": Message("reform_is_cyclic"),
    "unit_changed_twice": Message("unit_changed_twice"),
    "parts_missing": Message("unit_land_unassigned"),
    "part_untold": Message("part_not_described"),
    "unit_elsewhere": Message("not_unit_of_province"),
    "parts_overlap": Message("parts_overlap"),
    "rest_twice": Message("parts_take_same_rest"),
    "street_unknown": Message("street_unknown_there"),
    "street_unreadable": Message("not_a_street"),
    "locality_unknown": Message("locality_unknown_there"),
    "locality_unreadable": Message("locality_form_invalid"),
    "polygon_unreadable": Message("not_geojson_polygon"),
    "polygon_invalid": Message("polygon_invalid"),
    "polygon_elsewhere": Message("polygon_outside_unit"),
    "polygons_leave_hole": Message("polygons_leave_hole"),
    "boundaries_unreadable": Message("boundaries_file_unreadable"),
    "day_too_early": Message("effective_day_too_early"),
    "day_past": Message("effective_day_past"),
    "units_apart": Message("units_not_adjacent"),
    "signed_after_effect": Message("signed_after_effective_day"),
    "resolution_known": Message("reform_already_loaded"),
    "unit_in_other_resolution": Message("unit_in_pending_reform"),
    "undecided_left": Message("households_undecided"),
    "decision_unreadable": Message("not_an_address_code"),
    "decision_elsewhere": Message("unit_takes_no_part"),
}
"""Code → message."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error of a resolution."""

    code: str
    line: int | None
    about: str = ""
    wrong: Message | None = None
    """What is wrong with the member."""

    @property
    def message(self) -> Message:
        """In words."""
        message = REFUSALS[self.code]
        if self.wrong:
            message = Message("field_says", field=self.wrong, detail=message)
        if self.about:
            message = Message("field_says", field=self.about, detail=message)
        return Message("of_line", line=self.line, why=message) if self.line else message

    def to_dict(self) -> dict[str, object]:
        """For the problem document."""
        return {"code": self.code, "line": self.line, "about": self.about, "detail": self.message}


class ResolutionRefusedError(InvalidInputError):
    """A resolution that cannot be carried. Member: `errors`, each with `code`, `line`, `detail`."""

    code: ClassVar[str] = "resolution_refused"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            Several((each.message for each in refusals), between="\n"),
            errors=[each.to_dict() for each in self.refusals],
        )


class ReformRunsError(ConflictError):
    """Another reform, or an import that is publishing, is at work."""

    code = "reform_runs"


class ReformTouchedError(LaterWorkError):
    """The reform cannot be undone: what it changed was changed since. Member: `errors`."""

    code = "reform_touched"
