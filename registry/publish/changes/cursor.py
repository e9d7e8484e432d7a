"""The cursor of a follower in the change feed, an opaque text on the wire."""

import re
from dataclasses import dataclass
from typing import Final, Self

from registry.core.errors import CursorRefusedError, InvalidInputError
from registry.core.messages import Message

_CURSOR: Final = re.compile(
    r"2\.(?P<register>[0-9a-f]{32})\.(?P<following>[0-9a-f]{8})\.(?P<units>[0-9]{1,19}|new)"
    r"(?:~(?P<until>[0-9]{1,19})_(?P<unit_id>[0-9]{1,10}))?\."
    r"(?:w(?P<start>[0-9]{1,19})_(?P<commune>[0-9]{1,10})_(?P<code>[0-9A-Z]{8}|none)"
    r"|f(?P<position>[0-9]{1,19})_(?P<key>-[st][0-9]{19}|[0-9A-Z]{8}|end))",
    re.ASCII,
)
PREFIX: Final = "2."
"""Prefix of every cursor."""
_MAX_BIGINT: Final = 2**63 - 1
_ANEW: Final = Message("start_from_beginning")


@dataclass(frozen=True, slots=True)
class Walk:
    """A mark among all records, which are read before the changes."""

    start: int
    """Position of the feed when the walk began: changes are read from there after it."""
    commune: int = 0
    """Id of the current commune; 0 if all are followed."""
    code: str = ""
    """Code of the last record read; records are read in the order of codes."""


@dataclass(frozen=True, slots=True)
class Read:
    """A mark among the changes."""

    position: int
    key: str | None = None
    """Last key read of the event at `position`; None if all of it is read."""


@dataclass(frozen=True, slots=True)
class UnitProgress:
    """A mark among the units that changed."""

    until: int
    """Serial of the last units to read."""
    unit_id: int
    """The last unit read."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that the next page depends on, besides the register."""

    register: str
    """Its uuid: another copy of it has other positions."""
    following: str
    """Digest of what is followed (`registry.publish.changes.Following`)."""
    units: int | None
    """Serial up to which units were read (`registry.publish.changes.unit_serials`); None before the
    first."""
    unit_progress: UnitProgress | None
    """Mark among the units after that serial; None outside of them."""
    mark: Walk | Read

    @classmethod
    def parse(cls, text: str, field: str = "after") -> Self:
        """Parse a cursor; raises InvalidInputError for any other text."""
        found = _CURSOR.fullmatch(text)
        if found is None or any(
            int(found[name] or 0) > _MAX_BIGINT for name in ("start", "position", "until")
        ):
            raise InvalidInputError.of_field(field, "malformed_cursor", Message("cursor_not_ours"))
        mark: Walk | Read
        if found["position"] is None:
            code = "" if found["code"] == "none" else found["code"]
            mark = Walk(int(found["start"]), int(found["commune"]), code)
        else:
            mark = Read(int(found["position"]), None if found["key"] == "end" else found["key"])
        units = None if found["units"] == "new" else int(found["units"])
        until, unit_id = found["until"], found["unit_id"]
        progress = UnitProgress(int(until), int(unit_id)) if until else None
        return cls(found["register"], found["following"], units, progress, mark)

    def __str__(self) -> str:
        units = "new" if self.units is None else str(self.units)
        if self.unit_progress is not None:
            units += f"~{self.unit_progress.until}_{self.unit_progress.unit_id}"
        if isinstance(self.mark, Walk):
            mark = f"w{self.mark.start}_{self.mark.commune}_{self.mark.code or 'none'}"
        else:
            mark = f"f{self.mark.position}_{self.mark.key or 'end'}"
        return f"{PREFIX}{self.register}.{self.following}.{units}.{mark}"

    @property
    def position(self) -> int:
        """A position that the feed had reached when the cursor was issued."""
        return self.mark.start if isinstance(self.mark, Walk) else self.mark.position

    @property
    def read_up_to(self) -> int:
        """The last position read completely."""
        mark = self.mark
        is_half_read = isinstance(mark, Read) and mark.key is not None
        return self.position - is_half_read

    def check(self, register: str, following: str) -> None:
        """Raise CursorRefusedError for a cursor of another register or of another selection.

        Its changes would be about other records than the follower has.
        """
        if self.register != register:
            raise CursorRefusedError(
                Message("cursor_of_other_database", anew=_ANEW),
                reason="other_register",
            )
        if self.following != following:
            raise CursorRefusedError(
                Message("cursor_of_other_scope", anew=_ANEW),
                reason="other_scope",
            )


def beyond_the_end() -> CursorRefusedError:
    """The error of a cursor past the end: the register has lost what the follower has read."""
    return CursorRefusedError(
        Message("cursor_past_end", anew=_ANEW),
        reason="beyond_the_end",
    )
