"""A file of questions over several processes, in order and in bounded memory."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final

from registry.batch import Outcome, answer
from registry.batch_flat import Cell, flat
from registry.batch_rows import InputRow, read_row
from registry.errors import DatabaseUnavailableError
from registry.gazetteer import today
from registry.register import Register
from registry.settings import Settings

CHUNK: Final = 200
MAX_PROCESSES: Final = 8
_AHEAD: Final = 4
"""Chunks per process that are read ahead."""
_GIVEN_UP: Final = 3
"""So many rows in a row that the database does not answer, and none after them will be."""

Result = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Work:
    """What the processes need to know."""

    settings: Settings
    database_url: str
    operation: str


def answer_rows(
    work: Work, rows: Iterable[InputRow], *, processes: int | None = None
) -> Iterator[tuple[InputRow, Result]]:
    """Every row with its flat result, in order.

    Raises what opening a register raises, and DatabaseUnavailableError when the database goes away
    for good; a row that cannot be answered is a result as the others are.
    """
    count = processes or min(os.cpu_count() or 1, MAX_PROCESSES)
    chunks = _chunks(rows)
    first = next(chunks, ())
    if len(first) < CHUNK or count == 1:
        yield from _alone(work, first, chunks)
    else:
        yield from _together(work, first, chunks, count)


def _chunks(rows: Iterable[InputRow]) -> Iterator[tuple[InputRow, ...]]:
    source = iter(rows)
    while chunk := tuple(islice(source, CHUNK)):
        yield chunk


def _alone(
    work: Work, first: tuple[InputRow, ...], chunks: Iterable[tuple[InputRow, ...]]
) -> Iterator[tuple[InputRow, Result]]:
    """In this process: a small file is done before another one has started."""
    desk = _Desk(work)
    try:
        for chunk in chain([first], chunks):
            yield from zip(chunk, desk.results(chunk), strict=True)
    finally:
        desk.close()


def _together(
    work: Work,
    first: tuple[InputRow, ...],
    chunks: Iterator[tuple[InputRow, ...]],
    count: int,
) -> Iterator[tuple[InputRow, Result]]:
    # Not forked: a copy of an open connection, or of a thread's lock, would be in two processes.
    pool = ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_open_desk, initargs=(work,)
    )
    waiting: deque[tuple[tuple[InputRow, ...], Future[list[Result]]]] = deque()
    try:
        chunk: tuple[InputRow, ...] = first
        while chunk or waiting:
            while chunk and len(waiting) < count * _AHEAD:
                # What is passed through stays here.
                asked = [InputRow(row.asked, {}, row.error) for row in chunk]
                waiting.append((chunk, pool.submit(_results, asked)))
                chunk = next(chunks, ())
            done, future = waiting.popleft()
            yield from zip(done, future.result(), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


_desk: "_Desk | None" = None


def _open_desk(work: Work) -> None:
    global _desk
    _desk = _Desk(work)


def _results(rows: Sequence[InputRow]) -> list[Result]:
    if _desk is None:
        raise RuntimeError("the process was not opened")
    return _desk.results(rows)


class _Desk:
    """A register of its own, and where the answers come from."""

    def __init__(self, work: Work) -> None:
        self.operation = work.operation
        self.register = Register.open(work.settings, work.database_url)
        self.unanswered = 0

    def results(self, rows: Sequence[InputRow]) -> list[Result]:
        """The flat results of these rows."""
        gazetteer, day = self.register.gazetteer.get(), today()
        return [flat(gazetteer, day, self.operation, self._outcome(row)) for row in rows]

    def close(self) -> None:
        """Close every connection."""
        self.register.close()

    def _outcome(self, row: InputRow) -> Outcome:
        reads, known = self.register.reads, self.register.gazetteer.get()
        outcome = answer(known, reads, self.operation, lambda: read_row(self.operation, row))
        gone = isinstance(outcome.error, DatabaseUnavailableError)
        self.unanswered = self.unanswered + 1 if gone else 0
        if outcome.error is not None and self.unanswered >= _GIVEN_UP:
            raise outcome.error
        return outcome
