"""Help of commands in the reader's language: its English is the msgid of the catalogue."""

from typing import Any, Final

import click

from registry.core.messages import chosen_language, is_language_chosen, translate

_ENGLISH: Final = "_english_help"


def in_words(english: str) -> str:
    """The first paragraph of a help text translated; without a chosen language, in both.

    >>> in_words("Show the release.")
    'Bản phát hành (show the release).'
    """
    first, blank, rest = english.partition("\n\n")
    first = " ".join(first.split())
    if chosen_language() == "en":
        return english
    translated = translate(first, chosen_language())
    if translated != first and not is_language_chosen():
        lower = first if first[1:2].isupper() else first[:1].lower() + first[1:]
        dot = "." if translated.endswith(".") else ""
        translated = f"{translated.rstrip('.')} ({lower.rstrip('.')}){dot}"
    return translated + blank + rest


def english_help(described: Any) -> str | None:
    """The help of a command or parameter as written, whether or not it is in words now."""
    return getattr(described, _ENGLISH, None) or getattr(described, "help", None)


def localized(command: click.Command) -> click.Command:
    """The command, and those below it, with the help of all their parameters in words."""
    for each in (command, *command.params):
        described: Any = each
        if english := english_help(described):
            setattr(described, _ENGLISH, english)
            described.help = in_words(english)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            localized(below)
    return command
