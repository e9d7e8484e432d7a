"""From a text, point or components to a few readings; nothing here asks the register."""
