"""What becomes of plates: issued, mounted, lost, for some records or a whole street or hamlet."""

from dataclasses import replace
from typing import Any, Final

from api.core.context import gazetteer
from api.desk.blueprint import desk_blueprint
from api.desk.forms import Form
from api.desk.operations import Subject, serve
from api.desk.record_operations import commune_override
from api.desk.records_words import Preview, label_of
from geo.code import format as code_display
from geo.label import named
from registry.core.messages import N_, _
from registry.lifecycle.requests import Doors, OperationRequest
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done

blueprint = desk_blueprint("plate_operations", "/desk/papers")

LIFE: Final = tuple(BY_NAME[name] for name in ("issue-plates", "mount-plates", "lose-plates"))


class Plates(Subject):
    """The plates of doors that are named by their codes or their street or hamlet."""

    late = ("on", "reason")
    confirm = N_("Write it")
    leads_to = "/desk/papers"

    def form(self, **more: Any) -> Form:
        """Which doors, and when."""
        self.trail = self.leads_to, _("Papers, plates")
        overrides = {"commune": commune_override(blank=True)}
        return Form(self.operation.request, overrides=overrides, **more)

    def ask(self, form: Form) -> OperationRequest:
        """The request; codes are of any street."""
        given = form.given()
        if given.get("codes"):
            given = {n: v for n, v in given.items() if n == "codes" or n not in Doors.model_fields}
        return form.request(given)

    def preview(self, made: Done) -> Preview:
        """How many, and of which doors."""
        place = f" {named(made.place.kind, made.place.name)}." if made.place else ""
        plates = _("{count:n} plates", count=made.rewritten)
        return replace(
            super().preview(made),
            rows=(),
            affected=None,
            lead=f"{_('Nothing is written yet.')} {plates}.{place}",
            lines=[
                (code_display(each.code), label_of(gazetteer(), each.record))
                for each in made.records
            ],
        )

    def done(self, made: Done) -> tuple[str, str]:
        """The page of papers."""
        what = _(self.operation.called)
        return self.leads_to, _("{count:n} plates: {what}.", count=made.rewritten, what=what)


for _operation in LIFE:
    serve(blueprint, f"/{_operation.name}", _operation, Plates, methods=("POST",))
