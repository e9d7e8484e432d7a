"""Records: look up by code, for any day, with their history."""
