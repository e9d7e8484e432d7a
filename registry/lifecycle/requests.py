"""The requests of operations, validated once for the API and the command line."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from geo.titles import names_person
from registry.core.days import DAY_PATTERN
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.core.personal import LEAVE_OUT, PERSONAL_DATA, holds_personal
from registry.records import entrances, uses

MAX_RESERVED: Final = 10_000
MAX_MERGED: Final = 100
MAX_PARTS: Final = 200
MAX_NUMBERS: Final = 100_000
MAX_COMMUNES: Final = 500
MAX_PLATES: Final = 1_000


def _of_nobody(written: str) -> str:
    if names_person(written):
        raise invalid_value(PERSONAL_DATA, Message("leave_out_names"))
    return written


def _no_person(name: str) -> str:
    if not uses.is_name(name):
        raise invalid_value("no_name", Message("organisation_without_name"))
    if uses.names_somebody(name):
        raise invalid_value(PERSONAL_DATA, Message("leave_out_names"))
    return name


def _not_personal(written: str) -> str:
    if holds_personal(written):
        raise invalid_value(PERSONAL_DATA, LEAVE_OUT)
    return written


def _within(degrees: object, bounds: tuple[int, int]) -> bool:
    return isinstance(degrees, int | float) and bounds[0] <= degrees <= bounds[1]


def _not_swapped(given: object) -> object:
    """Refuse degrees that would be in Viet Nam if swapped, with a message of its own."""
    if isinstance(given, Mapping):
        lon, lat = given.get("lon"), given.get("lat")
        if _within(lon, _LAT) and _within(lat, _LON):
            raise invalid_value("coordinates_swapped", Message("lon_lat_swapped"))
    return given


# Degrees of Viet Nam with its archipelagos.
_LON: Final = (102, 118)
_LAT: Final = (6, 24)
Lon = Annotated[float, Field(ge=_LON[0], le=_LON[1])]
Lat = Annotated[float, Field(ge=_LAT[0], le=_LAT[1])]

# No control characters: PostgreSQL's text has no NUL, and a name has no line break.
LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE_PATTERN)]
Called = Annotated[Line, AfterValidator(_not_personal)]
"""A name or number to store; to refer to an existing thing any `Line` may be given."""
Hint = Annotated[Called, AfterValidator(_of_nobody)]
"""A landmark."""
Note = Annotated[
    str,
    StringConstraints(min_length=1, max_length=entrances.MAX_NOTE, pattern=LINE_PATTERN),
    AfterValidator(_not_personal),
    AfterValidator(_of_nobody),
]
"""How to get in by an entrance."""
Organisation = Annotated[Called, AfterValidator(_no_person)]
"""The name of an office, a shop or a public place."""
Sentence = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000, pattern=LINE_PATTERN),
    AfterValidator(_not_personal),
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=LINE_PATTERN)]
Commune = Annotated[str, StringConstraints(pattern="^[0-9]{5}$")]
Province = Annotated[str, StringConstraints(pattern="^[0-9]{2}$")]
Day = Annotated[str, StringConstraints(pattern=DAY_PATTERN)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Method = Literal[
    "survey", "gps", "imagery", "parcel", "geocoded", "interpolated", "centroid", "unknown"
]


class OperationRequest(BaseModel):
    """Base of all requests: why, and by which decision."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    reason: Sentence | None = Field(None, description="why; no person's name")
    decision_number: Line | None = Field(None, description="number of the legal decision")


class Reasoned(OperationRequest):
    """An operation that nobody may do without saying why."""

    reason: Sentence = Field(description="why; no person's name")


class Place(BaseModel):
    """Where a door is, and how well that is known."""

    lon: Lon | None = Field(None, description="degrees east, WGS 84")
    lat: Lat | None = Field(None, description="degrees north, WGS 84")
    position_method: Method | None = Field(None, description="how it was found; `gps` by default")
    position_accuracy_m: float | None = Field(
        None, ge=0, le=100_000, description="radius of error in metres"
    )

    _in_order = model_validator(mode="before")(_not_swapped)

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise invalid_value("lon_and_lat", Message("lon_and_lat"))
        return self


