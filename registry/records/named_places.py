"""Communes, streets and localities as a request names them: found, or refused with the reason.

Nothing is guessed and nothing is made in passing: a slip of the pen would become a street. A name
without any mark is the registered one of its key, and the answer says so; with other marks it is
another name, which only an operation that names places may bring in.
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
    """As the request calls it, where that lacks the marks of the name."""


def commune_id(session: Session, code: str, name: str = "commune") -> int:
    """The commune that bears `code` today. Raises InvalidInputError."""
    found: int | None = session.execute(SQL.text("commune"), {"code": code}).scalar_one_or_none()
    if found is None:
        raise InvalidInputError.of_field(
            name, "unknown_commune", Message("commune_unknown", code=code)
        )
    return found


def former_id(session: Session, code: str, unit_id: int, name: str = "former_commune") -> int:
    """The commune of an earlier map that bore `code` and led to this one of today."""
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
    """Codes of the communes of a province that have a street of this name."""
    given = {"province": province, "keys": [street.key, *street.alt_keys]}
    rows = session.execute(SQL.text("communes_with_street"), given)
    return {code for code, name in rows if spelling(street.name, name) is Spelling.SAME}


def check_name(written: str, name: str) -> None:
    """Raises InvalidInputError for what nobody may call a street or locality from now on.

    What an older register calls one stays findable: only new names are looked at.
    """
    if not is_name(written) or not any(map(str.isalpha, written)):
        raise InvalidInputError.of_field(
            name,
            "unfit_name",
            Message("place_name_invalid"),
        )


def read_street(written: str, name: str = "street") -> Street:
    """What `written` names as a street. Raises InvalidInputError."""
    read = parse_street(written)
    if read is None or read.key.startswith("#"):
        raise InvalidInputError.of_field(name, "unreadable", Message("not_a_street"))
    return read


def read_localities(written: str, name: str = "locality") -> tuple[Locality, ...]:
    """What `written` names as localities, the innermost first. Raises InvalidInputError."""
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
    """The one street of the commune that is called so; of a former commune where that is told.

    Raises InvalidInputError: unknown, called otherwise today, or several.
    """
    asked, found = _streets(session, unit_id, written, name)
    return asked.the_one(found, former)


def streets_of(session: Session, unit_id: int, written: str) -> list[FoundPlace]:
    """All streets of the commune that are called so. Raises what `street_of` raises for none."""
    asked, found = _streets(session, unit_id, written, "street")
    return asked.meant(found)


def _streets(
    session: Session, unit_id: int, written: str, name: str
) -> tuple["_Asked", list[FoundPlace]]:
    read = read_street(written, name)
    asked = _Asked(session, "street", unit_id, (read.key, *read.alt_keys), read.name, name)
    for keys in ([read.key], list(read.alt_keys)):
        if found := asked.registered(keys):
            return asked, found
    raise asked.unknown()


def locality_of(
    session: Session, unit_id: int, former: int | None, written: str, name: str = "locality"
) -> FoundPlace:
    """The one locality of the commune that is called so, inside what is named behind it."""
    inner, *outer = read_localities(written, name)
    asked = _Asked(session, "locality", unit_id, (inner.key,), inner.name, name)
    found = asked.registered([inner.key])
    if not found:
        raise asked.unknown()
    held = [place for place in found if _holds(session, place, outer)]
    if not held:
        raise InvalidInputError.of_field(
            name,
            "unknown_locality",
            Message("place_not_inside_named", kind=inner.kind, name=inner.name),
        )
    if not outer and len(held) > 1:
        # Named alone, the one that nothing holds is meant.
        held = [place for place in held if place.parent_id is None] or held
    return asked.the_one(held, former)


def name_locality(session: Session, unit_id: int, read: Sequence[Locality]) -> int:
    """Name a locality of the commune, and what holds it; the innermost first, its id returned.

    For lists whose sender is asked for the names; what is there already stays as it is. Raises
    InvalidInputError where one is there without marks, which may be another.
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
    """What tells a name from the others of its key in the commune, without the place `but`."""
    others = session.execute(
        SQL.text("names_of_key"), {"class": class_, "unit": unit_id, "key": key, "but": but}
    )
    return marks_beside(name, ((other, marks) for other, marks in others))


