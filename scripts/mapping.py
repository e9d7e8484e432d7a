"""`--mapping`: which header is which field, as JSON or a file of it."""

import json
from pathlib import Path

import click

from registry.core.messages import _


def read_mapping(given: str) -> dict[str, str]:
    """What JSON says, as it is or in a file."""
    path = "--mapping" if given.lstrip().startswith("{") else given
    try:
        written = given if path != given else Path(given).read_text(encoding="utf-8-sig")
        mapping = json.loads(written)
    except (OSError, ValueError) as error:
        message = _("cannot read {path}: {error}", path=path, error=error)
        raise click.ClickException(message) from error
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise click.ClickException(_('{path} is not like {{"column": "field"}}', path=path))
    return mapping
