"""Limits the work that one text may cause.

A text of 2,000 characters may be read in hundreds of ways, each of which queries the gazetteer and
the database. So each text has a limit of steps and questions, far more than any real address needs,
and `spend` is called where the work is done. Code that keeps the best result so far catches
`WorkSpentError` and returns it; interrupted work is not cached. Work is counted, not timed, so that
a text has the same result on a busy machine.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

STEPS: Final = 300
"""Of about a tenth of a millisecond each."""
QUESTIONS: Final = 24
"""Statements of the database."""


class WorkSpentError(Exception):
    """The work of a text is used up. Never leaves a search."""


@dataclass(slots=True)
class Work:
    """The remaining work of one text."""

    steps: int = STEPS
    questions: int = QUESTIONS
    spent: bool = False
    """Whether the limit was exceeded."""


_current: Final[ContextVar[Work | None]] = ContextVar("text_work", default=None)


class doing:  # noqa: N801 - a context manager, entered several times for each text
    """Count the steps of the block against this work."""

    __slots__ = ("_token", "_work")

    def __init__(self, work: Work) -> None:
        self._work = work

    def __enter__(self) -> None:
        self._token = _current.set(self._work)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def spend(steps: int) -> None:
    """Use up steps; without effect outside of `doing`, as in an import.

    Raises WorkSpentError if too few are left.
    """
    work = _current.get()
    if work is None:
        return
    if work.spent or work.steps < steps:
        work.spent = True
        raise WorkSpentError
    work.steps -= steps
