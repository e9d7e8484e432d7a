"""Reforms: a resolution as a file, checked, tried out, and carried over the register.

file → `reading` → `resolution` (typed, with lines) → `plan` (units and moves) → `settling` (which
household goes where, set by set) → `report`, or → `carrying`, in one transaction with one event.
Nothing that reads the register imports this.
"""
