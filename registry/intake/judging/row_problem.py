"""One problem of one row, as shown to the sender."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from registry.core.messages import LANGUAGES, N_, translate
from registry.files.formats.table import Numbering
from registry.intake.judging.problems import PROBLEMS

_OTHER_ROW: Final = re.compile(r"\b(?:row (?:dòng )?|dòng )(\d+)")
"""A row number in a stored fix, and in the text around it."""
_WAYS: Final = re.compile(r"; | hoặc ")
_CODE: Final = re.compile(r"\bmã (\w{4}-\w{4})\b")
_NO_FORMER: Final = "(trong sổ chưa ghi xã/phường cũ)"
_HOUSES: Final = re.compile(r"(\d+) nhà")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One problem of one row."""

    row_number: int
    """1 = first after the header."""
    field: str | None
    code: str
    severity: str
    value: str | None
    """The value concerned, as delivered."""
    proposed_fix: str | None

    def fix_vi(self, numbering: Numbering | None) -> str | None:
        """The fix in Vietnamese, with row numbers of the spreadsheet; None without a fix."""
        return self.fix(numbering, LANGUAGES[0])

    def fix(self, numbering: Numbering | None, language: str) -> str | None:
        """The fix in a language."""
        words = _stored_words(self._fix_words(language), language)
        return _OTHER_ROW.sub(lambda row: _row(row[1], numbering, language), words) or None

    def ways(self, cells: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """The alternative fixes as new cells of the row, by field.

        `cells` are those of the row; without alternatives if they lack the value to be fixed.
        """
        kind = PROBLEMS.get(self.code)
        fields = kind.cells.split() if kind else []
        if not self.proposed_fix or not fields or not cells.keys() >= set(fields):
            return
        for way in _WAYS.split(self.proposed_fix):
            (field, *others), value = fields, self.value or ""
            if others:
                yield dict(zip(fields, way.split(), strict=False))
            elif field == "commune_code" and way[:5].isdigit():
                yield {field: way[:5]}
            elif value and value in cells[field]:
                yield {field: cells[field].replace(value, way)}

    def about(self, language: str) -> str | None:
        """The value in a language."""
        houses = _HOUSES.fullmatch(self.value or "") if self.code == "point_of_many" else None
        if houses is None:
            return self.value
        return translate(N_("{count} houses"), language).format(count=houses[1])

    def _fix_words(self, language: str) -> str:
        kind = PROBLEMS.get(self.code)  # an earlier version may have had other codes
        words = translate(kind.fix, language) if kind and kind.fix else "{}"
        return words.format(self.proposed_fix) if self.proposed_fix else ""


def _stored_words(text: str, language: str) -> str:
    """A stored fix in a language; Vietnamese words in it are translated."""
    code = translate(N_("code {code}"), language)
    translated = _CODE.sub(lambda found: code.format(code=found[1]), text)
    return translated.replace(
        _NO_FORMER, translate(N_("(its former commune is not on record)"), language)
    )


def _row(number: str, numbering: Numbering | None, language: str) -> str:
    if numbering is None:
        return translate(N_("row {row} (without counting the header)"), language).format(row=number)
    row = numbering.place(int(number))
    return translate(N_("row {row} of the spreadsheet"), language).format(row=row)
