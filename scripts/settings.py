"""The operator's settings, for commands."""

import click

from registry.core.messages import Message
from registry.core.settings import Settings, from_environment, unknown_variables


def read_settings() -> Settings:
    """The settings of the environment; wrong usage (status 2) when one cannot be read.

    Variables that only look like settings are told on stderr, and mean nothing.
    """
    try:
        settings = from_environment()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for name in unknown_variables():
        click.echo(Message("setting_unknown", name=name), err=True)
    return settings
