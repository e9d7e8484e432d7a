"""File what a phone sends: each record once, and a bad one does not affect the rest.

A phone's clock may be a year off. It gives the times of recording and of sending by the same clock,
so their difference is right, and is subtracted from the server's time.
"""

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from geo.titles import without_people
from registry.core.errors import ConflictError, InvalidInputError, RegistryError
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.core.personal import PERSONAL_DATA
from registry.core.sql import Statements
from registry.lifecycle.addresses import read_number
from registry.lifecycle.field.area import Area
from registry.lifecycle.field.rounds import MOST_DAYS, Round
from registry.lifecycle.requests import Called, Code, Count, Lat, Lon
from registry.lifecycle.work import read_code

SQL: Final = Statements(__file__, "queries.sql")

Kind = Literal["right", "here", "gone", "count", "flats", "new"]
KINDS: Final = get_args(Kind)
MOST_AT_ONCE: Final = 100
MOST_OF_ROUND: Final = 20_000
MOST_FLATS: Final = 50
_POINTED: Final = ("here", "new")
_OF_KIND: Final = {
    "house_number": ("new",),
    "street": ("new",),
    "locality": ("new",),
    "note": ("new",),
    "units": ("flats",),
    "households_count": ("count", "new"),
}
"""Part of a record → the kinds that may have it."""
_NEEDED: Final = {"units": "flats", "households_count": "count"}

_OF_ROUND: Final = {"street": "doors_of_street", "locality": "doors_of_locality"}


class Found(BaseModel):
    """A finding at a door, as the phone sends it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    id: UUID = Field(description="random, made in the phone: under it nothing is filed twice")
    kind: Kind = Field(description="what was found")
    code: Code | None = Field(None, description="of the door; not of a new house")
    event_id: int | None = Field(
        None, ge=0, le=2**63 - 1, description="of the state that the phone showed"
    )
    at: AwareDatetime = Field(description="when, by the phone's clock")
    lon: Lon | None = Field(None, description="degrees, WGS 84")
    lat: Lat | None = Field(None, description="degrees, WGS 84")
    position_method: Literal["gps", "interpolated"] = Field(
        "gps", description="of the phone, or tapped between doors"
    )
    position_accuracy_m: float | None = Field(
        None, ge=0, le=100_000, description="radius in metres"
    )
    spread_m: float | None = Field(
        None, ge=0, le=100_000, description="how far the fixes of its mean lay apart"
    )
    households_count: Count | None = Field(None, description="hộ at the door")
    units: Annotated[list[Called], Field(max_length=MOST_FLATS)] | None = Field(
        None, description="numbers of the flats in the house"
    )
    house_number: Called | None = Field(None, description="of a new house")
    street: Called | None = Field(None, description="of a new house, where it is not the round's")
    locality: Called | None = Field(None, description="of a new house, likewise")
    note: Called | None = Field(None, description="a landmark at a new house; never a person")
    device: UUID | None = Field(None, description="random: tells two phones apart")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, kinds in _OF_KIND.items():
            if getattr(self, name) is not None and self.kind not in kinds:
                raise invalid_value(
                    "not_of_this_kind", Message("member_of_other_kind", name=name, kind=self.kind)
                )
        if (self.code is None) != (self.kind == "new"):
            raise invalid_value("missing", Message("code_only_for_known_house"))
        if self.kind in _POINTED and (self.lon is None or self.lat is None):
            raise invalid_value("missing", Message("kind_needs_lon_lat", kind=self.kind))
        for name, kind in _NEEDED.items():
            if self.kind == kind and not getattr(self, name):
                raise invalid_value("missing", Message("kind_needs_field", name=name, kind=kind))
        if self.note is not None and without_people(self.note) != self.note:
            raise invalid_value(PERSONAL_DATA, Message("note_names_people"))
        return self

    @property
    def said(self) -> dict[str, Any]:
        """Return the parts that are stored as sent."""
        parts = {name: getattr(self, name) for name in _OF_KIND}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class Filed:
    """The result of filing a record."""

    id: UUID
    again: bool = False
    """Whether it had been filed before."""
    error: RegistryError | None = None
    """Why it was not filed."""


def file_records(
    session: Session,
    round_: Round,
    area: Area,
    records: Sequence[Found],
    sent_at: datetime.datetime | None = None,
) -> list[Filed]:
    """File records; return one result each, in order. `sent_at` is by the phone's clock.

    Raises ConflictError for a round that has too many records.
    """
    if session.execute(_COUNT, {"round": round_.id}).scalar_one() > MOST_OF_ROUND:
        raise ConflictError(Message("round_full", most=MOST_OF_ROUND))
    now = datetime.datetime.now(datetime.UTC)
    codes = dict(_codes(records))
    known = _known(session, area, [code for code in codes.values() if isinstance(code, str)])
    filed = []
    for record in records:
        code = codes.get(record.id)
        try:
            if isinstance(code, RegistryError):
                raise code
            if code is not None and code not in known:
                raise InvalidInputError.of_field(
                    "code",
                    "not_of_this_round",
                    Message("code_outside_round", code=code_display(code)),
                )
            if record.house_number is not None:
                read_number(record.house_number)
        except RegistryError as error:
            filed.append(Filed(record.id, error=error))
            continue
        moment = said_at(round_, record.at, sent_at, now)
        row = session.execute(
            SQL.text("file_record"), _columns(round_, record, code, moment)
        ).first()
        filed.append(Filed(record.id, again=row is None))
    return filed


def said_at(
    round_: Round,
    at: datetime.datetime,
    sent_at: datetime.datetime | None,
    now: datetime.datetime,
) -> datetime.datetime:
    """Return the time of the finding by the server's clock, from the age by the phone's clock."""
    ago = (sent_at or now) - at
    if not datetime.timedelta(0) <= ago <= datetime.timedelta(days=MOST_DAYS):
        return now
    return max(now - ago, round_.opened_at)


def _codes(records: Iterable[Found]) -> Iterable[tuple[UUID, str | RegistryError]]:
    for record in records:
        if record.code is not None:
            try:
                yield record.id, read_code("code", record.code)
            except RegistryError as error:
                yield record.id, error


def _known(session: Session, area: Area, codes: list[str]) -> frozenset[str]:
    """Return the codes that are part of the round; does not disclose whether others exist."""
    if not codes:
        return frozenset()
    statement = SQL.text(_OF_ROUND[area.place.class_])
    found = session.scalars(statement, {"codes": codes, "ids": list(area.ids)})
    return frozenset(found)


def _columns(
    round_: Round, record: Found, code: str | None, moment: datetime.datetime
) -> dict[str, Any]:
    placed = record.lon is not None and record.lat is not None
    return {
        "id": record.id,
        "round": round_.id,
        "kind": record.kind,
        "code": code,
        "seen": record.event_id,
        "lon": record.lon if placed else None,
        "lat": record.lat if placed else None,
        "method": record.position_method if placed else None,
        "accuracy_m": record.position_accuracy_m if placed else None,
        "spread_m": record.spread_m if placed else None,
        "said": json.dumps(record.said, ensure_ascii=False),
        "device": record.device,
        "said_at": moment,
    }


_COUNT: Final = text("SELECT count(*) FROM field_record WHERE round_id = :round")
