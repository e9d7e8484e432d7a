"""Texts meant as an address code that match nothing: the reason, and suggestions."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, NotRequired

from pydantic import Field

from geo.code_writing import strip_announcement
from registry.core.batching import alone
from registry.core.errors import InvalidInputError, MistypedCodeError
from registry.core.reads import Reads
from registry.records.lookup import CodeForms, code_forms, read_code
from registry.records.record import Record, record_wording
from registry.search.find.doors import active_records, records_of
from registry.search.read.codes_in_text import whole_code
from registry.units.gazetteer import Gazetteer

# Close to `XXXX-XXXX`, with a digit before a space: not `thon 12345`.
_LIKE_CODE: Final = re.compile(
    r"(?=.*\d)[0-9A-Za-z]{3,5}-?[0-9A-Za-z]{3,5}|(?=\w*\d)[0-9A-Za-z]{3,5} [0-9A-Za-z]{3,5}"
    # As spoken: `123 456 789 78`. `84912345678` is a telephone number.
    r"|\d{3}([ .-])\d{3}\1\d{3}\1\d{2}|(?!84[35789])\d{11}"
)


class SuggestedCode(CodeForms):
    """A code of which another one may be a slip."""

    label: NotRequired[
        Annotated[str, Field(examples=["12 Phố Quán Thánh, Phường Ba Đình, Thành phố Hà Nội"])]
    ]
    """Its address; not where an operation was refused"""


@dataclass(frozen=True, slots=True)
class MeantCode:
    """A text that is nearly a code, or one without an active record."""

    reason: str
    """Of `registry.search.judge.verdicts.REASONS`: code_mistyped, code_unknown, code_retired
    or code_not_active."""
    suggestions: tuple[str, ...] = ()
    """Registered codes, one symbol or one swap away, at most three."""


def meant_code(reads: Reads, text: str) -> MeantCode | None:
    """Return what `text` may mean as a code; None if it was not meant as one.

    Used only if the text names no place, so that no address is lost. Raises BudgetSpentError, as
    all lookups of codes do (`registry.access.budget`).
    """
    if (code := whole_code(text.strip())) is not None:
        reason = _reason_of(alone(reads, records_of([code])))
        return MeantCode(reason) if reason else None
    written = strip_announcement(text).strip()
    if not _LIKE_CODE.fullmatch(written):
        return None
    try:
        read_code(reads, written)
    except MistypedCodeError as error:
        near = error.extra["suggestions"]
        codes = tuple(one["code"] for one in near)  # type: ignore[attr-defined]
        return MeantCode("code_mistyped", codes)
    except InvalidInputError:
        return None
    return None


def _reason_of(found: list[Record]) -> str | None:
    """Return why a valid code has no answer; a restricted record counts as unknown. None for a door
    excluded for another reason.
    """
    shown = [record for record in found if not record.restricted]
    if not shown:
        return "code_unknown"
    if shown[0].status == "active":
        return None
    return "code_retired" if shown[0].status == "retired" else "code_not_active"


def with_labels(
    gazetteer: Gazetteer, reads: Reads, day: datetime.date, suggestions: Iterable[str]
) -> list[SuggestedCode]:
    """Return each code in its forms with its address, in this order, so that a person can choose.

    Without those that may not be shown.
    """
    order = list(suggestions)
    if not order:
        return []
    records = sorted(alone(reads, active_records(order)), key=lambda r: order.index(r.code))
    return [
        SuggestedCode(**code_forms(record.code), label=record_wording(gazetteer, day, record).label)
        for record in records
    ]
