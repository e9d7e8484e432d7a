"""Turns of requests that answer many rows: one thread and one connection stay for single ones.

The turn is taken before anything of the body is read. Sixty callers whose ten thousand rows were
read first, only to hear that others are served, let everybody else wait for ten seconds.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar

from werkzeug.wrappers import Response

from api.core.context import register

View = TypeVar("View", bound=Callable[..., Any])


def in_turn(view: View) -> View:
    """Answer by `view` in a turn of its own, which ends with the last row that is told.

    Raises BusyError where all turns are taken.
    """

    @wraps(view)
    def answered(*arguments: Any, **named: Any) -> Response:
        with ExitStack() as turn:
            turn.enter_context(register().reads.batch())
            response: Response = view(*arguments, **named)
            if response.is_streamed:
                response.response = _Parts(response.response, turn.pop_all())
        return response

    return answered  # type: ignore[return-value]


def check_turn() -> None:
    """Before a large body is taken in: raises BusyError where no turn is left."""
    with register().reads.batch():
        pass


class _Parts(Iterator[Any]):
    """Parts of an answer that is made while it is sent; its turn ends with them."""

    def __init__(self, parts: Iterable[Any], turn: ExitStack) -> None:
        self._parts, self._turn = iter(parts), turn

    def __next__(self) -> Any:
        try:
            return next(self._parts)
        except BaseException:
            self._turn.close()
            raise

    def close(self) -> None:
        """Called by the server at the end, also where nobody read the answer."""
        if close := getattr(self._parts, "close", None):
            close()
        self._turn.close()
