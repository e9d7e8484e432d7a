"""Requests to the application over a register to search in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.support.search_world import World, search_world
from tests.support.units import open_app


@dataclass(frozen=True, slots=True)
class Site:
    """The application and what stands in its register."""

    client: FlaskClient
    world: World


@contextmanager
def search_site(admin_url: str, name: str) -> Iterator[Site]:
    """The application over a register of its own."""
    with search_world(admin_url, name) as world, open_app(world.url) as app:
        yield Site(app.test_client(), world)


PAGES = (
    "/a",
    "/a/",
    "/board",
    "/coverage",
    "/data",
    "/desk",
    "/docs",
    "/field",
    "/import",
    "/kept.js",
    "/llms.txt",
    "/manifest.webmanifest",
    "/mcp",
    "/new-house",
    "/offline",
    "/packs",
    "/reports",
    "/route",
    "/static/",
    "/try",
    "/verify",
)


def api_rules(app: Flask) -> list[Rule]:
    """The routes that the OpenAPI document describes: all but the pages and what they load, and
    what answers messages of a protocol.
    """
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule != "/" and not rule.rule.startswith(PAGES)
    ]
