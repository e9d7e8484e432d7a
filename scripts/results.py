"""How a command shows its result: as text, or as JSON with `--format json`; and its exit status."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

import click

from scripts.options import FORMAT
from scripts.progress import show_json

Result = TypeVar("Result")


def shows(
    text: Callable[..., None],
    *,
    as_json: Callable[[Any], Any] = lambda result: result,
    failed: Callable[[Any], object] = lambda _result: False,
) -> Callable[[Callable[..., Any]], Callable[..., int]]:
    """Give a command `--format`, which says how the result that it returns is shown.

    `text` prints it, and gets `dry_run` if it has such a parameter; `as_json` turns a result that
    is not JSON yet into it. Exit status 1 if `failed`.
    """
    takes_dry_run = "dry_run" in inspect.signature(text).parameters

    def decorate(command: Callable[..., Any]) -> Callable[..., int]:
        @FORMAT
        @wraps(command)
        def run(*arguments: Any, form: str, **options: Any) -> int:
            result = command(*arguments, **options)
            if form == "json":
                show_json(as_json(result))
            elif takes_dry_run:
                text(result, dry_run=options["dry_run"])
            else:
                text(result)
            return 1 if failed(result) else 0

        return run

    return decorate


def lines(line: Callable[[Result], str]) -> Callable[[Iterable[Result]], None]:
    """Print a line for each of several results."""

    def text(found: Iterable[Result]) -> None:
        for each in found:
            click.echo(line(each))

    return text
