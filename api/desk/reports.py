"""Field reports at the desk: the queue with its map, and decisions with a reply to reporters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import request
from pydantic import Field
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.core.errors import status_of
from api.desk.blueprint import (
    desk_blueprint,
    desk_page,
    done,
    parse_int,
    read_model,
    read_query,
    room,
    show_errors_on,
)
from api.pages.report_forms import KIND_WORDS
from api.pages.shell import complaint, figure
from api.v1.receipts import outcome
from api.v1.report_bodies import AcceptBody, RejectBody, ReportsQuery
from api.v1.reports import shown_entry
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, RegistryError
from registry.core.messages import N_, Message, _
from registry.lifecycle.reports.decisions import (
    OPERATIONS,
    PARTS,
    Decided,
    Decision,
    accept,
    reject,
)
from registry.lifecycle.reports.queue import Entry, Wanted, find_entry, grouped, queue, queues_seen
from registry.lifecycle.reports.receipts import own_reports
from registry.lifecycle.table import BY_NAME
from registry.records.entrances import KIND_WORDS as ENTRANCE_WORDS
from registry.units.gazetteer import today

blueprint = desk_blueprint("reports", "/desk/reports")
own = desk_blueprint("own_reports", "/desk/my-reports")
room("/desk/reports", N_("Field reports"), "viewer")
room("/desk/my-reports", N_("Our reports"), "carrier")

STATE_WORDS: Final = {
    "open": N_("to be decided"),
    "proposed": N_("for an approver"),
    "accepted": N_("accepted"),
    "rejected": N_("turned down"),
}
_REPORTERS: Final = {
    "carriers": N_("carriers"),
    "merchants": N_("shops"),
    "residents": N_("residents"),
    "officials": N_("officials"),
}
_PAGE: Final = 50
_MAX_TICKED: Final = 500
"""Most reports of one form."""
_SEEN: Final = "đã xem báo cáo"
"""Default reason of an acceptance."""


class _Query(ReportsQuery):
    """Filters of the queue, and page."""

    limit: int = _PAGE
    after: str | None = Field(None, pattern=r"^[0-9]{1,18}\.[0-9]{1,18}$")


@dataclass(frozen=True, slots=True)
class _Shown:
    """An entry as shown by templates."""

    entry: Entry
    answer: Mapping[str, Any]
    """The entry as the API returns it."""
    kind: str
    state: str
    said_by: str
    doing: str
    """Effect of acceptance by the current user."""
    lon: float | None
    lat: float | None
    entrance: str
    """Kind of an entrance."""
    pin: str
    """`reported`, or `record` if the report has no point of its own."""

    @property
    def waits(self) -> bool:
        """Whether the current user may decide it."""
        return self.entry.state == "open" or (
            self.entry.state == "proposed" and caller().may(BY_NAME["retire"].role)
        )


@blueprint.get("")
@signed_in_page("viewer")
def get_reports(error: RegistryError | None = None, **values: Any) -> BaseResponse:
    """The queue of the user's units: grouped by door, most reporters first."""
    query = read_query(_Query)
    known, seen = gazetteer(), queues_seen(gazetteer())
    after = tuple(map(int, query.after.split("."))) if query.after else None
    wanted = Wanted(
        *(query.unit, query.state, query.limit, query.kind, query.street),
        after=after,  # type: ignore[arg-type] # two of them
    )
    found = queue(register().engine, known, wanted)
    groups = grouped(register().engine, known, found) if found else []
    note(count=len(found), units=[query.unit] if query.unit else [])
    last = found[-1].place if len(found) == query.limit else None
    return desk_page(
        "desk/reports.html",
        error=error,
        query=query,
        here=_here(),
        units=_units(seen),
        groups=[[_shown(each) for each in group] for group in groups],
        kinds={name: _(words) for name, words in KIND_WORDS.items()},
        states={name: _(words) for name, words in STATE_WORDS.items()},
        more=_here(after=".".join(map(str, last))) if last else None,
        **values,
    )


@blueprint.post("/decide")
@signed_in_page("editor")
@show_errors_on(get_reports)
def post_decide() -> BaseResponse:
    """Accept or reject the selected reports one by one, with one reply to all reporters."""
    form = request.form
    ids = [number for each in form.getlist("report") if (number := parse_int(each)) is not None]
    ids = list(dict.fromkeys(ids))[:_MAX_TICKED]
    if not ids:
        raise InvalidInputError.of_field("report", "missing", Message("no_report_selected"))
    decide, decision = _decision(form)
    decided, refused = _each(ids, decide, decision)
    _note(decided)
    if refused:
        which = _("Report {number}", number="{}")
        wrong = [f"{which.format(number)}: {complaint(error)}" for number, error in refused.items()]
        worst = max(refused.values(), key=status_of)
        return get_reports(worst, wrong=wrong, count=len(decided))
    return _decided(len(decided), _here())


@blueprint.get("/<int:report_id>")
@signed_in_page("viewer")
def get_report(report_id: int, error: RegistryError | None = None) -> BaseResponse:
    """One report with its position, the effect of acceptance, and related reports."""
    known, made = gazetteer(), register()
    with session_scope(made.engine) as session:
        entry = find_entry(session, known, report_id)
    unit = known.units[entry.unit_id]
    note(count=1, units=[unit.code])
    groups = grouped(made.engine, known, [entry])
    alike = [each for group in groups for each in group if each is not entry]
    communes: Sequence[tuple[str, str]] = ()
    if unit.level == "province":
        inside = known.members(unit, today())
        communes = sorted((u.code, u.version_on(today()).full_name) for u in inside)
    return desk_page(
        "desk/report.html",
        error=error,
        shown=_shown(entry),
        alike=[_shown(each) for each in alike if each.id != report_id],
        communes=communes,
        address_fields=_ADDRESS_WORDS,
    )


