"""From a reading to what the register has of it: codes, doors, ranges, buildings, places."""
