"""Operations on one record, from its reservation to its retirement and reinstatement."""

import datetime
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import text

from geo import code as codes
from registry.core.actors import acting
from registry.core.days import parse_day
from registry.core.errors import ConflictError, InvalidInputError, OwnProposalError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.core.tables.records import HOUSEHOLD, lon_lat
from registry.lifecycle import requests as r
from registry.lifecycle.addresses import (
    address_of,
    check_dwelling,
    put_point,
    read_number,
    refuse_taken,
    same_address,
)
from registry.lifecycle.work import LIVING, Columns, Done, Row, Work, read_code
from registry.records.codes import issue_codes
from registry.records.entrances import FAR_M, Entrance
from registry.records.named_places import commune_id
from registry.records.uses import is_lived_in, kept_uses, made_use
from registry.units.boundaries.reach import moved_m, refuse_outside
from registry.units.gazetteer import today

SQL: Final = Statements(__file__, "queries.sql")

_NOT_PARTS: Final = frozenset({"code", "reason", "decision_number", "same_address", "restricted"})
_RESERVE_PLATES: Final = text("INSERT INTO plate (code) SELECT unnest(CAST(:codes AS text[]))")
_BUILDING_STATUS: Final = text("SELECT status FROM household WHERE code = :code FOR SHARE")


def given_parts(request: BaseModel) -> dict[str, Any]:
    """Return the parts of an address that the request gives, cleared ones as None."""
    return {
        name: getattr(request, name) for name in request.model_fields_set if name not in _NOT_PARTS
    }


def reserve(work: Work, request: r.ReserveRequest) -> Done:
    """Reserve a block of codes that are not bound to a door yet."""
    unit_id = commune_id(work.session, request.commune) if request.commune else None
    work.begin(count=request.count, **({"units": [unit_id]} if unit_id else {}))
    issued = issue_codes(work.session, request.count)
    rows: list[Columns] = [
        {"code": code, "kind": "household", "status": "reserved", "unit_id": unit_id}
        for code in issued
    ]
    work.insert(rows)
    work.session.execute(_RESERVE_PLATES, {"codes": issued})
    return work.done()


def propose(work: Work, request: r.ProposeRequest) -> Done:
    """Propose a new record, or a door for a reserved code, for somebody else to activate."""
    reserved = work.subject(request.code) if request.code else None
    columns = address_of(work, given_parts(request) | {"kind": request.kind}, reserved)
    if not request.same_address:
        refuse_taken(work.session, columns)
    if reserved is not None:
        work.begin(codes=[reserved["code"]])
        work.update(reserved, **columns, status="proposed")
    else:
        work.begin(units=[columns["unit_id"]])
        (code,) = issue_codes(work.session, 1)
        work.insert([columns | {"code": code, "status": "proposed"}])
    return work.done()


def activate(work: Work, request: r.ActivateRequest) -> Done:
    """Activate a proposed record or a reserved code."""
    row = work.subject(request.code)
    columns = address_of(work, given_parts(request), row)
    if not request.same_address:
        refuse_taken(work.session, columns, [row["code"]])
    own = _is_own_proposal(work, row)
    work.begin(codes=[row["code"]], **({"own_proposal": True} if own else {}))
    work.update(row, **columns, status="active")
    return work.done()


def _is_own_proposal(work: Work, row: Row) -> bool:
    """Whether the actor proposed the record; raises OwnProposalError unless they may act alone."""
    actor = acting()
    if actor is None or row["status"] != "proposed":
        return False
    by: str = work.session.execute(SQL.text("proposed_by"), {"code": row["code"]}).scalar_one()
    if by == actor.name and not actor.approves_own:
        raise OwnProposalError(
            Message("own_proposal_not_activatable", code=codes.format(row["code"]))
        )
    return by == actor.name


def verify(work: Work, request: r.VerifyRequest) -> Done:
    """Record that somebody was there and found it as recorded."""
    row = work.subject(request.code)
    day = day_given(request.on)
    if row["verified_on"] is not None and day < row["verified_on"]:
        raise ConflictError(Message("verified_after_day", verified_on=row["verified_on"], day=day))
    work.begin(codes=[row["code"]])
    work.update(row, verified_on=day)
    return work.done()


