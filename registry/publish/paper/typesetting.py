"""From data and a template to a PDF, with what its reader has to know beside it."""

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
"""Presses of one server process: each takes up to half a gigabyte."""
_MASK: Final = 3
"""Any of a QR's eight masks can be read; looking for the best takes nine tenths of the time."""
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
"""Stable code of a notice → what it says."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What who prints has to know."""

    code: str
    """Stable: one of MESSAGES."""
    count: int
    """How many it is about."""
    codes: tuple[str, ...] = ()
    """The first of them, where they are records."""

    @property
    def message(self) -> Message:
        """In words."""
        message = MESSAGES[self.code]
        if not self.codes:
            return message
        named = list(map(codes.format, self.codes))
        return Message("notice_of_codes", notice=message, codes=named)

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
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
    """What the file may be called."""
    pdf: bytes
    items: int
    """How many plates, lines or certificates are on it."""
    notices: tuple[Notice, ...] = ()


class Notices:
    """Notices as they are gathered: one of a kind, with its count."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = defaultdict(int)
        self._codes: dict[str, list[str]] = defaultdict(list)

    def add(self, code: str, *records: str, count: int = 0) -> None:
        """Note something of some records, or of `count` of something else."""
        self._counts[code] += len(records) or count
        self._codes[code] += records[: _MOST_NAMED - len(self._codes[code])]

    def all(self) -> tuple[Notice, ...]:
        """Those about anything, in their order."""
        return tuple(
            Notice(code, self._counts[code], tuple(self._codes[code]))
            for code in MESSAGES
            if self._counts[code]
        )


def typeset(
    template: str, data: dict[str, Any], notices: Notices, *, archive: bool = False
) -> bytes:
    """The PDF of a template with its data; what the template notices is added to `notices`.

    With `archive` it is PDF/A-2b, unless a name has letters that the fonts lack.
    """
    asked = {"template": template, "data": data, "archive": archive}
    with _AT_ONCE:
        done = subprocess.run(
            [sys.executable, "-I", str(_PRESS)],
            input=json.dumps(asked, ensure_ascii=False).encode(),
            capture_output=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    head, _, pdf = done.stdout.partition(b"\n")
    told = json.loads(head)
    for noticed in told["notices"]:
        notices.add(noticed["what"], noticed["code"])
    notices.add("letters_missing", count=int(archive and not told["archive"]))
    return pdf


def qr_svg(text: str) -> str:
    """A QR as an SVG of one path, without a border. A quarter of it may be scratched."""
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
    """First and end of each run of dark modules."""
    first = None
    for x, module in enumerate((*row, 0)):
        if module and first is None:
            first = x
        elif not module and first is not None:
            yield first, x
            first = None
