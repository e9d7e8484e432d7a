"""Probes of a register's health: one function each, grouped in modules by subject.

A probe defines its description, hint, thresholds and alerts in one place. The doctor runs them
(`registry.ops.doctor`); deploy/alerts.yml is generated from them (`scripts.generated_pages`). The
register's figures in `/metrics` come from `figures`, which shares statements with the probes.
Nothing is imported here: a web process loads only `figures`.
"""
