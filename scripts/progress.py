"""Output of commands: progress on stderr, results on stdout."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import click
from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from registry.core.messages import Message, in_words, number

_SECONDS: Final = 5
"""Interval of lines of progress without a terminal."""


def say(line: Message | str, *, err: bool = True) -> None:
    """Print a line of progress; ignored if it cannot be written, as on a full disk."""
    with suppress(OSError):
        click.echo(line, err=err)


def show_json(result: Any) -> None:
    """Print the output of `--format json`."""
    click.echo(to_json(result, indent=2, fallback=in_words))


@contextmanager
def counting(what: Message | str) -> Iterator[Callable[[int], None]]:
    """Yield a function to report how many are done: on a terminal a bar and a clock, else a line at
    intervals. A signal that ends the process raises in the block, so that it cleans up.
    """
    console = Console(stderr=True)
    with _ended_by_error():
        if not console.is_terminal:
            yield _Lines(what)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}"),
        )
        with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
            task = bar.add_task(str(what), total=None)
            yield lambda done: bar.update(task, completed=done)


class _Lines:
    def __init__(self, what: Message | str) -> None:
        self._what, self._next = what, time.monotonic() + _SECONDS

    def __call__(self, done: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _SECONDS
            say(f"{self._what}: {number(done)}")


@contextmanager
def _ended_by_error() -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
