"""Usage errors of the command line; click's texts are translated by our catalogue."""

import gettext
import os

import click

from registry.core.messages import DOMAIN, WORDS, Message, chosen_language


def translate_click() -> None:
    """Translate click to the chosen language: it calls gettext when it needs a text."""
    os.environ["LANGUAGE"] = chosen_language()
    gettext.bindtextdomain(DOMAIN, str(WORDS))
    gettext.textdomain(DOMAIN)


def show_usage_error(error: click.ClickException) -> None:
    """Print to stderr the usage of the command, its help option, and the error."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # a group without a command lists its commands
        return
    language = chosen_language()
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        usage = context.get_usage().partition(": ")[2]
        click.echo(Message("usage", usage=usage).words(language), err=True)
        if context.command.get_help_option(context) is not None:
            help_option = f"{context.command_path} {context.help_option_names[0]}"
            click.echo(f"{Message('more_help', command=help_option).words(language)}\n", err=True)
    click.echo(Message("usage_error", reason=str(_reason(error))).words(language), err=True)


def _reason(error: click.ClickException) -> Message | str:
    """Return the error; for a value given as an option, like `--json`, the right option."""
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        for option in error.ctx.command.params:
            choices = option.type.choices if isinstance(option.type, click.Choice) else ()
            if (word := error.option_name.lstrip("-")) in choices:
                write = f"{option.opts[0]} {word}"
                return Message("option_is_choice", option=error.option_name, write=write)
    return error.format_message()
