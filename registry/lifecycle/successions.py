"""Operations that retire a record and link its successors: merge, split, replace."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from registry.core.errors import ConflictError, InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.core.tables.records import HOUSEHOLD
from registry.lifecycle import requests as r
from registry.lifecycle.addresses import check_dwelling, put_point, read_number, refuse_taken
from registry.lifecycle.records import (
    move_flats,
    put_new,
    refuse_with_flats,
    reserved_rows,
)
from registry.lifecycle.work import Columns, Done, Row, Work, read_code
from registry.records.uses import DWELLING, MOST, is_lived_in, kept_uses

SQL: Final = Statements(__file__, "queries.sql")

_OWN: Final = frozenset({"code", "event_id", "recorded_at", "status", "verified_on"})
"""Columns that successors do not inherit."""


def merge(work: Work, request: r.MergeRequest) -> Done:
    """Merge records into an existing one; flats of a building move with it."""
    into = read_code("into", request.into)
    named = [read_code("codes", code) for code in request.codes]
    if into in named or len(set(named)) < len(named):
        raise InvalidInputError.of_field("codes", "given_twice", Message("code_repeated"))
    rows = work.lock([("into", into), *(("codes", code) for code in named)])
    target, ended = rows[into], [rows[code] for code in named]
    work.check_seen(target)
    work.check_state(target, ("active",))
    for row in ended:
        work.check_state(row, work.from_states)
        _check_alike(row, target)
    work.begin(codes=[into, *named])
    moved = sum(move_flats(work, row, into) for row in ended if row["kind"] == "building")
    work.in_force += moved
    _end(work, ended, [into], "merge")
    columns = _merged_uses(target, ended)
    if request.households_count is not None:
        if target["kind"] == "building":
            raise InvalidInputError.of_field(
                "households_count", "building_has_none", Message("building_has_no_households")
            )
        columns["households_count"] = request.households_count
    if columns:
        work.update(target, **columns)
    return work.done(rewritten=len(work.written) + moved)


def _merged_uses(target: Row, ended: Sequence[Row]) -> Columns:
    """Return the uses of all merged records."""
    rows = (target, *ended)
    if not any(row["uses"] for row in ended):
        return {}
    homes = [] if target["kind"] == "building" else [{"use": DWELLING}]
    columns: Columns = {"uses": kept_uses(each for row in rows for each in row["uses"] or homes)}
    if len(columns["uses"] or ()) > MOST:
        raise ConflictError(Message("too_many_uses", most=MOST))
    if homes and is_lived_in(columns["uses"]):
        columns["households_count"] = max(target["households_count"], 1)
    return columns


def split(work: Work, request: r.SplitRequest) -> Done:
    """Split a household's record into several new ones."""
    row = work.subject(request.code)
    if row["kind"] == "building":
        refuse_with_flats(work, row)
        raise InvalidInputError.of_field(
            "code", "building_not_split", Message("building_cannot_be_split")
        )
    reserved = reserved_rows(
        work, [(f"parts.{at}.code", part.code) for at, part in enumerate(request.parts)]
    )
    parts = [_part(work, row, part, at) for at, part in enumerate(request.parts)]
    if not request.same_address:
        _refuse_equal(parts)
        for columns in parts:
            refuse_taken(work.session, columns, [row["code"]])
    work.begin(codes=[row["code"]])
    made = [
        put_new(work, reserved.get(_canonical(part)), columns)
        for part, columns in zip(request.parts, parts, strict=True)
    ]
    _end(work, [row], made, "split")
    return work.done()


def replace(work: Work, request: r.ReplaceRequest) -> Done:
    """Replace the code of a door; its flats stay in it."""
    row = work.subject(request.code)
    reserved = reserved_rows(work, [("by", request.by)])
    columns = _handed_on(row) | {"verified_on": row["verified_on"]}
    work.begin(codes=[row["code"]])
    made = put_new(work, next(iter(reserved.values()), None), columns)
    moved = move_flats(work, row, made) if row["kind"] == "building" else 0
    work.in_force += moved
    _end(work, [row], [made], "replace")
    return work.done(rewritten=len(work.written) + moved)


def _check_alike(row: Row, target: Row) -> None:
    if row["unit_id"] != target["unit_id"]:
        raise InvalidInputError.of_field("codes", "across_communes", Message("not_in_one_commune"))
    if row["kind"] != target["kind"]:
        # A flat cannot become the building that it is in.
        raise InvalidInputError.of_field(
            "codes", "different_kinds", Message("dwelling_and_building_mixed")
        )


def _end(work: Work, ended: Iterable[Row], successors: list[str], kind: str) -> None:
    for row in ended:
        work.update(row, status="retired")
        work.session.execute(
            SQL.text("link_succession"), {"old": row["code"], "new": successors, "kind": kind}
        )


def _handed_on(row: Row) -> Columns:
    return {c.name: row[c.name] for c in HOUSEHOLD.columns if c.name not in _OWN}


def _part(work: Work, row: Row, part: r.SplitPart, at: int) -> Columns:
    """Return the columns of one part: those of the old record, except those given."""
    # The request must say which part has the office.
    columns = _handed_on(row) | {"households_count": part.households_count or 1, "uses": None}
    given: dict[str, Any] = part.model_dump(exclude_unset=True, exclude={"code"})
    if part.house_number is not None:
        key = read_number(part.house_number, f"parts.{at}.house_number")
        columns |= {"house_number": part.house_number, "house_number_key": key}
    columns |= {name: given[name] for name in ("floor", "unit_number") if name in given}
    if part.lon is not None:
        put_point(work.session, columns, part.model_dump())
        columns["entrances"] = None  # those of the old door
    check_dwelling(columns)
    return columns


def _refuse_equal(parts: list[Columns]) -> None:
    named = ("house_number_key", "building_key", "floor", "unit_number")
    if len({tuple(part[name] for name in named) for part in parts}) < len(parts):
        raise InvalidInputError.of_field("parts", "given_twice", Message("parts_have_same_address"))


def _canonical(part: r.SplitPart) -> str:
    return read_code("code", part.code) if part.code else ""
