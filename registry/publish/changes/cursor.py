"""Where a follower stands in the change feed: a text that it is given, keeps, and gives back."""

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
"""How every cursor begins."""
_MAX_BIGINT: Final = 2**63 - 1
_ANEW: Final = Message("start_from_beginning")


@dataclass(frozen=True, slots=True)
class Walk:
    """Among the records themselves, which are read before their changes."""

    start: int
    """Position of the feed when the walk began: from there on changes are read after it."""
    commune: int = 0
    """Id of the commune that is walked through; 0 where all are followed."""
    code: str = ""
    """The last record read; records are read in the order of their codes."""


@dataclass(frozen=True, slots=True)
class Read:
    """Among the changes."""

    position: int
    key: str | None = None
    """Of the event at `position` all is read up to here; None: all of it."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Among the units that changed."""

    until: int
    """Serial of the units up to which is told."""
    unit_id: int
    """The last unit told."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that the next page depends on, except the register itself."""

    register: str
    """Its uuid: another copy of it answers with other positions."""
    following: str
    """Digest of what is followed (`registry.publish.changes.Following`)."""
    units: int | None
    """Serial up to which the follower was told of units (`registry.publish.changes.told_units`);
    None for none of them."""
    telling: Telling | None
    """Where it is in being told what came after that; None when it is not."""
    mark: Walk | Read

    @classmethod
    def parse(cls, text: str, field: str = "after") -> Self:
        """The cursor that was given out as `text`; raises InvalidInputError for any other text."""
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
        telling = Telling(int(until), int(unit_id)) if until else None
        return cls(found["register"], found["following"], units, telling, mark)

    def __str__(self) -> str:
        units = "new" if self.units is None else str(self.units)
        if self.telling is not None:
            units += f"~{self.telling.until}_{self.telling.unit_id}"
        if isinstance(self.mark, Walk):
            mark = f"w{self.mark.start}_{self.mark.commune}_{self.mark.code or 'none'}"
        else:
            mark = f"f{self.mark.position}_{self.mark.key or 'end'}"
        return f"{PREFIX}{self.register}.{self.following}.{units}.{mark}"

    @property
    def position(self) -> int:
        """A position that the feed had reached when the cursor was given out."""
        return self.mark.start if isinstance(self.mark, Walk) else self.mark.position

    @property
    def read_up_to(self) -> int:
        """The position of which all was read, and of everything before it."""
        mark = self.mark
        is_half_read = isinstance(mark, Read) and mark.key is not None
        return self.position - is_half_read

    def check(self, register: str, following: str) -> None:
        """Raises CursorRefusedError where it was given out by another register or for another ask.

        Its changes would be those of other records than the follower holds.
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
    """For a cursor past all that the register knows: it lost what the follower has read."""
    return CursorRefusedError(
        Message("cursor_past_end", anew=_ANEW),
        reason="beyond_the_end",
    )
