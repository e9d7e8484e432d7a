"""Reforms: a resolution as a file, checked, tried in a dry run, and carried out.

file → `reading` → `resolution` (typed, with lines) → `plan` (units and moves) → `settling` (which
household goes where, in sets) → `report`, or → `carrying`, in one transaction with one event.
Modules that only read the register do not import this package.
"""
