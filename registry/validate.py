"""Whether an address can be delivered to: a verdict that a shop can act on, and what to ask.

The door is only called certain where nothing had to be supposed: every unit was named, the number
is the one asked for, and the register knows no second place that fits. Most doors of the country
are not registered yet, so an address that is well-formed and placed is `unverified`, never wrong.
"""

import re
from dataclasses import replace
from typing import Final

from geo.label import label
from registry.address_reader import ReadAddress
from registry.errors import MistypedCodeError, RegistryError
from registry.gazetteer import Gazetteer, today
from registry.geocode import Question, locate
from registry.lookup import read_code
from registry.reads import Reads
from registry.search.direct import whole_code
from registry.validation import questions
from registry.validation.components import components_read
from registry.validation.foreign import is_elsewhere
from registry.validation.judge import Judge
from registry.validation.verdicts import Question as Asked
from registry.validation.verdicts import Validation
from registry.validation.wording import door_parts

_LOOKED_AT: Final = 20
# Near `XXXX-XXXX`, with a digit before a space: `thon 12345` is none.
_LIKE_CODE: Final = re.compile(
    r"(?=.*\d)[0-9A-Za-z]{3,5}-?[0-9A-Za-z]{3,5}|(?=\w*\d)[0-9A-Za-z]{3,5} [0-9A-Za-z]{3,5}"
)


def validate(gazetteer: Gazetteer, reads: Reads, question: Question) -> Validation:
    """The verdict on an address. `limit` and `near` of the question do not matter.

    Raises what `registry.geocode.geocode` raises.
    """
    located = locate(gazetteer, reads, replace(question, limit=_LOOKED_AT, near=None))
    if located.answers:
        return Judge(gazetteer, reads, today(), located).validation()
    text = question.text or ""
    if (reason := _code_meant(reads, text)) is not None:
        found = _validation("reject", "ask_again", questions.ask("ask_address"))
        return replace(found, reason=reason)
    return _unplaced(located.reading, text)


def _code_meant(reads: Reads, text: str) -> str | None:
    """Why a text that was meant as a code leads nowhere; None where it was not meant as one."""
    if whole_code(text.strip()) is not None:
        return "code_unknown"
    if not _LIKE_CODE.fullmatch(text.strip()):
        return None
    try:
        read_code(reads, text)
    except MistypedCodeError:
        return "code_mistyped"
    except RegistryError:
        return None
    return None


def _unplaced(reading: ReadAddress | None, text: str) -> Validation:
    """Nothing was found: the commune is missing, or it is no address at all."""
    if is_elsewhere(text, reading.unread if reading else ()):
        found = _validation("reject", "ask_again", questions.ask("ask_address"))
        return replace(found, reason="elsewhere")
    if reading is None or not _is_address(reading):
        return _validation("reject", "ask_again", questions.ask("ask_address"))
    missing = frozenset({"commune", "province"})
    return replace(
        _validation("complete", "ask_missing", questions.ask("ask_commune")),
        address=label(door_parts(reading.door), ()),
        components=components_read(reading, missing),
    )


def _is_address(reading: ReadAddress) -> bool:
    """Whether the door may be one: a street or a locality by name, not words that say nothing."""
    door = reading.door
    if reading.namings or door.localities or (door.flat is not None and door.flat.building):
        return True
    street = door.street
    if street is None or not any(len(word) > 1 and word.isalpha() for word in street.key.split()):
        return False
    return street.kind is not None or door.house_number is not None


def _validation(verdict: str, next_action: str, question: Asked | None) -> Validation:
    return Validation(
        verdict, next_action, None, None, None, None, None, None, None, None, (), question
    )
