"""The operator's settings, for commands."""

import click

from registry.core.messages import Message
from registry.core.settings import Settings, from_environment, unknown_variables


def read_settings() -> Settings:
    """Return the settings of the environment; UsageError (status 2) for an invalid one.

    Unknown variables that resemble settings are reported on stderr and ignored.
    """
    try:
        settings = from_environment()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for name in unknown_variables():
        click.echo(Message("setting_unknown", name=name), err=True)
    return settings