@blueprint.post("/<int:report_id>")
@signed_in_page("editor")
@show_errors_on(get_report)
def post_report(report_id: int) -> BaseResponse:
    """Decide one report, with corrections of a new house's address."""
    decide, decision = _decision(request.form)
    decided = decide(register().engine, report_id, decision)
    _note([decided])
    return _decided(1, "/desk/reports")


@own.get("")
@signed_in_page("carrier")
def get_own_reports() -> BaseResponse:
    """Reports of this key with their outcomes, the newest first."""
    before = parse_int(request.args.get("before"))
    found = own_reports(register().engine, caller().key_id, before=before, limit=_PAGE)
    return desk_page(
        "desk/report_own.html",
        reports=[(each, outcome(each), _(KIND_WORDS[each.kind])) for each in found],
        more=found[-1].id if len(found) == _PAGE else None,
    )


_ADDRESS_WORDS: Final = {
    "house_number": N_("House number"),
    "street": N_("Street (one that has been named)"),
    "locality": N_("Locality (one that has been named)"),
    "building": N_("Building"),
    "floor": N_("Floor"),
    "unit_number": N_("Flat or room"),
}


def _here(**more: str) -> str:
    """Return the URL of the list with its filters."""
    names = ("state", "kind", "unit", "street")
    kept = {name: value for name in names if (value := request.args.get(name, "").strip())}
    asked = urlencode(kept | more)
    return f"/desk/reports?{asked}" if asked else "/desk/reports"


def _units(seen: frozenset[int] | None) -> list[tuple[str, str]]:
    """Return code and name of the units in the filter: the user's, or all provinces."""
    known, day = gazetteer(), today()
    units = known.alive(day, level="province") if seen is None else (known.units[i] for i in seen)
    named = ((u.code, u.version_on(day).full_name) for u in units if u.alive_on(day))
    return sorted(named, key=lambda each: (len(each[0]), each[1]))


def _decision(form: MultiDict[str, str]) -> tuple[Callable[..., Decided], Decision]:
    """Return the decision of a form; raises InvalidInputError.

    The reply to reporters also serves as the reason of the event. An acceptance needs none.
    """
    accepting = form.get("decision") == "accept"
    names = [*AcceptBody.model_fields] if accepting else [*RejectBody.model_fields]
    written = {name: form[name].strip() for name in names if name in form}
    # An emptied note removes it.
    given: dict[str, Any] = {n: v for n, v in written.items() if v or n == "note"}
    if given.get("word") or accepting:
        given["reason"] = given.get("word", _SEEN)
    if not accepting and not given.get("word"):
        raise InvalidInputError.of_field("word", "missing", Message("reply_required"))
    body = read_model(AcceptBody if accepting else RejectBody, given)
    decision = Decision(caller().name, body.reason, body.decision_number, word=body.word)
    if isinstance(body, AcceptBody):
        decision = replace(
            decision,
            seen_event=body.event_id,
            parts=body.model_dump(include=set(PARTS), exclude_none=True),
            same_address=body.same_address,
        )
    return (accept if accepting else reject), decision


def _each(
    ids: Sequence[int], decide: Callable[..., Decided], decision: Decision
) -> tuple[list[Decided], dict[int, RegistryError]]:
    """Return the decisions, and the error of each refused report."""
    decided: list[Decided] = []
    refused: dict[int, RegistryError] = {}
    for report_id in ids:
        try:
            decided.append(decide(register().engine, report_id, decision))
        except RegistryError as error:
            refused[report_id] = error
    return decided, refused


def _note(decided: Sequence[Decided]) -> None:
    records = sum(len(each.records) for each in decided)
    event_id = decided[-1].event_id if decided else None
    note(count=records, units=sorted({each.unit for each in decided}), event_id=event_id)


def _decided(count: int, url: str) -> BaseResponse:
    return done(
        url,
        _("{count:n} decided; those who reported read it on their receipts.", count=count),
    )


def _shown(entry: Entry) -> _Shown:
    record = entry.record
    lon, lat = entry.lon, entry.lat
    if lon is None and record is not None:
        lon, lat = record.lon, record.lat
    counts = ((name, getattr(entry, name)) for name in _REPORTERS)
    said_by = ", ".join(f"{figure(n)} {_(_REPORTERS[name])}" for name, n in counts if n)
    return _Shown(
        entry,
        shown_entry(gazetteer(), entry),
        _(KIND_WORDS[entry.kind]),
        _(STATE_WORDS[entry.state]),
        said_by,
        _doing(entry),
        lon,
        lat,
        _(ENTRANCE_WORDS[entry.entrance]) if entry.entrance else "",
        "record" if entry.lon is None else "reported",
    )


def _doing(entry: Entry) -> str:
    """Return the effect of accepting a report."""
    if entry.kind == "confirmed":
        return _("it is marked as verified")
    if entry.kind == "wrong_point":
        if entry.distance_m is None:
            return _("the record gets this point")
        return _("its point moves by {metres:n} m", metres=round(entry.distance_m))
    if entry.kind.startswith("plate_"):
        operation = BY_NAME[OPERATIONS[entry.kind]]
        return _(operation.called)
    if entry.kind == "entrance":
        return _("this entrance is added")
    if entry.kind == "new_house":
        return _("a new code is proposed")
    if caller().may(BY_NAME["retire"].role):
        return _("its code is retired")
    return _("to retire the code is proposed")
