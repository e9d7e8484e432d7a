"""Build `registry/seed/*.csv`, the administrative units of every map, from three published wheels.

A developer's tool, run by `python -m scripts.seed_units`; the register itself only reads the files.
"""
