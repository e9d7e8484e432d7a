"""Questions to the shopper: one at a time, the place before the door."""

from collections.abc import Sequence
from typing import Final

from registry.core.messages import both
from registry.search.judge.verdicts import REASONS, VERDICTS, Choice, ComponentName, Question

# code → component, text in Vietnamese, text in English. `{place}` is filled in.
_TEXTS: Final[dict[str, tuple[ComponentName, str, str]]] = {
    "ask_address": (
        "other",
        *both("{place}. Please give number, street, commune and province"),
    ),
    "ask_commune": (
        "commune",
        *both("In which commune and province is this address?"),
    ),
    "ask_commune_in": (
        "commune",
        *both("In which commune of {place} is this address?"),
    ),
    "choose_commune": (
        "commune",
        *both("To which of these does the address belong today: {place}?"),
    ),
    "confirm_province": (
        "province",
        *both("Is this address in {place}?"),
    ),
    "confirm_commune": (
        "commune",
        *both("Is this address in {place}?"),
    ),
    "ask_street": (
        "street",
        *both("What are the house number and the street (or hamlet) in {place}?"),
    ),
    "ask_house_number": (
        "house_number",
        *both("What is the house number in {place}?"),
    ),
    "ask_flat": (
        "unit",
        *both("Which flat is it in {place}?"),
    ),
    "confirm_address": (
        "other",
        *both("Is the address “{place}”?"),
    ),
    "choose_address": (
        "other",
        *both("Which of these addresses is right?"),
    ),
}
QUESTIONS: Final = tuple(_TEXTS)


def ask(
    code: str, place: str = "", choices: Sequence[Choice] = (), place_en: str | None = None
) -> Question:
    """Return the question of a code about a place; `place_en` if the English wording differs."""
    component, text, text_en = _TEXTS[code]
    filled = text.format(place=place), text_en.format(place=place_en or place)
    return Question(code, component, *filled, tuple(choices))


def component_of(code: str) -> ComponentName:
    """Return the component that a question is about."""
    return _TEXTS[code][0]


def ask_again(reason: str | None) -> Question:
    """Return the question for another address after a rejection (reason: `verdicts.REASONS`)."""
    rejected = VERDICTS["reject"]
    message, message_en = REASONS[reason] if reason else (rejected.message, rejected.message_en)
    return ask("ask_address", message, place_en=message_en)


def choose_commune(names: Sequence[str], choices: Sequence[Choice], *, renamed: bool) -> Question:
    """Return the question which of these communes; `renamed` if a former unit was given."""
    belongs = "nay thuộc" if renamed else "thuộc"
    vietnamese = f"{belongs} {either(names)}"
    return ask("choose_commune", vietnamese, choices, either(names, "or"))


def either(names: Sequence[str], word: str = "hay") -> str:
    """Join names to choose from in one phrase.

    >>> either(["Phường Láng", "Phường Đống Đa", "Phường Giảng Võ"])
    'Phường Láng, Phường Đống Đa hay Phường Giảng Võ'
    """
    return f" {word} ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
