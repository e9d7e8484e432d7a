"""Forms of operations, made from the models of their requests.

A field that shows what is recorded carries it a second time (`_was.NAME`): only what somebody
changed is asked for, so that a form that lay open for an hour undoes nothing of somebody else's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from api.core.errors import invalid_input
from geo.code import format as code_display
from geo.label import named
from registry.core.errors import AddressTakenError, RegistryError
from registry.core.messages import N_, _
from registry.core.tables.records import Goes, described, going
from registry.lifecycle.requests import MAX_PARTS, GivenEntrance, OperationRequest, SplitPart
from registry.lifecycle.table import Operation
from registry.lifecycle.words import FIELDS, KINDS, METHODS
from registry.records.entrances import KIND_WORDS, MOST, SOURCE_WORDS
from registry.records.record import Record

WAS: Final = "_was."
PARTS: Final = "_parts"
"""For how many new records, or entrances, there are fields."""
_ROWS: Final[Mapping[str, type[BaseModel]]] = {"parts": SplitPart, "entrances": GivenEntrance}
"""Members of requests that are lists, and what is in them."""
_POINT: Final = ("lon", "lat", "position_method", "position_accuracy_m")
_ADDRESS: Final = ("commune", "house_number", "street", "locality", "kind")
_INSIDE: Final = ("building", "floor", "unit_number", "parent")
_MORE: Final = [
    member
    for column in going(Goes.EDITED)
    if (member := described(column).member) not in (*_ADDRESS, *_INSIDE, *_POINT)
]
_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (N_("This"), ("count", "on", "into", "codes", "by")),
    (N_("Address"), _ADDRESS),
    (N_("Flat, building"), _INSIDE),
    (N_("Position"), _POINT),
    (N_("More details"), (*_MORE, "former_commune", "restricted")),
    (N_("Why"), ("decision_number", "reason", "same_address")),
)
"""Fields in the order in which a clerk thinks of them; `reason` comes last of all."""
_CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "position_method": METHODS,
    "kind": KINDS,
    "entrances.kind": KIND_WORDS,
    "source": SOURCE_WORDS,
}
_NEVER_EMPTY: Final = ("households_count", "commune")
"""What a record always has: an emptied field leaves it as it is."""

Kind = Literal["text", "long", "number", "decimal", "tick", "choice", "day", "codes"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, as a template draws it."""

    name: str
    label: str
    kind: Kind
    required: bool
    value: str = ""
    was: str | None = None
    """What the record holds; None where the form shows nothing of it."""
    now: str | None = None
    """What somebody else made of it since the form was opened."""
    wrong: str = ""
    options: tuple[tuple[str, str], ...] = ()
    list: str = ""
    """Of the names to choose from."""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an operation about a record, or about none."""

    operation: Operation
    record: Record | None = None
    commune: str = ""
    """Code of the record's commune."""
    former_commune: str = ""
    communes: Sequence[tuple[str, str]] = ()
    """Code and name of those in which who fills it in may write; none where that is anywhere."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What was filled in; empty for a new form."""
    filled: Mapping[str, str] = field(default_factory=dict)
    """What a new form begins with, beside what the record holds."""
    error: RegistryError | None = None
    fresh: bool = False
    """Whether the record changed since: what nobody typed over is shown as it is now."""

    def names(self) -> tuple[str, ...]:
        """Fields that are asked for."""
        record, known = self.record, set(self.operation.request.model_fields)
        if record is not None or self.operation.name == "propose":
            known.discard("code")
        if self.operation.name == "activate" and record and record.status != "reserved":
            known &= {*OperationRequest.model_fields, "same_address"}  # it has its address already
        # Whether two doors may bear one address is asked where that is in question.
        doubted = isinstance(self.error, AddressTakenError) or "same_address" in self.typed
        if not doubted and not (self.error and "parts" in known):
            known.discard("same_address")
        return tuple(name for _, names in _GROUPS for name in names if name in known)

    def groups(self) -> list[Group]:
        """The form, heading by heading."""
        asked, wrong, was = self.names(), self._wrong(), self._was()
        made = []
        for title, names in _GROUPS:
            fields = tuple(self._field(n, was, wrong) for n in names if n in asked)
            if fields:
                made.append(Group(_(title), fields))
        return made

    @property
    def rows(self) -> str:
        """The member that is a list of records or entrances; empty where none is."""
        return next((name for name in _ROWS if name in self.operation.request.model_fields), "")

    def parts(self) -> list[Group]:
        """The records into which one is split, or all entrances of one, each with its fields."""
        if not self.rows:
            return []
        titles = {"parts": N_("New record"), "entrances": N_("Entrance")}
        title = _(titles[self.rows])
        wrong, typed = self._wrong(), self.typed or self._entrances()
        fields = _ROWS[self.rows].model_fields
        return [
            Group(
                f"{title} {at + 1}",
                tuple(
                    replace(
                        _made(name, fields[name], self.rows),
                        name=f"{self.rows}.{at}.{name}",
                        value=typed.get(f"{self.rows}.{at}.{name}", ""),
                        wrong=wrong.get(f"{self.rows}.{at}.{name}", ""),
                    )
                    for name in _row_names(self.rows)
                ),
            )
            for at in range(parts_count(typed))
        ]

    def _entrances(self) -> dict[str, str]:
        """Those on record, as they are filled in, and room for one more; none of another list."""
        record = self.record if self.rows == "entrances" else None
        known = (record.entrances if record else None) or []
        filled = {
            f"entrances.{at}.{name}": str(value)
            for at, each in enumerate(known)
            for name, value in each.items()
        }
        return {**filled, PARTS: str(min(len(known) + 1, MOST))}

    def request(self) -> OperationRequest:
        """What the form asks for; raises InvalidInputError."""
        model = self.operation.request
        given = {n: v for n in self.names() if (v := self._given(n)) is not _SAME}
        if any(name in given for name in _POINT):
            # A point comes with what is known of it.
            given |= {n: self._read(n) for n in _POINT if n in model.model_fields}
            given = {
                n: v
                for n, v in given.items()
                if v is not None or n not in _POINT or n in ("lon", "lat")
            }
        if self.record is not None and "code" in model.model_fields:
            given["code"] = self.record.code
        if self.rows:
            given[self.rows] = list(self._read_parts())
        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise invalid_input(error, model) from error

    def _given(self, name: str) -> Any:
        value = self._read(name)
        info = self.operation.request.model_fields[name]
        if info.is_required():
            return _SAME if value is None else value
        was = self.typed.get(WAS + name)
        if was is None:
            return _SAME if value in (None, False) else value
        if _kind(name, info) == "tick":
            return _SAME if value == bool(was) else value
        if self.typed.get(name, "").strip() == was:
            return _SAME
        return _SAME if value is None and name in _NEVER_EMPTY else value

    def _read(self, name: str, info: FieldInfo | None = None) -> Any:
        info = info or self.operation.request.model_fields[name.rpartition(".")[2]]
        return _value(_kind(name, info), self.typed.get(name, "").strip())

    def _read_parts(self) -> Any:
        for at in range(parts_count(self.typed)):
            part = {
                name: value
                for name, info in _ROWS[self.rows].model_fields.items()
                if (value := self._read(f"{self.rows}.{at}.{name}", info)) is not None
            }
            if part.keys() - _WORTHLESS:
                yield part

    def _field(self, name: str, was: Mapping[str, str], wrong: Mapping[str, str]) -> Field:
        info = self.operation.request.model_fields[name]
        made = _made(name, info)
        recorded = was.get(name)
        value = self.typed.get(name) if self.typed else self.filled.get(name, recorded)
        now = None
        if self.fresh and recorded is not None:
            seen = self.typed.get(WAS + name, recorded)
            if (value or "").strip() == seen:
                value = recorded  # nobody typed over it
            elif seen != recorded:
                now = recorded
        if name == "codes":
            made = replace(made, label=_("Codes that will be retired"))
        if name == "commune" and self.communes:
            label = _("Commune")
            # Of several none is the likely one.
            blank = (("", "–"),) if len(self.communes) > 1 and not recorded else ()
            made = replace(made, label=label, kind="choice", options=(*blank, *self.communes))
        return replace(made, value=value or "", was=recorded, now=now, wrong=wrong.get(name, ""))

    def _was(self) -> dict[str, str]:
        """What the record holds of the fields, as the form shows it."""
        record = self.record
        if record is None or self.operation.name not in ("correct", "move"):
            return {}
        places = {"commune": self.commune, "former_commune": self.former_commune}
        return places | recorded(record)

    def _wrong(self) -> dict[str, str]:
        errors: Any = self.error.extra.get("errors", ()) if self.error else ()
        told = {str(each["field"]): str(each["detail"]) for each in errors}
        # `codes.3`: of a field that takes several lines.
        return told | {
            f.partition(".")[0]: d for f, d in told.items() if not f.startswith(tuple(_ROWS))
        }


