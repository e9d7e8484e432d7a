"""The register: everything that touches PostgreSQL."""
