"""Operations on streets and hamlets: name, rename, merge, renumber, with a preview of doors.

If somebody changed the place since the preview, it is shown again first.
"""

from dataclasses import replace
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from api.core.context import gazetteer, register
from api.desk.blueprint import commune_written, desk_blueprint, parse_int, unit_name
from api.desk.forms import Form, Override
from api.desk.operations import Subject, serve
from api.desk.places import (
    KINDS,
    VERBS,
    Kind,
    former_words,
    map_of,
    number_of,
    unit_of,
)
from api.desk.record_operations import commune_override
from api.desk.records_words import Preview, row_of
from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, RegistryError
from registry.core.messages import N_, Message, _
from registry.lifecycle.listed_places import (
    ListedPlace,
    doors_of,
    list_places,
    names_in,
    namesakes,
    seen_place,
    state_of,
)
from registry.lifecycle.number_table import MAX_LINES
from registry.lifecycle.requests import Doors, OperationRequest
from registry.lifecycle.table import Operation
from registry.lifecycle.work import Changed, Done
from registry.records.desk_records import records_of
from registry.records.record import Record

blueprint = desk_blueprint("place_operations", "/desk")

_DONE: Final = {
    "rename": N_(
        "Renamed: {doors:n} addresses read by the new name, codes stay. The old name"
        " still leads there."
    ),
    "merge": N_(
        "Merged: {doors:n} records came here, codes stay. Old name and numbers still lead there."
    ),
    "renumber": N_("Renumbered: {doors:n} records, codes stay. Old numbers still lead there."),
}
"""Messages with the number of doors."""
_SHOWN: Final = 20
"""Doors listed in the preview of a renamed or merged place."""
_RENUMBERED: Final = 2_000
"""Doors listed in the preview of a renumbered place."""
_GIVEN: Final = {*Doors.model_fields, "province", "into_former_commune"}
"""Members of requests that the place provides."""


class KnownPlace(Subject):
    """An existing street or hamlet."""

    confirm = N_("Write it")
    place: ListedPlace
    places: list[ListedPlace]
    """The place, and its namesakes in other communes that change with it."""
    into: ListedPlace
    """The place that exists afterwards."""

    def __init__(self, operation: Operation, kind: Kind, verb: str, place_id: int) -> None:
        super().__init__(operation)
        self.kind, self.verb, self.id = kind, verb, min(place_id, 2**63 - 1)
        self._before: list[Record] = []
        self._after: dict[str, Record] = {}
        self.leads_to = f"{kind.url}/{parse_int(request.form.get('into')) or self.id}"

    def load(self) -> None:
        """Look up the place, its namesakes, and possible merge targets."""
        with session_scope(register().engine) as session:
            place = seen_place(session, self.kind.noun, self.id)
            elsewhere = self.kind.noun == "street" and self.verb != "merge"
            same = namesakes(session, place) if elsewhere else []
            merges = self.verb == "merge"
            names = names_in(session, self.kind.noun, place.unit_id) if merges else []
        self.place, self.into, self.places = place, place, [place]
        self._same = [
            (unit_of(each.unit_id), each) for each in same if each.unit_id != place.unit_id
        ]
        self._others = [
            (str(other_id), shown + former_words(former))
            for other_id, shown, former in names
            if other_id != place.id
        ]
        self.trail = f"{self.kind.url}/{self.id}", place.shown
        self.heading = f"{_(VERBS[self.verb])}: {place.shown}"
        self.label = unit_of(place.unit_id)[1] + former_words(place.former_unit_id)
        self.map = map_of(place)

    def form(self, **more: Any) -> Form:
        """Return the form, without the location of the place."""
        same = tuple(
            (code, f"{name} · " + _("{count:n} records", count=each.doors))
            for (code, name), each in self._same
        )
        hint = _("Doors that are not in the table, or without a new number in it, keep theirs.")
        if same:
            hint = _(
                "Through several communes: a third column with the code of each door’s commune,"
                " where numbers begin anew in each."
            )
        as_they_are = f"{self.kind.url}/{self.id}/numbers.xlsx"
        overrides = {
            "new_name": Override(_("New name, with its kind"), example=self.kind.example),
            "into": Override(_("All of it becomes part of"), (("", ""), *self._others)),
            "same_address": Override(_("Numbers that both have are right")),
            "communes": Override(_("Of this name elsewhere: do it there as well"), same),
            "numbers": Override(
                _("Paste a table of two columns: old number, new number"),
                hint=hint,
                example="12\t14\n12/3\t14/3",
                template=(as_they_are, _("The numbers as they are (Excel)")),
            ),
        }
        return Form(
            self.operation.request,
            _GIVEN if same else {*_GIVEN, "communes"},
            overrides=overrides,
            **{"filled": request.args.to_dict()} | more,
        )

    def ask(self, form: Form) -> OperationRequest:
        """Build the request for the place and the selected namesakes."""
        given: dict[str, Any] = form.given()
        ticked = given.pop("communes", ())
        self.places += [each for (code, _name), each in self._same if code in ticked]
        ids = [each.id for each in self.places]
        with session_scope(register().engine) as session:
            if self.verb == "merge":
                self.into = self._chosen(session, given.get("into"))
                ids.append(self.into.id)
                given |= {"into": self.into.shown, "into_former_commune": _former(self.into)}
            self.seen = state_of(session, self.place.class_, ids)
        return form.request(given | self._where())

    def holds(self) -> bool:
        """Whether nobody changed the place since the preview."""
        return request.form.get("_seen") == self.seen

    def perform(self, *, dry_run: bool, **more: Any) -> Any:
        """Perform or try it; a dry run records the doors before and after."""
        if not dry_run:
            return super().perform(dry_run=False, **more)
        numbered = self.verb == "renumber"
        most = 2 * MAX_LINES if numbered else _SHOWN
        ids = [each.id for each in self.places]
        with session_scope(register().engine) as session:
            self._before = doors_of(session, self.place.class_, ids, most, counted=numbered)

        def look(session: Session) -> None:
            self._after = records_of(session, [each.code for each in self._before])

        return super().perform(dry_run=True, look=look, **more)

    def preview(self, made: Done) -> Preview:
        """Return the effect on each door."""
        numbered = self.verb == "renumber"
        pairs = [(each, self._after[each.code]) for each in self._before]
        if numbered:
            pairs = [(a, b) for a, b in pairs if a.house_number_key != b.house_number_key]
        count = len(pairs) if numbered else sum(each.doors for each in self.places)
        bearers: dict[tuple[int | None, str | None], list[str]] = {}
        for each in self._after.values():
            number = each.street_id, each.house_number_key
            bearers.setdefault(number, []).append(code_display(each.code))
        rows = [
            replace(
                row_of(gazetteer(), old, Changed(old.code, new.status, new)),
                numbers=(number_of(old), number_of(new)),
                shared=bearers.get((old.street_id, old.house_number_key), ()),
            )
            for old, new in pairs[:_RENUMBERED]
        ]
        lead = _(
            "Nothing is written yet. {count:n} records are concerned; no code changes.", count=count
        )
        found = super().preview(made)
        return replace(
            found,
            lead=lead,
            streets=() if numbered else found.streets,
            rows=tuple(rows),
            more=count - len(rows),
            table="numbers" if numbered else "names",
        )

    def done(self, made: Done) -> tuple[str, str]:
        """Return the URL of the resulting place, and the message."""
        renumbers = self.verb == "renumber"
        doors = made.rewritten if renumbers else sum(each.doors for each in self.places)
        return f"{self.kind.url}/{self.into.id}", _(_DONE[self.verb], doors=doors)

    def links(self, error: RegistryError) -> list[tuple[str, str]]:
        """Return the place that already has the name, and a link for merging into it."""
        taken: Any = error.extra.get("place")
        if not taken:
            return []
        url = self.kind.url
        return [
            (f"{url}/{taken['id']}", _("See {name}", name=taken["name"])),
            (
                f"{url}/{self.id}/merge?into={taken['id']}",
                _("Merge into {name}", name=taken["name"]),
            ),
        ]

    def _where(self) -> dict[str, Any]:
        """Return the members by which the request identifies its places."""
        units = gazetteer().units
        communes = sorted({units[each.unit_id].code for each in self.places})
        found: dict[str, Any] = {self.kind.noun: self.place.shown}
        if len(communes) > 1:
            return found | {"communes": communes}
        return found | {"commune": communes[0], "former_commune": _former(self.place)}

    def _chosen(self, session: Session, written: str | None) -> ListedPlace:
        chosen = parse_int(written)
        if chosen is None:
            raise InvalidInputError.of_field("into", "missing", Message("choose_merge_target"))
        into = seen_place(session, self.place.class_, chosen)
        if into.unit_id != self.place.unit_id:
            raise InvalidInputError.of_field(
                "into", "outside_commune", Message("place_in_other_commune")
            )
        return into


