"""What the register is as a whole, asked cheaply."""

from typing import Final

from registry.reads import Reads

# The first real import removes every demonstration code, so one of them tells it all.
_DEMO: Final = "SELECT EXISTS (SELECT FROM household WHERE code < '1')"
_APPROXIMATE: Final = "SELECT EXISTS (SELECT FROM map_unit WHERE detail = 0 AND approximate)"


def is_demonstration(reads: Reads) -> bool:
    """Whether the register holds made-up households."""
    return bool(reads.rows(_DEMO, {})[0][0])


def is_drawn_roughly(reads: Reads) -> bool:
    """Whether the map shows cells around seats where no real boundary is loaded."""
    return bool(reads.rows(_APPROXIMATE, {})[0][0])
