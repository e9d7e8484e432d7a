"""Demo data: plausible households with codes that begin with `0`, for trying an empty register."""
