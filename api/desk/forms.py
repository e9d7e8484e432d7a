"""Forms of operations, made from the models of their requests.

A field that shows what is recorded carries it a second time (`_was.NAME`): only what somebody
changed is asked for, so that a form that lay open for an hour undoes nothing of somebody else's.
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
from registry.records.uses import DWELLING, USE_WORDS, told

WAS: Final = "_was."
PARTS: Final = "_parts"
"""For how many new records, or entrances, there are fields."""
_ROWS: Final[Mapping[str, type[BaseModel]]] = {
    "parts": SplitPart,
    "entrances": GivenEntrance,
    "uses": GivenUse,
}
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
    (N_("This"), ("count", "on", "new_name", "into", "codes", "by", "numbers", "communes")),
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
    "uses.use": USE_WORDS,
}
_EXAMPLES: Final = {"decision_number": "12/QĐ-UBND"}
_NEVER_EMPTY: Final = ("households_count", "commune")
"""What a record always has: an emptied field leaves it as it is."""

_LINES_SHOWN: Final = 20
"""Wrong lines of a table that are listed."""

Kind = Literal[
    "text", "long", "number", "decimal", "tick", "choice", "ticks", "day", "codes", "table"
]


@dataclass(frozen=True, slots=True)
class Override:
    """How a field is asked for where its model alone does not say it."""

    label: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """Values to choose from, and what they are called."""
    hint: str = ""
    example: str = ""
    template: tuple[str, str] | None = None
    """Address and words of a table to fill in."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, as a template draws it."""

    name: str
    label: str
    kind: Kind
    required: bool
    value: str = ""
    ticked: tuple[str, ...] = ()
    """Values that are chosen, where several can be."""
    was: str | None = None
    """What the record holds; None where the form shows nothing of it."""
    now: str | None = None
    """What somebody else made of it since the form was opened."""
    wrong: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    list: str = ""
    """Of the names to choose from."""
    override: Override = Override()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a request, with what they hold."""

    model: type[OperationRequest]
    left_out: Collection[str] = ()
    """Members that what the operation is about gives, or that are not asked for."""
    recorded: Mapping[str, str] = field(default_factory=dict)
    """What is on record of the fields: of these only what was changed is asked for."""
    overrides: Mapping[str, Override] = field(default_factory=dict)
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    """What was filled in; empty for a new form."""
    filled: Mapping[str, str] = field(default_factory=dict)
    """What a new form starts with, beside what is on record."""
    error: RegistryError | None = None
    fresh: bool = False
    """Whether the record changed since: what nobody typed over is shown as it is now."""

    def names(self) -> tuple[str, ...]:
        """Fields that are asked for."""
        known = self.model.model_fields.keys() - set(self.left_out)
        # Whether two doors may have one address is asked where that is in question.
        doubted = isinstance(self.error, AddressTakenError) or "same_address" in self.typed
        if not doubted and not (self.error and "parts" in known):
            known.discard("same_address")
        return tuple(name for _, names in _GROUPS for name in names if name in known)

    def groups(self, only: Collection[str] = ()) -> list[Group]:
        """The form, heading by heading; `only` some of its fields."""
        wanted, wrong = [n for n in self.names() if not only or n in only], self._wrong()
        made = []
        for title, names in _GROUPS:
            if fields := tuple(self._field(n, wrong) for n in names if n in wanted):
                made.append(Group(_(title), fields))
        return made

    @property
    def rows(self) -> str:
        """The member that is a list of records or entrances; empty without one."""
        return next((name for name in _ROWS if name in self.model.model_fields), "")

    @property
    def table(self) -> str:
        """The field that takes a table, pasted or as a file; empty without one."""
        return next((name for name in self.names() if self._kind(name) == "table"), "")

    def parts(self) -> list[Group]:
        """The records into which one is split, or all entrances of one, each with its fields."""
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
                        _made(name, fields[name], self.rows),
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
        """The same with the table of a file in place of a pasted one.

        Raises UnreadableFileError, and InvalidInputError with the wrong lines.
        """
        if not self.table or file is None or not file.filename:
            return self
        typed = self.typed.copy()
        typed[self.table] = pasted_lines(read_numbers_file(file.read(), file.filename))
        return replace(self, typed=typed)

    def given(self) -> dict[str, Any]:
        """What was filled in, by member of the request; raises InvalidInputError."""
        fields = self.model.model_fields
        given = {n: v for n in self.names() if (v := self._given(n)) is not _SAME}
        if any(name in given for name in _POINT):
            # A point comes with what is known of it.
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
        """The request with these members; raises InvalidInputError."""
        return read_model(self.model, given)

    def _given(self, name: str) -> Any:
        info, was = self.model.model_fields[name], self.typed.get(WAS + name)
        if not info.is_required() and was is not None:
            if self._kind(name) == "tick":
                value = self._read(name)
                return _SAME if value == bool(was) else value
            if self.typed.get(name, "").strip() == was:
                return _SAME
            value = self._read(name)
            return _SAME if value is None and name in _NEVER_EMPTY else value
        value = self._read(name)
        return _SAME if value is None or value is False else value

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
            if part.keys() - _WORTHLESS:
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
                value = recorded  # nobody typed over it
            elif seen != recorded:
                now = recorded
        made = _made(name, self.model.model_fields[name])
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
        """What is wrong, each with the label of its field; without one where it names a line."""
        if self.error is None:
            return []
        fields = (field for group in (*self.parts(), *self.groups()) for field in group.fields)
        labels = {field.name: field.label for field in fields if field.kind != "table"}
        found = [
            (labels.get(name, ""), each) for name, wrong in self._wrong().items() for each in wrong
        ]
        return found or [("", complaint(self.error))]

    def _wrong(self) -> dict[str, list[str]]:
        """What is wrong with each field; of one that takes several lines, with each line."""
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


def use_rows(record: Record) -> dict[str, str]:
    """The uses on record as a form starts with them, and room for one more."""
    known = told(record.uses) or [{"use": DWELLING}]
    filled = {
        f"uses.{at}.{name}": str(value)
        for at, each in enumerate(known)
        for name, value in each.items()
    }
    return {**filled, PARTS: str(len(known) + 1)}


def entrance_rows(record: Record) -> dict[str, str]:
    """The entrances on record as a form starts with them, and room for one more."""
    known = record.entrances or []
    filled = {
        f"entrances.{at}.{name}": str(value)
        for at, each in enumerate(known)
        for name, value in each.items()
    }
    return {**filled, PARTS: str(min(len(known) + 1, MOST))}


def parts_count(typed: Mapping[str, str]) -> int:
    """For how many new records, or entrances, a form has fields."""
    given = typed.get(PARTS, "")
    count = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 2
    return max(2, min(count, MAX_PARTS))


def more_parts(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """The same with fields for one more."""
    more = typed.copy()
    more[PARTS] = str(parts_count(typed) + 1)
    return more


_SAME: Final = object()
"""A part that stays as it is."""


_WORTHLESS: Final = {"kind", "accuracy_m", "seen_on", "source"}
"""What is not enough for an entrance that has neither a point nor a note."""


def _row_names(rows: str) -> tuple[str, ...]:
    ordered = (
        *("kind", "house_number", "unit_number", "floor", "households_count", "code", *_POINT),
        *("accuracy_m", "note", "seen_on", "source", "use", "name", "since", "until"),
    )
    return tuple(name for name in ordered if name in _ROWS[rows].model_fields)


def _made(name: str, info: FieldInfo, rows: str = "") -> Field:
    called = "by" if (rows, name) == ("parts", "code") else name
    label = _(FIELDS[called])
    kind = _kind(name, info)
    choices = _CHOICES.get(f"{rows}.{name}", _CHOICES.get(name, {}))
    options = tuple((value, _(said)) for value, said in choices.items())
    empty = not info.is_required() and info.default is None
    if kind == "choice" and (empty or name == "use"):  # of a row that is not filled in
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