class Address(Place):
    """The address of a door, in parts; a part that is not given stays as it is."""

    commune: Commune | None = Field(None, description="code of today's commune")
    former_commune: Commune | None = Field(
        None, description="code of its commune before July 2025, where names met"
    )
    house_number: Called | None = Field(None, description="as on the door: `12/34/5A`")
    street: Called | None = Field(None, description="a named street of the commune")
    locality: Called | None = Field(
        None, description="a named locality, the innermost first: `Tổ 3, Khu phố 1`"
    )
    building: Called | None = Field(None, description="name of the building, block or tower")
    floor: Called | None = Field(None, description="floor")
    unit_number: Called | None = Field(None, description="number of the flat or room")
    parent: Code | None = Field(None, description="code of the building that holds the flat")
    households_count: Count | None = Field(None, description="hộ that share it")
    delivery_hint: Hint | None = Field(None, description="a landmark; never a person")
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class ReserveRequest(OperationRequest):
    """A block of codes for plates that are printed before anybody knows the doors."""

    count: int = Field(ge=1, le=MAX_RESERVED, description="how many codes")
    commune: Commune | None = Field(None, description="code of today's commune")


class ProposeRequest(OperationRequest, Address):
    """A new record, for an approver to activate."""

    code: Code | None = Field(None, description="a reserved code; without it one is issued")
    kind: Literal["household", "building"] = Field("household", description="what it is")


class ActivateRequest(OperationRequest, Address):
    """A proposed record becomes active; a reserved code is bound to its door."""

    code: Code = Field(description="code of the record")


class VerifyRequest(OperationRequest):
    """Somebody was there and found it as recorded."""

    code: Code = Field(description="code of the record")
    on: Day | None = Field(None, description="the day; today by default")


class CorrectRequest(OperationRequest, Address):
    """What was recorded wrongly, or became known; what the door always was."""

    code: Code = Field(description="code of the record")
    restricted: bool | None = Field(None, description="never shown in lists, maps and exports")


class AddressPatch(OperationRequest, Address):
    """What is to be otherwise; a member that is null is cleared."""

    restricted: bool | None = Field(None, description="never shown in lists, maps and exports")
    verified_on: Day | None = Field(None, description="somebody was there that day")


class MoveRequest(OperationRequest):
    """Another point: measured better, or the entrance moved."""

    code: Code = Field(description="code of the record")
    lon: Lon = Field(description="degrees east, WGS 84")
    lat: Lat = Field(description="degrees north, WGS 84")
    position_method: Method = Field("gps", description="how it was found")
    position_accuracy_m: float | None = Field(
        None, ge=0, le=100_000, description="radius of error in metres"
    )

    _in_order = model_validator(mode="before")(_not_swapped)


class GivenEntrance(BaseModel):
    """Where one gets in, and how."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    kind: entrances.Kind = Field(description="what it is; `locker`: parcel lockers")
    lon: Lon = Field(description="degrees east, WGS 84")
    lat: Lat = Field(description="degrees north, WGS 84")
    accuracy_m: float | None = Field(
        None, ge=0, le=100_000, description="radius in metres within which it lies"
    )
    note: Note | None = Field(None, description="how one gets in; never a person")
    seen_on: Day | None = Field(None, description="the day it was last seen")
    source: entrances.Source | None = Field(None, description="who says so: a role, never a name")

    _in_order = model_validator(mode="before")(_not_swapped)


class EntrancesRequest(OperationRequest):
    """All entrances beside the point of the record, in place of those it had; none clears them."""

    code: Code = Field(description="code of the record")
    entrances: list[GivenEntrance] = Field(
        max_length=entrances.MOST, description="all entrances, at most 8"
    )


class GivenUse(BaseModel):
    """What stands at the door, and what it is called."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    use: uses.Kind = Field(description="what it is; `dwelling` where homes are there as well")
    name: Organisation | None = Field(
        None, description="of the organisation or public place; never a person"
    )
    since: Day | None = Field(None, description="first day, not in the future")
    until: Day | None = Field(None, description="last day")


