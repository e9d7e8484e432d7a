"""`diachiso`: one command with sub-commands, each in a module of its own."""

import errno
import gc
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from registry.core.errors import DatabaseUnavailableError, RegistryError
from registry.core.messages import LANGUAGES, N_, Message, choose_language, not_written
from registry.core.release import release
from registry.core.remedies import spoken_as_options
from registry.core.settings import language_of
from scripts.help import localized
from scripts.usage import show_usage_error, translate_click

# Name → module and attribute, in the order of the help.
_COMMANDS: Final = {
    "serve": ("scripts.serve", "serve"),
    "work": ("scripts.work", "work"),
    "mcp": ("scripts.mcp", "mcp"),
    "database": ("scripts.database", "database"),
    "import": ("scripts.imports", "import_"),
    "template": ("scripts.template", "template"),
    "operation": ("scripts.lifecycle", "operation"),
    "second-person": ("scripts.second_person", "second_person"),
    "paper": ("scripts.paper", "paper"),
    "history": ("scripts.history", "history_"),
    "reports": ("scripts.reports", "reports"),
    "keys": ("scripts.keys", "keys"),
    "audit": ("scripts.audit", "audit"),
    "units": ("scripts.units", "units"),
    "unit-ids": ("scripts.unit_ids", "unit_ids"),
    "reform": ("scripts.reform", "reform"),
    "targets": ("scripts.targets", "targets"),
    "external": ("scripts.external", "external"),
    "services": ("scripts.services", "services"),
    "map": ("scripts.map", "map_"),
    "coverage": ("scripts.coverage", "coverage"),
    "gaps": ("scripts.gaps", "gaps"),
    "lookup": ("scripts.batch", "lookup"),
    "geocode": ("scripts.batch", "geocode"),
    "reverse": ("scripts.batch", "reverse"),
    "validate": ("scripts.batch", "validate"),
    "route": ("scripts.route", "route"),
    "open-data": ("scripts.open_data", "open_data"),
    "recheck": ("scripts.batch", "recheck"),
    "webhooks": ("scripts.webhooks", "webhooks"),
    "export": ("scripts.export", "export"),
    "pack": ("scripts.pack", "pack"),
    "pack-keys": ("scripts.pack", "pack_keys"),
    "follow": ("scripts.follow", "follow"),
    "demo": ("scripts.demo", "demo"),
    "backup": ("scripts.backup", "backup"),
    "restore": ("scripts.backup", "restore"),
    "transfer": ("scripts.transfer", "transfer"),
    "backups": ("scripts.backups", "backups"),
    "doctor": ("scripts.doctor", "doctor"),
    "parse": ("scripts.offline", "parse"),
    "validate-code": ("scripts.offline", "validate_code"),
    "convert": ("scripts.offline", "convert"),
}
_OURS: Final = ("geo", "registry", "api", "scripts")


_UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.ENAMETOOLONG)
"""Ways in which any file that a command writes may fail."""


_NO_TEXT: Final = re.compile("[\udc80-\udcff]")
"""Bytes of an argument that are not UTF-8, as Python decodes them."""


class _Commands(click.Group):
    """Imports commands when they are called, so that none waits for another one's imports."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in _OURS:
                raise
            return localized(_without_server(cmd_name, error))
        return localized(command)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=lambda _context, _option, language: _speak(language),
    help="The language.",
)
@click.version_option(release(), message="%(version)s", help="Show the release.")
def diachiso() -> None:
    """The register of permanent digital address codes."""


def _without_server(name: str, error: ModuleNotFoundError) -> click.Command:
    """Replaces a command whose packages are not installed: it is listed, and prints what to do."""

    def refuse(**_given: object) -> None:
        message = Message("server_parts_missing", command=name, missing=error.name)
        raise click.ClickException(str(message))

    words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(
        name,
        {"ignore_unknown_options": True},
        refuse,
        [words],
        help=N_("Needs the parts of the server: install diachiso[server]."),
        add_help_option=False,
    )


def commands() -> Iterator[click.Command]:
    """Yield all commands, including those of groups, with their help in English."""
    to_see: list[click.Command] = [diachiso]
    for name in _COMMANDS:
        module, attribute = _COMMANDS[name]
        to_see.append(getattr(import_module(module), attribute))
    while to_see:
        yield (command := to_see.pop())
        to_see += getattr(command, "commands", {}).values()


def _speak(language: str | None) -> None:
    """Set the language given here or by DIACHISO_LANG; not by LANG, mostly English on servers."""
    with suppress(ValueError):  # reported when settings are read
        language = language or language_of()
    choose_language(language)
    translate_click()
    localized(diachiso)


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 problems found, 2 wrong usage."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by `>&-`: the database would get its descriptor
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    # Commands create millions of small objects with hardly any cycles: collect rarely.
    gc.set_threshold(100_000, 20, 100)
    with spoken_as_options():
        sys.exit(_run())


def _run() -> int:
    _speak(None)
    # Every expected error ends here, as one line.
    if any(map(_NO_TEXT.search, sys.argv[1:])):
        click.echo(
            Message("argument_not_utf8"),
            err=True,
        )
        return 2
    try:
        status = diachiso.main(prog_name="diachiso", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        show_usage_error(error)
        return error.exit_code
    except RegistryError as error:
        click.echo(f"{error.detail}{_reason(error)}", err=True)
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. Python would report it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise  # for example one of the program's own files
        click.echo(not_written(error.filename or "?", error), err=True)
        return 1
    return status if isinstance(status, int) else 0


def _reason(error: RegistryError) -> str:
    """Return why a database is unavailable; the operator may see its host."""
    if not isinstance(error, DatabaseUnavailableError):
        return ""
    from registry.core.database import reason_of

    reason = reason_of(error)
    return f": {reason}" if reason else ""


if __name__ == "__main__":
    main()
