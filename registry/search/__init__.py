"""The stages of a search; each takes and returns plain values. Reading only."""
