"""Which operations need a second person: the operator's table, by operation, role and size.

`second_person.csv` is the default table. Its first lines describe the columns; an operator's own
table is such a file, stored in the database as given.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.access import audit
from registry.core.actors import acting, who_acts
from registry.core.errors import InvalidInputError
from registry.core.invalid import message_of
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Work

SQL: Final = Statements(__file__, "queries.sql")

ANY: Final = "*"
MAX_CHARACTERS: Final = 100_000
_DEFAULT: Final = Path(__file__).with_name("second_person.csv")


@dataclass(frozen=True, slots=True)
class Move:
    """How far the point of a record in force moved."""

    metres: float
    """Distance from where others left it; infinite if the point was removed."""
    accuracy_m: float
    """Accuracy of the point there."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many active records an operation changes."""

    records: int
    moves: tuple[Move, ...] = ()


def _operation(written: object) -> object:
    if written != ANY and written not in BY_NAME:
        raise ValueError(Message("operation_unknown", written=written))
    return written


def _filled(written: object) -> object:
    return None if written == "" else written


_Metres = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=1)]


class Rule(BaseModel):
    """A row of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    operation: Annotated[str, BeforeValidator(_operation)]
    role: Literal["*", "editor", "approver", "admin"]
    moved_m: Annotated[_Metres | None, BeforeValidator(_filled)]
    records: Annotated[_Count | None, BeforeValidator(_filled)]

    def concerns(self, operation: str, role: str) -> bool:
        """Whether it applies to this operation by this role."""
        return self.operation in (ANY, operation) and self.role in (ANY, role)

    def reached(self, size: Size) -> bool:
        """Whether the size reaches its thresholds."""
        enough = self.records is None or size.records >= self.records
        far = self.moved_m is None or any(
            move.metres > max(self.moved_m, move.accuracy_m) for move in size.moves
        )
        return enough and far


def default_csv() -> str:
    """Return the default table."""
    return _DEFAULT.read_text(encoding="utf-8")


def read_rules(written: str) -> tuple[Rule, ...]:
    """Return the rows of a table. Raises InvalidInputError, which names the wrong line."""
    if len(written) > MAX_CHARACTERS:
        raise _wrong(1, Message("longer_than", most=MAX_CHARACTERS))
    return tuple(_rules(written))


def _rules(written: str) -> Iterator[Rule]:
    lines = written.lstrip("\ufeff").splitlines()
    kept = [(at, line) for at, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    header = list(Rule.model_fields)
    if not kept or [name.strip() for name in kept[0][1].split(",")] != header:
        raise _wrong(kept[0][0] if kept else 1, Message("header_required", header=",".join(header)))
    for at, line in kept[1:]:
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if len(cells) != len(header):
            raise _wrong(at, Message("cells_required", count=len(header)))
        try:
            yield Rule.model_validate(dict(zip(header, cells, strict=True)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise _wrong(
                at, Message("field_says", field=str(first["loc"][0]), detail=message_of(first))
            ) from None


def _wrong(line: int, why: Message) -> InvalidInputError:
    return InvalidInputError.of_field("rules", "unreadable", Message("of_line", line=line, why=why))


def own_csv(session: Session) -> str | None:
    """Return the operator's own table as given; None if the default applies."""
    found: str | None = session.execute(_OWN).scalar_one_or_none()
    return found


def set_rules(session: Session, written: str | None) -> tuple[Rule, ...]:
    """Set the table, None for the default; the change is audited.

    Raises InvalidInputError, which names the wrong line.
    """
    rules = read_rules(default_csv() if written is None else written)
    session.execute(_CLEAR)
    if written is not None:
        session.execute(_SET, {"rules": written})
    actor, role = who_acts()
    done = "second-person reset" if written is None else "second-person set"
    audit.record(session, audit.Entry(actor, role, done, count=len(rules)))
    return rules


def rules_in_force(session: Session) -> tuple[Rule, ...]:
    """Return the current rules; the default if this version cannot read the operator's table."""
    own = own_csv(session)
    return _parsed(own) if own is not None else _default_rules()


@lru_cache(maxsize=4)
def _parsed(own: str) -> tuple[Rule, ...]:
    try:
        return read_rules(own)
    except InvalidInputError:
        return _default_rules()  # the doctor reports it


@cache
def _default_rules() -> tuple[Rule, ...]:
    return read_rules(default_csv())


def needs_second(session: Session, operation: str, works: list[Work]) -> bool:
    """Whether the table requires a second person for what these works have just written.

    A key that may approve its own needs none. Undoing an operation has the operation's rules.
    """
    actor = acting()
    if actor is not None and actor.approves_own:
        return False
    _, role = who_acts()
    names = {operation} | {work.undoes for work in works if work.undoes}
    rules = [
        rule for rule in rules_in_force(session) if any(rule.concerns(name, role) for name in names)
    ]
    if not rules:
        return False
    moved = {code: work.actor for work in works for code in work.moved}
    size = Size(
        sum(work.in_force for work in works),
        tuple(_move(session, code, actor=name) for code, name in moved.items()),
    )
    return any(rule.reached(size) for rule in rules)


def _move(session: Session, code: str, *, actor: str) -> Move:
    row = session.execute(SQL.text("metres_moved"), {"code": code, "actor": actor}).one_or_none()
    if row is None:
        return Move(0, 0)  # it had no point before
    return Move(math.inf if row.metres is None else row.metres, row.accuracy_m or 0)


_OWN: Final = text("SELECT rules FROM second_person_table")
_CLEAR: Final = text("DELETE FROM second_person_table")
_SET: Final = text("INSERT INTO second_person_table (rules) VALUES (:rules)")