class UsesRequest(OperationRequest):
    """All that stands at the door, in place of what was recorded; none is a mere dwelling."""

    code: Code = Field(description="code of the record")
    uses: list[GivenUse] = Field(max_length=uses.MOST, description="all uses, at most 500")


class RenumberRequest(OperationRequest):
    """A new number on the door; the old one keeps leading to it."""

    code: Code = Field(description="code of the record")
    house_number: Called = Field(description="the new number")
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class MergeRequest(Reasoned):
    """Several records become one that exists."""

    codes: list[Code] = Field(
        min_length=1, max_length=MAX_MERGED, description="the records that end"
    )
    into: Code = Field(description="what continues it")
    households_count: Count | None = Field(None, description="hộ that share it")


class SplitPart(Place):
    """One of the new records; what is not given is as in the old one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    code: Code | None = Field(None, description="a reserved code; without it one is issued")
    house_number: Called | None = Field(None, description="number of the door")
    floor: Called | None = Field(None, description="floor")
    unit_number: Called | None = Field(None, description="number of the flat or room")
    households_count: Count | None = Field(None, description="hộ in it; 1 by default")


class SplitRequest(Reasoned):
    """One record becomes several new ones."""

    code: Code = Field(description="code of the record")
    parts: list[SplitPart] = Field(
        min_length=2, max_length=MAX_PARTS, description="the records that continue it"
    )
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class ReplaceRequest(Reasoned):
    """The same door gets another code: the plate was misprinted, or the code compromised."""

    code: Code = Field(description="code of the record")
    by: Code | None = Field(None, description="a reserved code; without it one is issued")


class RetireRequest(Reasoned):
    """The door is gone, or never was."""

    code: Code = Field(description="code of the record")


class ReinstateRequest(Reasoned):
    """It was retired by mistake, or is there again."""

    code: Code = Field(description="code of the record")
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class UndoRequest(Reasoned):
    """What an operation changed is as before, unless later work stands on it."""

    event_id: int = Field(ge=1, le=2**63 - 1, description="event of the operation")
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class StreetRequest(OperationRequest):
    """A street of a commune."""

    commune: Commune = Field(description="code of today's commune")
    street: Line = Field(description="its name: `Phố Láng`")
    former_commune: Commune | None = Field(
        None,
        description="code of its commune before July 2025, where names met",
    )


class WideStreetRequest(OperationRequest):
    """A street of a commune, or one that runs through several."""

    commune: Commune | None = Field(None, description="code of today's commune")
    communes: list[Commune] | None = Field(
        None,
        min_length=1,
        max_length=MAX_COMMUNES,
        description="codes of all communes that it runs through",
    )
    province: Province | None = Field(
        None,
        description="code of a province: all its streets of the name",
    )
    street: Line = Field(description="its name: `Phố Láng`")
    former_commune: Commune | None = Field(
        None,
        description="code of its commune before July 2025, where names met",
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        given = (self.commune, self.communes, self.province)
        if sum(one is not None for one in given) != 1:
            raise invalid_value("commune_or_communes", Message("one_area_required"))
        if self.former_commune is not None and self.commune is None:
            raise invalid_value("former_of_several", Message("former_commune_needs_commune"))
        if self.communes is not None and len(set(self.communes)) < len(self.communes):
            raise invalid_value("given_twice", Message("commune_repeated"))
        return self


class NameStreetRequest(StreetRequest):
    """A new street, in which doors can then be."""

    street: Called = Field(description="its name: `Phố Láng`")


class RenameStreetRequest(WideStreetRequest):
    """Another name of a street; the former one keeps leading to its doors, not rewritten."""

    new_name: Called = Field(description="the new name, with its kind: `Đường Võ Văn Kiệt`")


class MergeStreetRequest(Reasoned, StreetRequest):
    """A street becomes part of another one of its commune, with all its doors."""

    into: Called = Field(description="what continues it")
    into_former_commune: Commune | None = Field(None, description="as `former_commune`, of `into`")
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class Doors(BaseModel):
    """Some records by their codes, or all of a street or locality."""

    codes: list[Code] = Field(
        default_factory=list, max_length=MAX_PLATES, description="codes of the records"
    )
    commune: Commune | None = Field(None, description="code of today's commune")
    street: Line | None = Field(None, description="with `commune`: all doors of this street")
    locality: Line | None = Field(
        None, description="with `commune`: all its doors without a street"
    )
    former_commune: Commune | None = Field(
        None,
        description="code of its commune before July 2025, where names met",
    )

    @model_validator(mode="after")
    def _codes_or_place(self) -> Self:
        places = [place for place in (self.street, self.locality) if place is not None]
        if bool(self.codes) == bool(places) or len(places) > 1:
            raise invalid_value("codes_or_place", Message("codes_or_place_required"))
        if bool(places) != (self.commune is not None):
            raise invalid_value("place_of_commune", Message("commune_needs_street_or_locality"))
        return self


class PlatesRequest(OperationRequest, Doors):
    """Plates of some records, or of all on a street or in a locality."""


class IssuePlatesRequest(PlatesRequest):
    """Plates were printed and handed out; a record that has none yet gets one."""

    on: Day | None = Field(None, description="the day; today by default")


class MountPlatesRequest(PlatesRequest):
    """Plates that were issued hang at their doors: coverage counts them from now on."""

    on: Day | None = Field(None, description="the day; today by default")


class LosePlatesRequest(PlatesRequest):
    """Plates are gone or broken; others may be issued."""

    on: Day | None = Field(None, description="the day; today by default")


class NewNumber(BaseModel):
    """A line of the table."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    old: Line = Field(description="number until now")
    new: Called = Field(description="number from now on")