def recorded(record: Record) -> dict[str, str]:
    """What a record holds, as fields of forms show it; its communes are another's to say."""
    localities = ", ".join(named(kind, name) for kind, name in record.localities)
    street = named(record.street_kind, record.street_name) if record.street_name else ""
    accuracy = record.position_accuracy_m
    held = {described(column).member: getattr(record, column.name) for column in going(Goes.EDITED)}
    held |= {
        "house_number": record.house_number,
        "street": street,
        "locality": localities,
        "parent": code_display(record.parent_code) if record.parent_code else "",
        "households_count": None if record.kind == "building" else record.households_count,
        "restricted": "1" if record.restricted else "",
        "lon": record.lon,
        "lat": record.lat,
        "position_accuracy_m": None if accuracy is None else f"{accuracy:g}",
    }
    return {name: "" if value is None else str(value) for name, value in held.items()}


def parts_count(typed: Mapping[str, str]) -> int:
    """For how many new records, or entrances, a form has fields."""
    given = typed.get(PARTS, "")
    count = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 2
    return max(2, min(count, MAX_PARTS))


def more_parts(typed: Mapping[str, str]) -> dict[str, str]:
    """The same with fields for one more."""
    return {**typed, PARTS: str(parts_count(typed) + 1)}


_SAME: Final = object()
"""A part that stays as it is."""


