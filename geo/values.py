"""Dataclasses that are frozen for the type checker, but not at run time, for speed.

The constructor of `@dataclass(frozen=True, slots=True)` sets each field with `object.__setattr__`,
which takes twice as long, and dozens of such values are created for one address. The type checker
still rejects assignments to fields of `@value(frozen=True, slots=True)`.
"""

from typing import TYPE_CHECKING

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> object:
        """Return a dataclass that compares and hashes like a frozen one, with a plain
        constructor."""
        return dataclass(slots=slots, unsafe_hash=frozen)
