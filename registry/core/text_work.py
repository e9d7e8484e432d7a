"""How much work one text may cause, whoever sends it.

A text of 2,000 characters may be read in hundreds of ways, each of which asks the gazetteer and the
database. So each text has so many steps and questions, far more than any real address takes, and
`spend` is called where the work is done. Whoever keeps the best of what was found so far catches
`WorkSpentError`, so that this is what is answered; nobody remembers what was broken off. Counted
and not timed: a text has the same answer on a busy machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

STEPS: Final = 300
"""Of about a tenth of a millisecond each."""
QUESTIONS: Final = 24
"""Statements of the database."""


class WorkSpentError(Exception):
    """The text has had all the work that a text may cause. Never leaves a search."""


@dataclass(slots=True)
class Work:
    """What is left for one text."""

    steps: int = STEPS
    questions: int = QUESTIONS
    spent: bool = False
    """Whether more was wanted than there was."""


_current: Final[ContextVar[Work | None]] = ContextVar("text_work", default=None)


@contextmanager
def doing(work: Work) -> Iterator[None]:
    """A block whose steps are those of this text."""
    token = _current.set(work)
    try:
        yield
    finally:
        _current.reset(token)


def spend(steps: int) -> None:
    """Take so many steps; free where no text is being answered, as in an import.

    Raises WorkSpentError where they are not left.
    """
    work = _current.get()
    if work is None:
        return
    if work.spent or work.steps < steps:
        work.spent = True
        raise WorkSpentError
    work.steps -= steps
