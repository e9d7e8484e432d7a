"""Turns for requests with many rows, so that a thread and a connection stay free for others.

The turn is taken before the body is read. When bodies were read first, sixty callers with ten
thousand rows each made everybody else wait for ten seconds, only to be refused.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar

from werkzeug.wrappers import Response

from api.core.context import register

View = TypeVar("View", bound=Callable[..., Any])


def in_turn(view: View) -> View:
    """Wrap `view` to run in a turn, which ends with the last row sent.

    Raises BusyError if all turns are taken.
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
    """Raise BusyError if no turn is free; called before a large body is read."""
    with register().reads.batch():
        pass


class _Parts(Iterator[Any]):
    """Parts of a streamed answer; ends the turn after the last one."""

    def __init__(self, parts: Iterable[Any], turn: ExitStack) -> None:
        self._parts, self._turn = iter(parts), turn

    def __next__(self) -> Any:
        try:
            return next(self._parts)
        except BaseException:
            self._turn.close()
            raise

    def close(self) -> None:
        """Called by the server at the end, also if the caller disconnected."""
        if close := getattr(self._parts, "close", None):
            close()
        self._turn.close()
