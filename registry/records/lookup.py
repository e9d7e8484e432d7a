"""One record by its code, in any writing."""

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
from registry.records.restricted import told

SQL: Final = Statements(__file__, columns=COLUMNS)


class CodeForms(TypedDict):
    """A code as programs and as people write it."""

    code: Annotated[str, Field(examples=["1H6XXH2V"])]
    code_display: Annotated[str, Field(examples=["1H6X-XH2V"])]


def lookup(reads: Reads, text: str, on: datetime.date | None = None) -> Record:
    """The record whose code `text` writes, or says in the eleven digits for the telephone.

    It knows how it read `on` another day as well.

    A restricted record is answered too, as far as `registry.records.restricted.told` says.
    Raises GoneError for a retired one, with its successors; WithdrawnError for one that an import
    gave which was taken back; NotFoundError where there is none or it has no address yet;
    MistypedCodeError, with suggestions, for what is nearly a code; InvalidInputError for what is
    nothing like one, with the stable code of the fault.
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
        onward = ", ".join(codes.format(c) for c in successors) or "none"
        raise GoneError(
            Message("code_retired_continued", shown=shown, onward=onward),
            successors=[code_forms(c) for c in successors],
        )
    (record,) = alone(reads, with_past([record], on))
    return told(reads, record)


def by_code(reads: Reads, code: str) -> Record | None:
    """The record of a canonical code, whatever its state; where there is none, the caller pays.

    Raises BudgetSpentError, as everything that looks for codes does (`registry.access.budget`).
    """
    budget.check()
    rows = reads.rows(SQL.driver("by_code"), {"code": code})
    if not rows:
        budget.pay()
    return Record(*rows[0]) if rows else None


def code_forms(code: str) -> CodeForms:
    """The forms of a code."""
    return CodeForms(code=code, code_display=codes.format(code))


def read_code(reads: Reads, text: str) -> str:
    """The canonical code of `text`, with or without `mã` in front; raises what `lookup` raises for
    what is none.
    """
    try:
        return codes.read(text)
    except CodeError as error:
        raise _no_code(reads, strip_announcement(text), error) from None


def _no_code(reads: Reads, text: str, error: CodeError) -> InvalidInputError | MistypedCodeError:
    candidates = () if budget.is_low() else codes.suggestions(text)
    found = _registered(reads, candidates) if candidates else []
    if candidates:
        # Also where none is registered: that is told as well. What only looks like a code is free.
        budget.pay()
    # Right symbols in the right number were meant as a code, also where nothing near is registered.
    meant = isinstance(error, codes.WrongCheckError | codes.AmbiguousCodeError)
    if not found and not meant:
        return InvalidInputError.of_field("code", error.code, wrong_code(error))
    return MistypedCodeError(
        wrong_code(error), reason=error.code, suggestions=[code_forms(code) for code in found]
    )


def _registered(reads: Reads, candidates: tuple[str, ...]) -> list[str]:
    return [row[0] for row in reads.rows(SQL.driver("registered"), {"codes": list(candidates)})]
