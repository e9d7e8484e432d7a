"""`diachiso paper …`: plates, certificates, decisions and lists, as PDF files."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import click
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message, not_written, number
from registry.core.reads import Reads
from registry.files.whole_file import whole_file
from registry.lifecycle.requests import Doors
from registry.lifecycle.table import BY_NAME
from registry.ops import cluster
from registry.publish.paper.certificates import draft_certificate, issue_certificate, revoke, verify
from registry.publish.paper.decisions import KINDS, DecisionForm, done_decision, planned_decision
from registry.publish.paper.lists import Purpose, print_list
from registry.publish.paper.plates import (
    BLEED_MM,
    PLATE_FORM,
    ROLL_MM,
    PlateForm,
    Sheet,
    print_plates,
)
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Paper
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from scripts.lifecycle import rows_of, wrong
from scripts.options import DAY, refuse_to_overwrite
from scripts.progress import say
from scripts.settings import read_settings

_FORCED: Final = "diachiso.force"
_OPERATIONS: Final = tuple(name for name, made in BY_NAME.items() if made.kind in KINDS)
_STATES: Final = {
    "valid": Message("paper_valid"),
    "changed": Message("paper_address_changed"),
    "ended": Message("paper_code_retired"),
    "revoked": Message("paper_taken_back"),
}


def _remember_force(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
    ctx.meta[_FORCED] = given


def _new_file(ctx: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and not ctx.meta[_FORCED]:
        refuse_to_overwrite(path)
    if path is not None and not path.parent.is_dir():
        raise click.UsageError(str(Message("folder_missing", path=path)))
    return path


_OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_new_file,
    help="The PDF to write.",
)
_FORCE = click.option(
    "--force",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember_force,
    help="Write over a file that is there.",
)
_URL = click.option(
    "--url",
    metavar="URL",
    help="Where the QR leads.",
)
_SKIP = click.option("--skip", type=click.IntRange(0), default=0, help="Pass over.")
_DOORS: Final = (
    click.option("--codes", multiple=True, help="By their codes."),
    click.option("--commune", metavar="CODE", help="Code of today's commune."),
    click.option("--street", help="All of a street."),
    click.option("--locality", help="All of a locality."),
    click.option("--former-commune", metavar="CODE", help="Its former one."),
)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What paper is made with."""

    engine: Engine
    reads: Reads
    known: Gazetteer
    site: Site

    @property
    def made(self) -> tuple[Engine, Reads, Gazetteer, Site]:
        """As the functions of `registry.publish.paper` take it."""
        return self.engine, self.reads, self.known, self.site


@contextmanager
def _desk(url: str | None = None) -> Iterator[_Desk]:
    settings = read_settings()
    database = cluster.database_url(settings)
    public = url or settings.public_url
    engine = make_engine(database)
    reads = Reads(database, pool_size=1, statement_timeout_ms=60_000)
    try:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        site = Site((public or "http://127.0.0.1:8000").rstrip("/"), public is not None)
        yield _Desk(engine, reads, known, site)
    finally:
        reads.close()
        engine.dispose()


def _doors(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_DOORS):
        command = option(command)
    return command


@click.group()
def paper() -> None:
    """The authority's paper, as PDF."""


@paper.command()
@_doors
@click.option("--size", default=PLATE_FORM.size, show_default=True, help="In mm.")
@click.option(
    "--sheet",
    type=click.Choice(get_args(Sheet)),
    default=PLATE_FORM.sheet,
    show_default=True,
    help="Sheets, or a roll.",
)
@click.option(
    "--roll-mm",
    type=click.IntRange(*ROLL_MM),
    default=PLATE_FORM.roll_mm,
    show_default=True,
    help="Width of the roll.",
)
@click.option(
    "--bleed-mm",
    type=click.IntRange(0, BLEED_MM),
    default=PLATE_FORM.bleed_mm,
    show_default=True,
    help="Ground beyond the cut.",
)
@_SKIP
@_OUT
@_FORCE
@_URL
def plates(
    *,
    size: str,
    sheet: Sheet,
    roll_mm: int,
    bleed_mm: int,
    skip: int,
    out: Path | None,
    url: str | None,
    **doors: Any,
) -> None:
    """Plates of some doors, or of a whole street.

    Nothing is written: that they were handed out is `diachiso operation issue-plates`.
    """
    form = PlateForm(size, sheet, roll_mm, bleed_mm)
    _print(
        url,
        out,
        doors,
        lambda desk, session, wanted: print_plates(
            session, desk.known, desk.site, wanted, form, skip=skip
        ),
    )


@paper.command("list")
@_doors
@click.option(
    "--purpose",
    type=click.Choice(get_args(Purpose)),
    default="wall",
    show_default=True,
    help="For the wall, or with boxes to tick.",
)
@_SKIP
@_OUT
@_FORCE
@_URL
def list_(*, purpose: Purpose, skip: int, out: Path | None, url: str | None, **doors: Any) -> None:
    """A list of a street or locality."""
    _print(
        url,
        out,
        doors,
        lambda desk, session, wanted: print_list(
            session, desk.known, desk.site, wanted, purpose, skip=skip
        ),
    )


