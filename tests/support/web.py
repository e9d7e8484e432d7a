"""Requests to the application over a register to search in."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.support.search_world import World


@dataclass(frozen=True, slots=True)
class Site:
    """The application and the contents of its register."""

    client: FlaskClient
    world: World


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
    "/nominatim",
    "/offline",
    "/packs",
    "/photon",
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
