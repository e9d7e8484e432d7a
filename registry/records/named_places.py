"""Find the communes, streets and localities named in a request, or refuse with the reason.

Nothing is guessed or created implicitly: a typing error would become a street. A name without any
diacritics matches the registered one of its key, with a warning; with other diacritics it is
another name, which only the operations that name places may create.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.label import named
from geo.locality import Locality, parse_locality
from geo.spelling import Spelling, are_apart, marks_beside, spelling
from geo.street import Street, parse_street
from geo.text import is_name
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements

SQL: Final = Statements(__file__)
_MOST_NEAR: Final = 3
_DIGITS: Final = re.compile(r"[0-9]+")
_LOCK: Final = text("SELECT id FROM place WHERE id = ANY (:ids) ORDER BY id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A street or locality of the register."""

    id: int
    unit_id: int
    former_unit_id: int | None
    parent_id: int | None
    key: str
    name: str
    kind: str
    given: str | None = None
    """The name in the request, if it lacks diacritics."""


def similar_names(session: Session, class_: str, unit_id: int, key: str) -> list[str]:
    """Return similar names of a commune's places; different numbers are different places."""
    rows = session.execute(SQL.text("near_names"), {"class": class_, "unit": unit_id, "key": key})
    numbers = _DIGITS.findall(key)
    near = [named(kind, name) for kind, name, of in rows if _DIGITS.findall(of) == numbers]
    return near[:_MOST_NEAR]


def commune_id(session: Session, code: str, name: str = "commune") -> int:
    """Return the id of today's commune with `code`. Raises InvalidInputError."""
    found: int | None = session.execute(SQL.text("commune"), {"code": code}).scalar_one_or_none()
    if found is None:
        raise InvalidInputError.of_field(
            name, "unknown_commune", Message("commune_unknown", code=code)
        )
    return found


def former_id(session: Session, code: str, unit_id: int, name: str = "former_commune") -> int:
    """Return the id of the former commune with `code` that preceded today's commune."""
    found: int | None = session.execute(
        SQL.text("former_commune"), {"code": code, "unit": unit_id}
    ).scalar()
    if found is None:
        raise InvalidInputError.of_field(
            name,
            "unknown_commune",
            Message("former_commune_unknown_here", code=code),
        )
    return found


def communes_with_street(session: Session, province: str, street: Street) -> set[str]:
    """Return codes of the communes of a province with a street of this name."""
    given = {"province": province, "keys": [street.key, *street.alt_keys]}
    rows = session.execute(SQL.text("communes_with_street"), given)
    return {code for code, name in rows if spelling(street.name, name) is Spelling.SAME}


def check_name(written: str, name: str) -> None:
    """Raise InvalidInputError for a name not allowed for new streets or localities.

    Existing names stay searchable: only new names are checked.
    """
    if not is_name(written) or not any(map(str.isalpha, written)):
        raise InvalidInputError.of_field(
            name,
            "unfit_name",
            Message("place_name_invalid"),
        )


def read_street(written: str, name: str = "street") -> Street:
    """Parse a street. Raises InvalidInputError."""
    read = parse_street(written)
    if read is None or read.key.startswith("#"):
        raise InvalidInputError.of_field(name, "unreadable", Message("not_a_street"))
    return read


def read_localities(written: str, name: str = "locality") -> tuple[Locality, ...]:
    """Parse localities, innermost first. Raises InvalidInputError."""
    read = [parse_locality(part) for part in written.split(",")]
    found = tuple(locality for locality in read if locality is not None)
    if len(found) != len(read):
        raise InvalidInputError.of_field(
            name,
            "unreadable",
            Message("not_a_locality"),
        )
    return found


def street_of(
    session: Session, unit_id: int, former: int | None, written: str, name: str = "street"
) -> FoundPlace:
    """Return the one street of the commune with this name, of a former commune if given.

    Raises InvalidInputError for an unknown, renamed or ambiguous one.
    """
    wanted, found = _streets(session, unit_id, written, name)
    return wanted.the_one(found, former)


def streets_of(session: Session, unit_id: int, written: str) -> list[FoundPlace]:
    """Return all streets of the commune with this name. Raises InvalidInputError if none."""
    wanted, found = _streets(session, unit_id, written, "street")
    return wanted.possible(found)


def _streets(
    session: Session, unit_id: int, written: str, name: str
) -> tuple["_NamedPlace", list[FoundPlace]]:
    read = read_street(written, name)
    wanted = _NamedPlace(session, "street", unit_id, (read.key, *read.alt_keys), read.name, name)
    for keys in ([read.key], list(read.alt_keys)):
        if found := wanted.registered(keys):
            return wanted, found
    raise wanted.unknown()


def locality_of(
    session: Session, unit_id: int, former: int | None, written: str, name: str = "locality"
) -> FoundPlace:
    """Return the one locality of the commune with this name, inside those named after it."""
    inner, *outer = read_localities(written, name)
    wanted = _NamedPlace(session, "locality", unit_id, (inner.key,), inner.name, name)
    found = wanted.registered([inner.key])
    if not found:
        raise wanted.unknown()
    held = [place for place in found if _holds(session, place, outer)]
    if not held:
        raise InvalidInputError.of_field(
            name,
            "unknown_locality",
            Message("place_not_inside_named", kind=inner.kind, name=inner.name),
        )
    if not outer and len(held) > 1:
        # A name alone means the outermost one.
        held = [place for place in held if place.parent_id is None] or held
    return wanted.the_one(held, former)


