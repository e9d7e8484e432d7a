"""Answers a file of questions in several processes, in order and in bounded memory."""

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
"""Most rows have not changed, and an unchanged code costs one index lookup."""
MAX_PROCESSES: Final = 8
_GC_THRESHOLD: Final = 100_000
"""New objects before a process collects garbage."""
_AHEAD: Final = 4
"""Chunks read ahead per process."""
_CACHE_FACTOR: Final = 8
"""Factor on a server's caches of unit names and places, some 60 MB."""
_ATTEMPTS: Final = 3
"""Attempts at rows that the database does not answer before the batch is given up."""


@dataclass(frozen=True, slots=True)
class Written:
    """Some rows with their results, as text."""

    text: str
    rows: int
    unanswered: int
    verdicts: Counter[str]
    """Count by verdict for validations, by reason for rechecks."""
    returned: int
    """Rows in the text."""


@dataclass(frozen=True, slots=True)
class Work:
    """What each process needs to know."""

    settings: Settings
    database_url: str
    operation: str
    layout: Layout
    on: datetime.date | None = None
    """Also return labels of that day."""
    since: Since | None = None
    """For rechecks: only rows that changed are returned."""
    key_id: int | None = None
    """API key of the request; None for the operator."""
    pays: bool = False
    """Whether that key pays for codes that the rows do not name."""
    more: tuple[str, ...] = ()
    """Columns of `flat.extra_columns` to add."""

    @property
    def together(self) -> int:
        """Rows answered at once."""
        return CHUNK if self.since is None else _RECHECKED


def answer_rows(
    work: Work, rows: Iterable[InputRow], *, processes: int | None = None
) -> Iterator[Written]:
    """Yield every row with its flat result, in order, some hundreds at once.

    Raises as opening a register does, and DatabaseUnavailableError when the database stays
    unavailable; a row that cannot be answered is a result, too.
    """
    count = processes or min(os.cpu_count() or 1, MAX_PROCESSES)
    chunks = _chunks(rows, work.together)
    first = next(chunks, ())
    if len(first) < work.together or count == 1:
        yield from _in_process(work, chain([first], chunks))
    else:
        yield from _in_pool(work, first, chunks, count)


def _chunks(rows: Iterable[InputRow], together: int) -> Iterator[tuple[InputRow, ...]]:
    source = iter(rows)
    while chunk := tuple(islice(source, together)):
        yield chunk


def _in_process(work: Work, chunks: Iterable[tuple[InputRow, ...]]) -> Iterator[Written]:
    """Answer in this process: a small file is done before another process has started."""
    worker = _Worker(work)
    try:
        yield from map(worker.written, chunks)
    finally:
        worker.close()


def _in_pool(
    work: Work,
    first: tuple[InputRow, ...],
    chunks: Iterator[tuple[InputRow, ...]],
    count: int,
) -> Iterator[Written]:
    pool = side_processes(count, _open_worker, work)
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


_worker: "_Worker | None" = None


def _open_worker(work: Work) -> None:
    global _worker
    _worker = _Worker(work)
    remembered.enlarge_cache(_CACHE_FACTOR)
    address.enlarge_cache(_CACHE_FACTOR)
    # A process that exits with open connections waits five seconds for each of their threads.
    Finalize(_worker, _worker.close, exitpriority=0)


def _written(rows: Sequence[InputRow]) -> Written:
    if _worker is None:
        raise RuntimeError("the process has no worker")
    written = _worker.written(rows)
    if gc.get_threshold()[0] != _GC_THRESHOLD:
        # The gazetteer stays for the life of the process, and rows leave no reference cycles.
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
    return written


class _Worker:
    """Answers rows from a register of its own."""

    def __init__(self, work: Work) -> None:
        self.operation, self.layout, self.on = work.operation, work.layout, work.on
        self.more = work.more
        self.since = work.since
        self.register = register = Register.open(work.settings, work.database_url)
        self.actor = register.keys.holder(work.key_id) if work.key_id is not None else None
        holder, most = f"key:{work.key_id}", work.settings.budget_per_key
        self.purse = Purse(register.budget, most, lambda: holder) if work.pays else None

    def written(self, rows: Sequence[InputRow]) -> Written:
        """Return these rows with their flat results."""
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
        for _ in range(_ATTEMPTS - 1):
            missing = [at for at, outcome in enumerate(found) if _is_unavailable(outcome)]
            if not missing:
                return found
            # A restarted server answers again.
            again = self._asked(gazetteer, [rows[at] for at in missing])
            for at, outcome in zip(missing, again, strict=True):
                found[at] = outcome
        if found and all(map(_is_unavailable, found)):
            raise found[0].error or DatabaseUnavailableError(Message("database_silent"))
        return found

    def _asked(self, gazetteer: Gazetteer, rows: Sequence[InputRow]) -> list[Outcome]:
        questions = (partial(read_row, self.operation, row, self.on) for row in rows)
        return outcomes(gazetteer, self.register.reads, self.operation, questions)


def _is_unavailable(outcome: Outcome) -> bool:
    return isinstance(outcome.error, DatabaseUnavailableError)
