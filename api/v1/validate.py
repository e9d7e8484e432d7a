"""Whether an address can be delivered to, and what to ask if not."""

from typing import Annotated, NotRequired, Self

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from api.core.columns import Columns, OptionalText
from api.core.context import counts, gazetteer, register
from api.core.endpoint import Resource, public
from api.core.errors import UNIT_CODE
from api.core.shapes import (
    NO_EXTRAS,
    DatedLabel,
    Extras,
    PostalLabel,
    WithPostal,
    unit_ref,
    with_label_on,
    with_postal,
)
from api.core.types import WORDING, Day, Wording
from api.v1.geocode import suggested_codes
from geo.code import format as code_display
from registry.core.schemes import POSTCODE
from registry.search.disclosure import disclose_validation
from registry.search.faults import POINT_ESTIMATED
from registry.search.find.mistyped_codes import SuggestedCode
from registry.search.geocode import Question
from registry.search.judge.verdicts import (
    Choice,
    Component,
    ComponentName,
    NextAction,
    Status,
    Validation,
    VerdictCode,
)
from registry.search.judge.verdicts import Question as Asked
from registry.search.validate import validate
from registry.units import label_day
from registry.units.gazetteer import UnitRef, today

blueprint = Resource("validate", "/v1/validate", tag="search", kind="validate")


class ValidateBody(WithPostal, Columns):
    """An address as one text, optionally with units, or as components."""

    address: OptionalText | None = Field(
        None,
        description="Address of any map, or a code",
        examples=["Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Hà Nội"],
    )

    chosen: bool = Field(
        False,
        description="The address was picked from `choices`: do not ask about its commune again",
    )
    on: Day | None = Field(None, description="Day of an additional label, `label_on`")
    wording: Wording | None = WORDING
    former_commune: str | None = Field(
        None,
        pattern=UNIT_CODE,
        description="Code of the chosen one of `label_on.communes`",
        examples=["00187"],
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        self.check_one_of(self.address, "address")
        return self

    @property
    def asked(self) -> Question:
        """The parsed query."""
        return Question(
            text=self.address,
            components=self.components,
            chosen=self.chosen,
            on=label_day(self.on, self.wording),
            former=self.former_commune,
        )


class ValidateForm(ValidateBody):
    """The same, as a form."""


class ValidatedComponent(TypedDict):
    """One part of the address; parts neither given, known nor missing are omitted."""

    component: ComponentName
    status: Status
    given: str | None
    """As understood; null if not given"""
    value: str | None
    """Current value; null if unknown or abolished"""


def validated_component(part: Component) -> ValidatedComponent:
    """Return a component as an answer."""
    return ValidatedComponent(
        component=part.name,
        status=part.status,
        given=part.given,
        value=part.value,
    )


class AddressChoice(TypedDict):
    """One possible address."""

    label: str
    label_before_2025_07: str | None
    code: str | None
    """If this door is registered"""
    code_display: str | None
    name: NotRequired[str]
    """Of the organisation or public place there, if the address named it"""
    label_on: NotRequired[DatedLabel]
    """Only with `on` or `wording`"""


def address_choice(choice: Choice) -> AddressChoice:
    """Return a choice as an answer."""
    body = AddressChoice(
        label=choice.label,
        label_before_2025_07=choice.before_2025_07,
        code=choice.code,
        code_display=code_display(choice.code) if choice.code else None,
    )
    if choice.name:
        body["name"] = choice.name
    return with_label_on(body, choice.on)


class ShopperQuestion(TypedDict):
    """What to ask the shopper: one thing at a time."""

    code: Annotated[str, Field(examples=["ask_house_number"])]
    component: str
    text: Annotated[str, Field(examples=["Nhà số mấy ở Phố Láng, Phường Láng, Thành phố Hà Nội?"])]
    text_en: str
    choices: list[AddressChoice]
    """Choices, not necessarily all"""


def shopper_question(asked: Asked) -> ShopperQuestion:
    """Return a question as an answer."""
    return ShopperQuestion(
        code=asked.code,
        component=asked.component,
        text=asked.text,
        text_en=asked.text_en,
        choices=[address_choice(choice) for choice in asked.choices],
    )


class ValidationAnswer(TypedDict):
    """The verdict on an address."""

    verdict: VerdictCode
    next_action: NextAction
    message: str
    message_en: str
    code: str | None
    """Only with accept and correct"""
    code_display: str | None
    label: str | None
    """As written today; null if several match"""
    label_before_2025_07: str | None
    name: NotRequired[str]
    """Of the organisation or public place there, if the address named it"""
    level: str | None
    """Level of the place found"""
    commune: UnitRef | None
    province: UnitRef | None
    postcode: Annotated[str | None, Field(examples=["11528"])]
    """Postcode of the commune; null if the commune is uncertain or has none"""
    postal_label: NotRequired[PostalLabel | None]
    """Only with `postal`; null if several match"""
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    """Accuracy of the point"""
    point_estimated: bool
    """Whether the point is interpolated between registered numbers, since the given one is not
    registered"""
    components: list[ValidatedComponent]
    question: ShopperQuestion | None
    suggestions: list[SuggestedCode]
    """Registered codes similar to a mistyped one, at most three"""
    label_on: NotRequired[DatedLabel]
    """Only with `on` or `wording`, for a single address"""


def validation_answer(found: Validation, extras: Extras = NO_EXTRAS) -> ValidationAnswer:
    """Return a verdict as an answer, with current unit names."""
    (message, message_en), day = found.messages, today()
    body = ValidationAnswer(
        verdict=found.verdict,
        next_action=found.next_action,
        message=message,
        message_en=message_en,
        code=found.code,
        code_display=code_display(found.code) if found.code else None,
        label=found.address,
        label_before_2025_07=found.before_2025_07,
        level=found.level,
        commune=unit_ref(found.commune, day, ids=extras.ids),
        province=unit_ref(found.province, day, ids=extras.ids),
        postcode=found.commune.identifier(POSTCODE, day) if found.commune else None,
        lon=found.lon,
        lat=found.lat,
        accuracy_m=found.accuracy_m,
        point_estimated=found.lon is not None and POINT_ESTIMATED in found.faults,
        components=[validated_component(part) for part in found.components],
        question=shopper_question(found.question) if found.question else None,
        suggestions=suggested_codes(found.suggestions),
    )
    if extras.postal:
        with_postal(body, found.words, day)
    if found.name:
        body["name"] = found.name
    return with_label_on(body, found.on, extras)


@blueprint.post("")
@public(
    retried=True,
    operation_id="validate_address",
    example={"address": "27 Láng, P. Láng Hạ, Đống Đa, Hà Nội"},
    discloses=True,
)
def post_validate(json: ValidateBody, form: ValidateForm) -> ValidationAnswer:
    """A verdict on an address, and the question to ask.

    By POST only, to keep addresses out of URLs.
    """
    return validated(json or form)


def validated(query: ValidateBody) -> ValidationAnswer:
    """Return the verdict on an address."""
    found = disclose_validation(validate(gazetteer(), register().reads, query.asked))
    counts().count_verdicts([found.verdict])
    return validation_answer(found, query.extras)
