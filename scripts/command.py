"""The decorator of a command: its options are the parameters of its function.

    @command(units, "list", text=_show)
    def list_(*, on: Annotated[date | None, "--on DAY", "Units of that day."] = None) -> list[Unit]:
        '''Units of the country.'''

A keyword-only parameter is an option, any other an argument. Type, default and whether it is
required come from the signature; `Annotated` adds the help, a declaration that starts with `--`
(and may end with a metavar) where the name does not say it, and a click type that the annotation
does not imply. A parameter whose type is a dataclass takes an option for each of its fields. What
is returned is the exit status, unless `text` shows it.
"""

import datetime
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import click

from scripts.options import DAY, Form
from scripts.progress import show_json

Result = TypeVar("Result")
REQUIRED: Final = inspect.Parameter.empty
_IMPLIED: Final[dict[Any, click.ParamType[Any]]] = {
    Path: click.Path(path_type=Path),
    datetime.date: DAY,
}


def command(
    group: click.Group | None = None,
    name: str | None = None,
    *,
    text: Callable[..., None] | None = None,
    as_json: Callable[[Any], Any] = lambda result: result,
    failed: Callable[[Any], object] = lambda _result: False,
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command, of a group where one is given.

    With `text`, which prints what the function returns, the command takes `--format`: `as_json`
    turns what is not JSON yet into it, and the exit status is 1 if `failed`. `text` gets `dry_run`
    if it has such a parameter.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        expected = list(_expected(function))
        run = function if text is None else _showing(function, text, as_json, failed)

        @wraps(function)
        def callback(**given: Any) -> None:
            values = {each.name: each.value(given) for each in expected}
            # A returned status would not reach callers of the command itself.
            click.get_current_context().exit(run(**values, **given) or 0)

        params = [option for each in expected for option in each.options]
        if text is not None:
            params.append(parameter("form", Form, "text"))
        made = click.command(name, params=params)(callback)
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def parameter(
    name: str, annotation: Any, default: Any = REQUIRED, *, argument: bool = False
) -> click.Parameter:
    """The option, or argument, for a value of this type."""
    kind, extras = unwrapped(annotation)
    words = [each for each in extras if isinstance(each, str)]
    declared = next((each for each in words if each.startswith("--")), "")
    flag, _space, metavar = declared.partition(" ")
    several = get_origin(kind) is tuple
    kind = get_args(kind)[0] if several else kind
    kind = click.Choice(get_args(kind)) if get_origin(kind) is Literal else _IMPLIED.get(kind, kind)
    options: dict[str, Any] = {
        "type": next((each for each in extras if isinstance(each, click.ParamType)), kind),
        "required": default is REQUIRED,
    }
    if default is not REQUIRED:
        options["default"] = default
    if argument:
        return click.Argument([name], metavar=words[0] if words else None, **options)
    if kind is bool:
        options |= {"is_flag": True, "type": None}
    return click.Option(
        [flag or f"--{name.replace('_', '-')}", name],
        multiple=several,
        metavar=metavar or None,
        help=next((each for each in words if each != declared), None),
        show_default=default is not REQUIRED
        and not isinstance(default, bool | None)
        and default != (),
        **options,
    )


def lines(line: Callable[[Result], str]) -> Callable[[Iterable[Result]], None]:
    """Print a line for each of several results."""

    def text(found: Iterable[Result]) -> None:
        for each in found:
            click.echo(line(each))

    return text


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of a function, and the options that fill it."""

    name: str
    options: tuple[click.Parameter, ...]
    made: Callable[..., Any] | None = None
    """The dataclass that the options fill together; None where the only option is the value."""

    def value(self, given: dict[str, Any]) -> Any:
        """What the function gets; taken out of what was given."""
        values = {option.name: given.pop(str(option.name)) for option in self.options}
        return values[self.name] if self.made is None else self.made(**values)


def _expected(function: Callable[..., Any]) -> Iterator[_Parameter]:
    hints = get_type_hints(function, include_extras=True)
    for each in inspect.signature(function).parameters.values():
        hint = hints[each.name]
        if is_dataclass(hint):
            options = tuple(_of_fields(hint))
            yield _Parameter(each.name, options, hint)  # type: ignore[arg-type]
        else:
            argument = each.kind is not inspect.Parameter.KEYWORD_ONLY
            yield _Parameter(
                each.name, (parameter(each.name, hint, each.default, argument=argument),)
            )


def _of_fields(described: Any) -> Iterator[click.Parameter]:
    hints = get_type_hints(described, include_extras=True)
    for each in fields(described):
        default = REQUIRED if each.default is MISSING else each.default
        yield parameter(each.name, hints[each.name], default)


def unwrapped(annotation: Any, *extras: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type of a value without None, and what `Annotated` says of it."""
    if get_origin(annotation) is Annotated:
        return unwrapped(annotation.__origin__, *annotation.__metadata__, *extras)
    if get_origin(annotation) in (Union, UnionType):
        inner = next(each for each in get_args(annotation) if each is not NoneType)
        return unwrapped(inner, *extras)
    return annotation, extras


def _showing(
    function: Callable[..., Any],
    text: Callable[..., None],
    as_json: Callable[[Any], Any],
    failed: Callable[[Any], object],
) -> Callable[..., int]:
    takes_dry_run = "dry_run" in inspect.signature(text).parameters

    def run(*, form: str, **options: Any) -> int:
        result = function(**options)
        if form == "json":
            show_json(as_json(result))
        elif takes_dry_run:
            text(result, dry_run=options["dry_run"])
        else:
            text(result)
        return 1 if failed(result) else 0

    return run
