"""Field rounds at the desk: list with progress, open, hand out codes."""

from typing import Any

import segno
from flask import request
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, public_url, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import (
    commune_written,
    communes_of,
    desk_blueprint,
    desk_page,
    done,
    parse_int,
    room,
    show_errors_on,
    unit_name,
)
from registry.core.database import session_scope
from registry.core.days import parse_day
from registry.core.errors import (
    InvalidInputError,
    RegistryError,
)
from registry.core.messages import N_, Message, _
from registry.lifecycle.field.codes import format_code
from registry.lifecycle.field.rounds import (
    MOST_DAYS,
    PAGE,
    Round,
    close_round,
    find_round,
    list_rounds,
    open_round,
    renew_code,
)
from registry.lifecycle.listed_places import PlaceClass
from registry.records.named_places import locality_of, street_of

blueprint = desk_blueprint("field", "/desk/field")
room("/desk/field", N_("In the field"), "viewer")


@blueprint.get("")
@signed_in_page("viewer")
def get_rounds(error: RegistryError | None = None) -> BaseResponse:
    """The rounds of the user's communes, and the form to open one."""
    before = parse_int(request.args.get("before"))
    with session_scope(register().engine) as session:
        found = list_rounds(session, gazetteer(), before)
    return desk_page(
        "desk/field.html",
        error=error,
        rounds=[(each, commune_name(each)) for each in found],
        units=communes_of(caller().unit_ids) if caller().may("editor") else (),
        more=found[-1].id if len(found) == PAGE else None,
        most_days=MOST_DAYS,
        typed=request.form or request.args,
    )


@blueprint.post("")
@signed_in_page("editor")
@show_errors_on(get_rounds)
def post_round() -> BaseResponse:
    """Open a round; only this response contains its code."""
    with session_scope(register().engine) as session:
        class_, place_id = _chosen_place(session, request.form)
        until = _until(request.form)
        number, code = open_round(session, class_, place_id, until, caller().name)
        round_ = find_round(session, number)
    return _handed_out(round_, code)


@blueprint.post("/<int:number>/code")
@signed_in_page("editor")
def post_code(number: int) -> BaseResponse:
    """Replace a lost or expired code."""
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
        code = renew_code(session, round_, _until(request.form))
        round_ = find_round(session, number)
    return _handed_out(round_, code)


@blueprint.post("/<int:number>/close")
@signed_in_page("editor")
def post_close(number: int) -> BaseResponse:
    """Close a round: its code is rejected, its records stay."""
    with session_scope(register().engine) as session:
        round_ = find_round(session, number)
        close_round(session, round_)
    note_round(round_, 1)
    return done(
        f"/desk/field/{number}",
        _("Closed: its code is taken no more."),
    )


def _chosen_place(session: Session, form: MultiDict[str, str]) -> tuple[PlaceClass, int]:
    """Return class and id of the street or hamlet of the form; raises InvalidInputError."""
    street, number = form.get("of") == "street", parse_int(form.get("id"))
    if number is not None:
        return "street" if street else "locality", number
    name = form.get("place", "").strip()[:200]
    if not name:
        raise InvalidInputError.of_field("place", "missing", Message("hamlet_or_street_required"))
    unit_id = commune_written(form.get("commune", "")).id
    if street:
        return "street", street_of(session, unit_id, None, name, "place").id
    return "locality", locality_of(session, unit_id, None, name, "place").id


def _until(form: MultiDict[str, str]) -> Any:
    try:
        return parse_day(form.get("until", ""))
    except ValueError:
        raise InvalidInputError.of_field(
            "until", "malformed_day", Message("malformed_day")
        ) from None


def _handed_out(round_: Round, code: str) -> BaseResponse:
    link = f"{public_url()}/field#{code}"
    note_round(round_, 1)
    drawn = segno.make_qr(link, error="m")
    picture = Markup(drawn.svg_inline(border=2, omitsize=True, svgclass="qr-code", lineclass=None))  # noqa: S704 - segno's
    return desk_page(
        "desk/field_code.html",
        round=round_,
        commune=commune_name(round_),
        code=format_code(code),
        link=link,
        qr=picture,
    )


def commune_name(round_: Round) -> str:
    """Return the name of the round's commune."""
    return unit_name(gazetteer().units[round_.commune_id].code)


def note_round(round_: Round, count: int, event_id: int | None = None) -> None:
    """Record the commune and the number of records in the audit log."""
    unit = gazetteer().units[round_.commune_id]
    note(count=count, units=[unit.code], event_id=event_id)
