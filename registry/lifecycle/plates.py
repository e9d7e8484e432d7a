"""The life of plates: reserved with their codes, issued, mounted at the door, lost.

Plates are stored apart from records, which they do not change. Of a street or locality only the
plates in a legal state are changed; of named codes, all or none.
"""

from dataclasses import dataclass
from typing import Any, Final

from geo import code as codes
from geo.label import named as named_place
from registry.core.errors import ConflictError, InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle import requests as r
from registry.lifecycle.records import day_given
from registry.lifecycle.work import LIVING, Changed, Done, NamedPlace, Work, read_code
from registry.records.named_places import commune_id, former_id, locality_of, street_of

SQL: Final = Statements(__file__, "queries.sql")

_MAX_NAMED: Final = 20
_WHERE: Final = {
    "codes": "doors_named",
    "street": "doors_of_street",
    "locality": "doors_of_locality",
}
"""Condition of the doors: those named, or those of a street or locality."""
_NOT_YET: Final = ("reserved", "proposed")


@dataclass(frozen=True, slots=True)
class _Step:
    """One step in the life of plates."""

    statement: str
    states: tuple[str, ...]
    """Statuses of records that may take it."""
    code: str
    """Stable code of the error."""
    refusal: Message

    def take(self, work: Work, request: r.PlatesRequest, on: str | None) -> Done:
        """Update the plates of the request, under the event of the operation."""
        parameters: dict[str, Any] = {"day": day_given(on), "states": list(self.states)}
        if request.codes:
            named = _lock(work, request.codes, self.states)
            work.begin(codes=list(named))
            written = self._write(work, "codes", parameters | {"codes": list(named)})
            if missed := [code for code in named if code not in written]:
                raise self._refused(", ".join(map(codes.format, missed[:_MAX_NAMED])))
            work.written += [Changed(code, status) for code, status in named.items()]
            return work.done()
        class_, place = _place(work, request)
        work.begin(**{_SCOPE[class_]: [place.id]})
        # Of a whole street only approved records; proposed ones must be named by their codes.
        parameters["states"] = [state for state in self.states if state not in _NOT_YET]
        written = self._write(work, class_, parameters | {"id": place.id})
        if not written:
            raise self._refused(named_place(place.kind, place.name))
        return work.done(place, len(written))

    def _write(self, work: Work, what: str, parameters: dict[str, Any]) -> set[str]:
        return set(work.session.scalars(SQL.text(self.statement, _WHERE[what]), parameters))

    def _refused(self, shown: str) -> ConflictError:
        error = {"field": "codes", "code": self.code, "detail": self.refusal}
        return ConflictError(
            Message("plate_refused", shown=shown, refusal=self.refusal), errors=[error]
        )


_SCOPE: Final = {"street": "streets", "locality": "localities"}
_ISSUED: Final = _Step(
    "issue_plates",
    ("reserved", *LIVING),
    "plate_issued",
    Message("plate_already_issued"),
)
_MOUNTED: Final = _Step(
    "mount_plates",
    ("active",),
    "plate_not_issued",
    Message("no_plate_to_mount"),
)
_LOST: Final = _Step(
    "lose_plates",
    ("reserved", *LIVING, "retired"),
    "plate_not_issued",
    Message("no_plate_issued"),
)


def issue(work: Work, request: r.IssuePlatesRequest) -> Done:
    """Record plates as printed and handed out."""
    return _ISSUED.take(work, request, request.on)


def mount(work: Work, request: r.MountPlatesRequest) -> Done:
    """Record plates as mounted at their doors."""
    return _MOUNTED.take(work, request, request.on)


def lose(work: Work, request: r.LosePlatesRequest) -> Done:
    """Record plates as lost."""
    return _LOST.take(work, request, request.on)


def _lock(work: Work, given: list[str], states: tuple[str, ...]) -> dict[str, str]:
    """Map the named codes to their statuses, locked; raises the errors of `Work.lock`."""
    named = [(f"codes.{at}", read_code(f"codes.{at}", code)) for at, code in enumerate(given)]
    if len({code for _, code in named}) < len(named):
        raise InvalidInputError.of_field("codes", "given_twice", Message("code_repeated"))
    rows = work.lock(named)
    for row in rows.values():
        work.check_state(row, states)
    return {code: row["status"] for code, row in rows.items()}


def _place(work: Work, request: r.PlatesRequest) -> tuple[str, NamedPlace]:
    """Return the class and the place of the request."""
    unit_id = commune_id(work.session, request.commune or "")
    former = request.former_commune
    former_unit = former_id(work.session, former, unit_id) if former else None
    if request.street is not None:
        class_ = "street"
        found = work.took("street", street_of(work.session, unit_id, former_unit, request.street))
    else:
        class_ = "locality"
        found = work.took(
            "locality", locality_of(work.session, unit_id, former_unit, request.locality or "")
        )
    return class_, NamedPlace(found.id, found.kind, found.name)
