"""Own keys of streets and localities: the folded name, with marks that distinguish equal names.

Not in the table modules, which take a quarter of a second to load, a delay for every import.
"""

from typing import Final

APART: Final = "~"
"""Separates a key from the marks of its place; no key contains it."""
