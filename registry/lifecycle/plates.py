"""The life of plates: reserved with its code, issued, mounted at the door, lost.

A plate is no part of a record: none is written anew for it. Of a street or locality those plates
are written whose turn it is; of codes that were named, all of them or none.
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
"""What doors are meant: those named, or those of a street or locality."""
_NOT_YET: Final = ("reserved", "proposed")


@dataclass(frozen=True, slots=True)
class _Step:
    """One step in the life of plates."""

    statement: str
    states: tuple[str, ...]
    """Of a record that may take it."""
    code: str
    """Stable: why a plate cannot."""
    refusal: Message

    def take(self, work: Work, request: r.PlatesRequest, on: str | None) -> Done:
        """Write the plates that the request is about, under the event of the operation."""
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
        # Of a whole street what was approved; a house that waits for it is named by its code.
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
    """Plates were printed and handed out."""
    return _ISSUED.take(work, request, request.on)


def mount(work: Work, request: r.MountPlatesRequest) -> Done:
    """Plates hang at their doors."""
    return _MOUNTED.take(work, request, request.on)


def lose(work: Work, request: r.LosePlatesRequest) -> Done:
    """Plates are gone."""
    return _LOST.take(work, request, request.on)


def _lock(work: Work, given: list[str], states: tuple[str, ...]) -> dict[str, str]:
    """Code → status of the named records, locked; raises what is wrong with one."""
    named = [(f"codes.{at}", read_code(f"codes.{at}", code)) for at, code in enumerate(given)]
    if len({code for _, code in named}) < len(named):
        raise InvalidInputError.of_field("codes", "given_twice", Message("code_repeated"))
    rows = work.lock(named)
    for row in rows.values():
        work.check_state(row, states)
    return {code: row["status"] for code, row in rows.items()}


def _place(work: Work, request: r.PlatesRequest) -> tuple[str, NamedPlace]:
    """The table and the place that the request is about."""
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