def holders(session: Session, locality_id: int) -> list[tuple[int, str, str]]:
    """(id, key, name) of what holds a locality, the smaller first."""
    return [
        (row[0], row[1], row[2])
        for row in session.execute(SQL.text("holders"), {"id": locality_id})
    ]


def _holds(session: Session, place: FoundPlace, outer: Sequence[Locality]) -> bool:
    """Whether these localities hold the place, in their order."""
    if not outer:
        return True
    rest = iter(holders(session, place.id))
    return all(
        any(
            key == asked.key and spelling(asked.name, name) is not Spelling.OTHERWISE
            for _, key, name in rest
        )
        for asked in outer
    )


def lock_places(session: Session, *ids: int) -> None:
    """Lock streets or localities until the end: no record comes into them meanwhile."""
    session.execute(_LOCK, {"ids": list(ids)})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A street or locality as a request names it."""

    session: Session
    class_: str
    unit_id: int
    keys: tuple[str, ...]
    typed: str
    field: str

    def registered(self, keys: Sequence[str]) -> list[FoundPlace]:
        """The places of the commune under these keys."""
        parameters = {"class": self.class_, "unit": self.unit_id, "keys": list(keys)}
        rows: Any = self.session.execute(SQL.text("named"), parameters)
        return [FoundPlace(*row) for row in rows]

    def the_one(self, found: list[FoundPlace], former: int | None) -> FoundPlace:
        """Which of the places of its key is meant; raises InvalidInputError."""
        if former is not None:
            of_former = [place for place in found if place.former_unit_id == former]
            found = of_former or [place for place in found if place.former_unit_id is None]
        if not found:
            raise InvalidInputError.of_field(
                self.field,
                "unknown_place",
                Message("place_not_in_former_commune", typed=self.typed),
            )
        meant = self.meant(found)
        if len(meant) > 1:
            raise InvalidInputError.of_field(
                self.field,
                "ambiguous_place",
                Message("place_ambiguous", typed=self.typed, count=len(meant)),
            )
        return meant[0]

    def meant(self, found: list[FoundPlace]) -> list[FoundPlace]:
        """Those that are spelled so; else, without any mark, those that may be meant."""
        same = self._spelled(found, Spelling.SAME)
        bare = [] if same else self._spelled(found, Spelling.BARE)
        if not same and not bare:
            raise self.unknown()
        return same or [replace(place, given=self.typed) for place in bare]

    def _spelled(self, found: list[FoundPlace], how: Spelling) -> list[FoundPlace]:
        return [place for place in found if spelling(self.typed, place.name) is how]

    def unknown(self) -> InvalidInputError:
        """The error where nothing is called so: with today's name, or with names near to it."""
        parameters = {"class": self.class_, "unit": self.unit_id, "keys": list(self.keys)}
        for former, kind, name in self.session.execute(SQL.text("called_today"), parameters):
            if spelling(self.typed, former) is not Spelling.OTHERWISE:
                detail = Message("place_renamed", place=named(kind, name))
                return InvalidInputError.of_field(self.field, "former_name", detail)
        near = self._near()
        message = Message("place_similar", names=near) if near else Message("place_not_in_commune")
        return InvalidInputError.of_field(
            self.field,
            "unknown_place",
            message,
            **({"suggestions": near} if near else {}),
        )

    def _near(self) -> list[str]:
        """Names of the commune that look like it; other numbers are other places."""
        key = self.keys[0]
        parameters = {"class": self.class_, "unit": self.unit_id, "key": key}
        rows = self.session.execute(SQL.text("near_names"), parameters)
        numbers = _DIGITS.findall(key)
        near = [named(kind, name) for kind, name, of in rows if _DIGITS.findall(of) == numbers]
        return near[:_MOST_NEAR]