class NewStreetNumber(NewNumber):
    """A line of the table of a street."""

    commune: Commune | None = Field(
        None,
        description="code of the commune of the door, in all lines or in none: where numbers begin"
        " anew in each commune of the street",
    )


class RenumberStreetRequest(WideStreetRequest):
    """New numbers from a table; the old ones keep leading to their doors."""

    numbers: list[NewStreetNumber] = Field(
        min_length=1, max_length=MAX_NUMBERS, description="old and new number of each door"
    )


class LocalityRequest(OperationRequest):
    """A locality of a commune."""

    commune: Commune = Field(description="code of today's commune")
    locality: Line = Field(description="its name, and what holds it: `Tổ 3, Khu phố 1`")
    former_commune: Commune | None = Field(
        None,
        description="code of its commune before July 2025, where names met",
    )


class NameLocalityRequest(LocalityRequest):
    """A new locality, alone or in one that exists."""

    locality: Called = Field(description="its name, and what holds it: `Tổ 3, Khu phố 1`")


class RenameLocalityRequest(LocalityRequest):
    """Another name of a locality; the former one keeps leading to its doors, not rewritten."""

    new_name: Called = Field(description="the new name, with its kind: `Đường Võ Văn Kiệt`")


class MergeLocalityRequest(Reasoned, LocalityRequest):
    """A locality becomes part of another one of its commune, with all that it holds."""

    into: Called = Field(description="what continues it")
    into_former_commune: Commune | None = Field(None, description="as `former_commune`, of `into`")
    same_address: bool = Field(
        False, description="another living record has this address, and both are right"
    )


class RenumberLocalityRequest(LocalityRequest):
    """New numbers for doors that no street leads to; the old ones keep leading to them."""

    numbers: list[NewNumber] = Field(
        min_length=1, max_length=MAX_NUMBERS, description="old and new number of each door"
    )
