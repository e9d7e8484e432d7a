"""Names that sessions of the database share: channels on which they are told, and settings of ours.

Functions in `migrations/` repeat them; a test compares.
"""

from enum import StrEnum


class Channel(StrEnum):
    """NOTIFY and LISTEN."""

    WEBHOOKS = "webhooks"
    """An event is in the feed, or a webhook is to be tried again."""


class Setting(StrEnum):
    """Set for a transaction by set_config(name, value, true)."""

    EVENT_ID = "diachiso.event_id"
    """The event under which it writes; `open_event()` sets it."""
    WRITABLE_UNITS = "diachiso.writable_units"
    """Ids of the communes in which it may write, as an array; empty for all."""
