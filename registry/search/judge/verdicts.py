"""What a validation says: verdicts, states of components, questions; one table each."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from registry.core.messages import both
from registry.records.record import DatedLabel, Wording
from registry.units.gazetteer import Unit

VerdictCode = Literal["accept", "correct", "confirm", "complete", "unverified", "reject"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a shop may do with an address; it decides by the code alone."""

    code: VerdictCode
    message: str
    message_en: str


_VERDICTS: Final[tuple[tuple[VerdictCode, str, str], ...]] = (
    (
        "accept",
        *both("The address is right and registered"),
    ),
    (
        "correct",
        *both("The door is certain; the address was rewritten as it is called today"),
    ),
    (
        "confirm",
        *both("The shopper has to confirm the address, or to choose one"),
    ),
    ("complete", *both("Something is missing and has to be asked")),
    (
        "unverified",
        *both("Well-formed and placed; no code is certain for it yet"),
    ),
    (
        "reject",
        *both("The address was not recognised"),
    ),
)
VERDICTS: Final[dict[str, Verdict]] = {row[0]: Verdict(*row) for row in _VERDICTS}

REASONS: Final = {
    "elsewhere": both("This cannot be an address in Viet Nam"),
    "code_mistyped": both("The address code is mistyped; please check it"),
    "code_unknown": both("No address is registered under this code"),
    "code_retired": both("This address code is no longer in use, and no other has taken its place"),
    "code_not_active": both("This address code is not in use yet"),
    "address_shared": both(
        "Several registered places have this very address and differ by their codes; the shopper"
        " has to choose"
    ),
    "code_contradicts_text": both(
        "The code in the address is that of another place; ask the shopper"
    ),
    "code_unread": both("The code in the address is mistyped or not registered; the rest was read"),
    "unit_code_unknown": both(
        "No province, district or commune has the code that was sent; ask the shopper"
    ),
}
"""What is said in place of the verdict's message, where that alone would not say why."""

NextAction = Literal[
    "use",
    "use_corrected",
    "ask_yes_no",
    "ask_choice",
    "ask_missing",
    "use_without_code",
    "ask_again",
]
"""What a shop's program does next, without a person."""
NEXT_ACTIONS: Final = get_args(NextAction)

Status = Literal["confirmed", "corrected", "inferred", "missing", "unexpected", "unverified"]
"""What became of a component: it is as registered, or was changed, supplied, is needed, was not
understood, or cannot be checked because the register does not know it (a landmark never is)."""
STATUSES: Final = get_args(Status)

ComponentName = Literal[
    "house_number",
    "street",
    "locality",
    "building",
    "floor",
    "unit",
    "commune",
    "district",
    "province",
    "postcode",
    "delivery_hint",
    "other",
]
COMPONENTS: Final = get_args(ComponentName)


@dataclass(frozen=True, slots=True)
class Component:
    """One part of an address: what was given, and what it is today."""

    name: ComponentName
    status: Status
    given: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible address, to be shown to the shopper."""

    label: str
    before_2025_07: str | None
    """The same on the old map, where two addresses differ by it alone."""
    code: str | None
    """Where the register knows that door."""
    on: DatedLabel | None = None
    """The same on the day that was asked about."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the shopper."""

    code: str
    component: ComponentName
    """What it is about; `other` for the whole address."""
    text: str
    text_en: str
    choices: tuple[Choice, ...] = ()
    """Never all that there may be: another answer must stay possible."""


@dataclass(frozen=True, slots=True)
class Validation:
    """All that is said of one address."""

    verdict: VerdictCode
    next_action: NextAction
    code: str | None
    """Only when the door is certain."""
    address: str | None
    """As it is written today; None where nothing was recognised, or several are possible."""
    before_2025_07: str | None
    """The same on the old map, where that is known."""
    commune: Unit | None
    province: Unit | None
    level: str | None
    """How near to the door the register knows it, as `Answer.level`; None for not at all."""
    lon: float | None
    lat: float | None
    components: tuple[Component, ...]
    question: Question | None
    reason: str | None = None
    """One of REASONS, where the verdict alone would not say it."""
    suggestions: tuple[str, ...] = ()
    """Registered codes of which a mistyped one may be a slip."""
    on: DatedLabel | None = None
    """The address as it was written on the day that was asked about."""
    faults: tuple[str, ...] = ()
    """Codes of `registry.search.faults`: those of the answer that is told."""
    accuracy_m: float | None = None
    """Of the point."""
    words: Wording | None = None
    """Of the one address."""

    @property
    def messages(self) -> tuple[str, str]:
        """What is said of it, in Vietnamese and in English."""
        verdict = VERDICTS[self.verdict]
        said = REASONS.get(self.reason) if self.reason else None
        return said or (verdict.message, verdict.message_en)
