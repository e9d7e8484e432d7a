"""`diachiso paper …`: plates, certificates, decisions and lists, as PDF files."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import click
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message, not_written, number
from registry.core.reads import Reads
from registry.files.whole_file import whole_file
from registry.lifecycle.requests import Doors, NewStreetNumber
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
from scripts.command import command
from scripts.lifecycle import rows_given, wrong
from scripts.options import EXISTING_FILE, FILE, Force, refuse_to_overwrite
from scripts.progress import say
from scripts.settings import read_settings

_OPERATIONS: Final = tuple(name for name, made in BY_NAME.items() if made.kind in KINDS)
_STATES: Final = {
    "valid": Message("paper_valid"),
    "changed": Message("paper_address_changed"),
    "ended": Message("paper_code_retired"),
    "revoked": Message("paper_taken_back"),
}


@dataclass(frozen=True, slots=True)
class _Doors:
    """The requested doors; options of `Doors`."""

    codes: Annotated[tuple[str, ...], "By their codes."] = ()
    commune: Annotated[str | None, "--commune CODE", "Code of today's commune."] = None
    street: Annotated[str | None, "All of a street."] = None
    locality: Annotated[str | None, "All of a locality."] = None
    former_commune: Annotated[str | None, "--former-commune CODE", "Its former commune."] = None


@dataclass(frozen=True, slots=True)
class _Out:
    """The output file, and the target of its QR codes."""

    out: Annotated[Path | None, FILE, "The PDF to write."] = None
    force: Force = False
    url: Annotated[str | None, "--url URL", "Where the QR leads."] = None

    def __post_init__(self) -> None:
        """Refuse a file that exists or cannot be written."""
        if self.out is not None and not self.force:
            refuse_to_overwrite(self.out)
        if self.out is not None and not self.out.parent.is_dir():
            raise click.UsageError(str(Message("folder_missing", path=self.out)))


_Skip = Annotated[int, click.IntRange(0), "Doors to skip."]


@dataclass(frozen=True, slots=True)
class _Desk:
    """The settings and data for papers."""

    engine: Engine
    reads: Reads
    known: Gazetteer
    site: Site

    @property
    def made(self) -> tuple[Engine, Reads, Gazetteer, Site]:
        """Return the arguments of the functions of `registry.publish.paper`."""
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


@click.group()
def paper() -> None:
    """The authority's paper, as PDF."""


@command(paper)
def plates(
    *,
    doors: _Doors,
    size: Annotated[str, "Width x height in mm."] = PLATE_FORM.size,
    sheet: Annotated[Sheet, "Sheets, or a roll."] = PLATE_FORM.sheet,
    roll_mm: Annotated[int, click.IntRange(*ROLL_MM), "Width of the roll."] = PLATE_FORM.roll_mm,
    bleed_mm: Annotated[
        int, click.IntRange(0, BLEED_MM), "Bleed beyond the cut."
    ] = PLATE_FORM.bleed_mm,
    skip: _Skip = 0,
    out: _Out,
) -> None:
    """Plates of some doors, or of a whole street.

    Handing out is `operation issue-plates`.
    """
    form = PlateForm(size, sheet, roll_mm, bleed_mm)
    _print(
        out,
        doors,
        lambda desk, session, wanted: print_plates(
            session, desk.known, desk.site, wanted, form, skip=skip
        ),
    )


@command(paper, "list")
def list_(
    *,
    doors: _Doors,
    purpose: Annotated[Purpose, "For the wall, or with boxes to tick."] = "wall",
    skip: _Skip = 0,
    out: _Out,
) -> None:
    """A list of a street or locality."""
    _print(
        out,
        doors,
        lambda desk, session, wanted: print_list(
            session, desk.known, desk.site, wanted, purpose, skip=skip
        ),
    )


