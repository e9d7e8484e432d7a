"""From a text, point or components to a few readings, without querying the register."""
