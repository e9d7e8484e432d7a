"""Finds the door of each line of a list; unplaced lines get a reason and a question."""

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
from registry.publish.batch import EMPTY, TOTAL, CodeQuestion, Outcome, outcomes
from registry.publish.route.listing import Line
from registry.records.record import DatedLabel, Record, record_wording
from registry.search.faults import FAULTS
from registry.search.find.doors import active_records
from registry.search.find.mistyped_codes import with_labels
from registry.search.geocode import Question
from registry.search.judge.verdicts import Choice, Validation
from registry.search.judge.verdicts import Question as ToAsk
from registry.units.gazetteer import Gazetteer, today

_BATCH: Final = 100
"""Lines answered at once."""
_SURE: Final = ("accept", "correct")
_NO_ADDRESS: Final = ("other", "delivery_hint")
"""Components that may contain names of persons."""
_OF_CODES: Final = ("code_mistyped", "code_unknown", "code_retired", "code_not_active")
_WORDS: Final = {
    "confirm": both("Not certain which door; to be asked"),
    "address_shared": both(
        "Several places have this very address and differ by their codes; to be asked"
    ),
    "code_contradicts_text": both("The code in the address is that of another place; to be asked"),
}
"""Messages in place of those meant for a shopper."""
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
    """A line without a certain door."""

    parcel: RouteParcel
    status: str
    """Stable: a verdict of `registry.search.judge.verdicts`, or the code of an error."""
    messages: tuple[str, str]
    """Why, in Vietnamese and in English."""
    given: str
    """The address or code of the line."""
    read: str | None
    """The part that is an address, and may be printed."""
    level: str | None = None
    """Level of the best match."""
    question: ToAsk | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A placed list: each line is in exactly one of the three members."""

    stops: tuple[Stop, ...]
    """In the order of their first line."""
    unplaced: tuple[Unplaced, ...]
    empty: tuple[int, ...]
    """Numbers of empty lines."""


def place(
    gazetteer: Gazetteer, reads: Reads, lines: Sequence[Line], on: datetime.date | None = None
) -> Placed:
    """Find the doors of a list; parcels to one door make one stop. `on` adds labels of that day.

    A code is looked up, an address validated. Raises NotPreparedError and DatabaseUnavailableError,
    when no line can be answered.
    """
    found = _answers(gazetteer, reads, lines, on)
    codes = {
        one.code
        for outcome in found
        if isinstance(one := outcome.found, Validation) and one.verdict in _SURE and one.code
    }
    records = {record.code: record for record in alone(reads, active_records(sorted(codes)))}
    parcels: dict[str, list[RouteParcel]] = {}
    labels: dict[str, DatedLabel] = {}
    unplaced: list[Unplaced] = []
    empty: list[int] = []
    for line, outcome in zip(lines, found, strict=True):
        answer = outcome.found
        record = answer if isinstance(answer, Record) else None
        if isinstance(answer, Validation) and answer.verdict in _SURE:
            record = records.get(answer.code or "")
        if record is not None:
            records[record.code] = record
            parcels.setdefault(record.code, []).append(RouteParcel(line.number, line.ref))
            dated = answer.on if isinstance(answer, Validation) else _on(gazetteer, record, on)
            if dated and (dated.label or record.code not in labels):
                labels[record.code] = dated
        elif outcome.status == EMPTY:
            empty.append(line.number)
        else:
            unplaced.append(_unplaced(gazetteer, reads, line, outcome))
    stops = tuple(
        Stop(records[code], _label(gazetteer, records[code]), tuple(each), labels.get(code))
        for code, each in parcels.items()
    )
    return Placed(stops, tuple(unplaced), tuple(empty))


def _label(gazetteer: Gazetteer, record: Record) -> str:
    return record_wording(gazetteer, today(), record).label


def _on(gazetteer: Gazetteer, record: Record, on: datetime.date | None) -> DatedLabel | None:
    return record_wording(gazetteer, today(), record, on).on if on else None


def _answers(
    gazetteer: Gazetteer, reads: Reads, lines: Sequence[Line], on: datetime.date | None
) -> list[Outcome]:
    """Return the outcome of each line."""
    found: list[Outcome] = []
    for start in range(0, len(lines), _BATCH):
        part = lines[start : start + _BATCH]
        asked = [_asked(line, on) for line in part]
        answers = {
            operation: iter(_outcomes_of(gazetteer, reads, operation, asked, kind))
            for operation, kind in (("lookup", CodeQuestion), ("validate", Question))
        }
        for one in asked:
            if isinstance(one, RegistryError):
                found.append(Outcome(None, _status(one), None, one))
            else:
                operation = "lookup" if isinstance(one, CodeQuestion) else "validate"
                found.append(next(answers[operation]))
    retired = [at for at, outcome in enumerate(found) if isinstance(outcome.error, GoneError)]
    # Validation resolves a retired code to its successor, or makes it a question.
    again = [Question(str(getattr(found[at].asked, "code", "")), on=on) for at in retired]
    validated = outcomes(gazetteer, reads, "validate", [partial(_same, one) for one in again])
    for at, outcome in zip(retired, validated, strict=True):
        found[at] = outcome
    return found


def _asked(line: Line, on: datetime.date | None) -> CodeQuestion | Question | RegistryError:
    try:
        asked = line.asked()
    except RegistryError as error:
        return error
    if not isinstance(asked, CodeQuestion | Question):
        raise TypeError(f"no line asks {type(asked).__name__}")
    return replace(asked, on=on)


def _outcomes_of(
    gazetteer: Gazetteer,
    reads: Reads,
    operation: str,
    asked: Iterable[object],
    kind: type[CodeQuestion] | type[Question],
) -> list[Outcome]:
    questions = [partial(_same, one) for one in asked if isinstance(one, kind)]
    return outcomes(gazetteer, reads, operation, questions)


def _same(asked: CodeQuestion | Question) -> CodeQuestion | Question:
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
            # Yes is one of the choices.
            choices = (Choice(found.address, None, None),) if found.address else ()
            question = replace(question, choices=choices)
        parts = (part for part in found.components if part.name not in _NO_ADDRESS)
        read = ", ".join(part.given for part in parts if part.given) or found.address
        if found.reason in _OF_CODES and not read:
            read = given  # the whole text is a code, or nearly
        return Unplaced(
            parcel,
            # A certain door without a record was changed meanwhile.
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
    # A code is never private; other unreadable text is not printed.
    read = given if isinstance(outcome.asked, CodeQuestion) else None
    near = _near(gazetteer, reads, outcome.error)
    return Unplaced(parcel, outcome.status, messages, given, read, question=near)


def _unknown(found: Validation) -> tuple[str, str] | None:
    """Return messages of unknown parts of an address; None if there is a more specific reason."""
    if found.reason or found.verdict != "unverified":
        return None
    faults = [FAULTS[code] for code in found.faults if FAULTS[code].verdict == "unverified"]
    vietnamese = "; ".join(each.message for each in faults)
    english = "; ".join(each.message_en for each in faults)
    return (vietnamese, english) if faults else None


def _near(gazetteer: Gazetteer, reads: Reads, error: RegistryError | None) -> ToAsk | None:
    """Return a question that offers the codes near a mistyped one."""
    near: Any = error.extra.get("suggestions") if error else None
    codes = [one["code"] for one in near or ()]
    choices = tuple(
        Choice(one["label"], None, one["code"])
        for one in with_labels(gazetteer, reads, today(), codes)
    )
    return ToAsk("choose_code", "other", *_TO_CHOOSE, choices) if choices else None


def choice_words(choice: Choice) -> str:
    """Return a choice in one line."""
    return f"{code_display(choice.code)} {choice.label}" if choice.code else choice.label
