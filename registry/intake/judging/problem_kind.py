"""What a code of a problem means."""

from dataclasses import dataclass

from registry.messages import Severity


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """How grave a problem is. `error`: the row is not published; `warning`: it is, look at it."""

    severity: Severity
    vi: str
    en: str
