"""Running a register: database, backups, checks, demonstration data."""
