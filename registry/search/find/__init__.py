"""From a reading to candidates in the register: codes, doors, ranges, buildings, places."""
