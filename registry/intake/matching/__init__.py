"""Which rows are doors that are known, doors of others, nearly alike, gone, or new."""
