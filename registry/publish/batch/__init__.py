"""Answers many questions at once, each as if it were asked alone, in the order given.

A question that cannot be answered yields an outcome with an error and never affects the rest.
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
from registry.publish.batch.columns import COMPONENTS, FORMER, POINT
from registry.records.lookup import lookup
from registry.records.record import Record
from registry.search.answers import Answer
from registry.search.disclosure import disclose_answers, disclose_validation
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
"""Operation of rows with a code or an address that are only checked for changes."""
OK: Final = "ok"
EMPTY: Final = "empty_row"
"""Status of a table row without content."""
TOTAL: Final = "total_row"
"""Status of a table row that totals other rows."""
NOTHING_FOUND: Final = "nothing_found"
"""Status of a question that is understood but matches nothing in the register."""

AMBIGUOUS: Final = "ambiguous"
"""Status of a question that several places match equally well; also the fault of each."""

SURROGATES: Final = re.compile("[\ud800-\udfff]")
"""Lone surrogates, also as decoded from bytes that are not UTF-8."""


@dataclass(frozen=True, slots=True)
class CodeQuestion:
    """A question for `lookup`."""

    code: str
    on: datetime.date | None = None
    """Also return the label of the result on that day."""
    map_needed: bool = False
    """Whether a place without a known map of that day is an error."""


@dataclass(frozen=True, slots=True)
class PointQuestion:
    """A question for `reverse`; degrees, WGS 84."""

    lon: float
    lat: float
    limit: int = 1
    radius_m: float = DEFAULT_RADIUS_M
    on: datetime.date | None = None
    """As in `CodeQuestion`."""


Asked = CodeQuestion | PointQuestion | Question
Found = Record | list[Answer] | Validation


@value(frozen=True, slots=True)
class Outcome:
    """The outcome of one question: exactly one of `found` and `error` is set."""

    asked: Asked | None
    """None if it could not be parsed."""
    status: str
    """ok | ambiguous | nothing_found | why a code has no record | the stable code of the error."""
    found: Found | None
    error: RegistryError | None
    meant: MeantCode | None = None
    """Set when nothing was found because a code has no record."""


def outcomes(
    gazetteer: Gazetteer, reads: Reads, operation: str, questions: Iterable[Callable[[], Asked]]
) -> list[Outcome]:
    """Return the outcome of each question for one of OPERATIONS, in order.

    Each callable parses its question or raises InvalidInputError. Database queries of the questions
    are batched: some hundreds together are many times cheaper than one by one. Raises only
    NotPreparedError, when no question of the batch can be answered.
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
        disclosed = _disclose(found.answers if isinstance(found, Located) else found)
    except BudgetSpentError as error:
        return Outcome(asked, _status(error), None, error)
    status = OK
    if isinstance(disclosed, list) and not disclosed:
        status = meant.reason if meant else NOTHING_FOUND
    elif isinstance(disclosed, list) and AMBIGUOUS in disclosed[0].faults:
        status = AMBIGUOUS
    return Outcome(asked, status, disclosed, None, meant)


def _disclose(found: Found) -> Found:
    if isinstance(found, Record):
        return found
    return disclose_validation(found) if isinstance(found, Validation) else disclose_answers(found)


def _status(error: RegistryError) -> str:
    errors = error.extra.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = str(first.get("code"))
    return code if code in (EMPTY, TOTAL) else error.code


def _steps(gazetteer: Gazetteer, operation: str, asked: Asked) -> Query[Found | Located]:
    match operation, asked:
        case "lookup", CodeQuestion():
            record: Record = yield partial(_by_code, asked)
            return record
        case "geocode", Question():
            return (yield from locating(gazetteer, asked))
        case "validate", Question():
            return (yield from validating(gazetteer, asked))
        case "reverse", PointQuestion():
            near: list[Answer] = yield partial(_by_point, gazetteer, asked)
            return near
    raise ValueError(f"{operation} does not take {type(asked).__name__}")


def _by_code(asked: CodeQuestion, reads: Reads) -> Record:
    return lookup(reads, asked.code, asked.on)


def _by_point(gazetteer: Gazetteer, asked: PointQuestion, reads: Reads) -> list[Answer]:
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
    """Parse the question in `fields`. Raises InvalidInputError, which names the field."""
    if operation == "lookup":
        return CodeQuestion(_text(fields, "code") or _missing("code"))
    if operation == "reverse":
        return _point(fields)
    if operation == RECHECK and (code := _text(fields, "code")):
        return CodeQuestion(code)
    address = _text(fields, "address")
    given = [name for name in COMPONENTS if name in fields]
    if "address" in fields:
        # An empty address cell asks nothing, even with units in other cells.
        given = [name for name in given if name in BESIDE and address]
    parts = {name: value for name in given if (value := _text(fields, name)) is not None}
    if address is None and parts.keys() <= set(BESIDE):
        if operation != "validate" or not isinstance(fields.get("address"), str):
            _missing("address")
        address = ""  # a form may submit a blank address; the verdict says what to do
    components = Components(**parts) if parts else None
    return Question(address, components, limit=2, former=_text(fields, FORMER))


def _point(fields: Mapping[str, object]) -> PointQuestion:
    written = None if {"lon", "lat"} & fields.keys() else _text(fields, POINT)
    if written is None:
        return PointQuestion(_degrees(fields, "lon"), _degrees(fields, "lat"))
    point = point_in(written)
    if point is None:
        detail = Message("point_not_in_country")
        raise InvalidInputError.of_field(POINT, "float_parsing", detail)
    return PointQuestion(*point)


def _text(fields: Mapping[str, object], field: str) -> str | None:
    """Return the field stripped; None if it is empty."""
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
    if SURROGATES.search(value):
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
