"""Offline support: manifest, service worker, and the page shown instead of uncached ones."""

from typing import Final

from flask import Response, jsonify, make_response, render_template

from api.core.endpoint import public_page
from api.pages.assets import asset_url, version, words_names
from api.pages.blueprint import page_blueprint
from api.pages.shell import page, secured
from registry.core.messages import LANGUAGES, N_, Message, translate

blueprint = page_blueprint("offline")

_ICONS: Final = (
    ("mark.svg", "any", "image/svg+xml", "any"),
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any maskable"),
)
_OLD: Final = N_("No network: this is the page as it was kept at {when}.")


@blueprint.get("/manifest.webmanifest")
@public_page(reads_key=False)
def get_manifest() -> Response:
    """The web app manifest: installed on a home screen, the app starts without a network."""
    icons = [
        {"src": asset_url(name), "sizes": sizes, "type": kind, "purpose": purpose}
        for name, sizes, kind, purpose in _ICONS
    ]
    response = jsonify(
        id="/packs",
        name="Địa chỉ số",
        short_name="Địa chỉ số",
        description=Message("offline_title"),
        lang="vi",
        start_url="/packs",
        scope="/",
        display="standalone",
        background_color="#f4f6f8",
        theme_color="#14418b",
        icons=icons,
    )
    response.content_type = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    return secured(response)


@blueprint.get("/kept.js")
@public_page(reads_key=False)
def get_script() -> Response:
    """The service worker; at the root, because its scope is its own folder."""
    old = {language: translate(_OLD, language) for language in LANGUAGES}
    script = render_template("kept.js", version=version(), words=tuple(words_names()), old=old)
    response = make_response(script)
    response.content_type = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    return secured(response)


@blueprint.get("/offline")
@public_page(reads_key=False)
def get_offline() -> Response:
    """The page shown instead of an uncached one."""
    return page("offline.html")