def correct(work: Work, request: r.CorrectRequest) -> Done:
    """Correct what was recorded wrongly, or became known."""
    row = work.subject(request.code)
    given = given_parts(request)
    if not given and request.restricted is None:
        raise InvalidInputError(Message("nothing_to_correct"))
    columns: Columns = address_of(work, given, row) if given else {}
    if columns:
        leaves = columns["unit_id"] != row["unit_id"]
        if leaves and row["kind"] == "building" and work.flats_of(row):
            raise ConflictError(Message("building_has_flats"))
        if leaves and columns["parent_code"] is not None and "parent" not in given:
            raise InvalidInputError.of_field("parent", "missing", Message("say_again"))
        if not request.same_address and not same_address(columns, row):
            refuse_taken(work.session, columns, [row["code"]])
    if request.restricted is not None:
        columns["restricted"] = request.restricted
    work.begin(codes=[row["code"]])
    work.update(row, **columns)
    return work.done()


def move(work: Work, request: r.MoveRequest) -> Done:
    """Move the point."""
    row = work.subject(request.code)
    columns: Columns = {"unit_id": row["unit_id"]}
    put_point(work.session, columns, request.model_dump())
    work.begin(codes=[row["code"]])
    work.update(row, **columns)
    return work.done()


def set_entrances(work: Work, request: r.EntrancesRequest) -> Done:
    """Replace the entrances."""
    row = work.subject(request.code)
    seen = set[tuple[str, float, float]]()
    for at, given in enumerate(request.entrances):
        name = f"entrances.{at}"
        lon, lat = given.lon, given.lat
        if (given.kind, lon, lat) in seen:
            raise InvalidInputError.of_field(name, "given_twice", Message("given_twice"))
        seen.add((given.kind, lon, lat))
        refuse_outside(work.session, row["unit_id"], lon=lon, lat=lat, name=f"{name}.lon")
        _refuse_far_from_door(row, lon=lon, lat=lat, name=f"{name}.lon")
        if given.seen_on is not None:
            day_given(given.seen_on, f"{name}.seen_on")
    work.begin(codes=[row["code"]])
    work.update(row, entrances=[_kept(given) for given in request.entrances] or None)
    return work.done()


def _refuse_far_from_door(row: Row, *, lon: float, lat: float, name: str) -> None:
    if row["point"] is None:
        return
    metres = moved_m(lon_lat(row["point"]), (lon, lat))
    if metres > FAR_M + (row["position_accuracy_m"] or 0):
        raise InvalidInputError.of_field(
            name,
            "far_from_door",
            Message("entrance_far_from_record", metres=round(metres)),
        )


def _kept(given: r.GivenEntrance) -> Entrance:
    entrance = given.model_dump(exclude_none=True)
    if given.seen_on is not None:
        entrance["seen_on"] = parse_day(given.seen_on).isoformat()
    return entrance


def set_uses(work: Work, request: r.UsesRequest) -> Done:
    """Replace the uses; without a home among them the count of households is cleared.

    A use to come would clear it too early, so its first day may not be in the future.
    """
    row = work.subject(request.code)
    given = []
    for at, each in enumerate(request.uses):
        since, until = (
            day_given(day, f"uses.{at}.{name}", to_come=name == "until") if day else None
            for name, day in (("since", each.since), ("until", each.until))
        )
        if since and until and until < since:
            raise InvalidInputError.of_field(
                f"uses.{at}.until", "before_since", Message("until_before_since")
            )
        given.append(made_use(each.use, each.name, since, until))
        if given[-1] in given[:-1]:
            raise InvalidInputError.of_field(f"uses.{at}", "given_twice", Message("given_twice"))
    columns: Columns = {"uses": kept_uses(given)}
    if row["kind"] == "household":
        lived_in = max(row["households_count"], 1)
        columns["households_count"] = lived_in if is_lived_in(columns["uses"]) else 0
    work.begin(codes=[row["code"]])
    work.update(row, **columns)
    return work.done()


