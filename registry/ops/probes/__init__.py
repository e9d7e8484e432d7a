"""What may be wrong with a register: one function per probe, each module one subject.

A probe has its line, its hint, its thresholds and the alerts about it in one place. The doctor runs
them (`registry.ops.doctor`); deploy/alerts.yml is made of them (`scripts.generated_pages`). What
`/metrics` exports of the register is in `figures`, which reads what probes read by the same
statements. Nothing is imported here: a web process loads `figures` alone.
"""
