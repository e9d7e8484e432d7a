"""Operating a register: database, backups, probes, demo data."""
