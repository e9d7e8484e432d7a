"""Codes, Vietnamese text, address grammar, coordinates and scoring: pure functions only."""
