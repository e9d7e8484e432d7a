"""How commands speak while they work: progress on stderr, results on stdout."""

import click


def say(line: str) -> None:
    """One line of progress."""
    click.echo(line, err=True)
