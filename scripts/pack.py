"""`diachiso pack` and `diachiso pack-keys`: a commune in one signed file, and what signs it."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import click

from registry.access import audit
from registry.core.database import session_scope
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message, _, not_written
from registry.files.whole_file import whole_file
from registry.ops import cluster
from registry.publish.pack.keys import key_file, public_keys, rotate
from registry.publish.pack.run import Pack, make_pack
from registry.records.uses import KINDS
from registry.register import Register
from scripts.command import command
from scripts.options import FILE, Force, refuse_to_overwrite
from scripts.settings import read_settings


@command()
def pack(
    *,
    unit: Annotated[str, "--unit CODE", "A commune's code."],
    out: Annotated[Path, FILE, "The file to write."],
    since: Annotated[str | None, "--since CURSOR", "Only changes since this cursor."] = None,
    use: Annotated[str | None, click.Choice(KINDS), "Only doors with this use."] = None,
    demo: Annotated[bool, "Include demonstration records."] = False,
    force: Force = False,
) -> None:
    """Write the signed pack of a commune.

    For phones without a network; without restricted places.
    """
    if not force:
        refuse_to_overwrite(out)
    settings = read_settings()
    with closing(Register.open(settings, cluster.database_url(settings))) as register:
        made = make_pack(register, unit, demo=demo, since=since, use=use)
        _write(out, made)
        with session_scope(register.engine) as session:
            entry = audit.Entry("operator", "admin", "pack", (unit,), made.doors)
            audit.record(session, entry)
    kind = Message("whole_commune") if made.whole else Message("part_changed")
    held = _("{doors:n} records, {size:n} bytes", doors=made.doors, size=len(made.body))
    click.echo(f"{out}: {kind}, {held}")


def _write(out: Path, made: Pack) -> None:
    try:
        with whole_file(out) as partial:
            partial.write_bytes(made.body)
    except OSError as error:
        raise UnreadableFileError(not_written(out, error)) from error


@command(name="pack-keys")
def pack_keys(
    *,
    renew: Annotated[bool, "--rotate", "Sign with a new key from now on."] = False,
) -> None:
    """The public keys of packs, as a JWK Set."""
    path = key_file(read_settings())
    click.echo(json.dumps(rotate(path) if renew else public_keys(path), indent=2))
