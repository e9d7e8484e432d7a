"""What every endpoint stands on: facts, hooks, requests, callers, limits, errors."""