class NewPlace(Subject):
    """A new street or hamlet."""

    confirm = N_("Write it")

    def __init__(self, operation: Operation, kind: Kind) -> None:
        super().__init__(operation)
        self.kind = kind
        self.leads_to = kind.url
        self.trail = kind.url, _(kind.title)
        self.heading = _("Name a new one")

    def form(self, **more: Any) -> Form:
        """Return the form: name and commune."""
        inside = _("One inside another is written before a comma: Tổ 9, Khu phố 1.")
        hint = inside if self.kind.noun == "locality" else ""
        named = Override(_("Name, with its kind"), example=self.kind.example, hint=hint)
        return Form(
            self.operation.request,
            {"former_commune"},
            overrides={"commune": commune_override(blank=True), self.kind.noun: named},
            **{"filled": request.args.to_dict()} | more,
        )

    def preview(self, made: Done) -> Preview:
        """Return the name, and similar existing names."""
        called, unit = getattr(self.asked, self.kind.noun), commune_written(self.asked.commune)
        with session_scope(register().engine) as session:
            near = list_places(session, self.kind.noun, [unit.id], called=called)[:10]
        return replace(
            super().preview(made),
            lead=_(
                "Nothing is written yet. There will be {name}, {unit}.",
                name=called,
                unit=unit_name(unit.code),
            ),
            near=tuple((f"{self.kind.url}/{each.id}", each.shown) for each in near),
        )

    def done(self, made: Done) -> tuple[str, str]:
        """Return the URL of the list, and the message."""
        return self.kind.url, _("Named: {name}.", name=made.place.name if made.place else "")


def _former(place: ListedPlace) -> str | None:
    former = gazetteer().units.get(place.former_unit_id or 0)
    return former.code if former else None


for _kind in KINDS.values():
    for _verb in VERBS:
        _rule = f"/{_kind.name}/<int:place_id>/{_verb}"
        serve(blueprint, _rule, _kind.operation(_verb), KnownPlace, kind=_kind, verb=_verb)
    serve(blueprint, f"/{_kind.name}/new", _kind.operation("name"), NewPlace, kind=_kind)
