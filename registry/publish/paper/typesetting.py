"""Makes a PDF of data and a template, with notices for whoever prints it."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

import segno

from geo import code as codes
from registry.core.messages import Message

_PRESS: Final = Path(__file__).with_name("press.py")
_AT_ONCE: Final = BoundedSemaphore(2)
"""Concurrent presses of a server process: each takes up to half a gigabyte."""
_MASK: Final = 3
"""Any of the eight masks of a QR code is readable; choosing the best takes nine tenths of the
time."""
_MOST_NAMED: Final = 20

MESSAGES: Final = {
    "demo": Message("notice_demo_codes"),
    "not_public": Message("notice_qr_is_local"),
    "small_print": Message("notice_small_print"),
    "does_not_fit": Message("notice_name_too_long"),
    "restricted": Message("notice_restricted_places"),
    "more": Message("notice_more_left"),
    "no_position": Message("notice_no_map"),
    "wording_unknown": Message("notice_wording_unknown"),
    "letters_missing": Message("notice_letters_missing"),
}
"""Stable code of a notice → its message."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice for whoever prints a paper."""

    code: str
    """Stable: one of MESSAGES."""
    count: int
    """Number of items concerned."""
    codes: tuple[str, ...] = ()
    """Codes of the first records concerned."""

    @property
    def message(self) -> Message:
        """The message, with the codes."""
        message = MESSAGES[self.code]
        if not self.codes:
            return message
        named = list(map(codes.format, self.codes))
        return Message("notice_of_codes", notice=message, codes=named)

    def to_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "code": self.code,
            "count": self.count,
            "codes": list(map(codes.format, self.codes)),
            "message": str(self.message),
        }


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF."""

    name: str
    """Suggested file name."""
    pdf: bytes
    items: int
    """Number of plates, lines or certificates."""
    notices: tuple[Notice, ...] = ()


class Notices:
    """Collects notices: one of each code, with its count."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = defaultdict(int)
        self._codes: dict[str, list[str]] = defaultdict(list)

    def add(self, code: str, *records: str, count: int = 0) -> None:
        """Count records, or `count` other items, under a notice."""
        self._counts[code] += len(records) or count
        self._codes[code] += records[: _MOST_NAMED - len(self._codes[code])]

    def all(self) -> tuple[Notice, ...]:
        """Return the notices with a count, in the order of MESSAGES."""
        return tuple(
            Notice(code, self._counts[code], tuple(self._codes[code]))
            for code in MESSAGES
            if self._counts[code]
        )


def typeset(
    template: str, data: dict[str, Any], notices: Notices, *, archive: bool = False
) -> bytes:
    """Return the PDF of a template with its data; adds the template's notices to `notices`.

    With `archive` it is PDF/A-2b, unless a name has letters that the fonts lack.
    """
    job = {"template": template, "data": data, "archive": archive}
    with _AT_ONCE:
        done = subprocess.run(
            [sys.executable, "-I", str(_PRESS)],
            input=json.dumps(job, ensure_ascii=False).encode(),
            capture_output=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    head, _, pdf = done.stdout.partition(b"\n")
    result = json.loads(head)
    for noticed in result["notices"]:
        notices.add(noticed["what"], noticed["code"])
    notices.add("letters_missing", count=int(archive and not result["archive"]))
    return pdf


def qr_svg(text: str) -> str:
    """Return a QR code as an SVG of one path, without a border; it survives damage to a quarter."""
    matrix = segno.make_qr(text, error="q", boost_error=False, mask=_MASK).matrix
    runs = (
        f"M{first} {y}h{end - first}v1H{first}z"
        for y, row in enumerate(matrix)
        for first, end in _dark(row)
    )
    side = len(matrix)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<path d="{"".join(runs)}"/></svg>'
    )


def _dark(row: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield start and end of each run of dark modules."""
    first = None
    for x, module in enumerate((*row, 0)):
        if module and first is None:
            first = x
        elif not module and first is not None:
            yield first, x
            first = None
