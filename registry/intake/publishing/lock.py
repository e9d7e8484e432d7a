"""The lock under which deliveries are published and taken back, and reforms carried."""

from typing import Final

PUBLISH_LOCK: Final = 7238010022
"""Publications are decided one after the other: each sees the doors of the one before."""