_WORTHLESS: Final = {"kind", "accuracy_m", "seen_on", "source"}
"""What says nothing of an entrance that has neither a point nor a note: it is none."""


def _row_names(rows: str) -> tuple[str, ...]:
    ordered = (
        *("kind", "house_number", "unit_number", "floor", "households_count", "code", *_POINT),
        *("accuracy_m", "note", "seen_on", "source"),
    )
    return tuple(name for name in ordered if name in _ROWS[rows].model_fields)


def _made(name: str, info: FieldInfo, rows: str = "") -> Field:
    called = "by" if (rows, name) == ("parts", "code") else name
    label = _(FIELDS[called])
    kind = _kind(name, info)
    choices = _CHOICES.get(f"{rows}.{name}", _CHOICES.get(name, {}))
    options = tuple((value, _(said)) for value, said in choices.items())
    if kind == "choice" and not info.is_required() and info.default is None:
        options = (("", "–"), *options)
    lists = {"street": "streets", "locality": "localities"}
    return Field(name, label, kind, info.is_required(), options=options, list=lists.get(name, ""))


def _kind(name: str, info: FieldInfo) -> Kind:
    name = name.rpartition(".")[2]
    if name in ("on", "seen_on"):
        return "day"
    if name == "reason":
        return "long"
    annotation = _without_none(info.annotation)
    if get_origin(annotation) is Literal:
        return "choice"
    if get_origin(annotation) is list:
        return "codes"
    kinds: dict[Any, Kind] = {bool: "tick", int: "number", float: "decimal"}
    return kinds.get(_plain(annotation), "text")


def _without_none(annotation: Any) -> Any:
    inner = [each for each in get_args(annotation) if each is not NoneType]
    return inner[0] if NoneType in get_args(annotation) and len(inner) == 1 else annotation


def _plain(annotation: Any) -> Any:
    """The type below `Annotated`."""
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def _value(kind: Kind, written: str) -> Any:
    """What was written, as the model takes it; None for nothing."""
    if kind == "tick":
        return bool(written)
    if not written:
        return None
    if kind == "codes":
        return written.replace(",", " ").replace(";", " ").split()
    if kind == "decimal":
        try:
            return float(written.replace(",", "."))
        except ValueError:
            return written  # the model says what is wrong with it
    return " ".join(written.split()) if kind == "long" else written
