"""The operator's settings, for commands."""

import click

from registry.settings import Settings, from_environment


def read_settings() -> Settings:
    """The settings of the environment; wrong usage (status 2) when one cannot be read."""
    try:
        return from_environment()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
