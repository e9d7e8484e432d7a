"""Plausible households with codes that begin with `0`, for trials of an empty register."""

from typing import Final

SOURCE: Final = "demo"
"""The source that they are imported from, and that nobody else may name."""
