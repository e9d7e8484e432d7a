"""What is in doubt about a row by what it says, as a row of `delivered` bears it."""

from typing import Final

SECOND_NUMBER: Final = "1"
"""The text has two house numbers, of which one was read."""
PART_UNREAD: Final = "2"
"""The cell of the street names something beside it that was not read."""
PLACE_DIFFERS: Final = "3"
"""The text names another group or hamlet than its column."""
WARD_BEHIND: Final = "4"
"""What stands behind the street and a dash may be a ward, and was taken for part of its name."""
NUMBER_PART_UNREAD: Final = "5"
"""The cell of the number names something that is no number, nor in another cell of the row."""
NUMBER_UNREAD: Final = "6"
"""The text holds a number, and none was read as the house's."""
PLACE_UNREAD: Final = "7"
"""The cell of the locality names none."""
