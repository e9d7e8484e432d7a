"""Pages without a network: what a browser keeps of them, and what it shows in place of others."""

from flask import Response, make_response, render_template

from api.pages.assets import version
from api.pages.blueprint import page_blueprint
from api.pages.shell import page, secured

blueprint = page_blueprint("offline")


@blueprint.get("/kept.js")
def get_script() -> Response:
    """The service worker; below no folder, because it works for those at its side."""
    response = make_response(render_template("kept.js", version=version()))
    response.content_type = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    return secured(response)


@blueprint.get("/offline")
def get_offline() -> Response:
    """What is shown in place of a page that was not kept."""
    return page("offline.html")
