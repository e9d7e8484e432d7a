"""Maps: vector tiles, and OGC API Features."""
