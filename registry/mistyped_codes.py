"""Texts that were meant as one code of an address and are none: what was meant instead."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from geo.code_writing import unannounced
from registry.errors import InvalidInputError, MistypedCodeError
from registry.gazetteer import Gazetteer
from registry.lookup import code_forms, read_code
from registry.reads import Reads
from registry.records import record_wording
from registry.search.batching import alone
from registry.search.doors import active_records

# Near `XXXX-XXXX`, with a digit before a space: `thon 12345` is none.
_LIKE_CODE: Final = re.compile(
    r"(?=.*\d)[0-9A-Za-z]{3,5}-?[0-9A-Za-z]{3,5}|(?=\w*\d)[0-9A-Za-z]{3,5} [0-9A-Za-z]{3,5}"
    # As it is said: `123 456 789 78`. `84912345678` is a telephone.
    r"|\d{3}([ .-])\d{3}\1\d{3}\1\d{2}|(?!84[35789])\d{11}"
)


@dataclass(frozen=True, slots=True)
class MistypedCode:
    """A text that is nearly a code."""

    suggestions: tuple[str, ...]
    """Registered codes, one symbol or one swap away, at most `registry.lookup.MAX_SUGGESTIONS`."""


def mistyped_code(reads: Reads, text: str) -> MistypedCode | None:
    """What all of `text` may have been meant for; None where it was not meant as a code.

    Only asked where the text names no place, so that no address is lost by it. Raises
    BudgetSpentError, as everything that looks for codes does (`registry.access.budget`).
    """
    written = unannounced(text).strip()
    if not _LIKE_CODE.fullmatch(written):
        return None
    try:
        read_code(reads, written)
    except MistypedCodeError as error:
        near = error.extra["suggestions"]
        return MistypedCode(tuple(one["code"] for one in near))  # type: ignore[attr-defined]
    except InvalidInputError:
        return None
    return None


def with_labels(
    gazetteer: Gazetteer, reads: Reads, day: datetime.date, suggestions: Iterable[str]
) -> list[dict[str, str]]:
    """Each code in its forms with its address, in this order: by the code alone nobody can choose.

    Without those that may not be shown.
    """
    order = list(suggestions)
    if not order:
        return []
    records = sorted(alone(reads, active_records(order)), key=lambda r: order.index(r.code))
    return [
        code_forms(record.code) | {"label": record_wording(gazetteer, day, record).label}
        for record in records
    ]
