"""Foundations used by all packages: settings, errors, messages, database access, tables."""
