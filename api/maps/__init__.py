"""Vector tiles, and OGC API Features."""
