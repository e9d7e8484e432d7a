"""The context of a running operation: its transaction, its event, and its locked records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from geo import code as codes
from geo.code import CodeError
from geo.code_writing import strip_announcement
from geo.label import named
from registry.core.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    StaleError,
)
from registry.core.events import Cause, open_event
from registry.core.invalid import wrong_code
from registry.core.labels import STATUSES
from registry.core.messages import Message, Text
from registry.core.sql import Statements
from registry.core.tables.records import HOUSEHOLD
from registry.records.named_places import FoundPlace
from registry.records.record import Record, columns

LIVING: Final = ("proposed", "active")

SQL: Final = Statements(__file__, "queries.sql", columns=columns(successors="NULL::text[]"))

Columns = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that an operation wrote, and its status now."""

    code: str
    status: str
    record: Record | None = None
    """As it is now, for who looks whether that is what was meant; None of a reserved code."""


class WriteWarning(TypedDict):
    """What was taken, though the request wrote it otherwise: look whether it is what was meant."""

    code: str
    """`marks_missing`: written without its marks"""
    field: Annotated[str, Field(examples=["street"])]
    given: Annotated[str, Field(examples=["Hon Chong"])]
    registered: Annotated[str, Field(examples=["Đường Hòn Chồng"])]
    message: str


@dataclass(frozen=True, slots=True)
class Warned:
    """What was taken, though the request wrote it otherwise."""

    code: str
    """Stable."""
    field: str
    given: str
    registered: str

    @property
    def message(self) -> Message:
        """In words."""
        return Message("name_understood_as", given=self.given, registered=self.registered)

    def to_dict(self) -> WriteWarning:
        """For JSON."""
        return WriteWarning(
            code=self.code,
            field=self.field,
            given=self.given,
            registered=self.registered,
            message=str(self.message),
        )


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A street or locality that an operation made, renamed, merged or renumbered."""

    id: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ChangedStreet:
    """A street that was renamed or renumbered, in one of its communes."""

    commune: Annotated[str, Field(examples=["00199"])]
    before: Annotated[str, Field(examples=["Phố Láng"])]
    """What it was called"""
    after: str | None
    """What it is called now; null where it kept its name"""
    doors: int
    """Living records in it"""
    rewritten: int


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation did."""

    event_id: int
    records: tuple[Changed, ...] = ()
    """Records that were named in the request or made; not the many of a street."""
    place: NamedPlace | None = None
    rewritten: int = 0
    """How many records were written in all."""
    units: tuple[str, ...] = ()
    """Codes of the communes that the request was about, where somebody acts."""
    warnings: tuple[Warned, ...] = ()
    streets: tuple[ChangedStreet, ...] = ()
    """Of a street that was renamed or renumbered, in each of its communes."""
    needs_second: bool = False
    """Whether the table asks for a second person (`registry.lifecycle.second_person`)."""
    pending_id: int | None = None
    """The pending operation that was filed instead: then nothing was written."""


