"""Names shared by database sessions: notification channels and custom settings.

Functions in `migrations/` repeat them; a test compares them.
"""

from enum import StrEnum


class Channel(StrEnum):
    """Channels of NOTIFY and LISTEN."""

    WEBHOOKS = "webhooks"
    """An event has entered the feed, or a webhook is due again."""


class Setting(StrEnum):
    """Set for a transaction by set_config(name, value, true)."""

    EVENT_ID = "diachiso.event_id"
    """Event of the transaction; set by `open_event()`."""
    WRITABLE_UNITS = "diachiso.writable_units"
    """Ids of the communes in which it may write, as an array; empty for all."""
