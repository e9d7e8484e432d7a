"""What a full delivery no longer has, in numbers.

A full delivery says "these are all of ours". A reference of the source that is not in it has
vanished. Its record is retired when nobody else's reference names it. A wrong or cut file would
retire a whole commune, so many vanished references are a warning and nearly all are a refusal.
"""

from dataclasses import dataclass
from typing import Any, Final

from registry.core.errors import TooManyVanishedError
from registry.core.messages import Message

WARN_PCT: Final = 20
REFUSE_PCT: Final = 80
"""Above these shares of a source's living references: a warning, a refusal."""
MANY: Final = "many_vanished"
TOO_MANY: Final = TooManyVanishedError.code


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What of a source is not in its file any more."""

    vanished: int = 0
    """References."""
    living: int = 0
    """References of the source before the import."""
    retiring: int = 0
    """Records that no other reference names."""

    @property
    def share(self) -> float:
        """Of the living references, cut after four places: what is refused was really above."""
        return self.vanished * 10_000 // self.living / 10_000 if self.living else 0.0

    @property
    def warning(self) -> str | None:
        """The stable code of what is wrong with so many: `many_vanished` or `too_many_vanished`."""
        if 100 * self.vanished > REFUSE_PCT * self.living:
            return TOO_MANY
        return MANY if 100 * self.vanished > WARN_PCT * self.living else None

    def counts(self) -> dict[str, Any]:
        """As members of an import's result."""
        return {
            "vanished": self.vanished,
            "vanished_share": self.share,
            "vanished_warning": self.warning,
            "retired": self.retiring,
        }


def refuse_too_many(vanishing: Vanishing) -> None:
    """Raise TooManyVanishedError, which says how to go on, when nearly everything vanished."""
    if vanishing.warning == TOO_MANY:
        raise TooManyVanishedError(
            Message(
                "source_references_vanished",
                vanished=vanishing.vanished,
                living=vanishing.living,
                share=vanishing.share,
                code=TOO_MANY,
            ),
            vanished=vanishing.vanished,
            living=vanishing.living,
        )
