"""Doubts about how a row was read, as stored in the column `doubt` of `delivered`."""

from typing import Final

SECOND_NUMBER: Final = "1"
"""The text has two house numbers; one was read."""
PART_UNREAD: Final = "2"
"""The street cell names something else that was not read."""
PLACE_DIFFERS: Final = "3"
"""The text and the column of localities name different places."""
WARD_BEHIND: Final = "4"
"""The name behind the street and a dash may be a ward; it was read as part of the street."""
NUMBER_PART_UNREAD: Final = "5"
"""The number cell names something that is neither a number nor in another cell of the row."""
NUMBER_UNREAD: Final = "6"
"""The text contains a number, but no house number was read."""
PLACE_UNREAD: Final = "7"
"""The locality cell does not name a locality."""