@command(paper)
def certificate(
    code: str | None = None,
    *,
    document_number: Annotated[str | None, "Number in the office's books."] = None,
    checked: Annotated[str | None, "--verify NUMBER", "Check this certificate."] = None,
    revoked: Annotated[str | None, "--revoke NUMBER", "Revoke this certificate."] = None,
    reason: Annotated[str | None, "Why it is revoked."] = None,
    out: _Out,
) -> int:
    """Certificates of address."""
    if sum(given is not None for given in (code, checked, revoked)) != 1:
        raise click.UsageError(str(Message("certificate_action_required")))
    if revoked is not None and not reason:
        raise click.UsageError(str(Message("revoking_needs_reason")))
    with _desk(out.url) as desk:
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
        with _file(printed, out):  # no certificate is recorded without its paper
            issue_certificate(
                *desk.made, code, document_number=document_number, number=draft.number
            )
        click.echo(draft.shown)
    return 0


@dataclass(frozen=True, slots=True)
class _Planned:
    """The changes of a planned operation; members of its request."""

    commune: Annotated[str | None, "--commune CODE", "Code of today's commune."] = None
    communes: Annotated[str | None, "Several communes."] = None
    province: Annotated[str | None, "--province CODE", "All its communes with the street."] = None
    former_commune: Annotated[str | None, "--former-commune CODE", "Its former commune."] = None
    street: Annotated[str | None, "The street."] = None
    locality: Annotated[str | None, "The locality."] = None
    new_name: Annotated[str | None, "The new name."] = None
    numbers: Annotated[Path | None, EXISTING_FILE, "A table with old, new, commune."] = None


@command(paper)
def decision(
    operation: Annotated[str | None, click.Choice(_OPERATIONS)] = None,
    *,
    event: Annotated[int | None, click.IntRange(0), "Event of the operation."] = None,
    planned: _Planned,
    unit: Annotated[str | None, "--unit CODE", "Who decides."] = None,
    number: Annotated[str | None, "Of the decision."] = None,
    day: Annotated[datetime.date | None, "When the decision was signed."] = None,
    grounds: Annotated[tuple[str, ...], "--ground", "Grounds."] = (),
    proposer: Annotated[str | None, "An office, no person."] = None,
    out: _Out,
) -> None:
    """A decision, with its annex.

    Of a planned OPERATION, or of the --event of a past one.
    """
    if (operation is None) == (event is None):
        raise click.UsageError(str(Message("operation_or_event_option")))
    form = DecisionForm(unit, number, day, grounds, proposer)
    with _desk(out.url) as desk:
        if event is not None:
            _write(done_decision(*desk.made, event, form), out)
            return
        made = BY_NAME[operation or ""]
        request = _validated(made.request, _request(asdict(planned)))
        _write(planned_decision(*desk.made, made, request, form), out)


def _request(fields: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    if "communes" in given:
        given["communes"] = [code.strip() for code in given["communes"].split(",")]
    if "numbers" in given:
        given["numbers"] = rows_given(given["numbers"], NewStreetNumber)
    return given


def _print(
    out: _Out,
    doors: _Doors,
    make: Callable[[_Desk, Session, Doors], Paper],
) -> None:
    given = {name: value for name, value in asdict(doors).items() if value}
    if doors.codes:
        given["codes"] = [code.strip() for each in doors.codes for code in each.split(",")]
    wanted = _validated(Doors, given)
    with _desk(out.url) as desk, session_scope(desk.engine) as session:
        _write(make(desk, session, wanted), out)


def _validated(model: Any, given: dict[str, Any]) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise click.UsageError(wrong(error)) from error


def _write(printed: Paper, out: _Out) -> None:
    with _file(printed, out):
        pass


@contextmanager
def _file(printed: Paper, out: _Out) -> Iterator[None]:
    """Write the file at the end of the block; print its content and notes."""
    path = out.out or Path(printed.name)
    try:
        with whole_file(path) as part:
            part.write_bytes(printed.pdf)
            yield
    except OSError as error:
        raise UnreadableFileError(not_written(path, error)) from error
    for notice in printed.notices:
        say(f"{number(notice.count)} {notice.message} [{notice.code}]")
    say(f"{path}: {number(printed.items)}")
