"""Results of a validation: verdicts, statuses of components, questions; one table each."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from registry.core.messages import both
from registry.records.record import DatedLabel, Wording
from registry.units.gazetteer import Unit

VerdictCode = Literal["accept", "correct", "confirm", "complete", "unverified", "reject"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a shop may do with an address, decided by the code alone."""

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
"""Messages that replace the verdict's, which would not give the reason."""

NextAction = Literal[
    "use",
    "use_corrected",
    "ask_yes_no",
    "ask_choice",
    "ask_missing",
    "use_without_code",
    "ask_again",
]
"""The next step of a shop's program, without a person."""
NEXT_ACTIONS: Final = get_args(NextAction)

Status = Literal["confirmed", "corrected", "inferred", "missing", "unexpected", "unverified"]
"""Status of a component: as registered, changed, supplied, required, not understood, or not
checkable because the register does not have it (as all landmarks)."""
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
    """One part of an address: as given, and its current value."""

    name: ComponentName
    status: Status
    given: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible address, shown to the shopper."""

    label: str
    before_2025_07: str | None
    """The address on the old map, if two addresses differ only by it."""
    code: str | None
    """Code of a registered door."""
    on: DatedLabel | None = None
    """The address on the requested day."""
    name: str | None = None
    """Name of the organisation or public place there, if the text named it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the shopper."""

    code: str
    component: ComponentName
    """The component in question; `other` for the whole address."""
    text: str
    text_en: str
    choices: tuple[Choice, ...] = ()
    """Not exhaustive: another answer must remain possible."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The result for one address."""

    verdict: VerdictCode
    next_action: NextAction
    code: str | None
    """Only if the door is certain."""
    address: str | None
    """In current form; None if nothing was recognised, or several are possible."""
    before_2025_07: str | None
    """The address on the old map, if known."""
    commune: Unit | None
    province: Unit | None
    level: str | None
    """Level of the match, as `Answer.level`; None without one."""
    lon: float | None
    lat: float | None
    components: tuple[Component, ...]
    question: Question | None
    reason: str | None = None
    """One of REASONS, if the verdict needs one."""
    suggestions: tuple[str, ...] = ()
    """Registered codes that a mistyped one may mean."""
    on: DatedLabel | None = None
    """The address on the requested day."""
    faults: tuple[str, ...] = ()
    """Codes of `registry.search.faults`, of the first answer."""
    accuracy_m: float | None = None
    """Accuracy of the point."""
    words: Wording | None = None
    """Wording of the address, if there is only one."""
    name: str | None = None
    """Name of the organisation or public place there, if the text named it."""

    @property
    def messages(self) -> tuple[str, str]:
        """The message in Vietnamese and in English."""
        verdict = VERDICTS[self.verdict]
        reason = REASONS.get(self.reason) if self.reason else None
        return reason or (verdict.message, verdict.message_en)
