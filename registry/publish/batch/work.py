"""A file of questions over several processes, in order and in bounded memory."""

import datetime
import gc
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from multiprocessing.util import Finalize
from typing import Final

from geo import address
from registry.access.budget import Purse, carrying
from registry.core.actors import acting_as
from registry.core.errors import DatabaseUnavailableError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.side_processes import side_processes
from registry.publish.batch import OK, Outcome, outcomes
from registry.publish.batch.flat import flat, flat_change
from registry.publish.batch.recheck import recheck
from registry.publish.batch.rows import InputRow, Layout, read_row
from registry.publish.changes.since import Since
from registry.register import Register
from registry.units import remembered
from registry.units.gazetteer import Gazetteer, today

CHUNK: Final = 200
_RECHECKED: Final = 5_000
"""Most rows have not changed, and a code that has not costs a look into one index."""
MAX_PROCESSES: Final = 8
_GARBAGE: Final = 100_000
"""New objects before a process looks for garbage."""
_AHEAD: Final = 4
"""Chunks per process that are read ahead."""
_REMEMBERED: Final = 8
"""Times as much as a server remembers of what units are called and where they lie, some 60 MB."""
_GIVEN_UP: Final = 3
"""So often rows are asked again that the database does not answer; none after them will be."""


@dataclass(frozen=True, slots=True)
class Written:
    """Some rows with their results, as they are written."""

    text: str
    rows: int
    unanswered: int
    verdicts: Counter[str]
    """How many of each, where addresses are validated; of reasons, where they are rechecked."""
    told: int
    """Rows that are in the text."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the processes need to know."""

    settings: Settings
    database_url: str
    operation: str
    layout: Layout
    on: datetime.date | None = None
    """A day whose labels are wanted as well."""
    since: Since | None = None
    """Where rows are rechecked: only those that changed are told."""
    key_id: int | None = None
    """Key whose holder asks, over HTTP; None for the operator."""
    pays: bool = False
    """Whether that key pays for codes that it did not name."""
    more: tuple[str, ...] = ()
    """Columns of `flat.extra_columns` that are wanted as well."""

    @property
    def together(self) -> int:
        """Rows that are answered at once."""
        return CHUNK if self.since is None else _RECHECKED


def answer_rows(
    work: Work, rows: Iterable[InputRow], *, processes: int | None = None
) -> Iterator[Written]:
    """Every row with its flat result, in order, some hundreds at once.

    Raises what opening a register raises, and DatabaseUnavailableError when the database goes away
    for good; a row that cannot be answered is a result as the others are.
    """
    count = processes or min(os.cpu_count() or 1, MAX_PROCESSES)
    chunks = _chunks(rows, work.together)
    first = next(chunks, ())
    if len(first) < work.together or count == 1:
        yield from _alone(work, chain([first], chunks))
    else:
        yield from _together(work, first, chunks, count)


def _chunks(rows: Iterable[InputRow], together: int) -> Iterator[tuple[InputRow, ...]]:
    source = iter(rows)
    while chunk := tuple(islice(source, together)):
        yield chunk


def _alone(work: Work, chunks: Iterable[tuple[InputRow, ...]]) -> Iterator[Written]:
    """In this process: a small file is done before another one has started."""
    desk = _Desk(work)
    try:
        yield from map(desk.written, chunks)
    finally:
        desk.close()


def _together(
    work: Work,
    first: tuple[InputRow, ...],
    chunks: Iterator[tuple[InputRow, ...]],
    count: int,
) -> Iterator[Written]:
    pool = side_processes(count, _open_desk, work)
    waiting: deque[Future[Written]] = deque()
    try:
        chunk: tuple[InputRow, ...] = first
        while chunk or waiting:
            while chunk and len(waiting) < count * _AHEAD:
                waiting.append(pool.submit(_written, chunk))
                chunk = next(chunks, ())
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_desk: "_Desk | None" = None


def _open_desk(work: Work) -> None:
    global _desk
    _desk = _Desk(work)
    remembered.remember_more(_REMEMBERED)
    address.remember_more(_REMEMBERED)
    # A process that ends with its connections open waits five seconds for each of their threads.
    Finalize(_desk, _desk.close, exitpriority=0)


def _written(rows: Sequence[InputRow]) -> Written:
    if _desk is None:
        raise RuntimeError("the process was not opened")
    written = _desk.written(rows)
    if gc.get_threshold()[0] != _GARBAGE:
        # The map is there to stay, and what a row leaves behind holds no cycles to look for.
        gc.freeze()
        gc.set_threshold(_GARBAGE)
    return written


class _Desk:
    """A register of its own, and where the answers come from."""

    def __init__(self, work: Work) -> None:
        self.operation, self.layout, self.on = work.operation, work.layout, work.on
        self.more = work.more
        self.since = work.since
        self.register = register = Register.open(work.settings, work.database_url)
        self.actor = register.keys.holder(work.key_id) if work.key_id is not None else None
        holder, most = f"key:{work.key_id}", work.settings.budget_per_key
        self.purse = Purse(register.budget, most, lambda: holder) if work.pays else None

    def written(self, rows: Sequence[InputRow]) -> Written:
        """These rows with their flat results."""
        with acting_as(self.actor), carrying(self.purse):
            return self.register.gazetteer.of_one_map(partial(self._written, rows))

    def _written(self, rows: Sequence[InputRow]) -> Written:
        gazetteer, day = self.register.gazetteer.get(), today()
        if self.since is not None:
            return self._rechecked(gazetteer, self.since, rows)
        found = self._outcomes(gazetteer, rows)
        results = [flat(gazetteer, day, self.operation, outcome, self.more) for outcome in found]
        unanswered = sum(outcome.status != OK for outcome in found)
        text = self.layout.text(zip(rows, results, strict=True))
        verdicts = Counter(str(found["verdict"]) for found in results if found.get("verdict"))
        return Written(text, len(rows), unanswered, verdicts, len(rows))

    def _rechecked(self, gazetteer: Gazetteer, since: Since, rows: Sequence[InputRow]) -> Written:
        found = recheck(gazetteer, self.register.reads, since, rows)
        day = today()
        text = self.layout.text((each.row, flat_change(day, each)) for each in found.changed)
        reasons = Counter[str](reason for each in found.changed for reason in each.reasons)
        return Written(text, len(rows), found.without_door, reasons, len(found.changed))

    def close(self) -> None:
        """Close every connection."""
        self.register.close()

    def _outcomes(self, gazetteer: Gazetteer, rows: Sequence[InputRow]) -> list[Outcome]:
        found = self._asked(gazetteer, rows)
        for _ in range(_GIVEN_UP - 1):
            gone = [at for at, outcome in enumerate(found) if _is_gone(outcome)]
            if not gone:
                return found
            # A server that was started anew answers again.
            again = self._asked(gazetteer, [rows[at] for at in gone])
            for at, outcome in zip(gone, again, strict=True):
                found[at] = outcome
        if found and all(map(_is_gone, found)):
            raise found[0].error or DatabaseUnavailableError(Message("database_silent"))
        return found

    def _asked(self, gazetteer: Gazetteer, rows: Sequence[InputRow]) -> list[Outcome]:
        questions = (partial(read_row, self.operation, row, self.on) for row in rows)
        return outcomes(gazetteer, self.register.reads, self.operation, questions)


def _is_gone(outcome: Outcome) -> bool:
    return isinstance(outcome.error, DatabaseUnavailableError)
