"""Records: one by its code, of any day, with its history."""
