"""Counts of what a full delivery no longer has, and their limits.

A full delivery contains everything of its source. A reference of the source that it lacks has
vanished; its record is retired unless another reference names it. A wrong or truncated file would
retire a whole commune, so many vanished references cause a warning, and nearly all a refusal.
"""

from dataclasses import dataclass
from typing import Any, Final

from registry.core.errors import TooManyVanishedError
from registry.core.messages import Message

WARN_PCT: Final = 20
REFUSE_PCT: Final = 80
"""Percentages of a source's current references for a warning and a refusal."""
MANY: Final = "many_vanished"
TOO_MANY: Final = TooManyVanishedError.code


@dataclass(frozen=True, slots=True)
class Vanishing:
    """The counts of what is missing from a full delivery."""

    vanished: int = 0
    """Vanished references."""
    living: int = 0
    """Current references of the source before the import."""
    retiring: int = 0
    """Records that no other reference names."""

    @property
    def share(self) -> float:
        """Share of the current references, truncated to four decimals, so never rounded up."""
        return self.vanished * 10_000 // self.living / 10_000 if self.living else 0.0

    @property
    def warning(self) -> str | None:
        """The stable code `many_vanished` or `too_many_vanished`; None below the limits."""
        if 100 * self.vanished > REFUSE_PCT * self.living:
            return TOO_MANY
        return MANY if 100 * self.vanished > WARN_PCT * self.living else None

    def counts(self) -> dict[str, Any]:
        """Members of an import's result."""
        return {
            "vanished": self.vanished,
            "vanished_share": self.share,
            "vanished_warning": self.warning,
            "retired": self.retiring,
        }


def refuse_too_many(vanishing: Vanishing) -> None:
    """Raise TooManyVanishedError, with a remedy, if nearly everything vanished."""
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
