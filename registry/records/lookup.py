"""Look up a record by its code, in any spelling."""

import datetime
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from geo import code as codes
from geo.code import CodeError
from geo.code_writing import strip_announcement
from registry.access import budget
from registry.core.batching import alone
from registry.core.errors import (
    GoneError,
    InvalidInputError,
    MistypedCodeError,
    NotFoundError,
    WithdrawnError,
)
from registry.core.invalid import wrong_code
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.past import with_past
from registry.records.record import COLUMNS, Record
from registry.records.restricted import disclosed

SQL: Final = Statements(__file__, columns=COLUMNS)


class CodeForms(TypedDict):
    """A code as programs and as people write it."""

    code: Annotated[str, Field(examples=["1H6XXH2V"])]
    code_display: Annotated[str, Field(examples=["1H6X-XH2V"])]


def lookup(reads: Reads, text: str, on: datetime.date | None = None) -> Record:
    """Return the record of a code, also in its eleven digits for the telephone.

    With `on`, includes its label of that day. A restricted record is returned too, as
    `registry.records.restricted.disclosed` allows.

    Raises GoneError for a retired one, with its successors; WithdrawnError for one of an import
    that was rolled back; NotFoundError for an unknown one or one without an address yet;
    MistypedCodeError, with suggestions, for a near miss; InvalidInputError for any other text, with
    the stable code of the fault.
    """
    code = read_code(reads, text)
    record = by_code(reads, code)
    shown = codes.format(code)
    if record is None:
        if reads.rows(SQL.driver("withdrawn"), {"code": code}):
            raise WithdrawnError(Message("code_withdrawn_with_import", shown=shown), successors=[])
        raise NotFoundError(Message("code_unknown", code=shown))
    if record.status == "reserved":
        raise NotFoundError(Message("code_reserved", shown=shown))
    if record.status == "retired":
        successors = record.successors or []
        onward = ", ".join(map(codes.format, successors))
        retired = Message("code_retired", code=shown, continued="")
        continued = Message("code_retired_continued", shown=shown, onward=onward)
        raise GoneError(
            continued if onward else retired,
            successors=[code_forms(c) for c in successors],
        )
    (record,) = alone(reads, with_past([record], on))
    return disclosed(reads, record)


def by_code(reads: Reads, code: str) -> Record | None:
    """Return the record of a canonical code, in any status; an unknown one costs the caller.

    Raises BudgetSpentError, like everything that looks up codes (`registry.access.budget`).
    """
    budget.check()
    rows = reads.rows(SQL.driver("by_code"), {"code": code})
    if not rows:
        budget.pay()
    return Record(*rows[0]) if rows else None


def code_forms(code: str) -> CodeForms:
    """Return the forms of a code."""
    return CodeForms(code=code, code_display=codes.format(code))


def read_code(reads: Reads, text: str) -> str:
    """Return the canonical code of `text`, with or without `mã` in front; raises the errors of
    `lookup` for invalid codes.
    """
    try:
        return codes.read(text)
    except CodeError as error:
        raise _no_code(reads, strip_announcement(text), error) from None


def _no_code(reads: Reads, text: str, error: CodeError) -> InvalidInputError | MistypedCodeError:
    candidates = () if budget.is_low() else codes.suggestions(text)
    found = _registered(reads, candidates) if candidates else []
    if candidates:
        # Charged even if none is registered, which is disclosed too. Other texts are free.
        budget.pay()
    # A text of valid symbols and length was meant as a code, even without a registered neighbour.
    meant = isinstance(error, codes.WrongCheckError | codes.AmbiguousCodeError)
    if not found and not meant:
        return InvalidInputError.of_field("code", error.code, wrong_code(error))
    return MistypedCodeError(
        wrong_code(error), reason=error.code, suggestions=[code_forms(code) for code in found]
    )


def _registered(reads: Reads, candidates: tuple[str, ...]) -> list[str]:
    return [row[0] for row in reads.rows(SQL.driver("registered"), {"codes": list(candidates)})]
