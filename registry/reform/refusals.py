"""Why a resolution is refused: stable codes, in words, each with the line of the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from registry.core.messages import Message, Several
from registry.errors import ConflictError, InvalidInputError

REFUSALS: Final = {
    "file_too_large": Message("file_too_large"),
    "not_yaml": Message("no_yaml_perhaps_cut_off"),
    "not_a_table": Message("table_lacks_column_head"),
    "alias_used": Message("anchors_aliases_not_read"),
    "key_repeated": Message("given_twice_4"),
    "malformed": Message("not_schema_says"),
    "unfit_name": Message("name_letters_digits"),
    "unit_unknown": Message("no_unit_bears_code"),
    "unit_ended": Message("unit_ended_2"),
    "unit_of_other_level": Message("province_commune_mixed"),
    "kind_of_other_level": Message("no_kind_level"),
    "province_missing": Message("province_not_told"),
    "district_unknown": Message("no_such_district_day"),
    "code_used_twice": Message("two_new_units_one_code"),
    "code_in_use": Message("another_living_unit_bears_code"),
    "name_in_use": Message("name_borne_already"),
    "target_ends": Message("takes_ends_itself_cycle"),
    "unit_changed_twice": Message("changed_twice_resolution"),
    "parts_missing": Message("nothing_says_where_land_goes"),
    "part_untold": Message("nothing_tells_part"),
    "unit_elsewhere": Message("no_commune_district_province"),
    "parts_overlap": Message("two_parts_overlap"),
    "rest_twice": Message("two_parts_take_rest"),
    "street_unknown": Message("no_such_street"),
    "street_unreadable": Message("no_street"),
    "locality_unknown": Message("no_such_locality"),
    "locality_unreadable": Message("no_locality_2"),
    "polygon_unreadable": Message("no_geojson_polygon"),
    "polygon_invalid": Message("invalid_polygon"),
    "polygon_elsewhere": Message("polygon_lies_elsewhere"),
    "polygons_leave_hole": Message("polygons_leave_hole"),
    "boundaries_unreadable": Message("file_boundaries"),
    "day_too_early": Message("effective_day_not_after_latest_change"),
    "day_past": Message("effective_day_past_confirm_where_meant"),
    "units_apart": Message("merged_units_not_touch_confirm_where"),
    "signed_after_effect": Message("signed_after_takes_effect"),
    "resolution_known": Message("resolution_carried_prepared_already"),
    "unit_in_other_resolution": Message("another_prepared_resolution_changes_unit"),
    "undecided_left": Message("households_left_undecided"),
    "decision_unreadable": Message("no_code_2"),
    "decision_elsewhere": Message("takes_no_part_unit"),
}
"""Code → words."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that is wrong."""

    code: str
    line: int | None
    about: str = ""
    wrong: Message | None = None
    """What is wrong with the member that it is about."""

    @property
    def message(self) -> Message:
        """In words."""
        said = REFUSALS[self.code]
        if self.wrong:
            said = Message("field_says", field=self.wrong, detail=said)
        if self.about:
            said = Message("field_says", field=self.about, detail=said)
        return Message("of_line", line=self.line, why=said) if self.line else said

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


class ReformTouchedError(ConflictError):
    """The reform cannot be undone: what it changed was changed since. Member: `errors`."""

    code = "reform_touched"
