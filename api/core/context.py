"""Objects of the application that a request uses."""

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
    """Return the opened register of the application."""
    return cast(Register, current_app.extensions[EXTENSION])


def counts() -> ServiceCounts:
    """Return the request counts of this process."""
    return cast(ServiceCounts, current_app.extensions[COUNTS])


def description() -> str:
    """Return the OpenAPI document as JSON."""
    return cast(Callable[[], str], current_app.extensions[DESCRIPTION])()


def public_url() -> str:
    """Return the public base URL of the pages, without a trailing slash."""
    return register().settings.public_url or request.host_url.rstrip("/")


def client_network() -> str:
    """Return the network of this request, by which callers without a key are distinguished."""
    return network_of(request.remote_addr or "", register().settings.ipv6_prefix)


def gazetteer() -> Gazetteer:
    """Return the units of every map: for a read the snapshot that answers it, for a write the
    newest.
    """
    known = register().gazetteer
    return known.get() if asking.get() else known.newest()
