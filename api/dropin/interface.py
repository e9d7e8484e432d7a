"""The paths of another geocoder's interface."""

from typing import Any

from flask import Blueprint


class Interface(Blueprint):
    """Endpoints at the paths of another geocoder, with or without a slash at the end: its clients
    write both.
    """

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """Add an endpoint."""
        super().add_url_rule(rule, *args, **{"strict_slashes": False} | options)
