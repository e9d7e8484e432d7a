"""Receipts of validations: what was answered and when, signed by the register.

A carrier can prove that an address was checked, and with which result. The register keeps no copy:
the receipt is the caller's.
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

    Raises SigningKeyError if the register's key cannot be used.
    """

    def __init__(self, register: Register) -> None:
        identity, position, *_ = register.reads.rows(IDENTITY, {})[0]
        self._sign = signer(key_file(register.settings))
        self._head = {"format": FORMAT, "version": VERSION, "register": identity}
        self._position = position

    def of(self, outcome: Outcome) -> str | None:
        """Return the receipt of a row; None if it was not answered."""
        asked, found = outcome.asked, outcome.found
        if not isinstance(asked, Question) or not isinstance(found, Validation):
            return None
        payload = self._head | {
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "position": self._position,
            "asked": _words(asked),
            "verdict": found.verdict,
            "code": found.code,
            "label": found.address,
        }
        return self._sign(json.dumps(payload, ensure_ascii=False).encode())


def _words(asked: Question) -> dict[str, Any]:
    """Return the caller's input by parameter name."""
    columns = asdict(asked.components) if asked.components is not None else {}
    words = {"q": asked.text, **columns}
    return {name: each for name, each in words.items() if each is not None}
