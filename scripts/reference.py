"""The generated pages of docs/reference: commands, and settings."""

import dataclasses
import inspect
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import click

from registry.core.settings import ROOT, Settings, variable_of
from registry.lifecycle.table import OPERATIONS
from scripts.help import english_help
from scripts.main import diachiso

_CONTEXT: Final = click.Context(diachiso)
_FIELD: Final = re.compile(r'^    (\w+): [^\n]+\n    """(.+?)"""', re.DOTALL | re.MULTILINE)
_SHARED_BY: Final = 3
"""So many groups make an option, with one meaning, a common one."""
_OPERATION: Final = "operation"
_OPERATIONS: Final = (
    "`NAME` is that of one of the [operations](operations.md), whose members are options too."
)


def commands(group: click.Group = diachiso, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """The path and the command of each command that is no group."""
    for child, command in _below(group):
        path = f"{name} {child}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, path)
        else:
            yield path, command


def command_sections() -> str:
    """The common options, and a section for each command or group."""
    groups = defaultdict(set)
    for path, command in commands():
        for option in _options(command):
            groups[f"`{_synopsis(option)}`: {english_help(option)}"].add(path.partition(" ")[0])
    common = sorted(line for line, names in groups.items() if len(names) >= _SHARED_BY)
    parts = ["## Common options", "\n".join(f"- {line}" for line in common)]
    before: tuple[str, list[str]] = ("", [])
    for name, command in _below(diachiso):
        options = [_shown(each) for each in command.params]
        parts += [f"## {name}", *_described(command)]
        if len(options) >= _SHARED_BY and options == before[1]:
            parts[-1] = f"As [{before[0]}](#{before[0]})."
        else:
            before = name, options
        if name == _OPERATION:
            parts += [_OPERATIONS, _given(_of_operations())]
        elif isinstance(command, click.Group):
            parts += _subcommands(name, list(commands(command, name)))
    return "\n\n".join(parts)


def setting_lines() -> str:
    """One line a setting."""
    words = dict(_FIELD.findall(inspect.getsource(Settings)))
    return "\n".join(
        f"- `{variable_of(each.name)}`{_default(each)}: {' '.join(words[each.name].split())}"
        for each in dataclasses.fields(Settings)
    )


def _below(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(_CONTEXT):
        if (command := group.get_command(_CONTEXT, name)) is not None:
            yield name, command


def _subcommands(group: str, below: list[tuple[str, click.Command]]) -> Iterator[str]:
    """The options that all take, and a paragraph for each; the others are those of its own."""
    shown = [[_shown(each) for each in command.params] for _, command in below]
    shared = [each for each in shown[0] if all(each in others for others in shown)]
    if len(below) == 1 or not shared:
        shared = []
    else:
        yield f"All: `{' '.join(shared)}`"
    for (path, command), options in zip(below, shown, strict=True):
        own = " ".join(each for each in options if each not in shared)
        sentence = next(_described(command))
        yield f"**{path.removeprefix(f'{group} ')}**: {sentence}" + (f" `{own}`" if own else "")


def _described(command: click.Command) -> Iterator[str]:
    """What a command does, in one sentence, and what it takes."""
    first = " ".join((english_help(command) or "").split()).partition(". ")[0]
    yield f"{first.rstrip('.')}."
    if not isinstance(command, click.Group) and command.params:
        yield _given(command.params)


def _given(parameters: Collection[click.Parameter]) -> str:
    return f"`{' '.join(map(_shown, parameters))}`"


def _shown(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.make_metavar(_CONTEXT)
    return _optional(parameter)


def _of_operations() -> Collection[click.Parameter]:
    """The options of operations that are none of their members."""
    members = {name for made in OPERATIONS for name in made.request.model_fields}
    found = (
        option
        for path, command in commands()
        if path.startswith(f"{_OPERATION} ")
        for option in _options(command)
    )
    return {each.name: each for each in found if each.name not in members}.values()


def _options(command: click.Command) -> Iterator[click.Option]:
    return (each for each in command.params if isinstance(each, click.Option))


def _optional(option: click.Parameter) -> str:
    return _synopsis(option) if option.required else f"[{_synopsis(option)}]"


def _synopsis(option: click.Parameter) -> str:
    """How an option is given: its choices, its default or what it takes."""
    flag = "/".join([*option.opts, *option.secondary_opts])
    if getattr(option, "is_flag", False):
        return flag
    value = option.make_metavar(_CONTEXT).strip("[]").replace("INTEGER RANGE", "INTEGER")
    default = option.default if getattr(option, "show_default", False) else None
    shown = default if "|" not in value and isinstance(default, str | int | float) else ""
    return f"{flag}={shown or value.replace('INTEGER', 'N')}"


def _default(described: Any) -> str:
    value = described.default
    if isinstance(value, bool):
        return " (on)" if value else " (off)"
    if isinstance(value, Path):
        value = value.relative_to(ROOT) if value.is_relative_to(ROOT) else None
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    return "" if value in (None, "") else f" ({value})"
