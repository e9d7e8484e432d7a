"""Finds rows of a table whose address has changed since a day, and why.

A row has a code, or an address that names a door. Rows without changes are left out, so that the
usual answer is short.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from geo import code as codes
from geo.code import CodeError
from geo.code_writing import strip_announcement
from geo.values import value
from registry.access import budget
from registry.core.batching import alone
from registry.core.errors import BudgetSpentError, DatabaseUnavailableError, RegistryError
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.publish.batch import RECHECK, CodeQuestion, outcomes
from registry.publish.batch.rows import InputRow, read_row
from registry.publish.changes.since import KINDS, Kind, Since, changed_since
from registry.records.past import with_past
from registry.records.record import COLUMNS, Record, Wording, record_wording
from registry.search.geocode import Question
from registry.search.judge.labels_apart import Labelled, labels_apart
from registry.search.judge.verdicts import Validation
from registry.units.gazetteer import Gazetteer, today

SQL: Final = Statements(__file__, columns=COLUMNS)

CHANGED: Final = "changed"
"""Status of a row that changed."""
_TOGETHER: Final = 200
"""Addresses searched at once."""


@value(frozen=True, slots=True)
class Candidate:
    """A door that the row may mean now."""

    code: str
    label: str
    """As of today; where two of a row have the same label, with a distinction such as the former
    ward."""
    words: Wording
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Rechecked:
    """A row that changed."""

    row: InputRow
    reasons: tuple[Kind, ...]
    candidates: tuple[Candidate, ...]
    """Empty if it has no successor, or is to be removed from the caller's data."""


@dataclass(frozen=True, slots=True)
class Rechecks:
    """The outcome of some rows."""

    changed: list[Rechecked]
    without_door: int
    """Rows that name no door that is or was public; they are not returned."""


def recheck(gazetteer: Gazetteer, reads: Reads, since: Since, rows: Sequence[InputRow]) -> Rechecks:
    """Return the rows that changed since then, in order.

    Unknown codes are charged to the budget as in a lookup. Raises BudgetSpentError,
    DatabaseUnavailableError and NotPreparedError, when no row can be answered.
    """
    named, by_code = _named(gazetteer, reads, rows)
    if by_code:
        budget.check()
    kinds_of = changed_since(reads, since, {code for found in named for code in found})
    budget.pay(sum(kinds_of.get(code, ()) is None for code in by_code))
    found: list[tuple[InputRow, tuple[str, ...], tuple[Kind, ...]]] = []
    without_door = 0
    for row, doors in zip(rows, named, strict=True):
        # A door without an entry has not changed.
        of_row = [kinds_of[code] for code in doors if code in kinds_of]
        kinds = {kind for one in of_row for kind in one or ()}
        if kinds:
            found.append((row, doors, tuple(kind for kind in KINDS if kind in kinds)))
        without_door += not kinds and len(of_row) == len(doors)
    doors_of = _candidates(gazetteer, reads, [doors for _, doors, _ in found])
    changed = [
        Rechecked(row, kinds, candidates)
        for (row, _, kinds), candidates in zip(found, doors_of, strict=True)
    ]
    return Rechecks(changed, without_door)


def _named(
    gazetteer: Gazetteer, reads: Reads, rows: Sequence[InputRow]
) -> tuple[list[tuple[str, ...]], set[str]]:
    """Return the codes of the doors that each row may mean, and all codes written in rows."""
    named: list[tuple[str, ...]] = [()] * len(rows)
    by_code: set[str] = set()
    texts: list[tuple[int, Question]] = []
    for at, row in enumerate(rows):
        try:
            asked = read_row(RECHECK, row)
        except RegistryError:
            continue
        if isinstance(asked, CodeQuestion):
            named[at] = _read_code(asked.code)
            by_code.update(named[at])
        elif isinstance(asked, Question):
            texts.append((at, asked))
    for start in range(0, len(texts), _TOGETHER):
        part = texts[start : start + _TOGETHER]
        questions = [partial(_itself, asked) for _, asked in part]
        for (at, _), outcome in zip(
            part, outcomes(gazetteer, reads, "validate", questions), strict=True
        ):
            if isinstance(outcome.error, DatabaseUnavailableError | BudgetSpentError):
                raise outcome.error
            if isinstance(outcome.found, Validation):
                named[at] = tuple(_doors(outcome.found))
    return named, by_code


def _itself(asked: Question) -> Question:
    return asked


def _read_code(written: str) -> tuple[str, ...]:
    text = strip_announcement(written)
    for read in (codes.validate, codes.from_spoken):
        try:
            return (read(text),)
        except CodeError:
            continue
    return ()


def _doors(found: Validation) -> Iterator[str]:
    """Yield the door of a verdict, or those to choose from."""
    if found.code:
        yield found.code
    elif found.question:
        yield from (choice.code for choice in found.question.choices if choice.code)


def _candidates(
    gazetteer: Gazetteer, reads: Reads, rows: Iterable[tuple[str, ...]]
) -> list[tuple[Candidate, ...]]:
    """Return for each row the doors of these codes, or their successors."""
    wanted = list(rows)
    known = _records(reads, {code for doors in wanted for code in doors})
    successors = {code for record in known.values() for code in record.successors or ()}
    known |= _records(reads, successors - known.keys())
    return [_labelled(gazetteer, _in_use(known, doors)) for doors in wanted]


def _records(reads: Reads, asked: set[str]) -> dict[str, Record]:
    rows = reads.rows(SQL.driver("records"), {"codes": sorted(asked)}) if asked else []
    records = alone(reads, with_past([Record(*row) for row in rows]))
    return {record.code: record for record in records}


def _in_use(known: dict[str, Record], doors: Iterable[str]) -> list[Record]:
    """Return records in use, each once, in the order of the doors."""
    found: dict[str, Record] = {}
    for record in (known[code] for code in doors if code in known):
        onward = (record.successors or ()) if record.status == "retired" else (record.code,)
        found.update({code: known[code] for code in onward if code in known})
    return list(found.values())


def _labelled(gazetteer: Gazetteer, records: Sequence[Record]) -> tuple[Candidate, ...]:
    day, units = today(), gazetteer.units
    words = [record_wording(gazetteer, day, record) for record in records]
    labels = [
        Labelled(one.label, one.commune, units.get(record.former_unit_id or 0), record.code)
        for one, record in zip(words, records, strict=True)
    ]
    if len(labels) > 1:
        labels = labels_apart(gazetteer, day, labels)
    return tuple(
        Candidate(record.code, label.label, one, record.lon, record.lat)
        for record, label, one in zip(records, labels, words, strict=True)
    )
