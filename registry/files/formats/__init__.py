"""The files that authorities have, each format as a table of texts: header, then rows of cells."""
