"""Plausible households with codes that begin with `0`, for trials of an empty register."""
