"""All MCP tools; new ones are added here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from api.core.context import register
from api.core.errors import invalid_input
from api.core.types import JsonObject
from api.v1.addresses import AddressQuery, found_address
from api.v1.coverage import (
    CoverageQuery,
    CoverageUnitQuery,
    coverage_by_level,
    coverage_of_unit,
)
from api.v1.geocode import GeocodeQuery, geocoded
from api.v1.reverse import ReverseQuery, nearest
from api.v1.units import ConvertQuery, converted
from api.v1.validate import ValidateBody, validated
from registry.core.database import tried_again
from registry.ops.overview import state_of_data
from registry.units.gazetteer import today

INSTRUCTIONS: Final = (
    "Sổ mã địa chỉ số của Việt Nam, chỉ đọc (the register of permanent address codes of Viet Nam;"
    " read-only). Where several answers or choices come back, they are all the candidates: show"
    " them and ask, never pick one. The `verdict` of validate states what to do next. Units were"
    " merged on 2025-07-01: former texts and codes are converted, and a unit that was split has"
    " several successors. `register` in every answer states how old the data is, and whether it is"
    " made up for demonstration. It contains dwellings, never people."
)

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Tool(Generic[Asked]):
    """A tool, and the function of the endpoint that answers it."""

    name: str
    title: str
    about: str
    model: type[Asked]
    ask: Callable[[Asked], Mapping[str, Any]]

    @property
    def schema(self) -> JsonObject:
        """JSON schema of its arguments."""
        return self.model.model_json_schema(schema_generator=_Untitled)

    def answer(self, arguments: dict[str, Any]) -> JsonObject:
        """Return the answer, with the state of the data.

        Raises the kinds of RegistryError, InvalidInputError for invalid arguments.
        """
        try:
            asked = self.model.model_validate(arguments)
        except ValidationError as error:
            raise invalid_input(error, self.model) from None
        return tried_again(partial(self._answer, asked))

    def _answer(self, asked: Asked) -> JsonObject:
        changed_at, demo = state_of_data(register().reads)
        state = {
            "day": today().isoformat(),
            "changed_at": changed_at.isoformat(timespec="seconds") if changed_at else None,
            "demo": demo,
        }
        return {**self.ask(asked), "register": state}


class _Untitled(GenerateJsonSchema):
    """Omits the titles that pydantic derives from names: clients pay for schemas by the token."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        """Return False."""
        return False


class LookupArguments(AddressQuery):
    """A code, and the requested day."""

    code: str = Field(
        min_length=1, max_length=100, description="In any writing", examples=["1H6X-XH2V"]
    )


class CoverageArguments(CoverageUnitQuery):
    """A unit."""

    code: str | None = Field(
        None, max_length=10, description="Of a unit of any map; all provinces without one"
    )
    level: Literal["commune", "locality"] | None = Field(
        None, description="Parts of the unit: a province's communes, a commune's localities"
    )


def _lookup(asked: LookupArguments) -> Mapping[str, Any]:
    _record, body = found_address(asked.code, asked)
    return body


def _coverage(asked: CoverageArguments) -> Mapping[str, Any]:
    if asked.code is None:
        return coverage_by_level(CoverageQuery(demo=asked.demo))
    return coverage_of_unit(asked.code, asked)


TOOLS: Final[dict[str, Tool[Any]]] = {
    tool.name: tool
    for tool in (
        Tool(
            "lookup",
            "Tra mã địa chỉ số",
            "The address with a code, today or as of a day; a retired code returns an error with"
            " its successors, a mistyped one with suggestions.",
            LookupArguments,
            _lookup,
        ),
        Tool(
            "geocode",
            "Tìm mã của địa chỉ",
            "The door, street or commune that an address names: one text `q` of any map, or parts."
            " Doors that match equally are all returned, with faults that explain the doubt.",
            GeocodeQuery,
            geocoded,
        ),
        Tool(
            "reverse",
            "Địa chỉ tại một vị trí",
            "The doors nearest to a point (degrees, WGS 84), else its commune.",
            ReverseQuery,
            nearest,
        ),
        Tool(
            "validate",
            "Kiểm tra địa chỉ",
            "A verdict on an address (accept, correct, confirm, complete, unverified, reject), what"
            " is wrong part by part, and the question to ask with all its choices.",
            ValidateBody,
            validated,
        ),
        Tool(
            "convert_units",
            "Đổi đơn vị hành chính cũ sang nay",
            "From a code or text of an old ward, district or province to the units of today; all"
            " candidates of one that was split.",
            ConvertQuery,
            converted,
        ),
        Tool(
            "coverage",
            "Độ phủ",
            "Households with a code against existing households, of all provinces or of one unit,"
            " and how many are positioned, verified and deliverable.",
            CoverageArguments,
            _coverage,
        ),
    )
}