@dataclass
class Work:
    """A transaction that first reads and locks, then `begin`s its event, then writes."""

    session: Session
    operation: str
    """Kind of its event."""
    from_states: tuple[str, ...]
    legal_from: Mapping[str, tuple[str, ...]]
    """Status → operations that start from it, for errors."""
    actor: str
    reason: str | None = None
    decision_number: str | None = None
    seen_event: int | None = None
    """The event of the state that the caller has seen, if given."""
    reports: tuple[int, ...] = ()
    """Field reports that it is based on."""
    once: str | None = None
    """Idempotency key of the form: a second event with this key is refused."""
    held: dict[str, Row] | None = None
    """Records already locked by a caller that does much under one event."""
    shows: bool = True
    """Whether the result includes the records as they are now."""
    persons: Mapping[str, object] = field(default_factory=dict)
    """The second person, for the scope of its event."""
    undoes: str | None = None
    """Name of the operation that it undoes."""
    in_force: int = 0
    """Number of active records that it changed."""
    moved: set[str] = field(default_factory=set)
    """Codes of those active records whose point it wrote."""
    written: list[Changed] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    event_id: int = 0

    def begin(self, **scope: object) -> None:
        """Open the event unless it is open; `scope` describes its subject."""
        if self.event_id:
            return  # one of several, under one event
        if self.reports:
            scope["reports"] = list(self.reports)
        if self.once:
            scope["once"] = self.once
        scope |= self.persons
        cause = Cause(self.operation, self.actor, self.reason, self.decision_number, scope)
        self.event_id = open_event(self.session, cause)

    def done(self, place: NamedPlace | None = None, rewritten: int | None = None) -> Done:
        """Return the result of the operation."""
        count = len(self.written) if rewritten is None else rewritten
        return Done(self.event_id, self._as_written(), place, count, (), tuple(self.warnings))

    def took(self, name: str, place: FoundPlace) -> FoundPlace:
        """Accept the place found for the parameter `name`; add a warning if marks are missing."""
        if place.given is not None:
            shown = named(place.kind, place.name)
            self.warnings.append(Warned("marks_missing", name, place.given, shown))
        return place

    def _as_written(self) -> tuple[Changed, ...]:
        named = [changed.code for changed in self.written if changed.status != "reserved"]
        if not named or not self.shows:
            return tuple(self.written)
        rows: Any = self.session.execute(SQL.text("records_as_written"), {"codes": named})
        now = {row[0]: Record(*row) for row in rows}
        return tuple(replace(changed, record=now.get(changed.code)) for changed in self.written)

    # Records

    def subject(self, text: str, states: tuple[str, ...] | None = None) -> Row:
        """Lock and return the operation's record, in a legal state and as the caller saw it.

        Raises InvalidInputError, NotFoundError, StaleError, IllegalTransitionError.
        """
        code = read_code("code", text)
        row = self.lock({"code": code})[code]
        self.check_seen(row)
        self.check_state(row, states or self.from_states)
        return row

    def lock(self, wanted: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, Row]:
        """Lock the records of (field, code) pairs in code order; return them by code."""
        pairs = list(wanted.items() if isinstance(wanted, Mapping) else wanted)
        held = {} if self.held is None else self.held
        if asked := [code for _, code in pairs if code not in held]:
            query = (
                select(HOUSEHOLD)
                .where(HOUSEHOLD.c.code.in_(asked))
                .order_by(HOUSEHOLD.c.code)
                .with_for_update()
            )
            held |= {row["code"]: row for row in self.session.execute(query).mappings()}
        found = {code: held[code] for code in sorted({c for _, c in pairs}) if code in held}
        for name, code in pairs:
            if code not in found:
                shown = codes.format(code)
                raise NotFoundError(Message("named_code_unknown", name=name, code=shown))
        return found

    def check_seen(self, row: Row) -> None:
        """Raise StaleError if the record changed since the caller saw it."""
        if self.seen_event is not None and row["event_id"] != self.seen_event:
            raise StaleError(Message("record_changed_since_read", code=codes.format(row["code"])))

    def check_state(self, row: Row, states: tuple[str, ...]) -> None:
        """Raise IllegalTransitionError, with the legal operations, unless it is in `states`."""
        state = row["status"]
        if state not in states:
            legal = self.legal_from[state]
            raise IllegalTransitionError(
                Message(
                    "record_status_forbids_operation",
                    code=codes.format(row["code"]),
                    state=Text(STATUSES[state]),
                    operation=self.operation,
                    states=list(states),
                ),
                state=state,
                legal=list(legal),
            )

    def insert(self, rows: list[Columns]) -> None:
        """Write new records."""
        self.session.execute(HOUSEHOLD.insert(), rows)
        self.written += [Changed(row["code"], row["status"]) for row in rows]

    def update(self, row: Row, **columns: object) -> None:
        """Change a locked record."""
        self.session.execute(
            HOUSEHOLD.update().where(HOUSEHOLD.c.code == row["code"]).values(columns)
        )
        if self.held is not None:
            self.held.pop(row["code"], None)
        if row["status"] == "active":
            self.in_force += 1
            if columns.get("point", row["point"]) is not row["point"]:
                self.moved.add(row["code"])
        self.written.append(Changed(row["code"], str(columns.get("status", row["status"]))))

    def flats_of(self, building: Row) -> int:
        """Count the living records in the building."""
        counted: int = self.session.execute(
            select(func.count())
            .select_from(HOUSEHOLD)
            .where(HOUSEHOLD.c.parent_code == building["code"], HOUSEHOLD.c.status.in_(LIVING))
        ).scalar_one()
        return counted


def read_code(name: str, text: str) -> str:
    """Return the canonical code of the parameter `name`; raises InvalidInputError."""
    try:
        return codes.validate(strip_announcement(text))
    except CodeError as error:
        raise InvalidInputError.of_field(name, error.code, wrong_code(error)) from None
