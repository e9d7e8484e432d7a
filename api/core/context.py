"""What a request can reach."""

from collections.abc import Callable
from typing import cast

from flask import current_app, request

from registry.access.audit import network_of
from registry.ops.service_counts import ServiceCounts
from registry.register import Register
from registry.units.gazetteer import Gazetteer
from registry.units.one_map import asking

EXTENSION = "diachiso"
COUNTS = "diachiso_counts"
DESCRIPTION = "diachiso_description"


def register() -> Register:
    """The opened register of the application."""
    return cast(Register, current_app.extensions[EXTENSION])


def counts() -> ServiceCounts:
    """What this process counts of what it is asked."""
    return cast(ServiceCounts, current_app.extensions[COUNTS])


def description() -> str:
    """The OpenAPI document, as JSON."""
    return cast(Callable[[], str], current_app.extensions[DESCRIPTION])()


def public_url() -> str:
    """Where people reach the pages, without a slash at the end."""
    return register().settings.public_url or request.host_url.rstrip("/")


def client_network() -> str:
    """From where this request comes, as far as callers without a key are told apart."""
    return network_of(request.remote_addr or "", register().settings.ipv6_prefix)


def gazetteer() -> Gazetteer:
    """Units of every map: of a question those by which it is answered, of a writing the newest."""
    known = register().gazetteer
    return known.get() if asking.get() else known.newest()
