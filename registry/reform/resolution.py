"""What a resolution says, as a typed value: `registry/reform/resolution.schema.json` is made of it.

A unit that lives is named by its code. `into` is the code of a unit that lives on, or of one that
the same resolution makes; or it says a new unit whole.
"""

import datetime
import re
from typing import Annotated, Any, Final, Literal, Self
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from geo.admin import KIND_NAMES
from geo.text import fold, is_name
from registry.core.invalid import invalid_value
from registry.core.messages import Message

_KIND: Final = re.compile(rf"(?:{'|'.join(KIND_NAMES.values())}) ", re.IGNORECASE)
"""The kind before a name, which has a member of its own; no unit's name begins like one."""


def _as_name(written: str) -> str:
    name = normalize("NFC", " ".join(written.split()))
    if kind := _KIND.match(name):
        name = name[kind.end() :]
    if not is_name(name):
        raise invalid_value("unfit_name", Message("unit_name_invalid"))
    return name


Code = Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{5})$")]
"""Two digits for a province, five for a commune."""
AnyCode = Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{3}|[0-9]{5})$")]
"""Or three for a district, on maps before July 2025."""
MemberCode = Annotated[str, Field(pattern=r"^([0-9]{3}|[0-9]{5})$")]
"""Of a commune, or of a district with all its communes."""
DistrictCode = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
ProvinceCode = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
"""Of what is there: it is looked for."""
UnitName = Annotated[Name, AfterValidator(_as_name)]
"""What a unit is called from now on."""
_KINDS: Final = {fold(name): kind for kind, name in KIND_NAMES.items()}
Kind = Annotated[
    Literal["tinh", "thanh_pho", "quan", "huyen", "thi_xa", "xa", "phuong", "thi_tran", "dac_khu"],
    BeforeValidator(lambda kind: _KINDS.get(fold(kind), kind) if isinstance(kind, str) else kind),
]
"""Also by its name: `Phường`."""
Lon = Annotated[float, Field(ge=101, le=118)]
Lat = Annotated[float, Field(ge=5, le=24)]
_SIDES: Final = {"le": "odd", "chan": "even"}
Side = Annotated[
    Literal["odd", "even", "both"],
    BeforeValidator(lambda side: _SIDES.get(fold(side), side) if isinstance(side, str) else side),
]
"""Also `lẻ` and `chẵn`."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class NewUnit(_Model):
    """A unit that the resolution makes."""

    code: AnyCode
    name: UnitName = Field(description="Without its kind: Ba Đình")
    kind: Kind
    province: ProvinceCode | None = Field(None, description="Of a commune; by default its parts'")
    name_en: UnitName | None = Field(None, description="By default the name without its marks")
    district: DistrictCode | None = Field(None, description="On maps before July 2025")
    seat: tuple[Lon, Lat] | None = Field(None, description="Seat, [lon, lat]")
    area_km2: Annotated[float, Field(gt=0)] | None = None


Target = Code | NewUnit


class StreetPart(_Model):
    """A street, or the numbers of one side of it."""

    street: Name
    former: Code | None = Field(None, description="Former commune, where two bear the name")
    first: Annotated[int, Field(ge=0)] | None = Field(None, description="Least number")
    last: Annotated[int, Field(ge=0)] | None = Field(None, description="Largest number")
    side: Side = "both"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise invalid_value("numbers_reversed", Message("numbers_reversed"))
        return self

    @property
    def is_whole(self) -> bool:
        """Whether all of the street is meant."""
        return self.first is None and self.last is None and self.side == "both"


class Selector(_Model):
    """How a part of a unit is described; several ways add up.

    Without any, the polygon of the unit that receives it decides (`boundaries`).
    """

    polygon: dict[str, Any] | None = Field(None, description="GeoJSON geometry, WGS 84")
    streets: tuple[StreetPart | Name, ...] = ()
    localities: tuple[Name, ...] = ()
    former: tuple[Code, ...] = Field((), description="Former communes")
    communes: tuple[MemberCode, ...] = Field(
        (), description="Of a part of a province: its communes, or districts with all of theirs"
    )
    rest: bool = Field(default=False, description="All that no other part names")

    @property
    def is_given(self) -> bool:
        """Whether anything tells it."""
        return bool(self.selects_doors or self.communes or self.rest)

    @property
    def selects_doors(self) -> bool:
        """Whether anything tells which doors of a commune are meant."""
        return bool(self.polygon or self.streets or self.localities or self.former)

    @property
    def selects_communes(self) -> bool:
        """Whether it tells a part of a province, which is parted by nothing else."""
        return bool(self.communes or self.rest) and not self.selects_doors

    @property
    def street_parts(self) -> tuple[StreetPart, ...]:
        """The streets, those named alone as whole ones."""
        return tuple(
            part if isinstance(part, StreetPart) else StreetPart(street=part)
            for part in self.streets
        )


class Part(Selector):
    """A part of a unit, or all of it."""

    unit: Code
    whole: bool = Field(default=False, description="All of it: the unit ends")


class SplitPart(Selector):
    """A part of the unit that is split, and where it goes."""

    into: Target


class Merge(_Model):
    """Whole units become one: a new one, or one that lives on and takes the others in."""

    units: Annotated[tuple[Code, ...], Field(min_length=1)]
    into: Target


class Split(_Model):
    """A unit ends, and its parts go elsewhere."""

    unit: Code
    into: Annotated[tuple[SplitPart, ...], Field(min_length=2)]


class Move(_Model):
    """A part of a unit that lives on goes to another one."""

    part: Part
    into: Target


class New(_Model):
    """A new unit, of parts of others."""

    unit: NewUnit
    parts: tuple[Part, ...] = ()


class Rename(_Model):
    """Another name."""

    unit: Code
    name: UnitName
    name_en: UnitName | None = None


class ChangeKind(_Model):
    """Another kind: a commune becomes a ward."""

    unit: Code
    kind: Kind


class ChangeProvince(_Model):
    """A commune goes to another province."""

    unit: Code
    province: ProvinceCode


class ChangeDistrict(_Model):
    """A commune goes to another district of its province, on maps before July 2025."""

    unit: Code
    district: DistrictCode


class Abolish(_Model):
    """A unit ends; other changes say where its parts go. Three digits are a district."""

    unit: AnyCode


class Change(_Model):
    """One change: exactly one of these."""

    merge: Merge | None = None
    split: Split | None = None
    move: Move | None = None
    new: New | None = None
    rename: Rename | None = None
    kind: ChangeKind | None = None
    province: ChangeProvince | None = None
    district: ChangeDistrict | None = None
    abolish: Abolish | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1 or self.what[1] is None:
            raise ValueError(
                "one change each: merge, split, move, new, rename, kind, province, district or"
                " abolish"
            )
        return self

    @property
    def what(self) -> tuple[str, Any]:
        """What kind of change it is, and what it says."""
        (name,) = self.model_fields_set
        return name, getattr(self, name)


class Head(_Model):
    """Which resolution it is."""

    number: Annotated[str, Field(min_length=1, max_length=60)]
    title: Annotated[str, Field(min_length=1, max_length=500)]
    date: datetime.date = Field(description="Day of signing")
    effective: datetime.date = Field(description="First day of the new state")
    confirm: tuple[Literal["day_past", "units_apart"], ...] = Field(
        (), description="Refusals that are meant so: the day is past, the units do not touch"
    )


class Resolution(_Model):
    """A resolution that changes units."""

    resolution: Head
    boundaries: str | None = Field(
        None,
        description="GeoJSON file beside this one: polygons of units by `code`, as they will be",
    )
    changes: Annotated[tuple[Change, ...], Field(min_length=1)]
