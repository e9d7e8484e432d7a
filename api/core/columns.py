"""An address in a request: one text, or one parameter for each part."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from api.core.types import Request
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.search.geocode import MAX_TEXT, Components
from registry.search.read.completed_text import BESIDE


def _text(value: str) -> str:
    if "\0" in value:
        raise invalid_value("nul_character", Message("text_has_nul"))
    return value


Query = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_text)]
OptionalText = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_text)]
"""A text that may be empty, such as a form field left blank."""
Typed = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_text)]
"""The beginning of an address, as typed so far."""
Column = Annotated[str, Field(max_length=200), AfterValidator(_text)]
"""A part of an address; a blank one counts as absent (`Columns`)."""
COMPONENTS: Final = tuple(Components.__dataclass_fields__)
_DOOR: Final = tuple(part for part in COMPONENTS if part not in BESIDE)


class Columns(Request):
    """The parts of an address, each a parameter."""

    house_number: Column | None = Field(None, description="Số nhà, ngõ, ngách, hẻm")
    street: Column | None = Field(None, description="Đường, phố")
    locality: Column | None = Field(None, description="Thôn, ấp, tổ dân phố, khu phố")
    building: Column | None = Field(None, description="Toà nhà, chung cư")
    floor: Column | None = Field(None, description="Tầng")
    unit: Column | None = Field(None, description="Căn hộ, phòng")
    commune: Column | None = Field(None, description="Xã, phường, of any map, or its code")
    district: Column | None = Field(None, description="Quận, huyện before July 2025, or its code")
    province: Column | None = Field(None, description="Tỉnh, thành phố, of any map, or its code")
    postcode: Column | None = Field(None, description="Mã bưu chính; another commune's is a fault")

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, given: object) -> object:
        """Treat blank fields as absent."""
        if not isinstance(given, Mapping):
            return given
        blank = [n for n in COMPONENTS if isinstance(v := given.get(n), str) and not v.strip()]
        return {name: given[name] for name in given if name not in blank} if blank else given

    def check_one_of(self, text: str | None, name: str) -> None:
        """Raise unless either a text (the parameter `name`) or parts of an address are given.

        Units and a postcode may accompany a text.
        """
        parts = self.has_parts
        door = parts and any(getattr(self, part) is not None for part in _DOOR)
        if (door and text is not None) or (text is None and not parts):
            raise invalid_value("text_or_components", Message("text_or_components", name=name))

    @property
    def has_parts(self) -> bool:
        """Whether any part is given."""
        given = self.model_fields_set
        return any(part in given and getattr(self, part) is not None for part in COMPONENTS)

    @property
    def components(self) -> Components | None:
        """The parts; None if none is given."""
        if not self.has_parts:
            return None
        return Components(**{part: getattr(self, part) for part in COMPONENTS})
