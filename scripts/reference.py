"""The generated pages of docs/reference: commands, and settings."""

import dataclasses
import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from registry.core.settings import ROOT, Settings, variable_of
from registry.lifecycle.table import OPERATIONS
from scripts.help import english_help
from scripts.main import diachiso

_CALLED: Final = {"serve": "bin/run"}
"""Commands that a script of their own runs."""
_CONTEXT: Final = click.Context(diachiso)
_FIELD: Final = re.compile(r'^    (\w+): [^\n]+\n    """(.+?)"""', re.DOTALL | re.MULTILINE)
_SHARED_BY: Final = 3
"""So many groups make an option, with one meaning, a common one."""
_LONG: Final = 100
"""Characters of a text that is not repeated."""
_OF_ALL: Final = "All take"
_OPERATION: Final = "operation"
_OPERATIONS: Final = (
    "`bin/diachiso operation NAME` for each [operation](operations.md), with its members as"
    " options, `--dry-run`, `--format`, `--actor` and `--second-person`."
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
    """A section for each command or group; options of one meaning stand once."""
    groups = defaultdict(set)
    for path, command in commands():
        for line in _lines(command):
            groups[line].add(path.partition(" ")[0])
    common = {line for line, names in groups.items() if len(names) >= _SHARED_BY}
    texts: dict[str, str] = {}
    parts = ["## Common options", _listed(sorted(common))]
    for name, command in _below(diachiso):
        if isinstance(command, click.Group):
            parts += _group(name, command, common, texts)
        else:
            parts += [f"## {name}", *_described(name, command, common, texts)]
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


def _group(name: str, group: click.Group, common: set[str], texts: dict[str, str]) -> Iterator[str]:
    """A group with its commands; what several of them take stands above them."""
    below = list(commands(group, name))
    counted = Counter(line for _, command in below for line in _lines(command))
    if name == _OPERATION:
        yield f"## {name}"
        yield f"{_help(group)} {_OPERATIONS}"
        members = {name for made in OPERATIONS for name in made.request.model_fields}
        own = (line for _, command in below for line in _lines(command, without=members))
        yield _listed(sorted({*own} - common))
        return
    shared = {line for line, times in counted.items() if times > 1} - common
    of_all = [line for line, times in counted.items() if times == len(below) > 1]
    takes = f" {_OF_ALL} {_named(of_all)}." if of_all else ""
    yield f"## {name}"
    yield f"{_help(group)}{takes}"
    if shared:
        yield _listed(sorted(shared))
    for path, command in below:
        yield f"### {path}"
        yield from _described(path, command, common | shared, texts, of_all)


def _described(
    path: str,
    command: click.Command,
    elsewhere: set[str],
    texts: dict[str, str],
    of_all: Collection[str] = (),
) -> Iterator[str]:
    """What a command does, its own options, and the names of those described elsewhere."""
    given = " ".join(
        each.make_metavar(_CONTEXT) for each in command.params if isinstance(each, click.Argument)
    )
    called = _CALLED.get(path, f"bin/diachiso {path}")
    usage = f"`{called} {given}`: " if given else f"`{called}`: " if path in _CALLED else ""
    first, _, more = _help(command).partition(". ")
    if len(more) > _LONG and (other := texts.setdefault(more, path)) != path:
        more = f"The rest as [{other}](#{other})."
    yield f"{usage}{first.rstrip('.')}. {more}".rstrip()
    lines = list(_lines(command))
    if own := [line for line in lines if line not in elsewhere]:
        yield _listed(own)
    if also := [line for line in lines if line in elsewhere and line not in of_all]:
        yield f"Also {_named(also)}."


def _lines(command: click.Command, without: Collection[str] = ()) -> Iterator[str]:
    """A line for each option: how it is given, and what it means."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in without:
            flag = "/".join([*option.opts, *option.secondary_opts])
            value = "" if option.is_flag else option.make_metavar(_CONTEXT).strip("[]")
            value = re.sub("INTEGER RANGE|INTEGER", "N", value).replace("TEXT", "")
            notes = ["required"] if option.required else []
            if option.show_default and (default := _shown(option.default)):
                notes.append(f"default `{default}`")
            note = f" ({', '.join(notes)})" if notes else ""
            yield f"`{f'{flag} {value}'.rstrip()}`{note}: {english_help(option)}"


def _help(command: click.Command) -> str:
    return " ".join(inspect.cleandoc(english_help(command) or "").split())


def _named(lines: Iterable[str]) -> str:
    """The names of the options of these lines."""
    return ", ".join(f"`{re.split('[ `]', line[1:], maxsplit=1)[0]}`" for line in lines)


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _default(described: Any) -> str:
    shown = _shown(described.default)
    return f" ({shown})" if shown else ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Path):
        return str(value.relative_to(ROOT)) if value.is_relative_to(ROOT) else ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