@paper.command()
@click.argument("code", required=False)
@click.option("--document-number", help="In the office's own books.")
@click.option("--verify", "checked", metavar="NUMBER", help="Does it hold.")
@click.option("--revoke", "revoked", metavar="NUMBER", help="Take it back.")
@click.option("--reason", help="Why it is taken back.")
@_OUT
@_FORCE
@_URL
def certificate(
    *,
    code: str | None,
    document_number: str | None,
    checked: str | None,
    revoked: str | None,
    reason: str | None,
    out: Path | None,
    url: str | None,
) -> int:
    """Certificates of address."""
    if sum(given is not None for given in (code, checked, revoked)) != 1:
        raise click.UsageError(str(Message("certificate_action_required")))
    if revoked is not None and not reason:
        raise click.UsageError(str(Message("revoking_needs_reason")))
    with _desk(url) as desk:
        if revoked is not None:
            revoke(desk.engine, revoked, reason=reason or "")
        if code is None:
            verdict = verify(desk.reads, desk.known, checked or revoked or "")
            click.echo(f"{verdict.certificate.shown}: {_STATES[verdict.state]}")
            click.echo(verdict.certificate.label)
            return 0 if verdict.state == "valid" or revoked is not None else 1
        draft, printed = draft_certificate(
            *(desk.reads, desk.known, desk.site, code), document_number=document_number
        )
        with _file(printed, out):  # none is on record of which nobody has the paper
            issue_certificate(
                *desk.made, code, document_number=document_number, number=draft.number
            )
        click.echo(draft.shown)
    return 0


@paper.command()
@click.argument("operation", type=click.Choice(_OPERATIONS), required=False)
@click.option("--event", type=click.IntRange(0), help="Of what was done.")
@click.option("--commune", metavar="CODE", help="Code of today's commune.")
@click.option("--communes", help="Several.")
@click.option("--province", metavar="CODE", help="All its communes with the street.")
@click.option("--former-commune", metavar="CODE", help="Its former one.")
@click.option("--street", help="The street.")
@click.option("--locality", help="The locality.")
@click.option("--new-name", help="The new name.")
@click.option(
    "--numbers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Old and new numbers.",
)
@click.option("--unit", metavar="CODE", help="Who decides.")
@click.option("--number", help="Of the decision.")
@click.option("--day", type=DAY, help="When the decision was signed.")
@click.option("--ground", "grounds", multiple=True, help="Grounds.")
@click.option("--proposer", help="An office, no person.")
@_OUT
@_FORCE
@_URL
def decision(
    *,
    operation: str | None,
    event: int | None,
    unit: str | None,
    number: str | None,
    day: datetime.date | None,
    grounds: tuple[str, ...],
    proposer: str | None,
    out: Path | None,
    url: str | None,
    **fields: Any,
) -> None:
    """A decision, with its annex.

    Of an OPERATION that is to come, which is tried and not done; or of the --event of one that was.
    """
    if (operation is None) == (event is None):
        raise click.UsageError(str(Message("operation_or_event_option")))
    form = DecisionForm(unit, number, day, grounds, proposer)
    with _desk(url) as desk:
        if event is not None:
            _write(done_decision(*desk.made, event, form), out)
            return
        made = BY_NAME[operation or ""]
        request = _validated(made.request, _request(fields))
        _write(planned_decision(*desk.made, made, request, form), out)


def _request(fields: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    if "communes" in given:
        given["communes"] = [code.strip() for code in given["communes"].split(",")]
    if "numbers" in given:
        given["numbers"] = list(rows_of(given["numbers"], ("old", "new", "commune")))
    return given


def _print(
    url: str | None,
    out: Path | None,
    doors: dict[str, Any],
    make: Callable[[_Desk, Session, Doors], Paper],
) -> None:
    codes = [code.strip() for each in doors.pop("codes") for code in each.split(",")]
    given = {name: value for name, value in doors.items() if value is not None}
    wanted = _validated(Doors, given | ({"codes": codes} if codes else {}))
    with _desk(url) as desk, session_scope(desk.engine) as session:
        _write(make(desk, session, wanted), out)


def _validated(model: Any, given: dict[str, Any]) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise click.UsageError(wrong(error)) from error


def _write(printed: Paper, out: Path | None) -> None:
    with _file(printed, out):
        pass


@contextmanager
def _file(printed: Paper, out: Path | None) -> Iterator[None]:
    """Write the file, which is there after the block; say what is on it and what to know of it."""
    path = out or Path(printed.name)
    try:
        with whole_file(path) as part:
            part.write_bytes(printed.pdf)
            yield
    except OSError as error:
        raise UnreadableFileError(not_written(path, error)) from error
    for notice in printed.notices:
        say(f"{number(notice.count)} {notice.message} [{notice.code}]")
    say(f"{path}: {number(printed.items)}")
