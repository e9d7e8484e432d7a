"""Which door each line of a list means; those that mean none, with why and what to ask."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field

from geo.code import format as code_display
from registry.core.batching import alone
from registry.core.errors import GoneError, RegistryError
from registry.core.messages import both
from registry.core.personal import holds_personal
from registry.core.reads import Reads
from registry.publish.batch import EMPTY, TOTAL, CodeAsked, Outcome, outcomes
from registry.publish.route.listing import Line
from registry.records.record import DatedLabel, Record, record_wording
from registry.search.faults import FAULTS
from registry.search.find.doors import active_records
from registry.search.find.mistyped_codes import with_labels
from registry.search.geocode import Question
from registry.search.judge.verdicts import Choice, Validation
from registry.search.judge.verdicts import Question as ToAsk
from registry.units.gazetteer import Gazetteer, today

_TOGETHER: Final = 100
"""Lines that are answered at once."""
_SURE: Final = ("accept", "correct")
_NO_ADDRESS: Final = ("other", "delivery_hint")
"""Parts of a text in which people write names."""
_OF_CODES: Final = ("code_mistyped", "code_unknown", "code_retired", "code_not_active")
_WORDS: Final = {
    "confirm": both("Not certain which door; to be asked"),
    "address_shared": both(
        "Several places have this very address and differ by their codes; to be asked"
    ),
    "code_contradicts_text": both("The code in the address is that of another place; to be asked"),
}
"""What is said in place of words that are about a shopper."""
_TO_CHOOSE: Final = both("The code is mistyped or was replaced: choose the place")


@dataclass(frozen=True, slots=True)
class RouteParcel:
    """A line of the list that leads to a stop."""

    line: int
    """Of the list, from 1 below its header"""
    ref: Annotated[str | None, Field(examples=["VD-01"])]
    """What the parcel is called"""


@dataclass(frozen=True, slots=True)
class Stop:
    """A door, and what is brought there."""

    record: Record
    label: str
    parcels: tuple[RouteParcel, ...]
    on: DatedLabel | None = None
    """Its label of the day that was asked about."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A line that names no door for certain."""

    parcel: RouteParcel
    status: str
    """Stable: a verdict of `registry.search.judge.verdicts`, or the code of an error."""
    messages: tuple[str, str]
    """Why, in Vietnamese and in English."""
    given: str
    """What the line said of its place."""
    read: str | None
    """What of that is an address: all that may be printed of it."""
    level: str | None = None
    """How near to the door the register knows it."""
    question: ToAsk | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A whole list: each line is in one of the three, once."""

    stops: tuple[Stop, ...]
    """In the order in which the list names them first."""
    unplaced: tuple[Unplaced, ...]
    empty: tuple[int, ...]
    """Lines that say nothing."""


def place(
    gazetteer: Gazetteer, reads: Reads, lines: Sequence[Line], on: datetime.date | None = None
) -> Placed:
    """The doors of a list. Several parcels to one door are one stop; with `on` they have their
    labels of that day.

    A code is answered as a look-up answers it, an address as its validation does. Raises
    NotPreparedError and DatabaseUnavailableError: no line can be answered then.
    """
    found = _answers(gazetteer, reads, lines, on)
    codes = {
        told.code
        for outcome in found
        if isinstance(told := outcome.found, Validation) and told.verdict in _SURE and told.code
    }
    records = {record.code: record for record in alone(reads, active_records(sorted(codes)))}
    parcels: dict[str, list[RouteParcel]] = {}
    labels: dict[str, DatedLabel] = {}
    unplaced: list[Unplaced] = []
    empty: list[int] = []
    for line, outcome in zip(lines, found, strict=True):
        told = outcome.found
        record = told if isinstance(told, Record) else None
        if isinstance(told, Validation) and told.verdict in _SURE:
            record = records.get(told.code or "")
        if record is not None:
            records[record.code] = record
            parcels.setdefault(record.code, []).append(RouteParcel(line.number, line.ref))
            told_on = told.on if isinstance(told, Validation) else _on(gazetteer, record, on)
            if told_on and (told_on.label or record.code not in labels):
                labels[record.code] = told_on
        elif outcome.status == EMPTY:
            empty.append(line.number)
        else:
            unplaced.append(_unplaced(gazetteer, reads, line, outcome))
    stops = tuple(
        Stop(records[code], _label(gazetteer, records[code]), tuple(brought), labels.get(code))
        for code, brought in parcels.items()
    )
    return Placed(stops, tuple(unplaced), tuple(empty))


def _label(gazetteer: Gazetteer, record: Record) -> str:
    return record_wording(gazetteer, today(), record).label


def _on(gazetteer: Gazetteer, record: Record, on: datetime.date | None) -> DatedLabel | None:
    return record_wording(gazetteer, today(), record, on).on if on else None


def _answers(
    gazetteer: Gazetteer, reads: Reads, lines: Sequence[Line], on: datetime.date | None
) -> list[Outcome]:
    """What became of each line."""
    found: list[Outcome] = []
    for start in range(0, len(lines), _TOGETHER):
        part = lines[start : start + _TOGETHER]
        asked = [_asked(line, on) for line in part]
        answers = {
            operation: iter(_together(gazetteer, reads, operation, asked, kind))
            for operation, kind in (("lookup", CodeAsked), ("validate", Question))
        }
        for one in asked:
            if isinstance(one, RegistryError):
                found.append(Outcome(None, _status(one), None, one))
            else:
                operation = "lookup" if isinstance(one, CodeAsked) else "validate"
                found.append(next(answers[operation]))
    retired = [at for at, outcome in enumerate(found) if isinstance(outcome.error, GoneError)]
    # As an address a retired code is its heir, where it has one; else it is a question.
    onward = [Question(str(getattr(found[at].asked, "code", "")), on=on) for at in retired]
    heirs = outcomes(gazetteer, reads, "validate", [partial(_same, one) for one in onward])
    for at, heir in zip(retired, heirs, strict=True):
        found[at] = heir
    return found


def _asked(line: Line, on: datetime.date | None) -> CodeAsked | Question | RegistryError:
    try:
        asked = line.asked()
    except RegistryError as error:
        return error
    if not isinstance(asked, CodeAsked | Question):
        raise TypeError(f"no line asks {type(asked).__name__}")
    return replace(asked, on=on)


def _together(
    gazetteer: Gazetteer,
    reads: Reads,
    operation: str,
    asked: Iterable[object],
    kind: type[CodeAsked] | type[Question],
) -> list[Outcome]:
    questions = [partial(_same, one) for one in asked if isinstance(one, kind)]
    return outcomes(gazetteer, reads, operation, questions)


def _same(asked: CodeAsked | Question) -> CodeAsked | Question:
    return asked


def _status(error: RegistryError) -> str:
    errors = error.extra.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = str(first.get("code"))
    return code if code in (EMPTY, TOTAL) else error.code


def _unplaced(gazetteer: Gazetteer, reads: Reads, line: Line, outcome: Outcome) -> Unplaced:
    parcel, given = RouteParcel(line.number, line.ref), line.given
    found = outcome.found
    if isinstance(found, Validation):
        question = found.question
        if question and not question.choices and found.next_action == "ask_yes_no":
            # Yes is an answer too.
            choices = (Choice(found.address, None, None),) if found.address else ()
            question = replace(question, choices=choices)
        parts = (part for part in found.components if part.name not in _NO_ADDRESS)
        read = ", ".join(part.given for part in parts if part.given) or found.address
        if found.reason in _OF_CODES and not read:
            read = given  # all of it is a code, or nearly one
        return Unplaced(
            parcel,
            # What is sure, and gone all the same, was changed while it was looked for.
            found.reason or ("conflict" if found.verdict in _SURE else found.verdict),
            _WORDS.get(found.reason or found.verdict) or _unknown(found) or found.messages,
            given,
            None if holds_personal(read or "") else read,
            found.level,
            question,
        )
    detail = outcome.error.detail if outcome.error else outcome.status
    vietnamese, _, english = detail.rpartition(" (")
    messages = (vietnamese or detail, english.removesuffix(")") or detail)
    # Of a code nothing is private; what else cannot be read is not printed.
    read = given if isinstance(outcome.asked, CodeAsked) else None
    near = _near(gazetteer, reads, outcome.error)
    return Unplaced(parcel, outcome.status, messages, given, read, question=near)


def _unknown(found: Validation) -> tuple[str, str] | None:
    """What of an address the register does not know; None where a reason says more."""
    if found.reason or found.verdict != "unverified":
        return None
    faults = [FAULTS[code] for code in found.faults if FAULTS[code].verdict == "unverified"]
    told = "; ".join(each.message for each in faults), "; ".join(each.message_en for each in faults)
    return told if faults else None


def _near(gazetteer: Gazetteer, reads: Reads, error: RegistryError | None) -> ToAsk | None:
    """The question which of the codes near a mistyped one is meant."""
    near: Any = error.extra.get("suggestions") if error else None
    codes = [one["code"] for one in near or ()]
    choices = tuple(
        Choice(one["label"], None, one["code"])
        for one in with_labels(gazetteer, reads, today(), codes)
    )
    return ToAsk("choose_code", "other", *_TO_CHOOSE, choices) if choices else None


def choice_words(choice: Choice) -> str:
    """A choice in one line."""
    return f"{code_display(choice.code)} {choice.label}" if choice.code else choice.label
