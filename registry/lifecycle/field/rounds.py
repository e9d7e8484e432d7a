"""Rounds: opened for a street or hamlet, found by their code, listed with their progress."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from geo.label import named
from registry.access.reach import check_writable, lineage, parameter, seen
from registry.core.errors import (
    FieldCodeEndedError,
    FieldCodeError,
    InvalidInputError,
    NotFoundError,
)
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle.field.codes import hash_code, make_code
from registry.lifecycle.listed_places import PlaceClass, place_by_id
from registry.units.gazetteer import Gazetteer, today

MOST_DAYS: Final = 60
PAGE: Final = 50
SQL: Final = Statements(__file__, "queries.sql", page=str(PAGE))


@dataclass(frozen=True, slots=True)
class Hamlet:
    """The progress of a round in one of its hamlets."""

    shown: str
    """The label; empty for doors outside any hamlet."""
    doors: int
    ticked: int


@dataclass(frozen=True, slots=True)
class Round:
    """A round with its progress."""

    id: int
    unit_id: int
    """The commune at its opening."""
    street_id: int | None
    locality_id: int | None
    until: datetime.date
    opened_by: str
    opened_at: datetime.datetime
    closed_at: datetime.datetime | None
    unit_now: int | None
    """The current commune of its place; None if the place no longer exists."""
    kind: str | None
    name: str | None
    around: list[list[str]] | None
    doors: int
    """Doors to visit."""
    ticked: int
    """Doors with a record."""
    new: int
    gone: int
    waiting: int
    """Records that wait for the desk."""
    taken_over: int

    @property
    def class_(self) -> PlaceClass:
        """The class of its place."""
        return "street" if self.street_id is not None else "locality"

    @property
    def place_id(self) -> int:
        """Id of the street or locality."""
        return self.street_id or self.locality_id or 0

    @property
    def commune_id(self) -> int:
        """Id of the current commune, or else of the one at its opening."""
        return self.unit_now or self.unit_id

    @property
    def shown(self) -> str:
        """The label of the place."""
        return _in_words(self.kind, self.name, self.around)

    @property
    def source(self) -> str:
        """The source of its imports."""
        return f"field:{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether its code is accepted."""
        return self.closed_at is None and self.until >= today()

    def refusal(self) -> FieldCodeEndedError | None:
        """The error if its code is not accepted, else None."""
        if self.is_open:
            return None
        if self.closed_at is not None:
            return FieldCodeEndedError(Message("round_closed"), reason="closed")
        return FieldCodeEndedError(
            Message("round_code_expired", until=self.until), reason="expired"
        )


def open_round(
    session: Session, class_: PlaceClass, place_id: int, until: datetime.date, actor: str
) -> tuple[int, str]:
    """Open a round; return its number and its code, which is stored only as a hash.

    Raises NotFoundError for an unknown place, OutsideUnitsError, InvalidInputError for a day too
    far ahead.
    """
    place = place_by_id(session, class_, place_id)
    check_writable(session, place.unit_id)
    _check_day(until)
    code = make_code()
    number: int = session.execute(
        SQL.text("open_round"),
        {
            "unit": place.unit_id,
            "street": place_id if class_ == "street" else None,
            "locality": place_id if class_ == "locality" else None,
            "until": until,
            "hash": hash_code(code),
            "actor": actor,
        },
    ).scalar_one()
    return number, code


def renew_code(session: Session, round_: Round, until: datetime.date) -> str:
    """Replace the code of a round, valid until another day; the former one is revoked."""
    check_writable(session, round_.commune_id)
    _check_day(until)
    code = make_code()
    session.execute(
        SQL.text("renew_round"), {"id": round_.id, "hash": hash_code(code), "until": until}
    )
    return code


def close_round(session: Session, round_: Round) -> None:
    """Close a round, which revokes its code."""
    check_writable(session, round_.commune_id)
    session.execute(SQL.text("close_round"), {"id": round_.id})


def round_of_code(session: Session, code: str) -> Round:
    """Return the round with this code, even if it has ended (`Round.refusal`).

    Raises FieldCodeError for an unknown code.
    """
    found = _found(session, ("of_code",), {"hash": hash_code(code)})
    if not found:
        raise FieldCodeError(Message("round_code_unknown"))
    return found[0]


def find_round(session: Session, round_id: int) -> Round:
    """Return a round in a commune that the caller sees; otherwise raises NotFoundError."""
    found, sees = _found(session, ("is_it",), {"id": min(round_id, 2**63 - 1)}), seen()
    if not found or not (sees is None or found[0].commune_id in sees):
        raise NotFoundError(Message("round_unknown", round_id=round_id))
    return found[0]


def list_rounds(session: Session, gazetteer: Gazetteer, before: int | None = None) -> list[Round]:
    """Return a page of the rounds in communes that the caller sees, latest first."""
    sees = seen()
    given: dict[str, Any] = {"before": before or 2**63 - 1}
    # Reforms move places into new communes, and their rounds with them.
    found = _found(session, ("before", "in_reach"), given | parameter(lineage(gazetteer)))
    return [each for each in found if sees is None or each.commune_id in sees]


def hamlets_of(
    session: Session, round_: Round, class_: PlaceClass, ids: Sequence[int]
) -> list[Hamlet]:
    """Return the progress in each of the hamlets `ids` of the round's place."""
    given = {"round": round_.id, "ids": list(ids)}
    rows: Any = session.execute(SQL.text("hamlets", class_), given)
    return [
        Hamlet(_in_words(kind, name, around), doors, ticked)
        for kind, name, around, doors, ticked in rows
    ]


def _in_words(kind: str | None, name: str | None, around: list[list[str]] | None) -> str:
    if name is None:
        return ""
    return ", ".join((named(kind, name), *(named(*outer) for outer in around or ())))


def _found(session: Session, where: tuple[str, ...], given: dict[str, Any]) -> list[Round]:
    rows: Any = session.execute(SQL.text("rounds", *where), given)
    return [Round(*row) for row in rows]


def _check_day(until: datetime.date) -> None:
    last = today() + datetime.timedelta(days=MOST_DAYS)
    if not today() <= until <= last:
        raise InvalidInputError.of_field(
            "until",
            "until_out_of_range",
            Message("round_day_out_of_range", last=last),
        )
