"""The stages of a search, read-only; each takes and returns plain values."""
