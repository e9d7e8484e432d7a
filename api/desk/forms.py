"""Forms of operations, generated from the models of their requests.

A field that shows a recorded value submits it a second time (`_was.NAME`): only changed values are
requested, so that a form left open for an hour does not revert the changes of others.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from werkzeug.datastructures import FileStorage, MultiDict

from api.desk.blueprint import commune_written, read_model
from api.pages.shell import complaint
from geo.code import format as code_display
from geo.label import named
from registry.core.errors import AddressTakenError, RegistryError
from registry.core.messages import N_, _
from registry.core.tables.records import Goes, described, going
from registry.lifecycle.number_table import pasted_lines, read_numbers_file, read_pasted
from registry.lifecycle.requests import (
    MAX_PARTS,
    GivenEntrance,
    GivenUse,
    OperationRequest,
    SplitPart,
)
from registry.lifecycle.words import FIELDS, KINDS, METHODS
from registry.records.entrances import KIND_WORDS, MOST, SOURCE_WORDS
from registry.records.record import Record
from registry.records.uses import DWELLING, USE_WORDS, visible_uses

WAS: Final = "_was."
PARTS: Final = "_parts"
"""Number of new records or entrances for which the form has fields."""
_ROWS: Final[Mapping[str, type[BaseModel]]] = {
    "parts": SplitPart,
    "entrances": GivenEntrance,
    "uses": GivenUse,
}
"""List members of requests → the model of their items."""
_POINT: Final = ("lon", "lat", "position_method", "position_accuracy_m")
_ADDRESS: Final = ("commune", "house_number", "street", "locality", "kind")
_INSIDE: Final = ("building", "floor", "unit_number", "parent")
_MORE: Final = [
    member
    for column in going(Goes.EDITED)
    if (member := described(column).member) not in (*_ADDRESS, *_INSIDE, *_POINT)
]
_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (N_("This"), ("count", "on", "new_name", "into", "codes", "by", "numbers", "communes")),
    (N_("Address"), _ADDRESS),
    (N_("Flat, building"), _INSIDE),
    (N_("Position"), _POINT),
    (N_("More details"), (*_MORE, "former_commune", "restricted")),
    (N_("Why"), ("decision_number", "reason", "same_address")),
)
"""Fields in the order in which a clerk thinks of them; `reason` is last."""
_CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "position_method": METHODS,
    "kind": KINDS,
    "entrances.kind": KIND_WORDS,
    "source": SOURCE_WORDS,
    "uses.use": USE_WORDS,
}
_EXAMPLES: Final = {"decision_number": "12/QĐ-UBND"}
_NEVER_EMPTY: Final = ("households_count", "commune")
"""Mandatory members of a record: an emptied field leaves them unchanged."""

_LINES_SHOWN: Final = 20
"""Invalid lines of a table that are listed."""

Kind = Literal[
    "text", "long", "number", "decimal", "tick", "choice", "ticks", "day", "codes", "table"
]


@dataclass(frozen=True, slots=True)
class Override:
    """How a field is shown, in addition to its model."""

    label: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """Choices: values and labels."""
    hint: str = ""
    example: str = ""
    template: tuple[str, str] | None = None
    """URL and label of a table to fill in."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, as a template renders it."""

    name: str
    label: str
    kind: Kind
    required: bool
    value: str = ""
    ticked: tuple[str, ...] = ()
    """Selected values of a multiple choice."""
    was: str | None = None
    """Recorded value; None if the form does not show it."""
    now: str | None = None
    """Value that somebody else has recorded since the form was opened."""
    wrong: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    list: str = ""
    """Id of a datalist of names."""
    override: Override = Override()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a request, with their values."""

    model: type[OperationRequest]
    left_out: Collection[str] = ()
    """Members that the subject of the operation provides, or that are not shown."""
    recorded: Mapping[str, str] = field(default_factory=dict)
    """Recorded values; of these fields only changes are requested."""
    overrides: Mapping[str, Override] = field(default_factory=dict)
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    """Submitted values; empty for a new form."""
    filled: Mapping[str, str] = field(default_factory=dict)
    """Initial values of a new form, beside recorded ones."""
    error: RegistryError | None = None
    fresh: bool = False
    """Whether the record changed since: unedited fields show the new values."""

    def names(self) -> tuple[str, ...]:
        """Return the names of the fields shown."""
        known = self.model.model_fields.keys() - set(self.left_out)
        # Shown only if another record has the address.
        doubted = isinstance(self.error, AddressTakenError) or "same_address" in self.typed
        if not doubted and not (self.error and "parts" in known):
            known.discard("same_address")
        return tuple(name for _, names in _GROUPS for name in names if name in known)

    def groups(self, only: Collection[str] = ()) -> list[Group]:
        """Return the fields by heading, optionally `only` some."""
        wanted, wrong = [n for n in self.names() if not only or n in only], self._wrong()
        made = []
        for title, names in _GROUPS:
            if fields := tuple(self._field(n, wrong) for n in names if n in wanted):
                made.append(Group(_(title), fields))
        return made

    @property
    def rows(self) -> str:
        """The list member of the request; empty without one."""
        return next((name for name in _ROWS if name in self.model.model_fields), "")

    @property
    def table(self) -> str:
        """The field for a table, pasted or as a file; empty without one."""
        return next((name for name in self.names() if self._kind(name) == "table"), "")

    def parts(self) -> list[Group]:
        """Return the fields of each item of the list member: new records, entrances or uses."""
        if not self.rows:
            return []
        titles = {"parts": N_("New record"), "entrances": N_("Entrance"), "uses": N_("Use")}
        title = _(titles[self.rows])
        wrong, typed = self._wrong(), self.typed or self.filled
        fields = _ROWS[self.rows].model_fields
        return [
            Group(
                f"{title} {at + 1}",
                tuple(
                    replace(
                        _make_field(name, fields[name], self.rows),
                        name=f"{self.rows}.{at}.{name}",
                        value=typed.get(f"{self.rows}.{at}.{name}", ""),
                        wrong=tuple(wrong.get(f"{self.rows}.{at}.{name}", ())),
                    )
                    for name in _row_names(self.rows)
                ),
            )
            for at in range(parts_count(typed))
        ]

    def with_file(self, file: FileStorage | None) -> "Form":
        """Return the form with the table of a file instead of a pasted one.

        Raises UnreadableFileError, and InvalidInputError with the invalid lines.
        """
        if not self.table or file is None or not file.filename:
            return self
        typed = self.typed.copy()
        typed[self.table] = pasted_lines(read_numbers_file(file.read(), file.filename))
        return replace(self, typed=typed)

    def given(self) -> dict[str, Any]:
        """Return the submitted values by member of the request; raises InvalidInputError."""
        fields = self.model.model_fields
        given = {n: v for n in self.names() if (v := self._given(n)) is not _UNCHANGED}
        if any(name in given for name in _POINT):
            # A point is submitted with its method and accuracy.
            given |= {n: self._read(n) for n in _POINT if n in fields}
            given = {
                n: v
                for n, v in given.items()
                if v is not None or n not in _POINT or n in ("lon", "lat")
            }
        if self.rows:
            given[self.rows] = list(self._read_parts())
        return given

    def request(self, given: Mapping[str, Any]) -> OperationRequest:
        """Build the request from these members; raises InvalidInputError."""
        return read_model(self.model, given)

    def _given(self, name: str) -> Any:
        info, was = self.model.model_fields[name], self.typed.get(WAS + name)
        if not info.is_required() and was is not None:
            if self._kind(name) == "tick":
                value = self._read(name)
                return _UNCHANGED if value == bool(was) else value
            if self.typed.get(name, "").strip() == was:
                return _UNCHANGED
            value = self._read(name)
            return _UNCHANGED if value is None and name in _NEVER_EMPTY else value
        value = self._read(name)
        return _UNCHANGED if value is None or value is False else value

    def _read(self, name: str) -> Any:
        kind, written = self._kind(name), self.typed.get(name, "").strip()
        if kind == "ticks":
            return self.typed.getlist(name) or None
        if kind == "table":
            row: Any = get_args(self.model.model_fields[name].annotation)[0]
            lines = read_pasted(self.typed.get(name, ""))
            return [{n: v for n, v in line.items() if n in row.model_fields} for line in lines]
        if name == "commune" and written:
            return commune_written(written).code
        return _value(kind, written)

    def _read_parts(self) -> Iterator[dict[str, Any]]:
        for at in range(parts_count(self.typed)):
            part = {
                name: value
                for name, info in _ROWS[self.rows].model_fields.items()
                if (written := self.typed.get(f"{self.rows}.{at}.{name}", "").strip())
                and (value := _value(_kind(name, info), written)) is not None
            }
            if part.keys() - _INSUFFICIENT:
                yield part

    def _kind(self, name: str) -> Kind:
        kind = _kind(name, self.model.model_fields[name])
        if name in self.overrides and self.overrides[name].options:
            return "ticks" if kind == "codes" else "choice"
        return kind

    def _field(self, name: str, wrong: Mapping[str, list[str]]) -> Field:
        recorded = self.recorded.get(name)
        value = self.typed.get(name) if self.typed else self.filled.get(name, recorded)
        now = None
        if self.fresh and recorded is not None:
            seen = self.typed.get(WAS + name, recorded)
            if (value or "").strip() == seen:
                value = recorded  # not edited
            elif seen != recorded:
                now = recorded
        made = _make_field(name, self.model.model_fields[name])
        override = self.overrides.get(name, Override(example=_EXAMPLES.get(name, "")))
        return replace(
            made,
            kind=self._kind(name),
            label=override.label or made.label,
            options=override.options or made.options,
            value=value or "",
            ticked=tuple(self.typed.getlist(name)),
            was=recorded,
            now=now,
            wrong=tuple(wrong.get(name, ())),
            override=override,
        )

    def complaints(self) -> list[tuple[str, str]]:
        """Return label and message of each error; no label if the message names a line."""
        if self.error is None:
            return []
        fields = (field for group in (*self.parts(), *self.groups()) for field in group.fields)
        labels = {field.name: field.label for field in fields if field.kind != "table"}
        found = [
            (labels.get(name, ""), each) for name, wrong in self._wrong().items() for each in wrong
        ]
        return found or [("", complaint(self.error))]

    def _wrong(self) -> dict[str, list[str]]:
        """Return the errors of each field; for a table, of each line."""
        errors: Any = self.error.extra.get("errors", ()) if self.error else ()
        wrong: dict[str, list[str]] = {}
        for each in errors[:_LINES_SHOWN]:
            name, detail = str(each.get("field", "")), str(each["detail"])
            member, _dot, at = name.partition(".")
            if at and member not in _ROWS:
                line = at.partition(".")[0]
                if member == "numbers" and line.isdigit():
                    detail = _("line {at} of the table: {said}", at=int(line) + 1, said=detail)
                name = member
            wrong.setdefault(name, []).append(detail)
        return wrong


def recorded(record: Record) -> dict[str, str]:
    """Return the values of a record as form fields show them, without its communes."""
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


def use_rows(record: Record) -> dict[str, str]:
    """Return the recorded uses as initial values, with fields for one more."""
    known = visible_uses(record.uses) or [{"use": DWELLING}]
    filled = {
        f"uses.{at}.{name}": str(value)
        for at, each in enumerate(known)
        for name, value in each.items()
    }
    return {**filled, PARTS: str(len(known) + 1)}


def entrance_rows(record: Record) -> dict[str, str]:
    """Return the recorded entrances as initial values, with fields for one more."""
    known = record.entrances or []
    filled = {
        f"entrances.{at}.{name}": str(value)
        for at, each in enumerate(known)
        for name, value in each.items()
    }
    return {**filled, PARTS: str(min(len(known) + 1, MOST))}


def parts_count(typed: Mapping[str, str]) -> int:
    """Return the number of new records or entrances for which a form has fields."""
    given = typed.get(PARTS, "")
    count = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 2
    return max(2, min(count, MAX_PARTS))


def more_parts(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """Add fields for one more."""
    more = typed.copy()
    more[PARTS] = str(parts_count(typed) + 1)
    return more


_UNCHANGED: Final = object()
"""Marks a member that stays unchanged."""


_INSUFFICIENT: Final = {"kind", "accuracy_m", "seen_on", "source"}
"""Members that alone do not make an entrance, without a point or a note."""


def _row_names(rows: str) -> tuple[str, ...]:
    ordered = (
        *("kind", "house_number", "unit_number", "floor", "households_count", "code", *_POINT),
        *("accuracy_m", "note", "seen_on", "source", "use", "name", "since", "until"),
    )
    return tuple(name for name in ordered if name in _ROWS[rows].model_fields)


def _make_field(name: str, info: FieldInfo, rows: str = "") -> Field:
    called = "by" if (rows, name) == ("parts", "code") else name
    label = _(FIELDS[called])
    kind = _kind(name, info)
    choices = _CHOICES.get(f"{rows}.{name}", _CHOICES.get(name, {}))
    options = tuple((value, _(words)) for value, words in choices.items())
    empty = not info.is_required() and info.default is None
    if kind == "choice" and (empty or name == "use"):  # the row may stay empty
        options = (("", "–"), *options)
    lists = {"street": "streets", "locality": "localities"}
    return Field(name, label, kind, info.is_required(), options=options, list=lists.get(name, ""))


def _kind(name: str, info: FieldInfo) -> Kind:
    if name in ("on", "seen_on", "since", "until"):
        return "day"
    if name == "reason":
        return "long"
    annotation = _without_none(info.annotation)
    if get_origin(annotation) is Literal:
        return "choice"
    if get_origin(annotation) is list:
        inner = get_args(annotation)[0]
        return "table" if isinstance(inner, type) and issubclass(inner, BaseModel) else "codes"
    kinds: dict[Any, Kind] = {bool: "tick", int: "number", float: "decimal"}
    return kinds.get(_plain(annotation), "text")


def _without_none(annotation: Any) -> Any:
    inner = [each for each in get_args(annotation) if each is not NoneType]
    return inner[0] if NoneType in get_args(annotation) and len(inner) == 1 else annotation


def _plain(annotation: Any) -> Any:
    """Return the type inside `Annotated`."""
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def _value(kind: Kind, written: str) -> Any:
    """Convert a submitted text for the model; None if empty."""
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
            return written  # the model reports the error
    return " ".join(written.split()) if kind == "long" else written
