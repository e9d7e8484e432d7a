"""Many questions at once: each is answered as it would be alone, in its order.

A question that cannot be answered is an outcome with an error; it never touches the others.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from geo.points import point_in
from geo.values import value
from registry.core.batching import Query, together
from registry.core.errors import BudgetSpentError, InvalidInputError, RegistryError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.publish.batch.columns import COMPONENTS, POINT
from registry.records.lookup import lookup
from registry.records.record import Record
from registry.search.answers import Answer
from registry.search.disclosure import told_answers, told_validation
from registry.search.find.mistyped_codes import MeantCode
from registry.search.geocode import MAX_TEXT, Components, Question, locating
from registry.search.judge.ranking import Located
from registry.search.judge.verdicts import Validation
from registry.search.read.completed_text import BESIDE
from registry.search.reverse import DEFAULT_RADIUS_M, reverse
from registry.search.validate import validating
from registry.units.gazetteer import Gazetteer

OPERATIONS: Final = ("lookup", "geocode", "reverse", "validate")
RECHECK: Final = "recheck"
"""How rows of codes or addresses are read that are asked only whether they changed."""
OK: Final = "ok"
EMPTY: Final = "empty_row"
"""Status of a row of a table that holds nothing."""
TOTAL: Final = "total_row"
"""Status of a row of a table that is the total of others."""
NOTHING_FOUND: Final = "nothing_found"
"""Status of a question that is understood, and that nothing in the register answers."""

AMBIGUOUS: Final = "ambiguous"
"""Status of a question that several places answer equally well; and the fault of each."""

HALVES: Final = re.compile("[\ud800-\udfff]")
"""Halves of signs, and bytes that were no UTF-8: no text."""


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """A question for `lookup`."""

    code: str
    on: datetime.date | None = None
    """A day whose label of what is found is wanted as well."""
    map_needed: bool = False
    """Whether a place of which no map of that day is known is an error."""


@dataclass(frozen=True, slots=True)
class PointAsked:
    """A question for `reverse`; degrees, WGS 84."""

    lon: float
    lat: float
    limit: int = 1
    radius_m: float = DEFAULT_RADIUS_M
    on: datetime.date | None = None
    """As of a code."""


Asked = CodeAsked | PointAsked | Question
Found = Record | list[Answer] | Validation


@value(frozen=True, slots=True)
class Outcome:
    """What became of one question: exactly one of `found` and `error` is there."""

    asked: Asked | None
    """None where it could not be read."""
    status: str
    """ok | ambiguous | nothing_found | why a code leads nowhere | the stable code of the error."""
    found: Found | None
    error: RegistryError | None
    meant: MeantCode | None = None
    """Where nothing was found because a code leads nowhere."""


def outcomes(
    gazetteer: Gazetteer, reads: Reads, operation: str, questions: Iterable[Callable[[], Asked]]
) -> list[Outcome]:
    """The outcome of each question of OPERATIONS; each reads itself, or raises InvalidInputError.

    What they ask of the register is asked together: some hundreds are many times cheaper than one
    by one. Raises NotPreparedError alone: no question of the batch can be answered then.
    """
    read = [_read(question) for question in questions]
    asked = [one for one in read if not isinstance(one, RegistryError)]
    found = iter(together(reads, (_steps(gazetteer, operation, one) for one in asked)))
    return [
        _outcome(None, one) if isinstance(one, RegistryError) else _outcome(one, next(found))
        for one in read
    ]


def _read(question: Callable[[], Asked]) -> Asked | RegistryError:
    try:
        return question()
    except RegistryError as error:
        return error


def _outcome(asked: Asked | None, found: Found | Located | RegistryError) -> Outcome:
    if isinstance(found, RegistryError):
        return Outcome(asked, _status(found), None, found)
    meant = found.meant if isinstance(found, Located) else None
    try:
        told = _told(found.answers if isinstance(found, Located) else found)
    except BudgetSpentError as error:
        return Outcome(asked, _status(error), None, error)
    status = OK
    if isinstance(told, list) and not told:
        status = meant.reason if meant else NOTHING_FOUND
    elif isinstance(told, list) and AMBIGUOUS in told[0].faults:
        status = AMBIGUOUS
    return Outcome(asked, status, told, None, meant)


def _told(found: Found) -> Found:
    if isinstance(found, Record):
        return found
    return told_validation(found) if isinstance(found, Validation) else told_answers(found)


def _status(error: RegistryError) -> str:
    errors = error.extra.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = str(first.get("code"))
    return code if code in (EMPTY, TOTAL) else error.code


def _steps(gazetteer: Gazetteer, operation: str, asked: Asked) -> Query[Found | Located]:
    match operation, asked:
        case "lookup", CodeAsked():
            record: Record = yield partial(_by_code, asked)
            return record
        case "geocode", Question():
            return (yield from locating(gazetteer, asked))
        case "validate", Question():
            return (yield from validating(gazetteer, asked))
        case "reverse", PointAsked():
            near: list[Answer] = yield partial(_by_point, gazetteer, asked)
            return near
    raise ValueError(f"{operation} does not ask {type(asked).__name__}")


def _by_code(asked: CodeAsked, reads: Reads) -> Record:
    return lookup(reads, asked.code, asked.on)


def _by_point(gazetteer: Gazetteer, asked: PointAsked, reads: Reads) -> list[Answer]:
    return reverse(
        gazetteer,
        reads,
        lon=asked.lon,
        lat=asked.lat,
        limit=asked.limit,
        radius_m=asked.radius_m,
        on=asked.on,
    )


def read_fields(operation: str, fields: Mapping[str, object]) -> Asked:
    """The question that these fields ask. Raises InvalidInputError, which names the field."""
    if operation == "lookup":
        return CodeAsked(_text(fields, "code") or _missing("code"))
    if operation == "reverse":
        return _point(fields)
    if operation == RECHECK and (code := _text(fields, "code")):
        return CodeAsked(code)
    address = _text(fields, "address")
    given = [name for name in COMPONENTS if name in fields]
    if "address" in fields:
        # An empty cell asks nothing, whatever units stand beside it.
        given = [name for name in given if name in BESIDE and address]
    parts = {name: value for name in given if (value := _text(fields, name)) is not None}
    if address is None and parts.keys() <= set(BESIDE):
        if operation != "validate" or not isinstance(fields.get("address"), str):
            _missing("address")
        address = ""  # blank is an answer of a form, and what to do with it a verdict
    return Question(text=address, components=Components(**parts) if parts else None, limit=2)


def _point(fields: Mapping[str, object]) -> PointAsked:
    written = None if {"lon", "lat"} & fields.keys() else _text(fields, POINT)
    if written is None:
        return PointAsked(_degrees(fields, "lon"), _degrees(fields, "lat"))
    point = point_in(written)
    if point is None:
        detail = Message("point_not_in_country")
        raise InvalidInputError.of_field(POINT, "float_parsing", detail)
    return PointAsked(*point)


def _text(fields: Mapping[str, object], field: str) -> str | None:
    """The field without spaces around it; None where it is empty."""
    value = fields.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInputError.of_field(field, "string_type", Message("text_required"))
    if len(value) > MAX_TEXT:
        raise InvalidInputError.of_field(
            field, "string_too_long", Message("more_than_characters", most=MAX_TEXT)
        )
    if "\0" in value:
        raise InvalidInputError.of_field(field, "nul_character", Message("text_has_nul"))
    if HALVES.search(value):
        raise InvalidInputError.of_field(field, "not_utf8", Message("not_utf8"))
    return value.strip() or None


def _degrees(fields: Mapping[str, object], field: str) -> float:
    value = fields.get(field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = _text(fields, field) or _missing(field)
    # A table with semicolons may write 105,85028.
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError.of_field(
            field, "float_parsing", Message("degrees_required")
        ) from None


def _missing(field: str) -> str:
    raise InvalidInputError.of_field(field, "missing", Message("field_missing"))
