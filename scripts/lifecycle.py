"""`diachiso operation …`: one command for each operation of the register's table."""

from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin

import click
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy import Engine

from geo.label import named
from registry.access.audit import Entry, record
from registry.access.keys import MAX_NAME
from registry.core.actors import who_acts
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.core.messages import Message, _
from registry.lifecycle.row_tables import read_rows
from registry.lifecycle.run import perform
from registry.lifecycle.table import OPERATIONS, Operation
from registry.lifecycle.work import Done
from scripts.command import REQUIRED, parameter, unwrapped
from scripts.opened import opened_engine
from scripts.options import EXISTING_FILE, DryRun, Form
from scripts.progress import say, show_json
from scripts.written import Written, show_written, written_records

_CLEARED: Final = "A part that the address has no more."
_AGREED: Final = (
    "Who agreed, where the table asks for a second person: an office, no person's name."
)
_COMMON: Final = (
    ("actor", Annotated[str, "Who does it, for the history."], "operator"),
    ("second_person", Annotated[str, _AGREED], None),
    ("dry_run", DryRun, False),
    ("form", Form, "text"),
)
"""Options of every operation: name, annotation, default."""
_OWN: Final = (*(name for name, _annotation, _default in _COMMON), "clear")


class _ByEitherName(click.Group):
    """Also finds `rename_street`, the name of `rename-street` in data."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        return super().get_command(ctx, cmd_name.replace("_", "-"))


@click.group(cls=_ByEitherName)
def operation() -> None:
    """Change records, streets, localities: one event each."""


def _command(made: Operation) -> click.Command:
    params = [_option(name, info) for name, info in made.request.model_fields.items()]
    if made.name == "correct":
        params.append(parameter("clear", Annotated[tuple[str, ...], _CLEARED], ()))

    def run(**given: Any) -> int:
        return _run(made, given)

    for name, annotation, default in _COMMON:
        params.append(parameter(name, annotation, default))
    summary = f"{made.summary.rstrip('.')}."
    return click.Command(made.name, callback=run, params=params, help=summary)


def _checked(name: str | None) -> str | None:
    name = name.strip() if name is not None else None
    if name is not None and not 0 < len(name) <= MAX_NAME:
        message = str(Message("name_length_wrong", most=MAX_NAME))
        raise click.BadParameter(message, param_hint="--second-person")
    return name


def _option(name: str, info: FieldInfo) -> click.Parameter:
    """The option for a member of a request: a flag that may be missing, a file for rows."""
    described = info.description or name
    help_text = f"{described[:1].upper()}{described[1:]}."
    flag = f"--{name.replace('_', '-')}"
    default: Any = REQUIRED if info.is_required() else None
    kind: Any
    kind, several = _kind(info.annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        help_text += f" A table with {', '.join(kind.model_fields)}."
        kind, several = Annotated[Path, EXISTING_FILE], False
    elif kind is bool and info.default is not False:
        flag += f"/--not-{flag[2:]}"
    if several:
        help_text += " Several are separated by commas."
        kind, default = tuple[kind, ...], REQUIRED if info.is_required() else ()
    return parameter(name, Annotated[(kind, flag, help_text)], default)


def _kind(annotation: Any) -> tuple[Any, bool]:
    """The type of one value, and whether there may be several."""
    kind, _extras = unwrapped(annotation)
    return (unwrapped(get_args(kind)[0])[0], True) if get_origin(kind) is list else (kind, False)


for _made in OPERATIONS:
    operation.add_command(_command(_made))


def _run(made: Operation, given: dict[str, Any]) -> int:
    own = {name: given.pop(name) for name in _OWN if name in given}
    fields = made.request.model_fields
    values = {
        name: _value(value, fields[name])
        for name, value in given.items()
        if value not in (None, ())
    }
    values |= dict.fromkeys(own.get("clear") or ())
    try:
        request = made.request.model_validate(values)
    except ValidationError as error:
        raise click.UsageError(wrong(error)) from error
    dry_run, second_person = own["dry_run"], _checked(own["second_person"])
    with opened_engine() as engine:
        done = perform(
            *(engine, made, request),
            actor=own["actor"],
            dry_run=dry_run,
            second_person=second_person,
            demand_second=True,
        )
        if second_person and not dry_run:
            _audit(engine, made, done, second_person)
        records = written_records(engine, done.records, dry_run=dry_run)
    _show(made, done, records, form=own["form"], dry_run=dry_run)
    return 0


def _audit(engine: Engine, made: Operation, done: Done, second_person: str) -> None:
    command_line = f"operation {made.name} --second-person {second_person}"
    codes = tuple(changed.code for changed in done.records)
    entry = Entry(
        *who_acts(),
        command_line,
        count=done.rewritten,
        event_id=done.event_id,
        operation=made.kind,
        codes=codes,
    )
    with session_scope(engine) as session:
        record(session, entry)


def _value(value: Any, info: FieldInfo) -> Any:
    if isinstance(value, Path):
        return rows_given(value, _kind(info.annotation)[0])
    if isinstance(value, tuple):
        return [part.strip() for each in value for part in each.split(",") if part.strip()]
    return value


def rows_given(path: Path, model: type[BaseModel]) -> list[dict[str, str]]:
    """The rows of a file for a request; raises UsageError for what cannot be read."""
    try:
        return read_rows(path, model)
    except (InvalidInputError, UnreadableFileError) as error:
        raise click.UsageError(str(error.message)) from error


def wrong(error: ValidationError) -> str:
    """Return the error of a request in one line."""
    lines = [
        f"{'.'.join(map(str, item['loc'])) or 'request'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)
    ]
    return "; ".join(lines[:5])


def _show(made: Operation, done: Done, records: Written, *, form: str, dry_run: bool) -> None:
    if form == "json":
        body = {
            "operation": made.kind,
            "dry_run": dry_run,
            "event_id": None if dry_run else done.event_id,
            "records": records,
            "place": {"kind": done.place.kind, "name": done.place.name} if done.place else None,
            "rewritten": done.rewritten,
            "warnings": [warned.to_dict() for warned in done.warnings],
            "streets": done.streets,
        }
        show_json(body)
        return
    if dry_run:
        say(_("dry run, nothing was written"))
    if done.needs_second:
        say(Message("second_person_option_required"))
    show_written(records, done.warnings)
    for street in done.streets:
        names = " → ".join(filter(None, (street.before, street.after)))
        doors = _("{count:n} dwellings and buildings", count=street.doors)
        click.echo(f"{street.commune}  {names}  {doors}")
    if done.place is not None and not done.streets:
        click.echo(named(done.place.kind, done.place.name))
    if dry_run:
        click.echo(_("{count:n} codes would be written", count=done.rewritten))
    elif done.rewritten != len(records):
        click.echo(_("{count:n} codes written anew", count=done.rewritten))
