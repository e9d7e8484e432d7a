"""Service areas at the desk: a carrier's own, with a dry run before writing, and coverage."""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page, done, room, show_errors_on
from api.desk.table_files import dry_run_page, problem_rows, sent_table
from api.pages.services_words import hours_words, kind_words
from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.core.messages import N_, Message, _
from registry.publish.services import KINDS, operator_of
from registry.publish.services.checking import (
    ServiceOverlap,
    UnservedDoors,
    lost_codes,
    overlaps,
    unserved_doors,
)
from registry.publish.services.listing import ListedArea, list_areas, operator_sets
from registry.publish.services.loading import ServicesLoaded, load_services
from registry.publish.services.rows import TABLE, rows_of
from registry.units.gazetteer import today
from registry.units.written_units import unit_written

blueprint = desk_blueprint("services", "/desk/services")
room("/desk/services", N_("Service areas"), "carrier")

_SHOWN: Final = 200
_MAX_FILE: Final = 5_000_000
_BY_PROGRAM: Final = Message("send_to_services_api")


@blueprint.get("")
@signed_in_page("carrier")
def get_services(error: RegistryError | None = None) -> BaseResponse:
    """A carrier's areas and their problems; for other users, those of every operator."""
    asking, known = caller(), gazetteer()
    operator = request.values.get("operator", "").strip()
    own = asking.role == "carrier"
    if own:
        operator = asking.name
    writes = own or (asking.role == "admin" and asking.unit_ids is None)
    unit_asked = request.args.get("unit", "").strip()[:200]
    kind = next((each for each in KINDS if each == request.args.get("kind")), KINDS[0])
    areas: list[ListedArea] = []
    overlapping: list[ServiceOverlap] = []
    unserved: list[UnservedDoors] = []
    lost = 0
    with session_scope(register().read_engine) as session:
        sets = operator_sets(session)
        if operator:
            areas = list_areas(session, known, operator, _SHOWN + 1)
        if operator and writes:
            overlapping = overlaps(session, known, operator)
            lost = lost_codes(session, operator)
        if unit_asked:
            try:
                unit = unit_written(known, unit_asked, today()).code
                unserved = unserved_doors(
                    session, known, unit, operator=operator or None, kind=kind
                )
            except RegistryError as faulty:
                error = error or faulty
    return desk_page(
        "desk/services.html",
        error=error,
        sets=sets,
        own=own,
        writes=writes,
        operator=operator,
        areas=areas[:_SHOWN],
        more=len(areas) > _SHOWN,
        overlapping=overlapping,
        lost=lost,
        unserved=unserved,
        asked={"unit": unit_asked, "kind": kind},
        code_display=code_display,
        kinds=kind_words(),
        hours_words=hours_words,
        most_kb=_MAX_FILE // 1_000,
    )


@blueprint.post("/file")
@signed_in_page("carrier", body_limit="batch_bytes")
@show_errors_on(get_services)
def post_file() -> BaseResponse:
    """Do a dry run of a file of areas, and write it after the user's confirmation."""
    operator = operator_of(request.form.get("operator", "").strip())
    sent = sent_table(
        *(TABLE, _MAX_FILE, _BY_PROGRAM),
        lambda path, sheet: _load(path, operator, sheet).problems,
    )
    with sent.opened() as path:
        read = list(rows_of(path, sent.sheet))
        result = _load(path, operator, sent.sheet, write=sent.write)
    if sent.write:
        note(count=result.changes)
        return done(
            _page_of(operator),
            _(
                "Written: {new} new, {gone} gone, {unchanged} as before.",
                new=result.new,
                gone=result.gone,
                unchanged=result.unchanged,
            ),
        )
    problems = problem_rows(
        TABLE,
        [row.cells for row in read],
        result.problems,
        lambda each: ": ".join(filter(None, (each.words, each.value))),
        editable=all(row.geometry is None for row in read),
    )
    return dry_run_page(
        *("desk/services_file.html", sent, problems, {"operator": operator}),
        result=result,
        operator=operator,
        back=_page_of(operator),
        kinds=kind_words(),
    )


def _load(path: Path, operator: str, sheet: str | None, *, write: bool = False) -> ServicesLoaded:
    return load_services(
        *(register().engine, gazetteer(), path, operator), dry_run=not write, sheet=sheet
    )


def _page_of(operator: str) -> str:
    if caller().role == "carrier":
        return "/desk/services"
    return f"/desk/services?{urlencode({'operator': operator})}"
