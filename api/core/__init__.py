"""Shared by all endpoints: declared facts, hooks, request parsing, callers, limits, errors."""
