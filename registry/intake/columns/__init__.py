"""Turn a table of texts of any shape into rows of known fields."""