def name_locality(session: Session, unit_id: int, read: Sequence[Locality]) -> int:
    """Create a locality of the commune, and those around it, innermost first; return its id.

    For lists whose sender confirms the names; existing localities are not changed. Raises
    InvalidInputError if one exists without diacritics, which may be another one.
    """
    parent: int | None = None
    for place in reversed(read):
        values = {"unit": unit_id, "parent": parent, "key": place.key}
        inside = session.execute(SQL.text("localities_inside"), values).all()
        there = next((each for each in inside if not are_apart(place.name, each.name)), None)
        if there is None:
            marks = marks_in(session, "locality", unit_id, place.key, place.name)
            called = {"marks": marks, "name": place.name, "kind": place.kind}
            parent = session.execute(SQL.text("insert_locality"), values | called).scalar_one()
        elif spelling(place.name, there.name) is Spelling.OTHERWISE:
            near = named(there.kind, there.name)
            raise InvalidInputError.of_field(
                "locality",
                "unknown_place",
                Message("similar_place_exists", near=near),
                suggestions=[near],
            )
        else:
            parent = there.id
    if parent is None:
        raise ValueError("no locality")
    return parent


def marks_in(
    session: Session, class_: str, unit_id: int, key: str, name: str, but: int = 0
) -> str | None:
    """Return the marks that distinguish a name from others of its key, except the place `but`."""
    others = session.execute(
        SQL.text("names_of_key"), {"class": class_, "unit": unit_id, "key": key, "but": but}
    )
    return marks_beside(name, ((other, marks) for other, marks in others))


def holders(session: Session, locality_id: int) -> list[tuple[int, str, str]]:
    """Return (id, key, name) of the localities around one, innermost first."""
    return [
        (row[0], row[1], row[2])
        for row in session.execute(SQL.text("holders"), {"id": locality_id})
    ]


def _holds(session: Session, place: FoundPlace, outer: Sequence[Locality]) -> bool:
    """Whether these localities are around the place, in this order."""
    if not outer:
        return True
    rest = iter(holders(session, place.id))
    return all(
        any(
            key == named.key and spelling(named.name, name) is not Spelling.OTHERWISE
            for _, key, name in rest
        )
        for named in outer
    )


def lock_places(session: Session, *ids: int) -> None:
    """Lock streets or localities until the transaction ends, so that no record is added to them."""
    session.execute(_LOCK, {"ids": list(ids)})


@dataclass(frozen=True, slots=True)
class _NamedPlace:
    """A street or locality as named in a request."""

    session: Session
    class_: str
    unit_id: int
    keys: tuple[str, ...]
    typed: str
    field: str

    def registered(self, keys: Sequence[str]) -> list[FoundPlace]:
        """Return the places of the commune with these keys."""
        parameters = {"class": self.class_, "unit": self.unit_id, "keys": list(keys)}
        rows: Any = self.session.execute(SQL.text("named"), parameters)
        return [FoundPlace(*row) for row in rows]

    def the_one(self, found: list[FoundPlace], former: int | None) -> FoundPlace:
        """Return the one place of its key that is meant; raises InvalidInputError."""
        if former is not None:
            of_former = [place for place in found if place.former_unit_id == former]
            found = of_former or [place for place in found if place.former_unit_id is None]
        if not found:
            raise InvalidInputError.of_field(
                self.field,
                "unknown_place",
                Message("place_not_in_former_commune", typed=self.typed),
            )
        possible = self.possible(found)
        if len(possible) > 1:
            raise InvalidInputError.of_field(
                self.field,
                "ambiguous_place",
                Message("place_ambiguous", typed=self.typed, count=len(possible)),
            )
        return possible[0]

    def possible(self, found: list[FoundPlace]) -> list[FoundPlace]:
        """Return the places with this spelling; without diacritics those that may be meant."""
        same = self._spelled(found, Spelling.SAME)
        bare = [] if same else self._spelled(found, Spelling.BARE)
        if not same and not bare:
            raise self.unknown()
        return same or [replace(place, given=self.typed) for place in bare]

    def _spelled(self, found: list[FoundPlace], how: Spelling) -> list[FoundPlace]:
        return [place for place in found if spelling(self.typed, place.name) is how]

    def unknown(self) -> InvalidInputError:
        """Return the error for an unknown name: with today's name, or with similar names."""
        parameters = {"class": self.class_, "unit": self.unit_id, "keys": list(self.keys)}
        for former, kind, name in self.session.execute(SQL.text("called_today"), parameters):
            if spelling(self.typed, former) is not Spelling.OTHERWISE:
                detail = Message("place_renamed", place=named(kind, name))
                return InvalidInputError.of_field(self.field, "former_name", detail)
        near = similar_names(self.session, self.class_, self.unit_id, self.keys[0])
        message = Message("place_similar", names=near) if near else Message("place_not_in_commune")
        return InvalidInputError.of_field(
            self.field,
            "unknown_place",
            message,
            **({"suggestions": near} if near else {}),
        )
