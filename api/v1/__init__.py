"""Endpoints of `/v1`, a module for each subject."""
