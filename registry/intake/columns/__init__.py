"""From a table of texts to the rows of the fields that we read, whatever its shape."""
