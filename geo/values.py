"""Values that are made by the million: frozen to the type checker, plain to the interpreter.

`@value(frozen=True, slots=True)` is `@dataclass(frozen=True, slots=True)`, whose constructor sets
each field by a call of `object.__setattr__`. That takes twice as long, and dozens of such values
are made for one address. The checker refuses to set a field of them all the same.
"""

from typing import TYPE_CHECKING

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> object:
        """A dataclass that compares and hashes as a frozen one does, and is made as fast as any."""
        return dataclass(slots=slots, unsafe_hash=frozen)