def renumber(work: Work, request: r.RenumberRequest) -> Done:
    """Renumber a record; the former number is kept."""
    row = work.subject(request.code)
    key = read_number(request.house_number)
    if key == row["house_number_key"]:
        raise ConflictError(Message("house_number_unchanged"))
    columns = {"house_number": request.house_number, "house_number_key": key}
    if not request.same_address:
        refuse_taken(work.session, {**row, **columns}, [row["code"]])
    work.begin(codes=[row["code"]])
    if row["house_number_key"] is not None:
        work.session.execute(SQL.text("keep_number"), {"code": row["code"]})
    work.update(row, **columns)
    return work.done()


def retire(work: Work, request: r.RetireRequest) -> Done:
    """Retire a record without successor."""
    row = work.subject(request.code)
    refuse_with_flats(work, row)
    work.begin(codes=[row["code"]])
    work.update(row, status="retired")
    return work.done()


def reinstate(work: Work, request: r.ReinstateRequest) -> Done:
    """Reinstate a retired record; its successors are not changed."""
    row = work.subject(request.code)
    if row["unit_id"] is None:
        raise ConflictError(Message("code_never_assigned"))
    check_dwelling(row)
    if row["parent_code"] is not None:
        status = work.session.execute(_BUILDING_STATUS, {"code": row["parent_code"]}).scalar_one()
        if status not in LIVING:
            shown = codes.format(row["parent_code"])
            raise ConflictError(Message("building_code_retired", code=shown))
    if not request.same_address:
        refuse_taken(work.session, row, [row["code"]])
    work.begin(codes=[row["code"]])
    work.update(row, status="active")
    return work.done()


def refuse_with_flats(work: Work, row: Row) -> None:
    """Raise ConflictError for a building with living records in it."""
    if row["kind"] == "building" and (flats := work.flats_of(row)):
        raise ConflictError(Message("building_still_has_flats", flats=flats))


def reserved_rows(work: Work, given: list[tuple[str, str | None]]) -> dict[str, Row]:
    """Lock the reserved records of (field, code) pairs, by code; pairs without a code are skipped.

    Raises the errors of Work.lock, IllegalTransitionError for a record that is not reserved, and
    InvalidInputError for a code given twice.
    """
    named = [(name, read_code(name, code)) for name, code in given if code]
    seen: set[str] = set()
    for name, code in named:
        if code in seen:
            raise InvalidInputError.of_field(name, "given_twice", Message("code_repeated"))
        seen.add(code)
    rows = work.lock(named) if named else {}
    for row in rows.values():
        work.check_state(row, ("reserved",))
    return rows


def put_new(work: Work, reserved: Row | None, columns: Columns) -> str:
    """Insert a new active record, under the reserved or a new code; return the code."""
    columns = columns | {"status": "active"}
    if reserved is not None:
        work.update(reserved, **columns)
        return str(reserved["code"])
    (code,) = issue_codes(work.session, 1)
    work.insert([columns | {"code": code}])
    return code


def move_flats(work: Work, building: Row, to: str) -> int:
    """Move all records of a building into another one; return how many."""
    statement = HOUSEHOLD.update().where(HOUSEHOLD.c.parent_code == building["code"])
    result = work.session.execute(statement.values(parent_code=to))
    return int(getattr(result, "rowcount", 0))


def day_given(written: str | None, name: str = "on", *, to_come: bool = False) -> datetime.date:
    """Return the date of a request, today by default; raises InvalidInputError of that field.

    A date after today is accepted only with `to_come`.
    """
    if written is None:
        return today()
    try:
        day = parse_day(written)
    except ValueError:
        raise InvalidInputError.of_field(name, "malformed_day", Message("malformed_day")) from None
    if day > today() and not to_come:
        raise InvalidInputError.of_field(name, "day_in_future", Message("day_in_future", day=day))
    return day
