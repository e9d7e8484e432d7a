"""Receipts of validations: what was answered when, signed by the register.

Whoever takes a parcel can show that its address was checked before, and what the register said.
Nothing of it is kept here: the receipt is the caller's.
"""

import datetime
import json
from dataclasses import asdict
from typing import Any, Final

from registry.publish.batch import Outcome
from registry.publish.changes import IDENTITY
from registry.publish.pack.keys import key_file, signer
from registry.register import Register
from registry.search.geocode import Question
from registry.search.judge.verdicts import Validation

FORMAT: Final = "diachiso-receipt"
VERSION: Final = 1


class Receipts:
    """Makes the receipts of one batch: each a JWS in compact form (RFC 7515, Ed25519).

    Raises SigningKeyError where the register's key cannot be used.
    """

    def __init__(self, register: Register) -> None:
        identity, position, *_ = register.reads.rows(IDENTITY, {})[0]
        self._sign = signer(key_file(register.settings))
        self._said = {"format": FORMAT, "version": VERSION, "register": identity}
        self._position = position

    def of(self, outcome: Outcome) -> str | None:
        """The receipt of a row; None of one that was not answered."""
        asked, found = outcome.asked, outcome.found
        if not isinstance(asked, Question) or not isinstance(found, Validation):
            return None
        said = self._said | {
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "position": self._position,
            "asked": _words(asked),
            "verdict": found.verdict,
            "code": found.code,
            "label": found.address,
        }
        return self._sign(json.dumps(said, ensure_ascii=False).encode())


def _words(asked: Question) -> dict[str, Any]:
    """What the caller wrote, by the names of the parameters."""
    columns = asdict(asked.components) if asked.components is not None else {}
    words = {"q": asked.text, **columns}
    return {name: each for name, each in words.items() if each is not None}
